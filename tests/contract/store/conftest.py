"""The store's databases for tests: a SQLite file, SQLite in memory, and a PostgreSQL started for this session.

PostgreSQL: ``DUBAN_TEST_PG_URL`` names a server where databases may be made; else one is started from installed
binaries in a folder of its own, reachable by a local socket only. ``CI_REQUIRE_PG`` turns a skip into a failure.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from store.database import Database


@dataclass
class HandClock:
    """A clock that only moves when somebody sleeps."""

    ms: int = 1_790_000_000_000
    slept: list[float] = field(default_factory=list)

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ms += round(seconds * 1000)


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


def _as_somebody() -> tuple[list[str], str | None]:
    """PostgreSQL refuses to run as root: give the command that becomes somebody else, and who that is."""
    if os.geteuid() != 0:
        return [], None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        if shutil.which("runuser"):
            return ["runuser", "-u", name, "--"], name
        return ["su", name, "-s", "/bin/sh", "-c"], name
    return [], None


def _run_as(prefix: list[str], command: list[str]) -> list[str]:
    return [*prefix, " ".join(command)] if prefix[:1] == ["su"] else [*prefix, *command]


def _no_postgresql(reason: str) -> None:
    if os.environ.get("CI_REQUIRE_PG"):
        pytest.fail(f"CI_REQUIRE_PG is set, but {reason}")
    pytest.skip(reason)


def _can_connect(url: str) -> bool:
    engine = sa.create_engine(url)
    try:
        engine.connect().close()
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()
    return True


@pytest.fixture(scope="session")
def pg_server() -> Iterator[sa.URL]:
    """Give the address of a PostgreSQL server where databases may be made."""
    given = os.environ.get("DUBAN_TEST_PG_URL")
    if given:
        yield sa.make_url(given).set(drivername="postgresql+psycopg")
        return
    binaries = _binaries()
    if binaries is None:
        _no_postgresql("no PostgreSQL binaries are installed")
        return
    prefix, user = _as_somebody()
    home = Path(tempfile.mkdtemp(prefix="duban-pg-"))
    home.chmod(0o755)
    data, socket = home / "data", home / "socket"
    for folder in (data, socket):
        folder.mkdir()
        if user:
            shutil.chown(folder, user)
    initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(_run_as(prefix, initdb), check=True, capture_output=True, cwd=home, timeout=120)
    command = [
        str(binaries / "postgres"),
        "-D",
        str(data),
        "-k",
        str(socket),
        "-c",
        "listen_addresses=",
        "-c",
        "fsync=off",
    ]
    url = sa.URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(socket)})
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(_run_as(prefix, command), stdout=log, stderr=log, cwd=home)
        try:
            for _ in range(200):
                if _can_connect(url.render_as_string(hide_password=False)):
                    break
                time.sleep(0.05)
            else:
                _no_postgresql("PostgreSQL did not start: " + (home / "log").read_text()[-500:])
            yield url
        finally:
            stop = [str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
            subprocess.run(_run_as(prefix, stop), check=False, capture_output=True, cwd=home, timeout=30)
            server.wait(timeout=30)
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def pg_database(pg_server: sa.URL) -> Iterator[Callable[[], str]]:
    """Give a function that makes a fresh, filled PostgreSQL database and gives its address."""
    admin = sa.create_engine(pg_server, isolation_level="AUTOCOMMIT")
    stem = f"duban_test_{os.getpid()}"
    made: list[str] = []

    def create(name: str, template: str | None) -> str:
        with admin.connect() as conn:
            conn.exec_driver_sql(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        made.append(name)
        return pg_server.set(database=name).render_as_string(hide_password=False)

    Database.open(create(f"{stem}_template", None), clock=HandClock()).close()
    numbers = count(1)
    yield lambda: create(f"{stem}_{next(numbers)}", f"{stem}_template")
    if os.environ.get("DUBAN_TEST_PG_URL"):  # a server of our own is thrown away whole
        with admin.connect() as conn:
            for name in made:
                conn.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    admin.dispose()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["file", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that several processes can open."""
    if request.param == "file":
        return f"sqlite:///{tmp_path}/duban.db"
    make: Callable[[], str] = request.getfixturevalue("pg_database")
    return make()


@pytest.fixture(params=["file", "memory", "postgresql"])
def db(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> Iterator[Database]:
    """An open, empty store of each kind."""
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("pg_database")
        url = make()
    else:
        url = "sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path}/duban.db"
    database = Database.open(url, clock=clock)
    yield database
    database.close()
