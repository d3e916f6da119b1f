"""The search call: by criteria, e-mail, phone or word, on an index that may lag behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sandbox.wire import Reply, Request
from sandbox.world import Row, Values
from sandbox.zoho.answers import CallRefusedError
from sandbox.zoho.calls import page_size
from sandbox.zoho.compare import test_for
from sandbox.zoho.org import Org

MAX_TOTAL: Final = 2000
MAX_CONDITIONS: Final = 15
MAX_TEXT: Final = 3000
MAX_IN: Final = 100
OPERATORS: Final = {
    "equals": "=", "not_equal": "!=", "greater_than": ">", "greater_equal": ">=", "less_than": "<",
    "less_equal": "<=", "in": "in", "not_in": "not in", "between": "between", "starts_with": "starts",
    "contains": "contains",
}  # fmt: skip
KINDS: Final = ("criteria", "email", "phone", "word")
Keep = Callable[[Row, Values], bool]
Few = Callable[[], list[str]] | None


class Search:
    """The search call of one organisation. Callers hold the world's lock."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def run(self, module: str, request: Request) -> Reply:
        """Answer a search; of several ways to search the first of criteria, email, phone, word counts."""
        kind = next((kind for kind in KINDS if request.param(kind)), None)
        if kind is None:
            raise CallRefusedError(
                400, "EXPECTED_PARAM_MISSING", "expected param missing", {"param_names": list(KINDS)}
            )
        keep, few = self._keeper(module, kind, request.param(kind))
        size = page_size(request)
        page = int(request.param("page", "1")) if request.param("page", "1").isdigit() else 1
        if page * size > MAX_TOTAL:
            raise CallRefusedError(400, "LIMIT_REACHED", "only 2000 records can be searched", {"limit": MAX_TOTAL})
        rows = list(islice(self._rows(module, keep, few), (page - 1) * size, page * size + 1))
        if not rows:
            return Reply(204)
        fields = [name for name in request.param("fields").split(",") if name] or None
        paint = self._org.painter(module, fields)
        info = {"per_page": size, "count": len(rows[:size]), "page": page, "more_records": len(rows) > size}
        return Reply(200, {"data": [paint(row) for row in rows[:size]], "info": info})

    def count(self, module: str, request: Request) -> Reply:
        """Answer actions/count, of all records or of those that match."""
        table = self._org.table(module)
        kind = next((kind for kind in KINDS if request.param(kind)), None)
        if kind is None:
            return Reply(200, {"count": len(table)})
        keep, few = self._keeper(module, kind, request.param(kind))
        return Reply(200, {"count": sum(1 for _ in self._rows(module, keep, few))})

    def _rows(self, module: str, keep: Keep, few: Few) -> Iterator[Row]:
        table = self._org.table(module)
        for row_id in table.live_ids(reverse=True) if few is None else sorted(few(), reverse=True):
            row = table.seen(table.rows[row_id], "search")
            if row is not None and keep(row, row.values):
                yield row

    def _keeper(self, module: str, kind: str, text: str) -> tuple[Keep, Few]:
        """Give what a search keeps, and where it suffices to look when it names a key outright."""
        fields = self._org.modules[module].fields
        if kind == "criteria":
            return self._criteria(module, text)
        if kind == "word" and len(text) < 2:
            raise CallRefusedError(400, "INVALID_DATA", "word needs two characters", {"param_name": "word"})
        types = {"email": ("email",), "phone": ("phone",), "word": ("text", "email", "phone", "website")}[kind]
        names = [name for name, field in fields.items() if field.type in types]
        wanted = text.casefold()
        return (lambda _, values: any(wanted in str(values.get(name) or "").casefold() for name in names)), None

    def _criteria(self, module: str, text: str) -> tuple[Keep, Few]:
        if len(text) > MAX_TEXT:
            raise _invalid("criteria too long")
        criteria = _Criteria(self._org, module, text)
        keep = criteria.read()
        if criteria.key is None or criteria.has_or:
            return keep, None
        (field, value), table = criteria.key, self._org.table(module)
        return keep, lambda: table.candidates(field, value, "search")


@dataclass(slots=True)
class _Criteria:
    """Reads ``((Field:operator:value)and(Field2:operator:value2))``; a backslash takes the next sign as text."""

    org: Org
    module: str
    text: str
    at: int = 0
    conditions: int = 0
    key: tuple[str, str] | None = None
    has_or: bool = False

    def read(self) -> Keep:
        keep = self._expression()
        if self.at < len(self.text):
            raise _invalid("unexpected text after the criteria")
        return keep

    def _expression(self) -> Keep:
        left = self._term()
        while (word := self._joint()) is not None:
            left = _joined(word, left, self._term())
        return left

    def _joint(self) -> str | None:
        self._skip()
        for word in ("and", "or"):
            if self.text[self.at : self.at + len(word)].lower() == word:
                self.at += len(word)
                self.has_or = self.has_or or word == "or"
                return word
        return None

    def _term(self) -> Keep:
        self._skip()
        if self.text[self.at : self.at + 1] != "(":
            raise _invalid("a bracket is missing")
        self.at += 1
        self._skip()
        keep = self._expression() if self.text[self.at : self.at + 1] == "(" else self._condition()
        self._skip()
        if self.text[self.at : self.at + 1] != ")":
            raise _invalid("a bracket is missing")
        self.at += 1
        return keep

    def _condition(self) -> Keep:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            raise CallRefusedError(400, "LIMIT_EXCEEDED", "too many conditions", {"limit": MAX_CONDITIONS})
        name, operator = self._until(":"), self._until(":")
        values = self._values()
        field = self.org.modules[self.module].fields.get(name)
        if field is None:
            raise _invalid("invalid column", api_name=name)
        if operator not in OPERATORS:
            raise _invalid("invalid operator", operator=operator)
        try:
            test = test_for(field.type, OPERATORS[operator], _named(operator, values))
        except (ValueError, TypeError, AttributeError) as exc:
            raise _invalid("invalid value", operator=operator, expected_data_type=field.type) from exc
        if operator == "equals" and (field.unique or field.duplicate_check):
            self.key = (name, ",".join(values))
        cell = self.org.cell(self.module, name)
        return lambda row, row_values: test(cell(row, row_values))

    def _until(self, stop: str) -> str:
        end = self.text.find(stop, self.at)
        if end < 0:
            raise _invalid("a condition is Field:operator:value")
        part, self.at = self.text[self.at : end], end + 1
        return part.strip()

    def _values(self) -> list[str]:
        """Read up to the closing bracket; commas part the values of a list."""
        values, part = [], ""
        while self.at < len(self.text) and self.text[self.at] != ")":
            char = self.text[self.at]
            if char == "\\" and self.at + 1 < len(self.text):
                self.at += 1
                part += self.text[self.at]
            elif char == ",":
                values.append(part)
                part = ""
            else:
                part += char
            self.at += 1
        return [*values, part]

    def _skip(self) -> None:
        while self.text[self.at : self.at + 1] == " ":
            self.at += 1


def _named(operator: str, values: list[str]) -> Any:
    if operator in ("in", "not_in"):
        if len(values) > MAX_IN:
            raise CallRefusedError(400, "LIMIT_EXCEEDED", "too many values", {"limit": MAX_IN})
        return values
    if operator == "between":
        if len(values) != 2:
            raise ValueError(values)
        return values
    text = ",".join(values)
    return None if text in ("${EMPTY}", "null") else text


def _joined(word: str, left: Keep, right: Keep) -> Keep:
    if word == "and":
        return lambda row, values: left(row, values) and right(row, values)
    return lambda row, values: left(row, values) or right(row, values)


def _invalid(reason: str, **details: Any) -> CallRefusedError:
    return CallRefusedError(400, "INVALID_QUERY", "Invalid query formed", {"reason": reason, **details})
