"""Reads what a report tells of out of the store."""

from __future__ import annotations

from collections.abc import Sequence

from mapping.errors import InputError
from store import hub
from store.tx import Tx
from supervise.cases import read_setting
from supervise.dossier import Dossier, read_dossier
from supervise.knobs import Knobs


def read_dossiers(tx: Tx, uids: Sequence[str], *, now_ms: int, knobs: Knobs, looking_back: bool) -> list[Dossier]:
    """Give the dossiers of those projects at a moment, in the order given.

    Raises:
        InputError: one of them is no project any more.
    """
    setting = read_setting(tx, now_ms=now_ms, knobs=knobs, looking_back=looking_back)
    found = []
    for uid in uids:
        dossier = read_dossier(tx, uid, setting, past=looking_back)
        if dossier is None:
            raise InputError(f"no project {uid!r}", zh=f"没有项目 {uid!r}")
        found.append(dossier)
    return found


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
