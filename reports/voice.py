"""How one report speaks: its language, its edition, its time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from reports.rendering import local_minute
from reports.wording import WORDS, Language, say

Edition = Literal["client", "internal"]
EDITIONS: Final[tuple[Edition, ...]] = ("client", "internal")


@dataclass(frozen=True, slots=True)
class Voice:
    """The words of one report.

    Args:
        edition: ``client`` is for the other side of the table: neutral, nothing internal, our own items included.
    """

    language: Language
    edition: Edition
    zone: str

    @property
    def internal(self) -> bool:
        """Say whether only our own people read it."""
        return self.edition == "internal"

    def say(self, code: str, **data: object) -> str:
        """Give the words for *code*."""
        return say(self.language, code, **data)

    def section(self, name: str) -> str:
        """Give the title of a section; only the client is told what is needed "from you"."""
        ours = self.internal and name == "client_open"
        return self.say("section.client_items" if ours else f"section.{name}")

    def word(self, kind: str, value: object) -> str:
        """Give the word for a code of some kind; an unknown one shows itself, nothing shows as a dash."""
        if value is None or value == "":
            return "—"
        code = f"{kind}.{value}"
        return self.say(code) if code in WORDS else str(value)

    def words(self, kind: str, values: object) -> str:
        """Give the words for several codes on one line."""
        listed = values if isinstance(values, list | tuple) else []
        return self.comma.join(self.word(kind, value) for value in listed) or "—"

    @property
    def comma(self) -> str:
        """Give what stands between the members of a list."""
        return "、" if self.language == "zh" else ", "

    @property
    def semicolon(self) -> str:
        """Give what stands between members that have commas of their own."""
        return "；" if self.language == "zh" else "; "

    def day(self, value: object) -> str:
        """Give a civil day."""
        return value.isoformat() if isinstance(value, date) else str(value or "—")

    def minute(self, at_ms: int | None) -> str:
        """Give an instant as people of the zone write it."""
        return "—" if at_ms is None else local_minute(at_ms, self.zone)

    def number(self, value: int | Decimal | str | None) -> str:
        """Give a number; nothing shows as a dash."""
        return "—" if value is None or value == "" else f"{value:f}" if isinstance(value, Decimal) else str(value)

    def signed(self, value: int | None) -> str:
        """Give a number of days with its sign, for a slip."""
        return "—" if value is None else f"+{value}" if value > 0 else str(value)
