"""Every error of the house, sorted by what happens next.

The class answers the only question a caller has: may I repeat, must a person act, is the write's fate known?
Messages name the connection, the record and the next step; never a token and never a client's words.
"""

from __future__ import annotations

import math

_WORTH_SAYING_S = 60.0


class DubanError(Exception):
    """Base of all errors that duban raises on purpose.

    Args:
        message: one line in English.
        zh: the same line in Simplified Chinese; the English one is shown when it is missing.
        connection: name of the connection it happened on.
        record: the record it concerns, as ``object/id``.
        code: the vendor's own code, when there is one.
        next_step: what the reader can do, one line in English; ``next_step_zh`` in Chinese.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        zh: str | None = None,
        connection: str | None = None,
        record: str | None = None,
        code: str | None = None,
        next_step: str | None = None,
        next_step_zh: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.zh = zh
        self.connection = connection
        self.record = record
        self.code = code
        self.next_step = next_step
        self.next_step_zh = next_step_zh

    def text(self, language: str = "en") -> str:
        """Give the one line a person reads: where, which record, what, and the next step."""
        chinese = language == "zh"
        where = " ".join(part for part in (self.connection, self.record) if part)
        body = (self.zh or self.message) if chinese else self.message
        step = (self.next_step_zh or self.next_step) if chinese else self.next_step
        line = f"{where}: {body}" if where else body
        if self.code:
            line += f" [{self.code}]"
        if step:
            line += f" → {step}"
        return line

    def __str__(self) -> str:
        return self.text("en")


class Transient(DubanError):
    """Nothing happened; the same call may be made later.

    Args:
        retry_after_s: the wait the remote asked for, in seconds, when it named one.
    """

    exit_code = 6

    def __init__(self, message: str, *, retry_after_s: float | None = None, **where: str | None) -> None:
        super().__init__(message, **where)
        self.retry_after_s = retry_after_s

    def text(self, language: str = "en") -> str:
        """Give the line, with when it may be tried again where that is minutes away and no other step is named."""
        line, wait_s = super().text(language), self.retry_after_s or 0.0
        if self.next_step or wait_s < _WORTH_SAYING_S:
            return line
        minutes = math.ceil(wait_s / 60)
        return f"{line} → 约 {minutes} 分钟后再试" if language == "zh" else f"{line} → again in {minutes} min"


class QuotaSpent(Transient):
    """The remote's day or credit budget is used up; the connection rests until it resets."""


class NeedsOperator(DubanError):
    """This connection stops until a person acts (wrong organisation, missing right)."""

    exit_code = 3


class AuthRefused(NeedsOperator):
    """The remote refuses our credentials; asking again would only extend a lock-out."""

    exit_code = 5


class OutcomeUnknown(DubanError):
    """A write was sent and its answer is missing: it may have happened. Probe before repeating."""

    exit_code = 4


class Stale(DubanError):
    """The record moved since we read it; plan it again."""

    exit_code = 4


class RecordRefused(DubanError):
    """The remote refuses this record; it goes to quarantine and the run goes on."""

    exit_code = 4


class AlreadyThere(RecordRefused):
    """A create met a record that already carries the same unique value.

    Args:
        existing_id: remote id of that record, when the remote names it.
    """

    def __init__(self, message: str, *, existing_id: str | None = None, **where: str | None) -> None:
        super().__init__(message, **where)
        self.existing_id = existing_id


class RecordGone(RecordRefused):
    """The remote no longer has this record (deleted, or never existed)."""


class RecordBusy(RecordRefused):
    """The remote forbids a change of this record now (locked, in a process); a later round may do it."""


class PageMalformed(DubanError):
    """A listing answered something that is not a listing; nothing of that page was used."""

    exit_code = 4


class GuardTripped(DubanError):
    """A rail stopped the run before its first write; the plan is kept for review."""

    exit_code = 8


class ConfigError(DubanError):
    """The configuration or the field map cannot work: named key, found value, what would be accepted."""

    exit_code = 3


class InputError(DubanError):
    """What a person typed cannot be done: no such record, no such field, not a date."""

    exit_code = 2


class LeaseHeld(DubanError):
    """Another process is the one writer of this store."""

    exit_code = 7


class LeaseLost(DubanError):
    """We were the one writer and no longer are: nothing further may be written, here or remotely."""

    exit_code = 7


class WrongValue(ValueError):
    """A value of a setting that cannot be; the text in English, ``zh`` in Chinese. For validators of settings."""

    def __init__(self, text: str, zh: str) -> None:
        super().__init__(text)
        self.zh = zh
