"""Bringing the tables up to date: a new store is made at once, an older one goes through the migrations.

The stored revision is compared first, so that the migration library is only loaded when there is work for it.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from mapping.errors import ConfigError
from store import schema, triggers

_LOCK_NUMBER: Final = 0x647562616F
_LOCK_NAME: Final = "duban_upgrade"


def stored_revision(conn: sa.Connection) -> str | None:
    """Give the revision the store is at; None for an empty database."""
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    row = conn.execute(sa.select(schema.revision.c.version_num)).fetchone()
    return str(row[0]) if row else None


def bring_up(conn: sa.Connection, *, migrate: bool) -> None:
    """Make sure that the store has exactly the tables this program knows.

    Raises:
        ConfigError: it is newer, or behind while *migrate* is False.
    """
    with conn.begin():
        stored = stored_revision(conn)
    if stored == schema.HEAD:
        return
    _refuse_newer(stored)
    if not migrate:
        raise ConfigError(
            f"the store is at revision {stored or 'none'}, this program needs {schema.HEAD}",
            zh=f"数据库版本为 {stored or '无'}，本程序需要 {schema.HEAD}",
            next_step="run duban db upgrade",
            next_step_zh="请运行 duban db upgrade",
        )
    with conn.begin():
        _lock(conn)
        stored = stored_revision(conn)  # another process may have been faster
        if stored is None:
            create(conn)
        elif stored != schema.HEAD:
            _refuse_newer(stored)
            migrate_to_head(conn)
        _unlock(conn)


def create(conn: sa.Connection) -> None:
    """Create every table and trigger of the newest revision in an empty database."""
    schema.metadata.create_all(conn, checkfirst=False)
    for statement in triggers.statements(conn.dialect.name):
        conn.exec_driver_sql(statement)
    conn.execute(sa.insert(schema.revision).values(version_num=schema.HEAD))


def migrate_to_head(conn: sa.Connection, revision: str = "head") -> None:
    """Run the migrations that are missing, on the given connection and inside its transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "store:migrations")
    config.attributes["connection"] = conn
    command.upgrade(config, revision)


def _refuse_newer(stored: str | None) -> None:
    if stored is not None and stored > schema.HEAD:
        raise ConfigError(
            f"the store is at revision {stored}, this program knows up to {schema.HEAD}",
            zh=f"数据库版本为 {stored}，本程序只支持到 {schema.HEAD}",
            next_step="use a newer duban",
            next_step_zh="请使用更新版本的 duban",
        )


def _lock(conn: sa.Connection) -> None:
    """Let one process at a time upgrade; SQLite's writers exclude each other already."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK_NUMBER,))
    elif conn.dialect.name == "mysql":
        conn.exec_driver_sql("SELECT GET_LOCK(%s, 60)", (_LOCK_NAME,))


def _unlock(conn: sa.Connection) -> None:
    if conn.dialect.name == "mysql":
        conn.exec_driver_sql("SELECT RELEASE_LOCK(%s)", (_LOCK_NAME,))
