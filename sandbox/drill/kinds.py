"""The kinds of records that a run plays with, told from each other by the first letter of a birth name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mapping.records import EntityKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of record.

    Args:
        edited: mapped fields that people edit.
        steady: mapped fields that nobody edits; the first one is what records meet by where there is no key.
        refs: mapped fields that name a record of another kind.
    """

    entity: EntityKind
    object: str
    edited: tuple[str, str]
    steady: tuple[str, ...]
    refs: tuple[str, ...] = ()

    @property
    def mapped(self) -> tuple[str, ...]:
        return (*self.edited, *self.steady)

    def born(self, who: str, side: str) -> dict[str, str]:
        """Give the values a person types when making one."""
        return {"name": who, self.steady[0]: self._met_by(who), self.edited[0]: f"{who}{side[0]}"}

    def _met_by(self, who: str) -> str:
        host = f"{who.lower()}.example"
        return f"https://{host}" if self.steady[0] == "website" else f"{who.lower()}@x.example"


CONTACT: Final = Kind(
    entity="contact", object="contacts", edited=("title", "description"), steady=("email",), refs=("account",)
)
ACCOUNT: Final = Kind(entity="account", object="accounts", edited=("country", "description"), steady=("website",))
KINDS: Final[Mapping[str, Kind]] = {"R": CONTACT, "C": ACCOUNT}


def kind_of(who: str) -> Kind:
    """Give the kind of a record by its birth name."""
    return KINDS.get(who[:1], CONTACT)
