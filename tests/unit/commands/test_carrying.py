"""A sync that supervises is told as one round: nothing of it twice."""

from __future__ import annotations

from commands.syncing import carry
from sync import reasons
from sync.report import PlanLine, RunReport


def held(run_id: str, *digests: str) -> RunReport:
    report = RunReport(run_id=run_id, kind="sync", started_ms=1, ended_ms=2)
    for digest in digests:
        report.lines.append(
            PlanLine(entity="task", action="create", connection="b", reason=reasons.NEW_IN_HUB, digest=digest)
        )
        report.tally("create")
        report.tally("held")
        report.lines_total += 1
    return report


def test_a_step_that_both_rounds_hold_is_counted_once() -> None:
    first = held("one", "x", "y")
    carry(first, held("two", "x", "y", "z"))
    assert first.counts == {"create": 3, "held": 3}
    assert first.lines_total == len(first.lines) == 3
    assert first.held_run == "two"


def test_what_the_second_round_no_longer_holds_waits_no_more() -> None:
    first = held("one", "x")
    first.tally("applied", 2)
    second = held("two")
    second.tally("applied")
    carry(first, second)
    assert first.counts.get("held", 0) == 0
    assert first.counts["applied"] == 3
    assert first.held_run == ""


def test_a_question_that_both_rounds_ask_is_told_once() -> None:
    def asked(*ids: str) -> RunReport:
        report = RunReport(run_id="r", kind="sync", started_ms=1, ended_ms=2)
        for id in ids:
            report.lines.append(
                PlanLine(
                    entity="contact", action="review", connection="b", reason=reasons.NEW_IN_HUB, object="C",
                    remote_id=id,
                )
            )  # fmt: skip
            report.tally("review")
            report.lines_total += 1
        return report

    first = asked("1", "2")
    carry(first, asked("2", "3"))
    assert [line.remote_id for line in first.lines] == ["1", "2", "3"]
    assert first.counts == {"review": 3}
    assert first.lines_total == 3


def test_the_same_write_in_both_rounds_was_done_twice() -> None:
    def patched() -> RunReport:
        report = RunReport(run_id="r", kind="sync", started_ms=1, ended_ms=2)
        report.lines.append(PlanLine(entity="task", action="patch", connection="b", reason=reasons.NEW_IN_HUB, uid="u"))
        report.tally("patch")
        report.lines_total += 1
        return report

    first = patched()
    carry(first, patched())
    assert first.counts == {"patch": 2}
    assert len(first.lines) == 2
