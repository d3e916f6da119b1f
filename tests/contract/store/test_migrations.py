"""Migrations: both roads to the newest schema end alike, one process at a time, never backwards."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mapping.errors import ConfigError
from store import ddl, hub, reviews, schema, supervision, sweeps, upgrade
from store.database import Database
from store.hub import HubRow
from store.reviews import Review
from store.supervision import BallEvent

ROOT = Path(upgrade.__file__).parent


@pytest.fixture(params=["file", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table."""
    if request.param == "file":
        return f"sqlite+pysqlite:///{tmp_path}/d.db"
    make: Callable[[], str] = request.getfixturevalue("pg_database")
    url = make()
    engine = sa.create_engine(url)
    with engine.begin() as conn:
        conn.exec_driver_sql("DROP SCHEMA public CASCADE")
        conn.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return url


def objects(engine: sa.Engine) -> list[Any]:
    """Give every table, index, trigger and check of a database, as the database itself words them."""
    queries = {
        "sqlite": ["SELECT type, name, sql FROM sqlite_master WHERE tbl_name <> 'alembic_version'"],
        "postgresql": [
            "SELECT table_name, column_name, data_type, column_default, is_nullable, collation_name "
            "FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'",
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'",
            "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
            "SELECT proname, prosrc FROM pg_proc WHERE right(proname, 8) = '_touched'",
        ],
    }[engine.dialect.name]
    with engine.connect() as conn:
        rows = [tuple(row) for query in queries for row in conn.exec_driver_sql(query)]
    return sorted(tuple(" ".join(str(value).split()) for value in row) for row in rows)


def test_a_new_store_and_a_migrated_one_are_the_same(empty_url: str, clock: Any) -> None:
    engine = sa.create_engine(empty_url)
    with engine.begin() as conn:
        upgrade.migrate_to_head(conn)
    migrated = objects(engine)
    with engine.begin() as conn:
        assert compare_metadata(MigrationContext.configure(conn), schema.metadata) == []
        if engine.dialect.name == "postgresql":
            conn.exec_driver_sql("DROP SCHEMA public CASCADE")
            conn.exec_driver_sql("CREATE SCHEMA public")
    if engine.dialect.name == "sqlite":
        engine.dispose()
        Path(str(engine.url.database)).unlink()
    Database.open(empty_url, clock=clock).close()
    assert objects(engine) == migrated
    assert len(migrated) > 100
    engine.dispose()


def test_a_migrated_store_works_and_needs_nothing_more(empty_url: str, clock: Any) -> None:
    engine = sa.create_engine(empty_url)
    with engine.begin() as conn:
        upgrade.migrate_to_head(conn)
    engine.dispose()
    db = Database.open(empty_url, clock=clock, migrate=False)
    with db.edit() as tx:
        tx.conn.exec_driver_sql("INSERT INTO task (uid, title) VALUES ('t', 'T')")
        assert [mark.reason for mark in hub.dirty(tx, "task")] == ["sql_insert"]
    db.close()


def test_the_newest_migration_is_the_newest_schema() -> None:
    assert ScriptDirectory(str(ROOT / "migrations")).get_current_head() == schema.HEAD


def _steps(dialect: str) -> list[str]:
    """Give every statement of all migrations of a database, in order."""
    found = [
        ROOT / "migrations" / step / f"{dialect}.sql" for step in ("baseline", "step_0002", "step_0003", "step_0004")
    ]
    return [one.strip() for path in found for one in path.read_text(encoding="utf-8").split(ddl.SEPARATOR)]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
def test_the_migrations_make_every_table_of_the_schema(dialect: str) -> None:
    """For MySQL, which no test starts, this holds the tables' texts; for the others the databases themselves do."""
    made = _steps(dialect)
    missing = [one for one in ddl.statements(dialect) if one not in made]
    altered = [] if dialect == "sqlite" else ["CREATE TABLE ball_event", "CREATE TABLE review"]
    assert [one.split("(")[0].strip() for one in missing] == altered


def test_an_empty_database_is_refused_when_it_must_not_be_changed(empty_url: str, clock: Any) -> None:
    with pytest.raises(ConfigError, match="revision none, this program needs 0005") as caught:
        Database.open(empty_url, clock=clock, migrate=False)
    assert caught.value.next_step == "run duban db upgrade"
    engine = sa.create_engine(empty_url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_newer_store_is_refused_and_left_alone(empty_url: str, clock: Any) -> None:
    db = Database.open(empty_url, clock=clock)
    with db.write() as tx:
        hub.insert(tx, "account", [HubRow("a", 1, "live", {"name": "A"})], 1)
        tx.conn.execute(sa.update(schema.revision).values(version_num="0099"))
    db.close()
    for migrate in (True, False):
        with pytest.raises(ConfigError, match="revision 0099, this program knows up to 0005"):
            Database.open(empty_url, clock=clock, migrate=migrate)


def test_an_older_store_goes_through_the_migrations_with_all_it_holds(empty_url: str, clock: Any) -> None:
    engine = sa.create_engine(empty_url)
    with engine.begin() as conn:
        upgrade.migrate_to_head(conn, "0001")
        conn.exec_driver_sql("INSERT INTO review (id, kind, entity, uid, data) VALUES (7, 'match', 'task', 't', '{}')")
        conn.exec_driver_sql("INSERT INTO task (uid, title) VALUES ('t', 'T')")
        conn.exec_driver_sql("INSERT INTO ball_event (entity, uid, at_ms, data) VALUES ('task', 't', 3, '{}')")
    engine.dispose()
    with pytest.raises(ConfigError, match="revision 0001, this program needs 0005"):
        Database.open(empty_url, clock=clock, migrate=False)
    Database.open(empty_url, clock=clock).close()
    db = Database.open(empty_url, clock=clock, migrate=False)
    with db.write() as tx:
        kept = reviews.get(tx, 7)
        assert kept is not None
        assert (kept.kind, kept.uid, kept.state) == ("match", "t", "open")
        reviews.put(tx, [Review(None, "possible_overwrite", "task", "t")])
        assert {one.kind for one in reviews.open_(tx)} == {"match", "possible_overwrite"}
        assert [mark.uid for mark in hub.dirty(tx, "task")] == ["t"]
        assert sweeps.all(tx) == []
        supervision.append_ball_events(tx, [BallEvent("task", "t", 9, "client", "status")])
        assert [bool(one.chain) for one in supervision.ball_events(tx, "task", ["t"])] == [False, True]
        assert supervision.verify_ball_events(tx) is None
    db.close()


def test_many_openers_at_once_make_one_schema(empty_url: str, clock: Any) -> None:
    failures: list[Exception] = []

    def opening() -> None:
        try:
            Database.open(empty_url, clock=clock).close()
        except Exception as exc:
            failures.append(exc)

    threads = [threading.Thread(target=opening) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_opening_an_up_to_date_store_does_not_load_the_migration_library(tmp_path: Path) -> None:
    code = (
        "import sys; from store.database import Database\n"
        f"for _ in range(2): Database.open('sqlite:///{tmp_path}/d.db', clock=None).close()\n"
        "assert not [name for name in sys.modules if name.startswith('alembic')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT.parent)
