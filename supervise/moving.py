"""Finds what must be judged anew: whom the marks of what moved concern, and what changed for everybody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from mapping.kinds import kind_of
from mapping.records import EntityKind
from store import hub, verdicts
from store.hub import HubRow
from store.triggers import SITE
from store.tx import Tx
from supervise.cases import Setting

MARKS: Final = 5000
"""Marks followed in one transaction."""
_SHIPPED: Final = ("duban", "holidays", "tzdata")


def ground_of(setting: Setting) -> str:
    """Give what every verdict rests on as one word: the knobs, the calendars, and the programs that judge."""
    parts = [repr(setting.knobs), setting.own_days, *(f"{name} {_version(name)}" for name in _SHIPPED)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def prepare(tx: Tx, setting: Setting, *, full: bool) -> None:
    """Have everything judged when the ground moved, the clock went back or a full round did not come to its end;
    every project when other sources than before were not heard lately."""
    last = verdicts.last_round(tx)
    if full or last.ground != ground_of(setting) or setting.now_ms < last.now_ms:
        verdicts.make_all_due(tx)
        verdicts.keep_round(tx, verdicts.Round("", setting.now_ms))
    elif last.stale != tuple(sorted(setting.stale)):
        verdicts.make_due(tx, "project", [row.uid for row in hub.select(tx, "project", fields=())])
        verdicts.keep_round(tx, verdicts.Round(last.ground, setting.now_ms, tuple(sorted(setting.stale))))


def finish(tx: Tx, setting: Setting) -> None:
    """Remember that everything was judged up to this moment."""
    verdicts.keep_round(tx, verdicts.Round(ground_of(setting), setting.now_ms, tuple(sorted(setting.stale))))


def late_candidates(tx: Tx, setting: Setting) -> list[str] | None:
    """Give the tasks that may be overdue at the setting's moment, without judging any.

    None when the last round cannot tell: it was later, on another ground, or tasks have moved since.
    """
    last = verdicts.last_round(tx)
    known = last.ground == ground_of(setting) and last.now_ms <= setting.now_ms
    if not known or verdicts.is_marked(tx, but="project"):
        return None
    return verdicts.may_be_in(tx, ("overdue", "ours"), setting.now_ms)


def follow(tx: Tx) -> bool:
    """Turn the next marks into records that are due; False when there was none."""
    marks = verdicts.marks(tx, MARKS)
    named: dict[str, list[str]] = {}
    for mark in marks:
        named.setdefault(mark.entity, []).append(mark.uid)
    tasks = list(dict.fromkeys(named.get("task", ())))
    around = _Around(tx, tasks)
    verdicts.make_due(tx, "task", dict.fromkeys([*tasks, *around.waiting(), *_at(tx, named)]))
    verdicts.make_due(tx, "project", dict.fromkeys([*named.get("project", ()), *sorted(around.projects)]))
    verdicts.drop_marks(tx, marks)
    return bool(marks)


class _Around:
    """Whom the moves of tasks concern beside themselves.

    Args:
        tasks: those that moved; where they were before is what their last verdict says.
    """

    def __init__(self, tx: Tx, tasks: Sequence[str]) -> None:
        self._tx = tx
        rows: Mapping[str, HubRow] = hub.read(tx, "task", tasks) if tasks else {}
        now = [(str(row.values.get("project") or ""), kind_of(row.values)[0]) for row in rows.values()]
        then = [(one.project, one.kind) for one in verdicts.of(tx, "task", tasks).values()]
        self._places = {*now, *then}

    @property
    def projects(self) -> set[str]:
        """Give the projects they are or were in."""
        return {project for project, _ in self._places} - {""}

    def waiting(self) -> list[str]:
        """Give the tasks that speak of the milestones among them."""
        return verdicts.blockers(self._tx, sorted({project for project, kind in self._places if kind == "milestone"}))


def _at(tx: Tx, named: Mapping[str, Sequence[str]]) -> list[str]:
    """Give the tasks whose client, contact or project works elsewhere or otherwise now."""
    accounts = named.get("account", ())
    contacts = [*named.get("contact", ()), *_of(tx, "contact", "account", accounts)]
    projects = [*named.get(SITE, ()), *_of(tx, "project", "account", accounts)]
    return [*_of(tx, "task", "contact", contacts), *_of(tx, "task", "project", projects)]


def _of(tx: Tx, entity: EntityKind, field: str, uids: Iterable[str]) -> list[str]:
    wanted = sorted(set(uids))
    return hub.of_ref(tx, entity, field, wanted) if wanted else []


@cache
def _version(name: str) -> str | None:
    """Give the version that is installed; read from disk once, for what runs does not change under us."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
