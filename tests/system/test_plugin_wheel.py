"""A connector that lives in another repository: built into a wheel, installed, found, and held to the contract."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PYPROJECT = """\
    [build-system]
    requires = ["hatchling"]
    build-backend = "hatchling.build"

    [project]
    name = "acme-duban"
    version = "1.0"
    dependencies = ["duban"]

    [project.entry-points."duban.connectors"]
    acme = "acme_duban:AcmeConnector"
    acme-broken = "acme_duban.broken:Broken"

    [tool.hatch.build.targets.wheel]
    packages = ["acme_duban"]
    """

CONNECTOR = """\
    from collections.abc import Iterator, Mapping, Sequence
    from dataclasses import dataclass, field
    from typing import Any, Literal

    from connectors.base import (
        Capabilities, ConnectorSettings, FieldSchema, Identity, ObjectInfo, ObjectSchema, Page, Ports, PullRequest,
        RemoteRecord, RemoteUser, WriteResult, WriteRow,
    )
    from mapping.errors import AuthRefused, ConfigError, PageMalformed, Transient


    class AcmeSettings(ConnectorSettings):
        kind: Literal["acme"] = "acme"
        shelf: str = "cards"


    @dataclass
    class Shelf:
        '''Acme's whole product: one shelf of cards, numbered by change.'''

        cards: dict[str, dict[str, Any]] = field(default_factory=dict)
        changes: int = 0
        mood: str = ""

        def put(self, id: str | None, values: Mapping[str, Any]) -> str:
            self.changes += 1
            id = id or f"card-{self.changes:04d}"
            old = self.cards.get(id, {"made": self.changes})
            self.cards[id] = {**old, **values, "at": self.changes}
            return id


    SHELVES: dict[str, Shelf] = {}


    class AcmeConnector:
        kind = "acme"
        Settings = AcmeSettings
        capabilities = Capabilities(batch_size=10, page_size=5)

        def __init__(self, settings: AcmeSettings, ports: Ports) -> None:
            self.shelf = SHELVES.setdefault(settings.shelf, Shelf())
            self.ports = ports

        def identify(self) -> Identity:
            return Identity(org_id="acme", org_name="Acme", zone="UTC", user_id="robot")

        def objects(self) -> Sequence[ObjectInfo]:
            return [ObjectInfo(name="cards", label="Cards")]

        def describe(self, object: str) -> ObjectSchema | None:
            names = ("front", "back")
            fields = {name: FieldSchema(name=name, type="text") for name in names}
            return ObjectSchema(name="cards", label="Cards", fields=fields) if object == "cards" else None

        def users(self) -> Sequence[RemoteUser]:
            return [RemoteUser(id="robot", name="Robot", email="robot@acme.example")]

        def default_maps(self) -> Mapping[str, Any]:
            return {"task": {"object": "cards", "fields": {"title": "front", "description": "back"}}}

        def codec_for(self, type: str, schema: FieldSchema) -> str | None:
            return type if type in ("text", "long_text") else None

        def pull(self, request: PullRequest) -> Iterator[Page]:
            self._weather()
            try:
                since = int(request.watermark or 0)
            except ValueError as exc:
                raise ConfigError("not a watermark of acme") from exc
            changed = sorted((card["at"], id) for id, card in self.shelf.cards.items() if card["at"] > since)
            backfill = request.watermark is None or request.watermark.startswith("0")
            mark = "0" if backfill else ""
            while True:
                head, changed = changed[:5], changed[5:]
                at = head[-1][0] if head else since
                records = [self._record(id, request.fields) for _, id in head if not self._gone(id)]
                yield Page(records, f"{mark if changed else ''}{at}", last=not changed, backfill=backfill)
                if not changed:
                    return

        def _gone(self, id: str) -> bool:
            return id not in self.shelf.cards or self.shelf.cards[id].get("gone", False)

        def _record(self, id: str, fields: tuple[str, ...]) -> RemoteRecord:
            card = self.shelf.cards[id]
            return RemoteRecord(id, {name: card.get(name) for name in fields}, version=str(card["at"]),
                                modified_ms=card["at"], modified_by=card["by"], created_ms=card["made"],
                                created_by=card["owner"])

        def fetch(self, object: str, ids: Sequence[str], fields: tuple[str, ...]) -> Mapping[str, RemoteRecord | None]:
            return {id: None if self._gone(id) else self._record(id, fields) for id in ids}

        def find(self, object: str, field: str, values: Sequence[str], fields: tuple[str, ...]) -> list[RemoteRecord]:
            return [self._record(id, fields) for id, card in self.shelf.cards.items()
                    if card.get(field) in values and not self._gone(id)]

        def find_created(self, object: str, since_ms: int, fields: tuple[str, ...]) -> list[RemoteRecord]:
            return [self._record(id, fields) for id, card in self.shelf.cards.items()
                    if card["owner"] == "robot" and card["made"] >= since_ms]

        def write(self, object: str, rows: Sequence[WriteRow]) -> list[WriteResult]:
            if rows:
                self.ports.before_send()
            mood, self.shelf.mood = self.shelf.mood, ""
            if rows and mood == "lost_before":
                return [WriteResult(op_id=row.op_id, outcome="unknown") for row in rows]
            results = [self._write(row) for row in rows]
            if rows and mood == "lost_after":
                return [WriteResult(op_id=row.op_id, outcome="unknown") for row in rows]
            return results

        def _write(self, row: WriteRow) -> WriteResult:
            if row.action == "create":
                if not row.values.get("front"):
                    return WriteResult(op_id=row.op_id, outcome="refused", code="NO_FRONT")
                id = self.shelf.put(None, {**row.values, "by": "robot", "owner": "robot"})
                return WriteResult(op_id=row.op_id, outcome="applied", remote_id=id)
            if self._gone(row.remote_id or ""):
                return WriteResult(op_id=row.op_id, outcome="gone", remote_id=row.remote_id)
            self.shelf.put(row.remote_id, {"by": "robot", "gone": row.action == "delete", **row.values})
            return WriteResult(op_id=row.op_id, outcome="applied", remote_id=row.remote_id)

        def _weather(self) -> None:
            moods = {"down": Transient, "auth": AuthRefused, "malformed": PageMalformed}
            if self.shelf.mood in moods:
                raise moods[self.shelf.mood]("acme is in a mood")

        def count(self, object: str) -> int | None:
            return None

        def record_url(self, object: str, remote_id: str) -> str | None:
            return None

        def record_ref(self, url: str) -> tuple[str, str] | None:
            return None

        def close(self) -> None: ...
    """

CONTRACT = """\
    import pytest

    from acme_duban import SHELVES, AcmeConnector
    from connectors.registry import connect, connector_class, kinds
    from connectors.testing import ConnectorContract, HandClock, make_ports
    from mapping.errors import ConfigError


    class AcmeRig:
        entity, object, title, text, key = "task", "cards", "front", "back", "back"

        def __init__(self):
            SHELVES.clear()
            self.ports = make_ports(HandClock())
            self.connector = self.restarted()
            self.shelf = SHELVES["cards"]

        def restarted(self):
            return connect(connector_class("acme").Settings(kind="acme"), self.ports)

        def values(self, title):
            return {"front": title}

        def refused_values(self):
            return {"back": "no front"}

        def plant(self, values):
            return self.shelf.put(None, {**values, "by": "ann", "owner": "ann"})

        def edit(self, id, values):
            self.shelf.put(id, {**values, "by": "ann"})

        def remove(self, id):
            self.shelf.put(id, {"gone": True, "by": "ann"})

        def truth(self):
            return {id: card for id, card in self.shelf.cards.items() if not card.get("gone")}

        def weather(self, kind):
            self.shelf.mood = kind

        def wait(self):
            self.shelf.changes += 1


    class TestAcme(ConnectorContract):
        @pytest.fixture
        def rig(self):
            return AcmeRig()


    def test_the_registry_finds_it_beside_the_shipped_ones():
        assert {"acme", "memory", "zoho", "fxiaoke"} <= set(kinds())
        assert connector_class("acme") is AcmeConnector


    def test_a_broken_one_of_the_same_wheel_is_named_with_its_wheel():
        with pytest.raises(ConfigError, match="acme-duban 1.0.*cannot be loaded"):
            connector_class("acme-broken")
    """


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")


def run(*command: str, cwd: Path, **env: str) -> str:
    """Run a command and give what it said; a failure shows all of it."""
    done = subprocess.run(
        [sys.executable, *command],
        check=False,
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and give the folder it is installed in."""
    work = tmp_path_factory.mktemp("acme")
    write(work / "project/pyproject.toml", PYPROJECT)
    write(work / "project/acme_duban/__init__.py", CONNECTOR)
    write(work / "project/acme_duban/broken.py", "import no_such_module_at_all\n")
    pip = ("-m", "pip", "--disable-pip-version-check")
    options = ("--no-build-isolation", "--no-deps", "--no-index", "--quiet")
    run(*pip, "wheel", *options, "-w", str(work), str(work / "project"), cwd=work)
    (wheel,) = work.glob("acme_duban-1.0-*.whl")
    assert "acme_duban/__init__.py" in zipfile.ZipFile(wheel).namelist()
    run(*pip, "install", "--no-deps", "--no-index", "--quiet", "--target", str(work / "site"), str(wheel), cwd=work)
    return work


def test_a_connector_in_a_wheel_of_its_own_is_found_and_passes_the_contract(installed: Path) -> None:
    write(installed / "check/test_acme.py", CONTRACT)
    path = os.pathsep.join((str(installed / "site"), str(ROOT)))
    options = ("-q", "-p", "no:cacheprovider", "-W", "error", "--rootdir", str(installed / "check"))
    said = run("-m", "pytest", *options, "test_acme.py", cwd=installed / "check", PYTHONPATH=path)
    passed = int(said.rsplit(" passed", 1)[0].rsplit(maxsplit=1)[-1].strip(","))
    assert passed > 25, said
