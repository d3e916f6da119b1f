"""Faults on demand: rules that a test posts and that strike the requests they match.

A rule: ``{"method": "POST", "path": "Contacts", "body_match": "Wang", "nth": 2, "times": 1, "action": "drop_after"}``.
``path`` is found in "path?query" as plain text or as a regular expression. It strikes from the *nth* match on (1 is
the first), *times* times (0: for ever).

action        with                      what happens
drop_before                             the socket closes, nothing was applied
drop_after                              applied, then the socket closes
status        code, headers, body       answered so and not applied; with "applied": true it was applied
delay         ms, when                  waits, before applying or (when: "after") before answering
truncate      bytes                     applied, the answer stops after that many bytes of its body
edit          object, id, values, when  a person edits right before or after the request is applied
thin          keep                      applied, but the answer lacks records here and there: that share is left
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

ACTIONS: Final = frozenset({"drop_before", "drop_after", "status", "delay", "truncate", "edit", "thin"})
_MATCHING: Final = frozenset({"method", "path", "body_match", "nth", "times", "action"})


@dataclass(slots=True)
class Rule:
    """One rule with its counters: ``matched`` requests, of which ``struck`` were hit."""

    action: str
    method: str = ""
    path: str = ""
    body_match: str = ""
    nth: int = 1
    times: int = 1
    details: Mapping[str, Any] = field(default_factory=dict)
    matched: int = 0
    struck: int = 0

    def matches(self, method: str, target: str, body: str) -> bool:
        """Say whether the rule is about this request at all."""
        if self.method not in ("", "*") and self.method.upper() != method.upper():
            return False
        # A client may send Chinese as it is or as \\u escapes; the rule means both.
        escaped = json.dumps(self.body_match)[1:-1]
        return _found(self.path, target) and (self.body_match in body or escaped in body)

    def strikes(self) -> bool:
        """Count one match and say whether it is one to hit."""
        self.matched += 1
        if self.matched < self.nth or (self.times and self.struck >= self.times):
            return False
        self.struck += 1
        return True

    def shown(self) -> dict[str, Any]:
        """Give the rule as JSON, counters included."""
        return {
            "action": self.action, "method": self.method, "path": self.path, "body_match": self.body_match,
            "nth": self.nth, "times": self.times, "matched": self.matched, "struck": self.struck, **self.details,
        }  # fmt: skip


class Faults:
    """The rules of one server. Thread-safe."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Add rules after those already there; an empty list removes all.

        Raises:
            ValueError: a rule names no action that exists.
        """
        parsed = [parse_rule(rule) for rule in rules]
        with self._lock:
            self._rules = [*self._rules, *parsed] if parsed else []

    def clear(self) -> None:
        with self._lock:
            self._rules = []

    def striking(self, method: str, target: str, body: bytes) -> list[Rule]:
        """Give the rules that hit this request, in the order they were posted."""
        with self._lock:
            if not self._rules:
                return []
            text = body.decode("utf-8", "replace")
            return [rule for rule in self._rules if rule.matches(method, target, text) and rule.strikes()]

    def shown(self) -> list[dict[str, Any]]:
        with self._lock:
            return [rule.shown() for rule in self._rules]


def parse_rule(raw: Mapping[str, Any]) -> Rule:
    """Give the rule that a JSON object describes.

    Raises:
        ValueError: unknown action, or a number that is none.
    """
    action = str(raw.get("action", ""))
    if action not in ACTIONS:
        raise ValueError(f"unknown action {action!r}; known: {', '.join(sorted(ACTIONS))}")
    times = raw.get("times", 1)
    return Rule(
        action=action,
        method=str(raw.get("method") or ""),
        path=str(raw.get("path") or ""),
        body_match=str(raw.get("body_match") or ""),
        nth=max(1, int(raw.get("nth") or 1)),
        times=0 if times is None else int(times),
        details={name: value for name, value in raw.items() if name not in _MATCHING},
    )


def thinned(answer: Any, keep: float) -> Any:
    """Give the answer with only that share of its records, evenly picked, and its counts to match.

    Evenly, so that a client which goes on after the last row it saw does not find the missing ones on the next page.
    Answers without a list of records come back as they are.
    """
    if not isinstance(answer, dict):
        return answer
    for name, value in answer.items():
        if isinstance(value, list) and name.lower().startswith("data"):
            left = [one for at, one in enumerate(value) if int((at + 1) * keep) > int(at * keep)]
            return _recounted({**answer, name: left}, len(left))
        if isinstance(value, dict) and name == "data":
            return {**answer, name: thinned(value, keep)}
    return answer


def _recounted(answer: dict[str, Any], count: int) -> dict[str, Any]:
    if isinstance(answer.get("info"), dict):
        answer["info"] = {**answer["info"], "count": count}
    if isinstance(answer.get("total"), int):
        answer["total"] = count
    return answer


def _found(needle: str, target: str) -> bool:
    if needle in target:
        return True
    try:
        return re.search(needle, target) is not None
    except re.error:
        return False
