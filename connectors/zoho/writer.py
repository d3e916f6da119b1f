"""Writing: batches of one action, each row judged by its own answer, tags as a second call that may be repeated.

A status of 2xx proves nothing here, and a missing answer proves nothing either: what was sent and not answered is
``unknown``, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from connectors.base import WriteResult, WriteRow
from connectors.http import Answer
from connectors.zoho import coql
from connectors.zoho.answers import existing_id, explain, outcome_of, outcome_of_error, row_code
from connectors.zoho.settings import ZohoSettings
from connectors.zoho.wire import Api, read_ms
from mapping.errors import (
    AlreadyThere,
    DubanError,
    NeedsOperator,
    OutcomeUnknown,
    RecordRefused,
    Stale,
    Transient,
)

TAGS: Final = "Tag"
HEAVY_FROM: Final = 11
"""Writes of more than ten rows count against the smaller limit of calls in flight."""
ROWS_A_CREDIT: Final = 10
RECORD_STEP: Final = "record"
TAG_STEP: Final = "tags"


class Job(NamedTuple):
    """One row on its way: values of the record call, and tags of the second one."""

    row: WriteRow
    values: Mapping[str, Any]
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    @property
    def has_record(self) -> bool:
        return RECORD_STEP not in self.row.steps_done and (self.row.action == "create" or bool(self.values))

    @property
    def has_tags(self) -> bool:
        return TAG_STEP not in self.row.steps_done and bool(self.add or self.remove)


@dataclass(frozen=True, slots=True)
class Writer:
    """Sends the writes of one organisation; thread-safe (holds no state between calls)."""

    api: Api
    settings: ZohoSettings

    def write(self, module: str, rows: Sequence[WriteRow]) -> list[WriteResult]:
        """Send one batch and give one result a row, in order.

        Raises:
            AuthRefused, NeedsOperator: nothing of the batch was sent or everything was refused unread. LeaseLost.
        """
        if not rows:
            return []
        action = rows[0].action
        if action == "restore":
            return [
                _result(row, "refused", code="RESTORE_NOT_SUPPORTED", message="the API restores nothing")
                for row in rows
            ]
        if action != "create" and any(not row.remote_id for row in rows):
            known = [row for row in rows if row.remote_id]
            results = {result.op_id: result for result in self.write(module, known)}
            return [results.get(row.op_id) or _result(row, "refused", code="NO_ID") for row in rows]
        jobs = [_job(row) for row in rows]
        if action == "delete":
            return self._delete(module, jobs)
        first = [job for job in jobs if job.has_record]
        results = {job.row.op_id: _done_before(job.row) for job in jobs if not job.has_record}
        results |= {result.op_id: result for result in self._send(module, first)}
        tagged = [job for job in jobs if job.has_tags and results[job.row.op_id].outcome == "applied"]
        for result in self._tag(module, tagged, results):
            results[result.op_id] = result
        return [results[row.op_id] for row in rows]

    # ---- records

    def _send(self, module: str, jobs: Sequence[Job]) -> list[WriteResult]:
        if not jobs:
            return []
        create = jobs[0].row.action == "create"
        data = [dict(job.values) if create else {**job.values, "id": job.row.remote_id} for job in jobs]
        try:
            answer = self.api.call(
                "POST" if create else "PUT", f"/{coql.name(module)}", kind="write",
                json={"data": data, "trigger": list(self.settings.trigger)},
                heavy=len(jobs) >= HEAVY_FROM, credits=_credits(len(jobs)),
            )  # fmt: skip
        except RecordRefused as error:
            return self._split(module, jobs, error)
        except (Transient, OutcomeUnknown, Stale) as error:
            return _all(jobs, error)
        return judge(jobs, answer)

    def _split(self, module: str, jobs: Sequence[Job], error: DubanError) -> list[WriteResult]:
        """Send halves of a batch that was refused unread because of one row; nothing of it was applied."""
        if len(jobs) == 1:
            return _all(jobs, error)
        middle = len(jobs) // 2
        return _halves(lambda some: self._send(module, some), jobs[:middle], jobs[middle:])

    def _delete(self, module: str, jobs: Sequence[Job]) -> list[WriteResult]:
        workflows = "workflow" in self.settings.trigger
        params = {
            "ids": ",".join(job.row.remote_id or "" for job in jobs),
            "wf_trigger": "true" if workflows else "false",
        }
        try:
            answer = self.api.call(
                "DELETE", f"/{coql.name(module)}", kind="write", params=params,
                heavy=len(jobs) >= HEAVY_FROM, credits=_credits(len(jobs)),
            )  # fmt: skip
        except RecordRefused as error:
            if len(jobs) > 1:
                middle = len(jobs) // 2
                return _halves(lambda some: self._delete(module, some), jobs[:middle], jobs[middle:])
            gone = error.code == "INVALID_DATA"  # a single id that is called invalid names no record
            return [result._replace(outcome="gone") if gone else result for result in _all(jobs, error)]
        except (Transient, OutcomeUnknown, Stale) as error:
            return _all(jobs, error)
        return judge(jobs, answer)

    # ---- tags

    def _tag(self, module: str, jobs: Sequence[Job], so_far: Mapping[str, WriteResult]) -> list[WriteResult]:
        """Add and remove tags of records that are written; both calls may be repeated without harm."""
        results = {job.row.op_id: so_far[job.row.op_id] for job in jobs}
        for verb in ("add", "remove"):
            groups: dict[tuple[str, ...], list[Job]] = {}
            for job in jobs:
                names = job.add if verb == "add" else job.remove
                if names and results[job.row.op_id].outcome == "applied":
                    groups.setdefault(names, []).append(job)
            for names, group in groups.items():
                for result in self._tag_call(module, verb, names, group, results):
                    results[result.op_id] = result
        return [_tags_end(job, results[job.row.op_id]) for job in jobs]

    def _tag_call(
        self, module: str, verb: str, names: Sequence[str], jobs: Sequence[Job], so_far: Mapping[str, WriteResult]
    ) -> list[WriteResult]:
        ids = [so_far[job.row.op_id].remote_id or "" for job in jobs]
        body: dict[str, Any] = {"tags": [{"name": name} for name in names], "ids": ids}
        if verb == "add":
            body["over_write"] = False
        known = [job._replace(row=job.row._replace(remote_id=id)) for job, id in zip(jobs, ids, strict=True)]
        try:
            answer = self.api.call("POST", f"/{coql.name(module)}/actions/{verb}_tags", kind="write", json=body)
        except (RecordRefused, Transient, OutcomeUnknown, Stale, NeedsOperator) as error:
            # The record itself is written: whatever stops the tags is told as the result of this row, never raised.
            return [_tags_failed(result) for result in _all(known, error)]
        judged = judge(known, answer)
        return [result if result.outcome == "applied" else _tags_failed(result) for result in judged]


def _halves(
    send: Callable[[Sequence[Job]], list[WriteResult]], first: Sequence[Job], second: Sequence[Job]
) -> list[WriteResult]:
    """Send two halves; once the first is answered nothing may be raised any more, or its results would be lost."""
    results = send(first)
    try:
        return results + send(second)
    except NeedsOperator as error:
        return results + _all(second, error)


def judge(jobs: Sequence[Job], answer: Answer) -> list[WriteResult]:
    """Give what became of every row by its own answer.

    Rows that name their record are told by its id, creates by their place. When places do not add up no create can
    be told from another: each is unknown.
    """
    data = answer.body.get("data") if isinstance(answer.body, dict) else None
    answers = data if isinstance(data, list) else []
    if jobs[0].row.remote_id is None:
        if len(answers) != len(jobs):
            return [_result(job.row, "unknown", code="ROWS_MISSING") for job in jobs]
        return [_judge_row(job.row, node) for job, node in zip(jobs, answers, strict=True)]
    by_id = {found: node for node in answers if (found := _id_of(node)) is not None}
    full = len(answers) == len(jobs)
    results: list[WriteResult] = []
    for place, job in enumerate(jobs):
        node = by_id.get(job.row.remote_id or "")
        if node is None and full and not _told_apart(answers[place], jobs):
            node = answers[place]
        if node is None:
            results.append(_result(job.row, "unknown", job.row.remote_id, code="ROWS_MISSING"))
        else:
            results.append(_judge_row(job.row, node))
    return results


def _judge_row(row: WriteRow, node: Any) -> WriteResult:
    details = node.get("details") if isinstance(node, dict) else None
    details = details if isinstance(details, dict) else {}
    code = row_code(node)
    if code is None:
        return _success(row, details)
    if code == "NOT_A_ROW":
        return _result(row, "unknown", row.remote_id, code=code)
    outcome = outcome_of(code, details, row.remote_id)
    holder = existing_id(details) if outcome == "duplicate" else row.remote_id
    return _result(row, outcome, holder, code=code, message=explain(node))


def _success(row: WriteRow, details: Mapping[str, Any]) -> WriteResult:
    remote_id = str(details.get("id") or row.remote_id or "") or None
    if remote_id is None:
        return _result(row, "unknown", code="NO_ID")
    version = details.get("Modified_Time")
    try:
        modified_ms = read_ms(version)
    except (ValueError, TypeError):
        version, modified_ms = None, None
    return WriteResult(
        op_id=row.op_id, outcome="applied", remote_id=remote_id, version=version or None, modified_ms=modified_ms,
    )  # fmt: skip


def _told_apart(node: Any, jobs: Sequence[Job]) -> bool:
    """Say whether an answer row names another record of the batch, and so cannot be taken by its place."""
    found = _id_of(node)
    return found is not None and any(job.row.remote_id == found for job in jobs)


def _id_of(node: Any) -> str | None:
    details = node.get("details") if isinstance(node, dict) else None
    found = details.get("id") if isinstance(details, dict) else None
    return str(found) if found else None


def _all(jobs: Sequence[Job], error: DubanError) -> list[WriteResult]:
    """Give the same outcome for every row of a call that failed as a whole."""
    outcome = outcome_of_error(error)
    holder = error.existing_id if isinstance(error, AlreadyThere) else None
    wait_s = error.retry_after_s if isinstance(error, Transient) else None
    return [
        _result(job.row, outcome, holder or job.row.remote_id, error.code, error.message)._replace(retry_after_s=wait_s)
        for job in jobs
    ]


def _result(
    row: WriteRow, outcome: Any, remote_id: str | None = None, code: str | None = None, message: str | None = None
) -> WriteResult:
    return WriteResult(op_id=row.op_id, outcome=outcome, remote_id=remote_id, code=code, message=message or None)


def _done_before(row: WriteRow) -> WriteResult:
    """Give the result of a record call that an earlier attempt finished; without an id nobody knows which it made."""
    return _result(row, "applied" if row.remote_id else "unknown", row.remote_id)


def _tags_failed(result: WriteResult) -> WriteResult:
    """Keep what the record call achieved: the next attempt sends the tags alone."""
    return result._replace(steps_done=(RECORD_STEP,))


def _tags_end(job: Job, result: WriteResult) -> WriteResult:
    """Give the result of both calls; the version is that of neither.

    A create stays ``applied`` even when its tags failed: the record exists, must be linked and never be made again.
    The missing tag shows in the next pull and is written then.
    """
    if result.outcome == "applied":
        return result._replace(version=None, modified_ms=None, steps_done=(RECORD_STEP, TAG_STEP))
    if job.row.action == "create":
        return result._replace(outcome="applied")
    return result


def _job(row: WriteRow) -> Job:
    if TAGS not in row.values:
        return Job(row, row.values)
    tags = row.values[TAGS]
    change = tags if isinstance(tags, dict) else {}
    values = {name: value for name, value in row.values.items() if name != TAGS}
    return Job(row, values, tuple(change.get("add") or ()), tuple(change.get("remove") or ()))


def _credits(rows: int) -> int:
    return -(-rows // ROWS_A_CREDIT)
