"""What every work stands on: a sandbox in a process of its own, a configuration, and runs whose figures come back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

ENTITIES: Final = ("account", "contact", "project", "task", "feedback", "comment")
IN_FLIGHT: Final = 10
OVERLAP_S: Final = 5


@dataclass(slots=True)
class Ground:
    """A running sandbox and the folder that stores and configurations of this work live in."""

    folder: Path
    ready: Mapping[str, Any]
    process: subprocess.Popen[str]
    _sim: dict[str, httpx.Client] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, *, people: int, latency_ms: int) -> Ground:
        """Start both CRMs in another process and wait until they answer."""
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable, "-m", "commands.main", "sandbox", "--zoho", "127.0.0.1:0", "--fxiaoke", "127.0.0.1:0",
            "--people", str(people), "--latency-ms", str(latency_ms), "--write-config", str(folder / "sandbox.toml"),
        ]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        return cls(folder, json.loads(process.stdout.readline()), process)

    def __enter__(self) -> Ground:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._sim.values():
            client.close()
        self.process.terminate()
        self.process.wait()

    def address(self, side: str) -> str:
        """Give where one CRM answers."""
        return str(self.ready["zoho"]["api"] if side == "zoho" else self.ready["fxiaoke"]["base"]).rstrip("/")

    def sim(self, side: str) -> httpx.Client:
        """Give a client for the sandbox's own calls; these wait for no latency."""
        if side not in self._sim:
            self._sim[side] = httpx.Client(base_url=self.address(side) + "/__sim__/", trust_env=False, timeout=600)
        return self._sim[side]

    def calls(self, side: str) -> list[dict[str, Any]]:
        """Give every call a CRM has answered so far, its own ones left out."""
        found = self.sim(side).get("log").json()["requests"]
        return [entry for entry in found if "/__sim__/" not in entry["path"]]

    def settings(self, **values: Any) -> None:
        """Set the same thing at both CRMs."""
        for side in ("zoho", "fxiaoke"):
            self.sim(side).post("settings", json=values).raise_for_status()

    def config(
        self,
        name: str,
        entities: Iterable[str],
        *,
        sides: Sequence[str] = ("zoho",),
        mode: str = "live",
        extra: Mapping[str, str] | None = None,
    ) -> Path:
        """Write a configuration with its own store.

        Args:
            entities: mapped ones; every other is switched off.
            extra: side -> further lines of its table.
        """
        zoho, fxiaoke = self.ready["zoho"], self.ready["fxiaoke"]
        bot = next((one for one in fxiaoke["employees"] if one.get("bot")), fxiaoke["employees"][-1])
        common = f'mode = "{mode}"\nfirst_contact = "auto"\ndedicated_user = true\nvisible_after_s = 1\n'
        common += f"overlap_s = {OVERLAP_S}\n"
        tables = {
            "zoho": (
                f'api_url = "{zoho["api"]}"\naccounts_url = "{zoho["accounts"]}"\n'
                'client_id = "file:secrets/zoho-client-id"\nclient_secret = "file:secrets/zoho-client-secret"\n'
                f'refresh_token = "file:secrets/zoho-refresh-token"\ncalls_at_once = {IN_FLIGHT}\n'
            ),
            "fxiaoke": (
                f'base_url = "{fxiaoke["base"]}"\napp_id = "file:secrets/fxiaoke-app-id"\n'
                'app_secret = "file:secrets/fxiaoke-app-secret"\n'
                'permanent_code = "file:secrets/fxiaoke-permanent-code"\n'
                f'user_id = "{bot["user_id"]}"\npool = {IN_FLIGHT}\n'
            ),
        }
        lines = [f'[store]\nurl = "sqlite:///{name}.db"\n\n[service]\ntimezone = "Asia/Shanghai"\n']
        wanted = set(entities)
        for side in sides:
            lines.append(
                f'[connections.{side}]\nkind = "{side}"\n{common}{tables[side]}{(extra or {}).get(side, "")}\n'
            )
            lines += [f"[map.{one}.{side}]\nenabled = false\n" for one in ENTITIES if one not in wanted]
        path = self.folder / f"{name}.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    def work(self, job: str, *arguments: object) -> dict[str, Any]:
        """Run one job in a fresh process and give its figures (see ``worker``)."""
        return run_job(job, *arguments)

    def command(self, job: str, *arguments: object) -> list[str]:
        """Give the command line of a job."""
        return job_command(job, *arguments)

    def token(self) -> str:
        """Give an access token of the Zoho organisation, for the bare loops."""
        zoho = self.ready["zoho"]
        form = {
            "grant_type": "refresh_token", "client_id": zoho["client_id"], "client_secret": zoho["client_secret"],
            "refresh_token": zoho["refresh_token"],
        }  # fmt: skip
        with httpx.Client(trust_env=False) as client:
            return str(client.post(zoho["accounts"].rstrip("/") + "/oauth/v2/token", data=form).json()["access_token"])


def run_job(job: str, *arguments: object) -> dict[str, Any]:
    """Run one job in a fresh process and give its figures (see ``worker``)."""
    done = subprocess.run(job_command(job, *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{job} failed: {done.stderr[-3000:]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert isinstance(found, dict)
    return found


def job_command(job: str, *arguments: object) -> list[str]:
    """Give the command line of a job."""
    return [sys.executable, "-m", "benchmarks.worker", job, *map(str, arguments)]
