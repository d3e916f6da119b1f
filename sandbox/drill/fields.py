"""The laws of one field: every state of the hub and of two sides, in every pair of directions, and random threes.

By hand: ``python -m sandbox.drill.fields FIRST COUNT`` for random cases, without numbers for the whole small domain.
"""

from __future__ import annotations

import itertools
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args

from mapping.fields import UNSEEN, BoundField, Direction, Encoded, FieldMap, Refs, Unseen
from mapping.records import Value, is_blank
from sync.merge import FieldOutcome, FieldSide, merge_field

VALUES: Final[tuple[Value, ...]] = (None, "a", "b")
SEEN: Final[tuple[Value | Unseen, ...]] = (UNSEEN, *VALUES)
DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)
_REFS: Final[Any] = object()


class Plain:
    """A codec whose two spaces are one."""

    lossy = False

    def __init__(self, name: str = "f") -> None:
        self.name = name

    def read(self, payload: Mapping[str, Any]) -> Value | Unseen:
        value: Value | Unseen = payload.get(self.name, UNSEEN)
        return value

    def to_hub(self, remote: Value, current: Value, refs: Refs) -> Value | Unseen:  # noqa: ARG002
        return remote

    def to_remote(self, value: Value, refs: Refs) -> Encoded:  # noqa: ARG002
        return Encoded(value)

    def write(self, remote: Value) -> dict[str, Any]:
        return {self.name: remote}


_BOUND: Final = {
    direction: BoundField(FieldMap(field="f", remote=("f",), direction=direction), Plain()) for direction in DIRECTIONS
}


def sides(name: str) -> list[FieldSide]:
    """Give every state of one side; no base on one side means no base at all."""
    return [
        FieldSide(
            connection=name,
            bound=_BOUND[direction],
            refs=_REFS,
            observed=observed,
            shadow_remote=remote,
            shadow_hub=hub,
        )
        for direction, observed, remote, hub in itertools.product(DIRECTIONS, SEEN, SEEN, SEEN)
        if not (isinstance(remote, Unseen) and not isinstance(hub, Unseen))
    ]


_SIDES: Final = {name: sides(name) for name in "abc"}


def domain() -> Iterator[tuple[Value, tuple[FieldSide, ...]]]:
    """Yield the whole small domain: three hub values, every state of two sides in every direction."""
    yield from ((hub, pair) for hub in VALUES for pair in itertools.product(_SIDES["a"], _SIDES["b"]))


def draw(rng: random.Random) -> tuple[Value, tuple[FieldSide, ...]]:
    """Draw one case of three sides."""
    return rng.choice(VALUES), tuple(rng.choice(_SIDES[name]) for name in "abc")


def broken(hub: Value, some: Sequence[FieldSide]) -> str:
    """Give the first law that the merge of this field breaks; "" when it keeps them all.

    Of two owners of one field the configuration's order says who is heard first; otherwise no order matters.
    """
    out = merge_field(hub, some)
    turned = merge_field(hub, some[::-1])
    owners = sum(side.bound.map.direction == "to_hub" for side in some)
    if owners < 2 and (out.value, out.patches, out.conflict, out.shadows, out.claims) != (
        turned.value, turned.patches, turned.conflict, turned.shadows, turned.claims,
    ):  # fmt: skip
        return "the order of the sides matters"
    known = [hub]
    for side in some:
        known += [value for value in (side.observed, side.shadow_remote) if not isinstance(value, Unseen)]
    if out.value not in known or any(value not in known for value in out.patches.values()):
        return "a value was invented"
    if set(out.patches) - set(out.patch_reasons) or (out.value != hub and not out.reason):
        return "something is done without a reason"
    for side in some:
        wordless = isinstance(side.observed, Unseen) and isinstance(side.shadow_remote, Unseen)
        if wordless and side.connection in out.patches:
            return "a field that was never seen is written"
        if _moved(side) and not (_kept(out, side) or _superseded(out, hub, side, some)):
            return f"the edit {side.observed} of {side.connection} is lost"
    if out.value != hub and out.conflict is None and _hub_moved(hub, some) and hub not in out.losers.values():
        return "the edit of the hub is lost"
    return _unrest(out, some) if out.conflict is None else ""


def _moved(side: FieldSide) -> bool:
    seen = not isinstance(side.observed, Unseen) and not isinstance(side.shadow_remote, Unseen)
    return seen and side.bound.map.direction == "both" and side.observed != side.shadow_remote


def _kept(out: FieldOutcome, side: FieldSide) -> bool:
    told = [out.value, *(out.conflict or {}).values(), *out.losers.values()]
    return side.observed in told


def _superseded(out: FieldOutcome, hub: Value, side: FieldSide, some: Sequence[FieldSide]) -> bool:
    """Say whether an edit that had met the hub's value was edited over by a side that had agreed to that value.

    A source that only fills blanks, or whose word is law, takes the place of a met value without having known it;
    and a side that was never agreed with fills a blank, since a blank says nothing at a first contact.
    """
    taken = [other for other in some if other.connection == out.origin]
    return side.observed == hub and any(
        other.shadow_hub == hub
        or other.bound.map.direction in ("to_hub", "fill_blank")
        or (is_blank(hub) and isinstance(other.shadow_hub, Unseen))
        for other in taken
    )


def _hub_moved(hub: Value, some: Sequence[FieldSide]) -> bool:
    agreed = [side.shadow_hub for side in some if not isinstance(side.shadow_hub, Unseen)]
    return not is_blank(hub) and bool(agreed) and hub not in agreed


def _unrest(out: FieldOutcome, some: Sequence[FieldSide]) -> str:
    """Carry the outcome out, without outside edits, and plan again: nothing may be left to do."""
    after = []
    for side in some:
        hub, remote = out.shadows.get(side.connection, (side.shadow_hub, side.shadow_remote))
        if side.connection in out.patches:
            hub, remote = out.value, out.patches[side.connection]
        after.append(
            FieldSide(
                connection=side.connection,
                bound=side.bound,
                refs=side.refs,
                observed=remote,
                shadow_remote=remote,
                shadow_hub=hub,
            )
        )
    again = merge_field(out.value, after)
    if again.value != out.value or again.patches or again.conflict is not None:
        return "a second plan is not empty"
    return ""


def tell(hub: Value, some: Sequence[FieldSide]) -> str:
    """Give a case in one line."""
    each = (
        f"{side.connection} {side.bound.map.direction}: saw {side.observed}, "
        f"agreed {side.shadow_remote}/{side.shadow_hub}"
        for side in some
    )
    return f"hub {hub}; " + "; ".join(each)


def play_fields(first: int, count: int) -> list[str]:
    """Judge *count* random cases; gives a line for each that breaks a law."""
    out = []
    for seed in range(first, first + count):
        hub, some = draw(random.Random(seed))
        law = broken(hub, some)
        if law:
            out.append(f"case {seed}: {law} ({tell(hub, some)}); again: python -m sandbox.drill.fields {seed} 1")
    return out


def play_domain(part: int = 0, parts: int = 1) -> list[str]:
    """Judge the whole small domain, or one of *parts* equal parts of it."""
    found = ((broken(hub, some), hub, some) for hub, some in itertools.islice(domain(), part, None, parts))
    return [f"{law} ({tell(hub, some)})" for law, hub, some in found if law]


if __name__ == "__main__":
    began = time.perf_counter()
    numbers = [int(word) for word in sys.argv[1:3]]
    failed = play_fields(numbers[0], numbers[1] if len(numbers) > 1 else 1) if numbers else play_domain()
    print(*failed[:15], sep="\n")
    print(f"{len(failed)} failed in {time.perf_counter() - began:.1f} s")
    sys.exit(bool(failed))
