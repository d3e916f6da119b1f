"""What the sandbox's two CRMs are about, in neutral words: one vendor, its clients, six projects.

A tale record carries the values both CRMs share and, under ``zoho`` and ``fxiaoke``, what one of them shows
differently (a phone typed another way, an address in capitals). Values speak duban's own codes; each face turns
them into its own options. References between records are tale refs ("account:mingde").
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, Literal

from sandbox import tales

Side = Literal["zoho", "fxiaoke"]
Kind = Literal["account", "contact", "project", "task", "feedback", "comment"]
KINDS: Final[tuple[Kind, ...]] = ("account", "contact", "project", "task", "feedback", "comment")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the vendor's own side; ``bot`` is the dedicated user duban works as."""

    ref: str
    family: str
    given: str
    email: str
    mobile: str
    bot: bool = False

    @property
    def name(self) -> str:
        return f"{self.family}{self.given}"


@dataclass(frozen=True, slots=True)
class Tale:
    """One record of the story.

    Args:
        ref: name of the record within the story, as "kind:word".
        age_days: how long before the story's today it was made.
        zoho, fxiaoke: values that only that CRM shows so; they win over ``values``.
    """

    kind: Kind
    ref: str
    values: Mapping[str, Any]
    in_zoho: bool = True
    in_fxiaoke: bool = True
    zoho: Mapping[str, Any] = field(default_factory=dict)
    fxiaoke: Mapping[str, Any] = field(default_factory=dict)
    age_days: int = 20

    def is_in(self, side: Side) -> bool:
        return self.in_zoho if side == "zoho" else self.in_fxiaoke

    def seen_by(self, side: Side) -> dict[str, Any]:
        """Give the values one CRM shows."""
        return {**self.values, **(self.zoho if side == "zoho" else self.fxiaoke)}


@dataclass(frozen=True, slots=True)
class Crowd:
    """``--people N``: N contacts and N tasks per CRM, four fifths of them in both. Nothing is stored: a number gives
    the same person every time.
    """

    size: int
    seed: int
    today: date
    accounts: tuple[str, ...]
    projects: tuple[str, ...]

    def numbers(self, side: Side) -> range:
        """Give the numbers of the people one CRM knows."""
        shift = 0 if side == "zoho" else self.size // 5
        return range(shift, self.size + shift)

    def contact(self, number: int) -> dict[str, Any]:
        """Give the neutral values of that person."""
        family = tales.FAMILIES[number % len(tales.FAMILIES)]
        given = tales.GIVEN[(number // 7 + self.seed) % len(tales.GIVEN)]
        return {
            "name": f"{family}{given}{number:06d}",
            "title": tales.TITLES[number % len(tales.TITLES)],
            "email": f"p{number:06d}@client{number % 997}.example",
            "mobile": f"+8613{number % 1_000_000_000:09d}",
            "account": self.accounts[number % len(self.accounts)] if self.accounts else None,
            "opt_out": False,
            "owner": tales.PEOPLE_REFS[number % len(tales.PEOPLE_REFS)],
        }

    def task(self, number: int) -> dict[str, Any]:
        """Give the neutral values of that person's task; its contact is the person of the same number."""
        return {
            "title": f"{tales.WORKS[number % len(tales.WORKS)]} {number:06d}",
            "status": "not_started",
            "priority": "normal",
            "kind": "action",
            "owner_side": "vendor",
            "due": (self.today + timedelta(days=30 + number % 60)).isoformat(),
            "project": self.projects[number % len(self.projects)] if self.projects else None,
            "contact": number,
            "owner": tales.PEOPLE_REFS[number % len(tales.PEOPLE_REFS)],
        }

    def made_days_ago(self, number: int) -> float:
        """Give the age of a number's records: they came in one after another over the 60 days before yesterday."""
        return 1 + 60 * (1 - number / (self.size + self.size // 5 + 1))


@dataclass(frozen=True, slots=True)
class Story:
    """Everything both faces render."""

    seed: int
    today: date
    people: tuple[Person, ...]
    tales: tuple[Tale, ...]
    crowd: Crowd

    def of(self, side: Side, kind: Kind) -> list[Tale]:
        """Give the records of one kind that one CRM has, in telling order."""
        return [tale for tale in self.tales if tale.kind == kind and tale.is_in(side)]


def tell(seed: int = 1, people: int | None = None, empty: bool = False, *, today: date) -> Story:
    """Give the story of a seed; the same arguments, the same story.

    Args:
        people: so many further contacts and tasks per CRM.
        empty: no records at all (people of our own side exist nevertheless).
        today: due dates are told relative to this day.
    """
    staff = tuple(Person(*row) for row in tales.STAFF)
    records = () if empty else tuple(_records(seed, today))
    both = [tale.ref for tale in records if tale.in_zoho and tale.in_fxiaoke]
    crowd = Crowd(
        size=people or 0,
        seed=seed,
        today=today,
        accounts=tuple(ref for ref in both if ref.startswith("account:")),
        projects=tuple(ref for ref in both if ref.startswith("project:")),
    )
    return Story(seed=seed, today=today, people=staff, tales=records, crowd=crowd)


def _records(seed: int, today: date) -> list[Tale]:
    """Draw the small things (who owns what, exact ages) by the seed; the plot itself is fixed."""
    rng = random.Random(seed)
    out: list[Tale] = []
    for kind, rows in tales.plot(today).items():
        for row in rows:
            values = dict(row["values"])
            if kind != "comment":
                values.setdefault("owner", rng.choice(tales.PEOPLE_REFS))
            out.append(
                Tale(
                    kind=kind,  # type: ignore[arg-type]
                    ref=row["ref"],
                    values=values,
                    in_zoho="z" in row.get("where", "zf"),
                    in_fxiaoke="f" in row.get("where", "zf"),
                    zoho=row.get("zoho", {}),
                    fxiaoke=row.get("fxiaoke", {}),
                    age_days=row.get("age_days", rng.randint(5, 60)),
                )
            )
    return out
