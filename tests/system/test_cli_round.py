"""The commands a person types, in the order of a first week, against both sandbox CRMs over HTTP."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from config.keys import ensure_key
from sandbox.main import Running, start, write_config
from tests.support.clocks import StoppedClock
from tests.support.terminal import Ended, type_command


@dataclass(frozen=True)
class World:
    """Two CRMs, a configuration, and a way to type commands."""

    config: Path
    running: Running

    def type(self, *words: str, stdin: str = "") -> Ended:
        return type_command(self.config, *words, stdin=stdin)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("week")
    with start(seed=1) as running:
        write_config(folder / "duban.toml", running)
        ensure_key(os.environ, folder, os.urandom)
        yield World(folder / "duban.toml", running)


@pytest.fixture(scope="module")
def synced(world: World) -> World:
    """The world after its first two rounds."""
    for _ in range(2):
        ended = world.type("sync", "--json")
        assert ended.code == 4, ended.err
    return world


def test_the_configuration_is_checked_offline_and_online(world: World) -> None:
    assert world.type("check").code == 0
    ended = world.type("check", "--online", "--json")
    assert ended.code == 0, ended.out
    assert ended.json["schema"] == 1
    assert {one["level"] for one in ended.json["findings"]} <= {"ok", "warn"}
    assert world.type("doctor", "--json").code == 0
    assert world.type("check", "--lang", "zh").out


def test_metadata_becomes_a_proposed_map(world: World) -> None:
    import tomllib

    assert tomllib.loads(world.type("discover", "zoho").out)
    assert world.type("discover", "fxiaoke", "--json").json["schema"] == 1
    ended = world.type("discover", "nobody")
    assert ended.code == 2
    assert "nobody" in ended.err


def test_a_plan_shows_and_keeps_what_would_happen(world: World, tmp_path: Path) -> None:
    ended = world.type("plan", "-o", str(tmp_path / "first.plan"), "--json")
    assert ended.code in (0, 4), ended.err
    lines = ended.json["lines"]
    assert {"match", "create", "import"} <= {line["action"] for line in lines}
    assert (tmp_path / "first.plan").exists()
    shown = world.type("sync", "--dry-run")
    assert "Nothing has been written" in shown.out
    for connection in ("zoho", "fxiaoke"):
        log = asked(world, connection, "/__sim__/log")
        assert [one for one in log["requests"] if one["mutating"] and "token" not in one["path"].lower()] == []


def test_after_two_rounds_nothing_is_left_to_do(synced: World) -> None:
    ended = synced.type("sync", "--json")
    assert ended.code == 4, ended.err
    counts = ended.json["counts"]
    assert not {name: counts[name] for name in ("create", "patch", "delete", "refused", "unknown") if counts.get(name)}
    assert ended.json["needs_person"]
    assert "Waits for a person" in synced.type("sync").err


def test_where_everything_stands(synced: World) -> None:
    status = synced.type("status", "--json").json
    assert {one["name"] for one in status["connections"]} == {"zoho", "fxiaoke"}
    assert "Waits for a person" in synced.type("status").out
    assert synced.type("runs", "--limit", "1", "--json").json["runs"][0]["kind"] == "sync"
    assert "sync" in synced.type("runs").out


def test_a_conflict_is_shown_decided_and_gone(synced: World) -> None:
    found = [one for one in synced.type("conflicts", "list", "--json").json["conflicts"] if one["entity"] == "contact"]
    assert found
    one = found[0]
    assert set(one["sides"]) == {"hub", "zoho", "fxiaoke"}
    shown = synced.type("conflicts", "show", str(one["id"]))
    assert str(one["sides"]["zoho"]) in shown.out
    assert synced.type("conflicts", "resolve", str(one["id"]), "--take", "sap").code == 2
    assert synced.type("conflicts", "resolve", str(one["id"]), "--take", "zoho").code == 0
    assert synced.type("sync").code == 4
    assert one["id"] not in [left["id"] for left in synced.type("conflicts", "list", "--json").json["conflicts"]]


def test_a_doubt_is_shown_and_refused(synced: World) -> None:
    found = synced.type("review", "list", "--json").json["reviews"]
    assert found
    assert synced.type("review", "list").code == 0
    first = found[0]
    assert first["candidates"]
    assert synced.type("review", "show", str(first["id"])).code == 0
    assert synced.type("review", "reject", str(first["id"])).code == 0
    assert synced.type("review", "accept", "99999").code == 2
    assert synced.type("sync").code == 4
    assert first["id"] not in [one["id"] for one in synced.type("review", "list", "--json").json["reviews"]]


def test_a_record_typed_here_arrives_changes_and_goes(synced: World) -> None:
    added = synced.type("add", "task", "title=Send the floor plan", "due=2027-03-01", "--json").json
    synced.type("sync")
    links = {name: found_remote(synced, name, "Send the floor plan") for name in ("zoho", "fxiaoke")}
    assert all(links.values())
    changed = synced.type("set", "task", added["uid"], "due=2027-03-08", "--json").json
    assert changed["changed"] == ["due"]
    assert "already says so" in synced.type("set", "task", f"zoho:{links['zoho']}", "due=2027-03-08").out
    assert synced.type("set", "task", added["uid"], "deu=2027-03-08").code == 2
    synced.type("sync")
    assert remote(synced, "zoho", "Tasks", links["zoho"])["Due_Date"] == "2027-03-08"
    assert synced.type("delete", "task", added["uid"]).code == 0
    synced.type("sync")
    assert remote(synced, "zoho", "Tasks", links["zoho"])["__deleted"]


def test_the_client_s_debts_are_listed(synced: World) -> None:
    seen = synced.type("overdue", "--json").json
    assert seen["overdue"]
    assert seen["overdue"][0]["severity"] == "S4"
    assert "S4" in synced.type("overdue").out
    assert "No client action is overdue" in synced.type("overdue", "--as-of", "2020-01-01").out
    assert synced.type("overdue", "--as-of", "yesterday").code == 2
    projects = synced.type("projects", "--json").json["projects"]
    assert [one for one in projects if one["disagree"]]
    assert synced.type("projects").code == 0
    assert projects[0]["name"] in synced.type("project", "show", projects[0]["uid"]).out
    assert synced.type("project", "show", "nothing").code == 2


def test_flags_reach_both_crms_and_only_for_what_is_overdue(synced: World) -> None:
    titles = {one["title"] for one in synced.type("overdue", "--json").json["overdue"]}
    tasks = asked(synced, "zoho", "/__sim__/state?object=Tasks")["records"]
    assert {one["Subject"] for one in tasks if one.get("Duban_Overdue_Since")} == titles
    tasks = asked(synced, "fxiaoke", "/__sim__/state?object=duban_task__c")["records"]
    assert {one["name"] for one in tasks if one.get("severity__c")} == titles


def test_links_are_cut_and_made_from_a_file(synced: World, tmp_path: Path) -> None:
    added = synced.type("add", "account", "name=Quiet Client", "--json").json
    synced.type("sync")
    remote_id = found_remote(synced, "zoho", "Quiet Client", "account")
    assert synced.type("unlink", f"zoho:{remote_id}").code == 0
    before = len(asked(synced, "zoho", "/__sim__/state?object=Accounts")["records"])
    synced.type("set", "account", added["uid"], "website=https://quiet.example")
    assert synced.type("sync").code == 4
    accounts = asked(synced, "zoho", "/__sim__/state?object=Accounts")["records"]
    assert len(accounts) == before
    assert next(one for one in accounts if one["id"] == remote_id).get("Website") is None

    pairs = tmp_path / "pairs.csv"
    pairs.write_text(f"entity,a,b\naccount,{added['uid']},zoho:{remote_id}\n")
    assert synced.type("links", "import", str(pairs), "--json").json["linked"] == 1
    assert synced.type("link", "account", added["uid"], f"zoho:{remote_id}").code == 0


def test_the_rest_of_the_household(synced: World) -> None:
    assert "empty" in synced.type("quarantine", "list").out
    assert synced.type("quarantine", "retry", "--all", "--json").json["retried"] == 0
    assert synced.type("db", "upgrade", "--json").json["revision"]
    assert synced.type("secrets", "set", "zoho.client_secret", stdin="").code == 3
    ended = synced.type(
        "secrets", "set", "zoho.client_secret", stdin=(synced.config.parent / "secrets/zoho-client-secret").read_text()
    )
    assert ended.code == 0
    assert synced.type("secrets", "set", "nonsense", stdin="x").code == 2
    assert synced.type("auth", "zoho", "fxiaoke", stdin="x").code == 3
    assert synced.type("sync").code == 4


def found_remote(world: World, connection: str, title: str, entity: str = "task") -> str:
    """Give the remote id that a hub row of that title is linked to."""
    from store import hub, links
    from store.database import Database

    db = Database.open(f"sqlite:///{world.config.parent / 'duban.db'}", clock=StoppedClock())
    try:
        with db.read() as tx:
            field = "title" if entity == "task" else "name"
            row = hub.select(tx, entity, where={field: title})[0]  # type: ignore[arg-type]
            found = links.by_uids(tx, entity, [row.uid])[row.uid]  # type: ignore[arg-type]
        return next(link.remote_id for link in found if link.connection == connection)
    finally:
        db.close()


def remote(world: World, connection: str, object: str, remote_id: str) -> dict[str, Any]:
    """Give the ground truth of one record."""
    records = asked(world, connection, f"/__sim__/state?object={object}")["records"]
    key = "id" if connection == "zoho" else "_id"
    return next(one for one in records if one[key] == remote_id)


def asked(world: World, connection: str, path: str) -> Any:
    """Give what a sandbox says about itself."""
    server = getattr(world.running, connection)
    with urllib.request.urlopen(f"{server.url}{path}", timeout=10) as answer:
        return json.load(answer)
