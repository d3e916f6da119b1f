"""Starting both CRMs: from Python, from the command line, with a configuration that fits."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import tomllib
from datetime import date

import httpx
import pytest

from sandbox import main
from sandbox.clock import VirtualClock


@pytest.fixture
def running(tmp_path):
    with main.start(seed=1, log=tmp_path / "log.jsonl", today=date(2026, 11, 23), clock=VirtualClock) as running:
        yield running


def test_the_ready_line_names_both_sides(running):
    zoho, fxiaoke = running.ready["zoho"], running.ready["fxiaoke"]
    assert {"api", "accounts", "client_id", "client_secret", "refresh_token"} <= set(zoho)
    assert {"base", "app_id", "app_secret", "permanent_code", "employees"} <= set(fxiaoke)
    assert len([one for one in fxiaoke["employees"] if {"user_id", "open_user_id", "mobile"} <= set(one)]) >= 2


def test_the_written_configuration_refers_to_files_only_its_owner_reads(running, tmp_path):
    path = tmp_path / "conf" / "duban.toml"
    path.parent.mkdir()
    main.write_config(path, running)
    key = (path.parent / "duban.key").read_text()
    main.write_config(path, running)  # again, over the old one
    assert (path.parent / "duban.key").read_text() == key, "a key in use is never replaced"
    config = tomllib.loads(path.read_text(encoding="utf-8"))
    zoho, fxiaoke = config["connections"]["zoho"], config["connections"]["fxiaoke"]
    assert (zoho["mode"], zoho["first_contact"], zoho["dedicated_user"]) == ("live", "auto", True)
    assert zoho["api_url"] == running.zoho.url
    assert fxiaoke["base_url"] == running.fxiaoke.url
    assert zoho["visible_after_s"] > 2, "above the search lag"
    secret = path.parent / zoho["refresh_token"].removeprefix("file:")
    assert secret.read_text() == running.ready["zoho"]["refresh_token"]
    modes = {stat.S_IMODE(one.stat().st_mode) for one in secret.parent.iterdir()}
    assert modes == {stat.S_IMODE((path.parent / "duban.key").stat().st_mode)} == {0o600}
    assert fxiaoke["user_id"] in {one["user_id"] for one in running.ready["fxiaoke"]["employees"] if one["bot"]}


def test_the_log_file_shows_whole_exchanges_without_the_token(running, tmp_path):
    zoho = running.ready["zoho"]
    form = {name: zoho[name] for name in ("client_id", "client_secret", "refresh_token")}
    with httpx.Client(base_url=zoho["api"]) as http:
        token = http.post("/oauth/v2/token", data={**form, "grant_type": "refresh_token"}).json()["access_token"]
        http.post("/crm/v8/Tasks", json={"data": [{"Subject": "任务"}]}, headers={"Authorization": f"Bearer {token}"})
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    last = lines[-1]
    assert (last["method"], last["path"], last["status"], last["server"]) == ("POST", "/crm/v8/Tasks", 201, "zoho")
    assert last["request_body"] == {"data": [{"Subject": "任务"}]}
    assert last["response_body"]["data"][0]["code"] == "SUCCESS"
    assert "authorization" not in last["headers"]


def test_a_taken_address_is_said_and_nothing_stays_open(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(OSError, match="in use"):
            main.start("127.0.0.1:0", address, log=tmp_path / "log.jsonl")


def test_the_command_prints_one_line_serves_and_ends_on_a_signal(tmp_path):
    command = "from commands.sandbox import sandbox; sandbox()"
    arguments = ["--zoho", "127.0.0.1:0", "--fxiaoke", "127.0.0.1:0", "--people", "50", "--plain"]
    process = subprocess.Popen(
        [sys.executable, "-c", command, *arguments, "--write-config", str(tmp_path / "duban.toml")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    with process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        state = httpx.get(f"{ready['zoho']['api']}/__sim__/state", params={"object": "Contacts"}).json()
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        code = process.wait(timeout=10)
    assert len(state["records"]) == 82
    assert (tmp_path / "duban.toml").exists()
    assert (rest, code) == ("", 0)


def test_a_large_seed_starts_at_once():
    began = time.perf_counter()
    with main.start(people=20_000, clock=VirtualClock) as running:
        started_s = time.perf_counter() - began
        assert len(running.zoho.face.world.objects["Contacts"]) == 20_032
        assert len(running.fxiaoke.face.world.objects["ContactObj"]) == 20_031
    assert started_s < 20, "flat per record: well under a millisecond each"
