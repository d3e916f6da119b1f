"""Look before a run: do the maps fit the live metadata, does every connection answer, is the ground sound?"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from connectors.base import FieldSchema
from mapping.errors import ConfigError, DubanError
from mapping.ports import Clock
from mapping.records import FIELDS, SIDECAR, EntityKind
from store import journal, outbox, reviews, streams
from store.database import Database
from sync.opening import Configured, Opener
from sync.report import STOPPING

_LOW_DISK_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check has to say.

    Args:
        level: ``ok``, ``warn`` (works, but look at it) or ``error`` (a run would be refused).
        where: connection, object or file it is about.
        exit_code: what a run would end with because of it; 0 unless it is an error.
    """

    level: Literal["ok", "warn", "error"]
    where: str
    message: str
    zh: str = ""
    exit_code: int = 0


def exit_code(findings: Sequence[Finding]) -> int:
    """Give what a run would end with, the weightiest first; 0 when nothing found is an error."""
    codes = {one.exit_code or ConfigError.exit_code for one in findings if one.level == "error"}
    return next((code for code in (*STOPPING, *sorted(codes)) if code in codes), 0)


def _error(where: str, error: DubanError) -> Finding:
    return Finding("error", where, error.text("en"), error.text("zh"), error.exit_code)


def check_connections(opener: Opener, configured: Sequence[Configured]) -> list[Finding]:
    """Log in everywhere and hold every map against what is there now."""
    out: list[Finding] = []
    for one in configured:
        try:
            opened = opener.open(one, refresh=True)
        except DubanError as error:
            out.append(_error(one.name, error))
            continue
        identity = opened.spoke.identity
        where = f"{identity.org_name} ({identity.org_id}, {identity.environment})"
        out.append(Finding("ok", one.name, f"logged in at {where}", f"已登录 {where}"))
        out += [_error(one.name, problem) for problem in opened.problems]
        out += _homeless(one, opened.spoke.maps)
    return out


def _homeless(one: Configured, maps: Mapping[EntityKind, Any]) -> Iterable[Finding]:
    for entity in one.maps:
        bound = maps.get(entity)
        if bound is None:
            name = one.maps[entity].object
            yield Finding(
                "warn", f"{one.name}.{entity}", f"no object {name} there: {entity} stays in the hub",
                f"远端没有对象 {name}：{entity} 只保留在本地",
            )  # fmt: skip
        elif bound.missing:
            fields = ", ".join(sorted(bound.missing))
            yield Finding(
                "warn", f"{one.name}.{entity}", f"no field there for: {fields}; these stay in the hub",
                f"远端没有对应字段：{fields}；只保留在本地",
            )  # fmt: skip


def diagnose(db: Database, clock: Clock, opener: Opener, configured: Sequence[Configured], base: Path) -> list[Finding]:
    """Examine store, disk, connections and clocks."""
    out = [_disk(base), _journal(db)]
    out += check_connections(opener, configured)
    out += _clocks(clock, configured)
    with db.read() as tx:
        waiting = {**reviews.counts(tx), **{f"op {state}": n for state, n in outbox.counts(tx).items()}}
        stopped = [state for state in streams.connections(tx) if state.stopped]
    out += [Finding("error", s.name, s.stopped_in("en") or "", s.stopped_in("zh") or "") for s in stopped]
    out += [Finding("warn", "store", f"{n} {what} waiting", f"{n} 项 {what} 待处理") for what, n in waiting.items()]
    return out


def _disk(base: Path) -> Finding:
    free = shutil.disk_usage(base).free
    level: Literal["ok", "warn"] = "ok" if free > _LOW_DISK_BYTES else "warn"
    return Finding(level, "disk", f"{free // 2**20} MB free", f"剩余 {free // 2**20} MB")


def _journal(db: Database) -> Finding:
    with db.read() as tx:
        broken = journal.verify(tx)
    if broken is None:
        return Finding("ok", "journal", "chain intact", "日志链完整")
    return Finding("error", "journal", f"chain broken at entry {broken}", f"日志链在第 {broken} 条断开")


def _clocks(clock: Clock, configured: Sequence[Configured]) -> Iterable[Finding]:
    """Compare clocks for a person's eyes only: no decision ever does."""
    for one in configured:
        seen = getattr(one.connector, "server_ms", None)
        server_ms = seen() if callable(seen) else None
        if server_ms is None:
            continue
        skew_s = (clock.now_ms() - server_ms) / 1000
        if abs(skew_s) > 120:
            yield Finding(
                "warn",
                f"{one.name} clock",
                f"our clock is {skew_s:+.0f} s off theirs",
                f"本机时钟与对方相差 {skew_s:+.0f} 秒",
            )


def propose(one: Configured) -> dict[str, Any]:
    """Read a connection's metadata and propose a map: what is there, what the map uses, what lies unused."""
    objects = one.connector.objects()
    out: dict[str, Any] = {"connection": one.name, "objects": [f"{o.name} {o.label}" for o in objects], "maps": {}}
    lines: list[str] = []
    for entity, map_ in one.maps.items():
        schema = one.connector.describe(map_.object)
        if schema is None:
            out["maps"][entity] = {"object": map_.object, "missing": True}
            lines.append(f"# [map.{entity}.{one.name}]  object {map_.object!r} is not there")
            continue
        lines += _proposal(one.name, entity, map_.object, [f.field for f in map_.fields], schema.fields, map_)
        out["maps"][entity] = {
            "object": map_.object,
            "fields": {name: field.type for name, field in schema.fields.items()},
        }
    out["toml"] = "\n".join(lines)
    return out


def _proposal(
    name: str, entity: EntityKind, object_name: str, mapped: Sequence[str], live: Mapping[str, FieldSchema], map_: Any
) -> list[str]:
    lines = ["", f"[map.{entity}.{name}]", f'object = "{object_name}"', f"[map.{entity}.{name}.fields]"]
    used: set[str] = set()
    said: set[str] = set()
    for line in map_.fields:
        used.update(line.remote)
        absent = [remote for remote in line.remote if remote not in live]
        if line.field in said and not absent:  # a second home of one field: a table can name only the first
            lines.append(f'# {line.field} = "{" ".join(line.remote)}"  # a second home')
            continue
        said.update(() if absent else (line.field,))
        note = "  # not there: stays in the hub" if absent else f"  # {live[line.remote[0]].type}"
        lines.append(f'{"# " if absent else ""}{line.field} = "{" ".join(line.remote)}"{note}')
    free = sorted(set(FIELDS[entity]) - set(mapped))
    if free:
        lines.append(f"# hub fields without a home: {', '.join(free)}")
    kept = sorted(set(SIDECAR[entity]) - set(mapped))
    if kept:
        lines.append(f"# kept in the hub alone unless mapped: {', '.join(kept)}")
    unused = sorted(set(live) - used)
    if unused:
        lines.append(f"# remote fields not used: {', '.join(unused)}")
    return lines
