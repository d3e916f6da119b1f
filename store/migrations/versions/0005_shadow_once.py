"""The hub's side of a link holds only what it says otherwise than the remote's.

No table changes and no row is rewritten: links read either way, and are written the new way when they next move. The
number alone matters: a program that knows only whole shadows must refuse the store instead of reading half of them.
"""

from __future__ import annotations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back: restore the backup made before the upgrade")
