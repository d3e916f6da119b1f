"""Both sandbox CRMs, people in them, and the truth read back from them; shared by the acceptance tests."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx

from config.keys import ensure_key
from sandbox.main import Running, start, write_config

ROOT = Path(__file__).parents[3]
ENV = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
LONG_S = 120.0
FIRST_DUE = date(2041, 1, 1)
"""No day is typed twice, and none is near the sandbox's story, which goes with the calendar: an edit to a day that
stood there already could not be told from none, and one that another record says would pass for known."""

PAIRS = {
    "account": ("Accounts", "AccountObj"),
    "contact": ("Contacts", "ContactObj"),
    "project": ("Deals", "duban_project__c"),
    "task": ("Tasks", "duban_task__c"),
    "feedback": ("Cases", "duban_feedback__c"),
}
"""Entity -> (Zoho module, FxiaoKe object)."""

TEXTS = {
    "contact": [("title", "Title", "job_title"), ("description", "Description", "remark")],
    "task": [("title", "Subject", "name"), ("description", "Description", "body__c"), ("due", "Due_Date", "due__c")],
    "account": [("website", "Website", "website"), ("description", "Description", "remark")],
    "feedback": [("body", "Description", "body__c"), ("subject", "Subject", "name")],
}
"""Entity -> (hub field, Zoho field, FxiaoKe field) that people edit."""


class Worlds:
    """A running pair of sandboxes, a configuration for them, and the two CRMs' own truth."""

    def __init__(self, running: Running, config: Path) -> None:
        self.running = running
        self.config = config
        self.http = httpx.Client(timeout=60)

    @property
    def urls(self) -> tuple[str, str]:
        return self.running.zoho.url, self.running.fxiaoke.url

    def call(self, side: int, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"{self.urls[side]}/__sim__/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def live(self, side: int, name: str) -> dict[str, dict[str, Any]]:
        """Give the live records of an object by id, in wire shape."""
        rows = self.call(side, "GET", f"state?object={name}")["records"]
        return {str(row.get("id") or row.get("_id")): row for row in rows if not row["__deleted"]}

    def edit(self, side: int, name: str, id_: str, values: dict[str, Any]) -> None:
        self.call(side, "PATCH", "records", {"object": name, "id": id_, "values": values})

    def plant(self, side: int, name: str, *records: dict[str, Any]) -> list[str]:
        return list(self.call(side, "POST", "records", {"object": name, "records": list(records)})["ids"])

    def remove(self, side: int, name: str, id_: str) -> None:
        self.call(side, "DELETE", "records", {"object": name, "id": id_})

    def fault(self, side: int, **rule: Any) -> None:
        self.call(side, "POST", "faults", {"rules": [rule]})

    def clear_faults(self, side: int) -> None:
        self.call(side, "DELETE", "faults")

    def let_pass(self, seconds: float) -> None:
        """Move the clocks of both CRMs on."""
        for side in (0, 1):
            skew_s = self.call(side, "GET", "settings")["clock_skew_s"]
            self.call(side, "POST", "settings", {"clock_skew_s": skew_s + seconds})

    def mutations(self) -> int:
        """Count the mutating requests both servers have seen."""
        return sum(
            bool(entry["mutating"])
            for side in (0, 1)
            for entry in self.call(side, "GET", "log")["requests"]
            if not entry["path"].startswith("/__sim__/")
        )

    def db(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.config.parent / 'duban.db'}?mode=ro", uri=True, timeout=30)

    def rounds(self) -> int:
        """Count the rounds that ended; 0 while there is no store yet."""
        if not (self.config.parent / "duban.db").exists():
            return 0
        db = self.db()
        try:
            return int(db.execute("SELECT count(*) FROM run WHERE ended_ms > 0").fetchone()[0])
        except sqlite3.OperationalError:  # the store is being made right now
            return 0
        finally:
            db.close()

    def links(self, entity: str) -> list[tuple[str, str, str]]:
        """Give (uid, Zoho id, FxiaoKe id) of every entity linked on both sides."""
        db = self.db()
        try:
            return db.execute(
                "SELECT z.uid, z.remote_id, f.remote_id FROM link z JOIN link f ON f.uid = z.uid "
                "WHERE z.entity = ? AND z.connection = 'zoho' AND f.connection = 'fxiaoke' "
                "AND z.state = 'live' AND f.state = 'live'",
                (entity,),
            ).fetchall()
        finally:
            db.close()

    def parked(self) -> set[tuple[str, str]]:
        """Give (uid, field) of every parked field."""
        db = self.db()
        try:
            rows = db.execute("SELECT uid, field FROM review WHERE state <> 'closed' AND kind IN ('conflict', 'lossy')")
            return {(uid, field) for uid, field in rows}
        finally:
            db.close()

    def duban(self, *words: str, code: int | tuple[int, ...] = (0, 4)) -> subprocess.CompletedProcess[str]:
        """Run a command as a user would and hold it to its exit codes."""
        command = [sys.executable, "-m", "commands.main", "-c", str(self.config), *words]
        done = subprocess.run(command, cwd=ROOT, env=ENV, capture_output=True, text=True, timeout=LONG_S, check=False)
        accepted = (code,) if isinstance(code, int) else code
        assert done.returncode in accepted, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        return done

    def rest(self, limit: int = 12, pause_s: float = 0.0) -> int:
        """Sync until a round writes nothing anywhere; gives the number of rounds."""
        for number in range(1, limit + 1):
            before = self.mutations()
            self.duban("sync")
            if self.mutations() == before:
                return number
            time.sleep(pause_s)
        raise AssertionError(f"still writing after {limit} rounds")


@contextmanager
def worlds(folder: Path, every: str = "1s", **options: Any) -> Iterator[Worlds]:
    """Start both CRMs and write a configuration for them."""
    with start(**options) as running:
        config = folder / "duban.toml"
        write_config(config, running)
        config.write_text(config.read_text().replace('every = "1m"', f'every = "{every}"'))
        ensure_key({}, folder, os.urandom)
        made = Worlds(running, config)
        try:
            yield made
        finally:
            made.http.close()


@contextmanager
def daemon(world: Worlds) -> Iterator[subprocess.Popen[bytes]]:
    """Run `duban run` beside the test and end it politely."""
    with (world.config.parent / "daemon.log").open("ab") as log:
        command = [sys.executable, "-m", "commands.main", "-c", str(world.config), "run"]
        process = subprocess.Popen(command, cwd=ROOT, env=ENV, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            code = process.wait(timeout=LONG_S)
        assert code == 0, (world.config.parent / "daemon.log").read_text()[-4000:]


def wait_for(what: Callable[[], Any], seconds: float = LONG_S) -> Any:
    """Wait until *what* says something true."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)
    return found


def millis(day: str) -> int:
    """Give a civil day as FxiaoKe writes it: local midnight in the tenant's zone."""
    moment = time.strptime(day, "%Y-%m-%d")
    return int((time.mktime(moment) - time.mktime(time.gmtime(0)) - 8 * 3600) * 1000)


class People:
    """People of both companies at work: edits, new records, seldom two on one field."""

    def __init__(self, world: Worlds, seed: int) -> None:
        self.world = world
        self.rng = random.Random(seed)
        self.count = 0

    def act(self) -> None:
        """Do one thing on one side."""
        side = self.rng.randrange(2)
        entity = self.rng.choice(sorted(TEXTS))
        name = PAIRS[entity][side]
        if self.rng.random() < 0.08 and entity == "contact":
            self._newcomer(side)
            return
        known = self.world.links(entity)
        if not known:
            return
        row = self.rng.choice(known)
        hub, *fields = self.rng.choice(TEXTS[entity])
        self.world.edit(side, name, row[1 + side], {fields[side]: self.typed(hub, side)})

    def typed(self, hub: str, side: int) -> Any:
        """Give a value that nobody has typed before."""
        self.count += 1
        if hub == "due":
            day = (FIRST_DUE + timedelta(days=self.count)).isoformat()
            return day if side == 0 else millis(day)
        return f"https://v{self.count}.example" if hub == "website" else f"{hub} v{self.count}"

    def _newcomer(self, side: int) -> None:
        self.count += 1
        email = f"newcomer{self.count}@client.example"
        zoho = {"Last_Name": f"Newcomer{self.count}", "Email": email}
        self.world.plant(
            side, PAIRS["contact"][side], zoho if side == 0 else {"name": f"Newcomer{self.count}", "email": email}
        )


def differences(world: Worlds) -> list[tuple[str, str, Any, Any]]:
    """Give every edited field that does not say the same on both sides and is not parked."""
    out: list[tuple[str, str, Any, Any]] = []
    parked = world.parked()
    for entity, fields in TEXTS.items():
        left, right = (world.live(side, PAIRS[entity][side]) for side in (0, 1))
        for uid, zoho_id, fxiaoke_id in world.links(entity):
            for hub, zoho, fxiaoke in fields:
                one, other = left[zoho_id].get(zoho), right[fxiaoke_id].get(fxiaoke)
                if hub == "due" and one:
                    one = millis(one)
                one, other = (value.strip() if isinstance(value, str) else value for value in (one, other))
                if (one or None) != (other or None) and (uid, hub) not in parked:
                    out.append((entity, hub, one, other))
    return out


def duplicates(world: Worlds) -> list[str]:
    """Give e-mails that more than one live contact of a side carries, beyond what the story planted."""
    out: list[str] = []
    for side, (name, field) in enumerate((("Contacts", "Email"), ("ContactObj", "email"))):
        seen: dict[str, int] = {}
        for row in world.live(side, name).values():
            email = str(row.get(field) or "").strip().lower()
            if email:
                seen[email] = seen.get(email, 0) + 1
        out += [f"{name}: {email}" for email, found in seen.items() if found > 1]
    return out
