"""Why each step is, or is not, taken: the codes plans, journals and reports carry.

A code never changes its meaning; commands hold its words in both languages.
"""

from __future__ import annotations

from typing import Final

NEW_AT_REMOTE: Final = "new_at_remote"
NEW_IN_HUB: Final = "new_in_hub"
MATCHED_KEY: Final = "matched_key"
MATCHED_IDENTITY: Final = "matched_identity"
MATCHED_PERSON: Final = "matched_by_person"
REMOTE_CHANGED: Final = "remote_changed"
HUB_CHANGED: Final = "hub_changed"
FILL_BLANK: Final = "fill_blank"
SET_MERGED: Final = "set_merged"
OWNER_WINS: Final = "owner_wins"
ENFORCED: Final = "enforced"
RESOLVED: Final = "resolved_by_person"
FIRST_CONTACT_DIFFERS: Final = "first_contact_differs"
BOTH_CHANGED: Final = "both_changed"
LOSSY_EDITED: Final = "lossy_edited"
ENDS_OTHERWISE: Final = "ends_otherwise"
IRREGULAR: Final = "irregular_transition"
AMBIGUOUS: Final = "ambiguous_match"
NAME_ONLY: Final = "name_only_match"
REMOTE_DELETED: Final = "remote_deleted"
HUB_DELETED: Final = "hub_deleted"
EDIT_BEATS_DELETE: Final = "edit_beats_delete"
RESTORED_AT_REMOTE: Final = "restored_at_remote"
REAPPEARED: Final = "reappeared"
OUT_OF_SCOPE: Final = "out_of_scope"
OPEN_OP: Final = "open_op"
WAITS_FOR_PARENT: Final = "waits_for_parent"
WAITS_FOR_BACKFILL: Final = "waits_for_backfill"
WAITS_FOR_CREATE: Final = "waits_for_create"
NOT_APPROVED: Final = "not_approved"
NO_TITLE: Final = "no_title"
INTERNAL: Final = "internal_stays_local"
RULE: Final = "rule"
GROUND_MOVED: Final = "ground_moved"
NOTHING_LEFT: Final = "nothing_left"
LOSS_PREFIX: Final = "loss:"
"""Prefix of reasons that name a loss of ``mapping.fields.Encoded``: ``loss:too_long``."""

# --- taking a run back

UNDO: Final = "undo"
UNDO_EDITED: Final = "undo_edited_since"
UNDO_TYPED: Final = "undo_typed_there"
UNDO_TOUCHED: Final = "undo_touched_since"
UNDO_DELETED_THERE: Final = "undo_deleted_there"
UNDO_IMPORTED: Final = "undo_imported"
UNDO_GONE: Final = "undo_gone_since"
UNDO_GONE_THERE: Final = "undo_gone_there"
UNDO_ALREADY: Final = "undo_already"
UNDO_LIVES: Final = "undo_lives_there"
UNDO_RULED: Final = "undo_ruled"
UNDO_PARKED: Final = "undo_parked"
UNDO_OWNED: Final = "undo_owned"
UNDO_ONCE: Final = "undo_written_once"
UNDO_READ_ONLY: Final = "undo_read_only"
UNDO_NO_WAY: Final = "undo_no_way_back"
UNDO_LEFT: Final = "undo_left"
UNDO_OUT_OF_SCOPE: Final = "undo_out_of_scope"
UNDO_OPEN_OP: Final = "undo_open_op"
UNDO_AWAY: Final = "undo_away"

UNDO_KEPT: Final = frozenset(
    {UNDO_EDITED, UNDO_TYPED, UNDO_TOUCHED, UNDO_DELETED_THERE, UNDO_IMPORTED, UNDO_GONE, UNDO_GONE_THERE, UNDO_LIVES}
)
"""Somebody's own work, which an undo leaves alone."""
UNDO_CANNOT: Final = frozenset(
    {
        UNDO_RULED, UNDO_PARKED, UNDO_OWNED, UNDO_ONCE, UNDO_READ_ONLY, UNDO_NO_WAY, UNDO_LEFT, UNDO_OUT_OF_SCOPE,
        UNDO_OPEN_OP, UNDO_AWAY,
    }
)  # fmt: skip
"""What stands in the way of an undo."""
