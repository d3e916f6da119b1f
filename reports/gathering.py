"""Reads what a report tells of out of the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mapping.errors import InputError
from store import hub
from store.tx import Tx
from supervise.ball import ball_of
from supervise.cases import read_setting
from supervise.dossier import Dossier, compose, materials, read_dossier
from supervise.due import local_day, zone_of
from supervise.knobs import Knobs


def read_one(tx: Tx, uid: str, *, now_ms: int, knobs: Knobs, looking_back: bool) -> Dossier:
    """Give the dossier of a project at a moment.

    Raises:
        InputError: the project was not there at that moment.
    """
    setting = read_setting(tx, now_ms=now_ms, knobs=knobs, looking_back=looking_back)
    found = read_dossier(tx, uid, setting, past=looking_back)
    if found is None:
        raise InputError(
            "the project was not there yet at that moment", zh="该时刻尚无此项目", record=f"project/{uid}"
        )  # fmt: skip
    return found


def read_all(tx: Tx, uids: Sequence[str], *, now_ms: int, knobs: Knobs, looking_back: bool) -> list[Dossier]:
    """Give the dossiers of those projects in the order given; one that was not there at that moment is left out."""
    setting = read_setting(tx, now_ms=now_ms, knobs=knobs, looking_back=looking_back)
    made = (compose(tx, material) for material in materials(tx, setting, uids=uids, past=looking_back))
    found = {dossier.project.uid: dossier for dossier in made}
    return [found[uid] for uid in uids if uid in found]


def client_actions(tx: Tx, dossier: Dossier, *, outward: bool = False) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """Give the due days of a project's client actions, done or not, and the days those were done that are.

    Whose an action is, is told without its status: what is done waits on nobody any more.

    Args:
        outward: leave out what is marked internal.
    """
    rows = hub.select(tx, "task", where={"project": dossier.project.uid})
    due: list[date] = []
    done: list[date] = []
    zone = zone_of([dossier.zone])[0]
    for row in rows:
        values = {name: value for name, value in row.values.items() if name != "status"}
        waits = row.values.get("status") == "waiting_client"
        day, at_ms = row.values.get("due"), row.values.get("done_at")
        if outward and row.values.get("internal") is True:
            continue
        if not day or not (waits or ball_of(row.uid, values).holder == "client"):
            continue
        due.append(date.fromisoformat(str(day)[:10]))
        if row.values.get("status") == "done" and isinstance(at_ms, int) and at_ms <= dossier.now_ms:
            done.append(local_day(at_ms, zone))
    return tuple(sorted(due)), tuple(sorted(done))


def projects_of(tx: Tx, account: str = "") -> list[str]:
    """Give the live projects, of an account or all, by name."""
    where = {"account": account} if account else {}
    rows = hub.select(tx, "project", where=where, fields=("name",))
    return [row.uid for row in sorted(rows, key=lambda row: (str(row.values.get("name") or ""), row.uid))]


def name_of(tx: Tx, uid: str) -> str:
    """Give the name of an account or project; the uid when it has none."""
    for entity in ("account", "project"):
        row = hub.read(tx, entity, [uid]).get(uid)
        if row is not None:
            return str(row.values.get("name") or uid)
    return uid
