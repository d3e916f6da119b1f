"""COQL texts: a tokenizer and a parser, strict enough to find a client's mistakes.

Source: Zoho CRM v8 documentation, COQL Overview and Limitations [doc]; three conditions or more need brackets in
pairs [doc]; quotes inside text as '' or \\' [assumed]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sandbox.zoho.answers import CallRefusedError

DEFAULT_LIMIT: Final = 200
MAX_LIMIT: Final = 2000
MAX_REACH: Final = 100_000
MAX_COLUMNS: Final = 500
MAX_CRITERIA: Final = 25
MAX_IN: Final = 100
MAX_ORDER: Final = 10
MAX_GROUP: Final = 4
MAX_AGGREGATES: Final = 5
AGGREGATES: Final = frozenset({"count", "sum", "min", "max", "avg"})
COMPARATORS: Final = frozenset({"=", "!=", ">", ">=", "<", "<="})

_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<text>'(?:[^'\\]|\\.|'')*')
  | (?P<number>-?\d+(?:\.\d+)?)
  | (?P<name>[!$]?[A-Za-z_][A-Za-z0-9_$]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
  | (?P<sign><=|>=|!=|<>|[=<>(),*])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a query with the place it starts at."""

    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        return self.text.lower() if self.kind == "name" else ""


@dataclass(frozen=True, slots=True)
class Column:
    """One selected thing: a field path, or an aggregate of one."""

    path: str
    alias: str
    aggregate: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. ``operator``: a comparator, "in", "not in", "between", "not between", "like", "not like",
    "null", "not null"."""

    path: str
    operator: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Both:
    """Two conditions joined: ``word`` is "and" or "or"."""

    word: str
    left: Expression
    right: Expression


Expression = Condition | Both


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parsed query; ``order`` holds (path, descending)."""

    columns: tuple[Column, ...]
    module: str
    where: Expression
    group: tuple[str, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    limit: int = DEFAULT_LIMIT
    offset: int = 0

    @property
    def price(self) -> int:
        """Give the credits it costs. Source: COQL Overview [doc]"""
        return 1 if self.limit <= 200 else 2 if self.limit <= 1000 else 3


def parse(text: str) -> Query:
    """Give the query a text stands for.

    Raises:
        CallRefusedError: SYNTAX_ERROR, LIMIT_EXCEEDED or DUPLICATE_DATA, with its place.
    """
    return _Parser(text).query()


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of a query. Raises CallRefusedError at a sign that begins none."""
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise syntax_error(text, at, text[at : at + 20])
        kind = str(match.lastgroup)
        if kind != "space":
            yield Token(kind, match.group(), at)
        at = match.end()
    yield Token("end", "", at)


def syntax_error(text: str, at: int, near: str, **details: Any) -> CallRefusedError:
    """Give the refusal of a text at a place."""
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    shown = {"line": line, "column": column, "near": near, **details}
    return CallRefusedError(400, "SYNTAX_ERROR", "error occurred while parsing the query", shown)


def invalid_query(message: str, **details: Any) -> CallRefusedError:
    return CallRefusedError(400, "INVALID_QUERY", message, details)


def unquoted(text: str) -> str:
    """Give the value of a quoted literal."""
    return re.sub(r"\\(.)|''", lambda match: match.group(1) or "'", text[1:-1], flags=re.DOTALL)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._at = 0
        self._criteria = 0

    def query(self) -> Query:
        self._expect("select")
        columns = self._columns()
        self._expect("from")
        module = self._name()
        if self._word() == "as":
            self._next()
            self._name()
        if self._word() != "where":
            raise syntax_error(self._text, self._here().at, self._here().text, clause="where")
        self._next()
        where = self._expression()
        group = self._group() if self._word() == "group" else ()
        order = self._order() if self._word() == "order" else ()
        limit, offset = self._limit() if self._word() in ("limit", "offset") else (DEFAULT_LIMIT, 0)
        if self._here().kind != "end":
            raise self._wrong()
        return Query(columns=columns, module=module, where=where, group=group, order=order, limit=limit, offset=offset)

    # --- clauses -------------------------------------------------------------------------------------------------

    def _columns(self) -> tuple[Column, ...]:
        columns = [self._column()]
        while self._take(","):
            columns.append(self._column())
        if len(columns) > MAX_COLUMNS:
            raise _too_many("select", MAX_COLUMNS)
        if sum(bool(column.aggregate) for column in columns) > MAX_AGGREGATES:
            raise _too_many("aggregate functions", MAX_AGGREGATES)
        aliases = [column.alias for column in columns]
        twice = next((alias for alias in aliases if aliases.count(alias) > 1), None)
        if twice:
            raise CallRefusedError(400, "DUPLICATE_DATA", "duplicate column", {"column_name": twice})
        return tuple(columns)

    def _column(self) -> Column:
        path = self._name()
        aggregate = ""
        alias = path
        if path.lower() in AGGREGATES and self._take("("):
            aggregate = path.lower()
            path = "id" if self._take("*") else self._name()
            self._expect_sign(")")
            alias = f"{aggregate.upper()}({path})"
        if self._word() == "as":
            self._next()
            alias = self._name()
        return Column(path, alias, aggregate)

    def _group(self) -> tuple[str, ...]:
        self._next()
        self._expect("by")
        names = [self._name()]
        while self._take(","):
            names.append(self._name())
        if len(names) > MAX_GROUP:
            raise _too_many("group by", MAX_GROUP)
        return tuple(names)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._next()
        self._expect("by")
        order = [self._order_item()]
        while self._take(","):
            order.append(self._order_item())
        if len(order) > MAX_ORDER:
            raise _too_many("order by", MAX_ORDER)
        return tuple(order)

    def _order_item(self) -> tuple[str, bool]:
        path = self._name()
        word = self._word()
        if word in ("asc", "desc"):
            self._next()
        return path, word == "desc"

    def _limit(self) -> tuple[int, int]:
        """Read ``limit n``, ``limit offset, n``, ``limit n offset m``, ``offset m limit n``."""
        limit, offset = DEFAULT_LIMIT, 0
        while self._word() in ("limit", "offset"):
            if self._next().word == "offset":
                offset = self._integer()
                continue
            limit = self._integer()
            if self._take(","):
                offset, limit = limit, self._integer()
        if not 1 <= limit <= MAX_LIMIT:
            raise _too_many("limit", MAX_LIMIT)
        if offset + limit > MAX_REACH:
            raise _too_many("offset", MAX_REACH)
        return limit, offset

    # --- conditions ----------------------------------------------------------------------------------------------

    def _expression(self) -> Expression:
        """Read ``term [and|or term]``: a third term needs brackets around two of them."""
        left = self._term()
        word = self._word()
        if word not in ("and", "or"):
            return left
        self._next()
        both = Both(word, left, self._term())
        if self._word() in ("and", "or"):
            raise syntax_error(self._text, self._here().at, self._here().text, operator=self._here().text)
        return both

    def _term(self) -> Expression:
        if self._take("("):
            inside = self._expression()
            self._expect_sign(")")
            return inside
        self._criteria += 1
        if self._criteria > MAX_CRITERIA:
            raise _too_many("where", MAX_CRITERIA)
        return self._condition(self._name())

    def _condition(self, path: str) -> Condition:
        token = self._next()
        if token.text in COMPARATORS or token.text == "<>":
            return Condition(path, "!=" if token.text == "<>" else token.text, self._literal())
        if token.word == "is":
            negated = self._word() == "not"
            if negated:
                self._next()
            self._expect("null")
            return Condition(path, "not null" if negated else "null")
        prefix = ""
        if token.word == "not":
            prefix, token = "not ", self._next()
        if token.word == "in":
            return Condition(path, f"{prefix}in", self._list())
        if token.word == "like":
            return Condition(path, f"{prefix}like", self._literal())
        if token.word == "between":
            low = self._literal()
            self._expect("and")
            return Condition(path, f"{prefix}between", (low, self._literal()))
        raise syntax_error(self._text, token.at, token.text, operator=token.text)

    def _list(self) -> tuple[Any, ...]:
        self._expect_sign("(")
        values = [self._literal()]
        while self._take(","):
            values.append(self._literal())
        self._expect_sign(")")
        if len(values) > MAX_IN:
            raise _too_many("in", MAX_IN)
        return tuple(values)

    def _literal(self) -> Any:
        token = self._next()
        if token.kind == "text":
            return unquoted(token.text)
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        if token.word in ("true", "false"):
            return token.word == "true"
        raise syntax_error(self._text, token.at, token.text)

    # --- words ---------------------------------------------------------------------------------------------------

    def _here(self) -> Token:
        return self._tokens[self._at]

    def _word(self) -> str:
        return self._here().word

    def _next(self) -> Token:
        token = self._tokens[self._at]
        if token.kind != "end":
            self._at += 1
        return token

    def _take(self, sign: str) -> bool:
        here = self._here()
        if here.kind == "sign" and here.text == sign:
            self._at += 1
            return True
        return False

    def _wrong(self) -> CallRefusedError:
        return syntax_error(self._text, self._here().at, self._here().text)

    def _expect(self, word: str) -> None:
        if self._word() != word:
            raise self._wrong()
        self._next()

    def _expect_sign(self, sign: str) -> None:
        if not self._take(sign):
            raise self._wrong()

    def _name(self) -> str:
        if self._here().kind != "name":
            raise self._wrong()
        return self._next().text.lstrip("!")

    def _integer(self) -> int:
        token = self._next()
        if token.kind != "number" or not token.text.isdigit():
            raise syntax_error(self._text, token.at, token.text)
        return int(token.text)


def _too_many(clause: str, limit: int) -> CallRefusedError:
    return CallRefusedError(400, "LIMIT_EXCEEDED", "limit exceeded", {"clause": clause, "limit": limit})
