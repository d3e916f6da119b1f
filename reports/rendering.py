"""Texts from a CRM made inert, and our own templates that take them.

What comes from a CRM is text and stays text: markup characters are escaped, line breaks and control characters
become spaces. Templates are rendered in Jinja's sandbox; they are ours alone and never come from data.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import FunctionLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reports.wording import Language, say

_MARKDOWN: Final = frozenset("\\`*_{}[]#|!~$")
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def plain(value: object) -> str:
    """Give *value* as one line of visible text; blank for None.

    Direction marks and other invisible characters go, for they can make a line read as something else.
    """
    text = "" if value is None else str(value)
    spaced = "".join(" " if char in "\t\n\r\x0b\x0c\x85\u2028\u2029" else char for char in text)
    return " ".join("".join(char for char in spaced if unicodedata.category(char) not in _INVISIBLE).split())


def inert_markdown(value: object) -> str:
    """Give *value* as text that Markdown shows as it stands."""
    return "".join(_HTML.get(char) or (f"\\{char}" if char in _MARKDOWN else char) for char in plain(value))


def local_minute(now_ms: int, zone: str) -> str:
    """Give an instant as people there write it.

    Shape: 1781053200000 at Asia/Shanghai -> "2026-06-10 09:00"
    """
    return datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def render_text(name: str, language: Language, **values: Any) -> str:
    """Render one of our plain text templates; every value that is put in becomes one visible line."""
    page = _environment().get_template(name).render(say=lambda code, **data: say(language, code, **data), **values)
    return "\n".join(_without_doubled_blanks([line.rstrip() for line in page.splitlines()])).strip() + "\n"


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FunctionLoader(_template), finalize=plain, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, autoescape=False,
    )  # fmt: skip


def _template(name: str) -> str:
    return files("reports").joinpath("templates", name).read_text(encoding="utf-8")


def _without_doubled_blanks(lines: list[str]) -> list[str]:
    return [line for at, line in enumerate(lines) if line or at == 0 or lines[at - 1]]
