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
AMBIGUOUS: Final = "ambiguous_match"
NAME_ONLY: Final = "name_only_match"
REMOTE_DELETED: Final = "remote_deleted"
HUB_DELETED: Final = "hub_deleted"
EDIT_BEATS_DELETE: Final = "edit_beats_delete"
RESTORED_AT_REMOTE: Final = "restored_at_remote"
REAPPEARED: Final = "reappeared"
OUT_OF_SCOPE: Final = "out_of_scope"
OPEN_OP: Final = "open_op"
PARKED: Final = "parked"
WAITS_FOR_PARENT: Final = "waits_for_parent"
WAITS_FOR_BACKFILL: Final = "waits_for_backfill"
WAITS_FOR_CREATE: Final = "waits_for_create"
NOT_APPROVED: Final = "not_approved"
NO_TITLE: Final = "no_title"
INTERNAL: Final = "internal_stays_local"
READ_ONLY_OBJECT: Final = "read_only_object"
RULE: Final = "rule"
LOSS_PREFIX: Final = "loss:"
"""Prefix of reasons that name a loss of ``mapping.fields.Encoded``: ``loss:too_long``."""
