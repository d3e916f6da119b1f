"""What rounds of supervision keep of their verdicts, and triggers that note what moved since."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SEPARATOR = "\n-- next\n"


def upgrade() -> None:
    connection = op.get_bind()
    path = files("store") / "migrations" / "step_0004" / f"{connection.dialect.name}.sql"
    for statement in path.read_text(encoding="utf-8").split(SEPARATOR):
        connection.exec_driver_sql(statement.strip())


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back: restore the backup made before the upgrade")
