"""Plans as files: what a person reads, and what ``apply`` then does, to the letter."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from mapping.errors import InputError
from store.runs import Run
from sync import reasons
from sync.report import FieldChange, PlanLine, RunReport

SCHEMA: Final = 1


def write(path: Path, report: RunReport, fingerprints: Mapping[str, str], organisations: Mapping[str, str]) -> None:
    """Write a plan, readable by its owner only, sealed with its own digest.

    Args:
        fingerprints: connection -> of its settings and maps; organisations: connection -> the one it is pinned to.
    """
    body = {
        "schema": SCHEMA, "run": report.run_id, "made_ms": report.started_ms, "connections": dict(fingerprints),
        "organisations": dict(organisations), "digests": sorted({li.digest for li in report.lines if li.digest}),
        "lines": [asdict(line) for line in report.lines], "undo": report.undo,
    }  # fmt: skip
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1)
    seal = json.dumps({"sha256": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()})
    path.touch(mode=0o600)
    path.chmod(0o600)  # also a file that was there before
    path.write_text(f"{seal}\n{text}\n", encoding="utf-8", errors="surrogatepass")


def read(path: Path) -> dict[str, Any]:
    """Read a plan file and check that nobody changed it.

    Raises:
        InputError: it is not a plan of this program, or was changed.
    """
    head, _, text = path.read_text(encoding="utf-8", errors="surrogatepass").partition("\n")
    try:
        sealed = json.loads(head)["sha256"]
        body = json.loads(text)
    except (ValueError, KeyError, TypeError) as exc:
        raise InputError(f"{path} is not a plan of duban", zh=f"{path} 不是 duban 的计划文件") from exc
    if (
        hashlib.sha256(text.rstrip("\n").encode("utf-8", "surrogatepass")).hexdigest() != sealed
        or body.get("schema") != SCHEMA
    ):
        raise InputError(f"{path} was changed since it was planned", zh=f"{path} 在生成后被改动过")
    return dict(body)


# --- what a plan stands on ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A plan as it was kept, in a file or with its run.

    Args:
        connections: connection -> fingerprint of its settings and maps; organisations: connection -> the one pinned.
        digests: what a person approved; None when a rail held the run before anything was planned.
    """

    run_id: str
    made_ms: int
    connections: Mapping[str, str]
    organisations: Mapping[str, str]
    digests: frozenset[str] | None
    lines: Sequence[Mapping[str, Any]]


def from_body(body: Mapping[str, Any]) -> Stored:
    """Give the plan that a file holds."""
    return Stored(
        run_id=body["run"], made_ms=body["made_ms"], connections=body["connections"],
        organisations=body["organisations"], digests=frozenset(body["digests"]), lines=body["lines"],
    )  # fmt: skip


def from_run(run: Run, items: Sequence[Mapping[str, Any]]) -> Stored:
    """Give the plan that a run kept: all of it when it only planned or a rail held it, else what waits for approval."""
    digests = frozenset(item["digest"] for item in items if item.get("digest"))
    bare = run.kind == "sync" and not digests
    made_of = run.summary.get("made_of") or {}
    tallies = run.summary.get("connections") or {}
    if run.kind == "sync":  # it planned for the live ones alone
        made_of = {name: one for name, one in made_of.items() if tallies.get(name, {}).get("mode") == "live"}
    return Stored(
        run_id=run.id, made_ms=run.started_ms, connections={name: one["fingerprint"] for name, one in made_of.items()},
        organisations={name: one["organisation"] for name, one in made_of.items()},
        digests=None if bare else digests, lines=items,
    )  # fmt: skip


def check_fresh(plan: Stored, applied: Sequence[Run], items_of: Callable[[str], Sequence[Mapping[str, Any]]]) -> None:
    """Refuse a plan that was applied to the end, saying what was done.

    Args:
        applied: the runs that applied something; items_of: run -> its lines.

    Raises:
        InputError: it was applied. A run that a rail, a kill or a connection's failure cut short does not count.
    """
    for run in applied:
        summary = run.summary
        failed = any(one.get("error") for one in summary.get("connections", {}).values())
        if summary.get("plan") != plan.run_id or not run.ended_ms or summary.get("guard") or failed:
            continue
        done = {item["digest"] for item in items_of(run.id) if item.get("digest")}
        stale = summary.get("counts", {}).get("stale", 0)
        raise InputError(
            f"plan {plan.run_id} was applied already by run {run.id}: {len(done)} items done, {stale} stale",
            zh=f"计划 {plan.run_id} 已由运行 {run.id} 执行：完成 {len(done)} 项，过时 {stale} 项",
            next_step="what is left: make a new plan",
            next_step_zh="剩余部分请重新生成计划",
        )


def check_ground(
    plan: Stored, mine: Mapping[str, str], organisations: Mapping[str, str], now_ms: int, valid_s: float
) -> None:
    """Refuse a plan that was not made for what is configured now.

    Args:
        mine: connection -> fingerprint now; organisations: connection -> the one this store is pinned to.

    Raises:
        InputError: another configuration, map or organisation, or too old.
    """
    again = {"next_step": "make a new plan: duban plan", "next_step_zh": "请重新生成计划：duban plan"}
    for name, print_ in plan.connections.items():
        if name not in mine:
            raise InputError(
                "the plan was made for a connection that is not configured here",
                zh="计划中的连接在此未配置", connection=name, **again,
            )  # fmt: skip
        if mine[name] != print_:
            raise InputError(
                "the plan was made with other settings or maps",
                zh="该计划由另一份设置或映射生成",
                connection=name,
                **again,
            )
        planned, pinned = plan.organisations.get(name, ""), organisations.get(name, "")
        if planned != pinned:
            raise InputError(
                f"the plan was made for organisation {planned or '?'}, this store belongs to {pinned or 'none yet'}",
                zh=f"该计划属于组织 {planned or '?'}，本库属于 {pinned or '（尚无）'}", connection=name, **again,
            )  # fmt: skip
    age_s = (now_ms - plan.made_ms) / 1000
    if age_s > valid_s:
        raise InputError(
            f"plan {plan.run_id} is {age_s / 3600:.0f} hours old; plan_valid_for allows {valid_s / 3600:.0f}",
            zh=f"计划 {plan.run_id} 已有 {age_s / 3600:.0f} 小时；plan_valid_for 允许 {valid_s / 3600:.0f} 小时",
            **again,
        )


def stale_lines(planned: Sequence[Mapping[str, Any]], stale: frozenset[str], now: Sequence[PlanLine]) -> list[PlanLine]:
    """Give one line for each approved item that was not done, with what moved under it.

    Args:
        planned: the lines of the approved plan; stale: digests that did not come up again.
        now: the steps that are planned now and were not approved.
    """
    current: dict[tuple[str, str], list[PlanLine]] = {}
    for line in now:
        current.setdefault((line.entity, line.uid), []).append(line)
    before: dict[str, list[Mapping[str, Any]]] = {}
    for item in planned:
        if item.get("digest") in stale:
            before.setdefault(str(item["digest"]), []).append(item)
    out: list[PlanLine] = []
    for items in before.values():
        first = items[0]
        others = current.get((first["entity"], first["uid"]), [])
        out.append(
            PlanLine(
                entity=first["entity"], action="stale", connection=first["connection"], title=first.get("title", ""),
                uid=first["uid"], object=first.get("object", ""), remote_id=first.get("remote_id", ""),
                reason=reasons.GROUND_MOVED if others else reasons.NOTHING_LEFT, fields=_moved(items, others),
            )
        )  # fmt: skip
    return out


def _moved(items: Sequence[Mapping[str, Any]], others: Sequence[PlanLine]) -> tuple[FieldChange, ...]:
    """Give what each field was to become when it was approved, and what it would become now."""
    wanted = {change["field"]: change["new"] for item in items for change in item.get("fields", ())}
    would = {change.field: change.new for line in others for change in line.fields}
    names = [name for name in dict.fromkeys([*wanted, *would]) if wanted.get(name) != would.get(name)]
    return tuple(FieldChange(field=name, old=wanted.get(name), new=would.get(name)) for name in names if others)
