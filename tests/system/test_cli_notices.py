"""notices by the command line: nothing leaves unasked, previews, sends, and a kill in the middle of a send."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.keys import ensure_key
from sandbox.main import start, write_config
from store import hub, supervision
from store.database import Database
from store.hub import HubRow
from store.supervision import CalendarDay
from tests.support.receivers import Receiver, receiving

ROOT = Path(__file__).parents[2]
ENV = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
CONFIG = """
[store]
url = "sqlite:///duban.db"
[service]
timezone = "UTC"
[connections.zoho]
kind = "zoho"
data_center = "cn"
client_id = "c"
client_secret = "s"
refresh_token = "r"
[notices]
send = {send}
internal = "hook"
window = "00:00-23:59"
delivery_manager = "dm@vendor.example"
[notices.channels.hook]
kind = "webhook"
url = "{url}"
secret = "file:hook.secret"
"""


class MachineClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody else writes here")


class Place:
    """A configuration with one late client action."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        self.folder, self.receiver = folder, receiver
        self.path = folder / "duban.toml"
        (folder / "hook.secret").write_text("shared-secret")
        (folder / "hook.secret").chmod(0o600)
        ensure_key({}, folder, os.urandom)
        self.configure(send=True)
        every_day_works(folder)
        today = datetime.now(UTC).date()
        db = Database.open(f"sqlite:///{folder / 'duban.db'}", clock=MachineClock())
        db.hold("test", 0.0)
        with db.write() as tx:
            for entity, uid, values in self.rows((today - timedelta(days=2)).isoformat()):
                hub.insert(tx, entity, [HubRow(uid, 1, "live", values)], 0)  # type: ignore[arg-type]
        db.release()
        db.close()

    @staticmethod
    def rows(due: str) -> list[tuple[str, str, dict[str, Any]]]:
        return [
            ("account", "a1", {"name": "Acme", "owner": "am@vendor.example"}),
            ("contact", "c1", {"name": "王总", "account": "a1", "roles": ["approver"], "email": "w@client.example"}),
            ("project", "p1", {"name": "Portal", "account": "a1", "pm": "pm@vendor.example"}),
            ("task", "t1", {
                "title": "Sign the \x1b[31mspecification", "status": "waiting_client", "due": due, "project": "p1",
                "contact": "c1",
            }),
        ]  # fmt: skip

    def configure(self, *, send: bool) -> None:
        self.path.write_text(CONFIG.format(send=str(send).lower(), url=self.receiver.url))

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "commands.main", "-c", str(self.path), *words]
        return subprocess.Popen(command, cwd=ROOT, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def duban(self, *words: str, code: int = 0) -> str:
        process = self.start(*words)
        out, err = process.communicate(timeout=60)
        assert process.returncode == code, out + err
        return out + err

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.duban(*words, "--json", code=code))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with receiving(lambda _: (200, "text/plain", "ok")) as receiver:
        yield Place(tmp_path, receiver)


def test_nothing_leaves_before_somebody_says_so(place: Place) -> None:
    place.configure(send=False)
    said = place.duban("notices", "send", code=3)
    assert "notices.send is false" in said
    assert "notices.send 为 false" in place.duban("notices", "send", "--lang", "zh", code=3)
    shown = place.duban("notices", "preview")
    assert "would go to pm@vendor.example through hook:" in shown
    assert "draft for 王总, in the hands of user:pm@vendor.example:" in shown
    assert "\x1b" not in shown, "a CRM's text does nothing to a terminal"
    assert "nothing" in place.duban("notices", "list")
    assert place.receiver.heard == []


def test_a_send_is_listed_shown_and_not_repeated(place: Place) -> None:
    sent = place.json("notices", "send")
    assert sent["counts"] == {"draft": 1, "sent": 1}
    assert place.receiver.heard[0].json["to"]["user"] == "pm@vendor.example"
    assert place.json("notices", "send")["counts"].get("sent") is None
    listed = place.json("notices", "list")["notices"]
    assert sorted(one["state"] for one in listed) == ["draft", "sent"]
    assert all("text" not in one["data"] for one in listed)
    draft = next(one for one in listed if one["state"] == "draft")
    shown = place.json("notices", "show", draft["id"][:10])
    assert shown["notice"]["data"]["text"].startswith("王总，您好:")
    assert [one["data"]["audience"] for one in shown["lines"]] == ["assignee"]
    table = place.duban("notices", "list", "--single", "--lang", "zh")
    assert "责任人" in table
    assert "项目经理" in table
    assert "已发送" in table
    assert "no notice begins with 'zz'" in place.duban("notices", "show", "zz", code=2)
    assert len(place.receiver.heard) == 1


def test_a_look_at_another_day_sends_nothing(place: Place) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT12:00")
    seen = place.json("notices", "preview", "--as-of", later)
    assert seen["counts"].get("intent"), seen
    assert place.receiver.heard == []
    assert place.json("notices", "list")["notices"] == []


def test_a_process_killed_while_it_sends_leaves_an_unknown_and_no_second_message(place: Place) -> None:
    place.receiver.script = ["hang"]
    process = place.start("notices", "send")
    until = time.monotonic() + 60
    while not place.receiver.heard:
        assert time.monotonic() < until
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    after = place.json("notices", "send", code=4)
    assert after["counts"]["unknown"] == 1
    (lost,) = place.json("notices", "list", "--state", "unknown")["notices"]
    assert lost["recipient"] == "user:pm@vendor.example"
    assert "stopped while it was being sent" in place.duban("notices", "show", lost["id"][:12])
    place.duban("notices", "send")
    assert len(place.receiver.heard) == 1, "at most once"


def test_a_secret_written_out_is_refused_before_anything_is_opened(place: Place) -> None:
    place.path.write_text(place.path.read_text().replace('"file:hook.secret"', '"plain-secret"'))
    said = place.duban("check", code=3)
    assert "notices.channels.hook.secret" in said
    assert "plain-secret" not in said


def test_the_daemon_tells_after_it_has_supervised(tmp_path: Path) -> None:
    with receiving(lambda _: (200, "text/plain", "ok")) as receiver, start(seed=3) as running:
        path = tmp_path / "duban.toml"
        write_config(path, running)
        (tmp_path / "hook.secret").write_text("shared-secret")
        (tmp_path / "hook.secret").chmod(0o600)
        notices = CONFIG.partition("[notices]")[2].format(send="true", url=receiver.url)
        path.write_text(path.read_text() + "\n[notices]\n" + notices)
        ensure_key({}, tmp_path, os.urandom)
        every_day_works(tmp_path)
        log = (tmp_path / "daemon.log").open("wb")
        command = [sys.executable, "-m", "commands.main", "-c", str(path), "run"]
        process = subprocess.Popen(command, cwd=ROOT, env=ENV, stdout=log, stderr=log)
        try:
            until = time.monotonic() + 90
            while not receiver.taken:
                assert process.poll() is None, (tmp_path / "daemon.log").read_text()
                assert time.monotonic() < until, (tmp_path / "daemon.log").read_text()
                time.sleep(0.1)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
            log.close()
    kinds = {one.json["kind"] for one in receiver.taken}
    assert kinds == {"digest"}
    readers = [one.json["to"]["user"] for one in receiver.taken]
    assert len(readers) == len(set(readers)), "one digest each"


def every_day_works(folder: Path) -> None:
    """Make the days around today working days, so that there is a window whenever this runs."""
    today = datetime.now(UTC).date()
    days = [(today + timedelta(days=n)).isoformat() for n in range(-3, 3)]
    db = Database.open(f"sqlite:///{folder / 'duban.db'}", clock=MachineClock())
    db.hold("test", 0.0)
    with db.write() as tx:
        supervision.save_calendar_days(tx, [CalendarDay("CN", day, "work") for day in days])
    db.release()
    db.close()
