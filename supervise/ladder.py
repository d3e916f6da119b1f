"""Who is told about an overdue item at which level (R9).

Each level adds people to the one below it; nobody is told twice about one item. What is meant for the client's people
goes to them only where an operator switched that on; else it is a draft for our project manager.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from supervise.ball import Holder

Audience = Literal["assignee", "pm", "account_owner", "sponsor", "delivery_manager", "steering", "letter"]
Side = Literal["client", "vendor"]
SURVEY: Final = "survey"
HIGHEST: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """The people around one item, each by a key that stays the same (``contact:UID``, ``user:E-MAIL``).

    Args:
        assignee: who must act: a contact of the client, or a user of ours.
        pm: of the project. account_owner: of the client on our side.
        sponsor: at the client.
        delivery_manager, steering: of our organisation.
    """

    assignee: str = ""
    pm: str = ""
    account_owner: str = ""
    sponsor: str = ""
    delivery_manager: str = ""
    steering: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One person who is to be told.

    Args:
        level: 1 to 4.
        draft_to_pm: it is meant for the client and waits, written, for our project manager.
    """

    level: int
    audience: Audience
    recipient: str
    side: Side
    draft_to_pm: bool = False


def told_at(
    level: int,
    circle: Circle,
    *,
    holder: Holder,
    kind: str = "action",
    outbound: bool = False,
    internal: bool = False,
) -> tuple[Told, ...]:
    """Give who is to be told about an item whose ball *holder* has, the nearest first.

    The client's people hear about the client's items alone, and of none that is internal, not even as a draft. A
    survey is never escalated. At the highest level a formal letter is drafted, which nobody but a person sends.

    Args:
        outbound: the client's contacts may be written to.
        internal: the item is not for the client's eyes.
    """
    if holder == "none" or not 1 <= level <= HIGHEST:
        return ()
    level = 1 if kind == SURVEY else level
    seen: set[str] = set()
    told: list[Told] = []
    for audience, recipient, side in _steps(level, circle, holder, internal):
        if not recipient or recipient in seen:
            continue
        seen.add(recipient)
        draft = side == "client" and not outbound
        told.append(Told(level=level, audience=audience, recipient=recipient, side=side, draft_to_pm=draft))
    addressee = circle.sponsor or circle.assignee
    if level == HIGHEST and holder == "client" and addressee and not internal:
        told.append(Told(level=level, audience="letter", recipient=addressee, side="client", draft_to_pm=True))
    return tuple(told)


def missing_at(
    level: int, circle: Circle, *, holder: Holder, kind: str = "action", internal: bool = False
) -> tuple[Audience, ...]:
    """Give the audiences of that level whom nobody has named."""
    level = 1 if kind == SURVEY else level
    return tuple(audience for audience, recipient, _ in _steps(level, circle, holder, internal) if not recipient)


def _steps(level: int, circle: Circle, holder: Holder, internal: bool) -> list[tuple[Audience, str, Side]]:
    client = holder == "client"
    steps: list[tuple[int, Audience, str, Side]] = [
        (1, "assignee", circle.assignee, "client" if client else "vendor"),
        (1, "pm", circle.pm, "vendor"),
        (2, "account_owner", circle.account_owner, "vendor"),
        (3, "sponsor", circle.sponsor, "client"),
        (3, "delivery_manager", circle.delivery_manager, "vendor"),
        *((4, "steering", one, "vendor") for one in circle.steering or ("",)),
    ]
    passed_over = {"third_party": ("assignee", "sponsor"), "vendor": ("sponsor",)}.get(holder, ())
    return [
        step[1:] for step in steps
        if step[0] <= level and step[1] not in passed_over and not (internal and step[3] == "client")
    ]  # fmt: skip
