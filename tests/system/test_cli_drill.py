"""`duban drill` as a user types it: a short one to the end, and nothing real read or spoken to on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHORT = ("drill", "--profile", "calm", "--rounds", "1", "--seed", "1")

REAL = """
[store]
url = "postgresql://db.real.example/duban"

[service]
language = "en"
web = "0.0.0.0:8080"
web_token = "env:NOWHERE_TOKEN"

[http]
proxy = "http://proxy.real.example:3128"

[connections.crm]
kind = "zoho"
data_center = "cn"
client_id = "env:NOWHERE_ID"
client_secret = "file:/nowhere/secret"
refresh_token = "file:secrets/nowhere"

[connections.fx]
kind = "fxiaoke"
base_url = "https://open.fxiaoke.com"
app_id = "env:NOWHERE_APP"
app_secret = "env:NOWHERE_SECRET"
permanent_code = "env:NOWHERE_CODE"
user_id = "1000"

[map.contact.crm.fields]
title = "Job_Level"
shoe_size = { remote = "Shoe_Size", extra = true }

[map.contact.fx.fields]
shoe_size = { remote = "shoe_size__c", extra = true }

[map.task.crm.fields.status]
remote = "Status"

[map.task.crm.fields.status.options]
"待办" = ["not_started", "in_progress", "submitted", "waiting_vendor"]
"待客户" = ["waiting_client", "waiting_third_party"]
"搁置" = ["on_hold", "cancelled"]
"完成" = ["done"]

[map.project.crm]
object = "Delivery_Projects"
"""

WATCHED = """
import sys

def watch(event, arguments):
    if event == "socket.connect":
        print("CONNECT", arguments[1][0], file=sys.stderr)
    if event == "open":
        print("OPEN", arguments[0], file=sys.stderr)

sys.addaudithook(watch)
from commands.main import main
main(sys.argv[1:])
"""


def run(*words: str, cwd: Path, watched: bool = False, **env: str) -> subprocess.CompletedProcess[str]:
    start = ["-c", WATCHED] if watched else ["-m", "commands.main"]
    given = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(
        [sys.executable, *start, *words], cwd=cwd, env=given, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_drill_of_a_real_configuration_ends_with_a_score_and_speaks_to_the_sandboxes_alone(tmp_path: Path) -> None:
    (tmp_path / "duban.toml").write_text(REAL, encoding="utf-8")
    (tmp_path / "duban.key").write_text("no key at all")
    before = sorted(tmp_path.iterdir())
    done = run(*SHORT, "--json", cwd=tmp_path, watched=True, DUBAN_STORE__URL="sqlite:///real.db", DUBAN_KEY="none")
    result = json.loads(done.stdout)
    assert (done.returncode, result["exit_code"], result["points"]) == (0, 0, 100.0), (result, done.stderr[-2000:])
    assert result["verdict"] == "kept"
    assert result["records_compared"] > 50
    assert result["fields_compared"] > 300
    assert result["edits"]["made"] >= 4
    assert result["writes"] > 20
    assert result["writes_after_rest"] == result["duplicates"] == 0
    assert result["replay"] == "duban drill --profile calm --rounds 1 --seed 1"
    assert any("Delivery_Projects" in line for line in result["left_out"])
    assert not any("Shoe_Size" in line or "Status" in line for line in result["left_out"])
    lines = done.stderr.splitlines()
    assert {line.split()[1] for line in lines if line.startswith("CONNECT ")} == {"127.0.0.1"}
    opened = [line for line in lines if line.startswith("OPEN ")]
    assert any("duban.toml" in line for line in opened)
    assert not any(word in line for line in opened for word in (str(tmp_path / "duban.key"), "nowhere", "real.db"))
    assert sorted(tmp_path.iterdir()) == before


def test_a_broken_configuration_is_named_before_anything_is_played(tmp_path: Path) -> None:
    config = tmp_path / "own.toml"
    for broken, told in (
        (REAL.replace('shoe_size = { remote = "Shoe_Size", extra = true }', "shoe_sise = 1"), "shoe_sise"),
        (REAL.replace('kind = "fxiaoke"', 'kind = "memory"'), 'kind = "fxiaoke"'),
    ):
        config.write_text(broken, encoding="utf-8")
        done = run("-c", str(config), *SHORT, cwd=tmp_path)
        assert (done.returncode, told in done.stderr) == (3, True), done.stderr
    both = run("drill", "--rounds", "1", "--minutes", "1", cwd=tmp_path)
    assert (both.returncode, "--minutes" in both.stderr) == (2, True)
