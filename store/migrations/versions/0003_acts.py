"""What people and duban state about a record (act), and a chain over it and over the ball's moves."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SEPARATOR = "\n-- next\n"


def upgrade() -> None:
    connection = op.get_bind()
    path = files("store") / "migrations" / "step_0003" / f"{connection.dialect.name}.sql"
    for statement in path.read_text(encoding="utf-8").split(SEPARATOR):
        connection.exec_driver_sql(statement.strip())


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back: restore the backup made before the upgrade")
