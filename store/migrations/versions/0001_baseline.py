"""The first tables and triggers.

Frozen as SQL text, one file per database, so that later changes of store/schema.py never rewrite the past.
A new store does not come this way (store/upgrade.py makes it at once); a test holds that both roads end alike.
"""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEPARATOR = "\n-- next\n"


def upgrade() -> None:
    connection = op.get_bind()
    path = files("store") / "migrations" / "baseline" / f"{connection.dialect.name}.sql"
    for statement in path.read_text(encoding="utf-8").split(SEPARATOR):
        connection.exec_driver_sql(statement.strip())


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back: restore the backup made before the upgrade")
