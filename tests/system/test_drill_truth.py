"""The truth a drill is judged on: what is planted in the sandboxes behind duban's back must be found."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands.drilling.ground import check_places, plain_ground
from commands.drilling.people import links_in
from commands.drilling.planting import new_key, open_service, settle_ground, spokes_of
from commands.drilling.playing import toml
from commands.drilling.truth import Truth, mark, read_told
from mapping.errors import ConfigError
from sandbox.main import Running, start
from sandbox.trial.joining import KINDS, bot_of, server_of
from sandbox.trial.score import fate

WAIT_S = 0.5


class Scene:
    """A pair of sandboxes that duban has brought to agree, and the truth about them at any later time."""

    def __init__(self, running: Running, folder: Path) -> None:
        self.running = running
        self.store = folder / "drill.db"
        ground, key = plain_ground(running, WAIT_S), new_key()
        for kind in KINDS:
            server_of(running, kind).face.world.search_lag_ms = 0
        settle_ground(ground, running, folder, key)
        with open_service(ground, folder, key) as service:
            for _ in range(3):
                service.sync(())
            self.spokes = spokes_of(service, ground)
        self.marks = mark(running, KINDS)
        found = {connection: id for entity, uid, connection, id, _ in self.links("contact") if uid == self.uid}
        self.zoho, self.fxiaoke = found["zoho"], found["fxiaoke"]

    def links(self, entity: str) -> list[tuple[str, str, str, str, str]]:
        return [link for link in links_in(str(self.store)) if link[0] == entity and link[4] == "live"]

    @property
    def uid(self) -> str:
        seen: dict[str, int] = {}
        for _, uid, *_ in self.links("contact"):
            seen[uid] = seen.get(uid, 0) + 1
        return next(uid for uid, sides in seen.items() if sides == 2)

    def truth(self) -> Truth:
        return Truth(self.running, self.spokes, read_told(self.store), self.marks, [])

    def by_duban(self, values: dict[str, str]) -> None:
        """Change the contact at Zoho as duban's own user does."""
        face = server_of(self.running, "zoho").face
        with face.world.lock:
            face.world.objects["Contacts"].update(self.zoho, values, bot_of(self.running, "zoho"))

    def by_person(self, values: dict[str, str]) -> None:
        server_of(self.running, "zoho").face.edit("Contacts", self.zoho, values)

    def fates(self) -> list[str]:
        return [fate(edit) for edit in self.truth().edits()]


@pytest.fixture(scope="module")
def agreed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with start(seed=1) as running:
        yield Scene(running, tmp_path_factory.mktemp("drill"))


@contextmanager
def restored(scene: Scene) -> Iterator[None]:
    """Put the mark after what happened here, and the contact back as it was."""
    rows = server_of(scene.running, "zoho").face.world.objects["Contacts"].rows
    before = dict(rows[scene.zoho].values)
    try:
        yield
    finally:
        server_of(scene.running, "zoho").face.world.objects["Contacts"].update(scene.zoho, before, "1")
        scene.marks = mark(scene.running, KINDS)


def test_after_an_undisturbed_sync_every_difference_has_its_reason(agreed: Scene) -> None:
    truth = agreed.truth()
    records, fields, differences = truth.differences()
    assert (records > 50, fields > 300) == (True, True)
    assert [one for one in differences if not one.reason] == []
    assert truth.edits() == []
    assert truth.duplicates() == []


def test_an_edit_nobody_carried_over_is_lost_and_differs_without_a_reason(agreed: Scene) -> None:
    with restored(agreed):
        agreed.by_person({"Title": "never carried"})
        assert agreed.fates() == ["lost"]
        odd = [one for one in agreed.truth().differences()[2] if not one.reason]
        assert [(one.entity, one.field, one.record) for one in odd] == [("contact", "title", agreed.zoho)]


def test_an_edit_duban_wrote_over_is_lost_and_one_a_person_wrote_over_is_not(agreed: Scene) -> None:
    with restored(agreed):
        old = server_of(agreed.running, "zoho").face.world.objects["Contacts"].rows[agreed.zoho].values.get("Title")
        agreed.by_person({"Title": "first"})
        agreed.by_person({"Title": "second"})
        agreed.by_duban({"Title": old})
        assert agreed.fates() == ["superseded", "lost"]


def test_a_record_duban_made_twice_and_a_write_with_no_intent_are_found(agreed: Scene) -> None:
    with restored(agreed):
        face = server_of(agreed.running, "zoho").face
        row = face.world.objects["Contacts"].insert({"Last_Name": "Twin"}, bot_of(agreed.running, "zoho"))
        truth = agreed.truth()
        assert truth.duplicates() == [f"zoho contact {row.id}: made, and tied to nothing"]
        assert truth.unintended() == [f"zoho Contacts {row.id}"]
        face.world.objects["Contacts"].remove(row.id, "1")
        assert agreed.truth().duplicates() == []


def test_a_deleted_record_takes_its_edits_with_it(agreed: Scene) -> None:
    with restored(agreed):
        agreed.by_person({"Title": "gone soon"})
        server_of(agreed.running, "zoho").face.remove("Contacts", agreed.zoho)
        assert agreed.fates() == ["superseded"]
        server_of(agreed.running, "zoho").face.world.objects["Contacts"].restore(agreed.zoho, "1")


def test_no_address_but_the_sandboxes_gets_through(agreed: Scene) -> None:
    ground = plain_ground(agreed.running, WAIT_S)
    settings = [spoke.settings for spoke in agreed.spokes.values()]
    check_places(ground, settings)
    with pytest.raises(ConfigError, match="web_url"):
        check_places(ground, [settings[0].model_copy(update={"web_url": "https://crm.real.example"})])


def test_what_is_written_for_another_process_reads_back_the_same() -> None:
    tables = {"a": {"文": 'q"\\\n\x7f', "n": [1, 2.5, True], "deep": {"x.y": []}}, "b": "x"}
    text = "\n".join(f"{toml(name)} = {toml(value)}" for name, value in tables.items())
    assert tomllib.loads(text) == tables
