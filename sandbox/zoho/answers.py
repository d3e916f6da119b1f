"""How this API says things went: the error envelope of a call and of one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.wire import Reply


class CallRefusedError(Exception):
    """The whole call is refused; ``reply`` says so."""

    def __init__(self, status: int, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})

    @property
    def reply(self) -> Reply:
        return Reply(self.status, self.body)

    @property
    def body(self) -> dict[str, Any]:
        return {"code": self.code, "details": self.details, "message": self.message, "status": "error"}


class RowRefusedError(Exception):
    """One row is refused; the others go on."""

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.details = dict(details or {})

    @property
    def row(self) -> dict[str, Any]:
        return {"code": self.code, "details": self.details, "message": self.message, "status": "error"}


def invalid(api_name: str, path: str, **details: Any) -> RowRefusedError:
    """Give the refusal of one value: INVALID_DATA with its field and place."""
    return RowRefusedError("INVALID_DATA", "invalid data", {**details, "api_name": api_name, "json_path": path})


def gone(record_id: str, path: str) -> RowRefusedError:
    """Give the refusal of an id that is not (or no longer) there."""
    details = {"id": record_id, "api_name": "id", "json_path": path}
    return RowRefusedError("INVALID_DATA", "the id given seems to be invalid", details)


def success(message: str, details: Mapping[str, Any], **extra: Any) -> dict[str, Any]:
    return {"code": "SUCCESS", "details": dict(details), "message": message, "status": "success", **extra}


def rows_reply(rows: Sequence[Mapping[str, Any]], good_status: int, key: str = "data", version: int = 8) -> Reply:
    """Give the answer of a call that judged each row: all good, mixed (207), or none (400).

    Source: Zoho CRM v8 documentation, status codes [doc]; old versions answered failed rows with 202 [doc]
    """
    good = sum(row["status"] == "success" for row in rows)
    failed_status = 202 if version < 3 else 400
    status = good_status if good == len(rows) else failed_status if good == 0 or version < 3 else 207
    return Reply(status, {key: list(rows)})
