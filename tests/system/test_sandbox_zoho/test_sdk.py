"""Zoho's official SDK, unchanged, works against the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from sandbox.clock import RealClock
from sandbox.server import Server
from sandbox.story import tell
from sandbox.zoho.face import make_face

SCRIPT = Path(__file__).with_name("sdk_script.py")


class Listener:
    """Takes call-backs on this machine and keeps their bodies."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.arrived = threading.Event()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                listener.bodies.append(json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                listener.arrived.set()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?who=sdk"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> Iterator[dict[str, Any]]:
    """Give what the SDK saw, in one run of all its steps."""
    face = make_face(RealClock(), tell(1, today=date(2026, 11, 23)), 1, False)
    with Server(face) as server:
        done = subprocess.run(
            [sys.executable, str(SCRIPT), json.dumps(face.ready(server.url)), listener.url],
            cwd=tmp_path_factory.mktemp("sdk"),
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        listener.arrived.wait(5)
        yield json.loads(done.stdout.splitlines()[-1])


def test_sdk_refreshes_its_token_and_stays_on_our_host(seen: dict[str, Any]) -> None:
    assert seen["token"] is True
    assert seen["api_domain"].startswith("http://127.0.0.1:")


def test_sdk_walks_every_page(seen: dict[str, Any]) -> None:
    assert seen["pages"] == {"pages": 3, "records": 21}


def test_sdk_creates_updates_and_reads_back(seen: dict[str, Any]) -> None:
    assert seen["created"] == [["success", "SUCCESS", "record added"]] * 2
    assert seen["updated"] == [["success", "SUCCESS", "record updated"]]
    read = seen["read"]
    assert (read["Subject"], read["Due_Date"], read["Status"]) == ("SDK one, renamed", "2026-12-31", "In Progress")
    # The SDK shows times in this machine's own zone; what counts is that it could read ours.
    assert datetime.fromisoformat(read["Modified_Time"]).microsecond == 0
    assert read["Modified_By"] == "督办集成"


def test_sdk_upsert_inserts_then_updates(seen: dict[str, Any]) -> None:
    assert [rows[0][2] for rows in seen["upserted"]] == ["record added", "record updated"]


def test_sdk_deletes_and_finds_it_in_the_deleted_list(seen: dict[str, Any]) -> None:
    assert seen["deleted"] == [["success", "SUCCESS", "record deleted"]]
    assert seen["deleted_list"] == [[seen["ids"][1], "SDK two", "recycle"]]


def test_sdk_runs_coql_and_sees_its_errors(seen: dict[str, Any]) -> None:
    assert seen["coql"] == ["SDK one, renamed"]
    assert seen["bad_coql"] == "SYNTAX_ERROR"


def test_sdk_reads_fields_and_modules(seen: dict[str, Any]) -> None:
    assert seen["fields"]["Subject"] == ["text", 255]
    assert seen["fields"]["Duban_Key"] == ["text", 100]
    assert {"Accounts", "Contacts", "Deals", "Tasks", "Cases", "Notes"} <= set(seen["modules"])


def test_sdk_writes_a_note_on_a_task(seen: dict[str, Any]) -> None:
    assert "written by the official SDK" in seen["note"]


def test_sdk_watch_brings_a_call_back(seen: dict[str, Any], listener: Listener) -> None:
    assert seen["watch"] == ["success"]
    body = listener.bodies[-1]
    assert (body["module"], body["operation"], body["token"]) == ("Tasks", "update", "sdk-token")
    assert body["ids"] == [seen["ids"][0]]
    assert body["query_params"] == {"who": "sdk"}
