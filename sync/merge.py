"""What one field needs, seen from the hub and all spokes at once. Pure.

Every spoke holds two shadows of a field: the hub value and the remote value both ends last agreed on. A side moved
when it differs from its own shadow; two different moves are a question for a person, never a race of clocks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mapping.fields import UNSEEN, BoundField, Refs, Unseen
from mapping.records import Value, is_blank
from sync import reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSide:
    """One spoke's view of one field.

    Args:
        observed: the remote value as it is now, UNSEEN when it was not shown.
        shadow_remote: the remote value last agreed on, UNSEEN when there is no base yet (first contact).
        shadow_hub: the hub value last agreed on, UNSEEN when the hub's value never reached that spoke.
        echo: True when the record's version is exactly the one our own last write left, so that any difference in a
            field is the remote's rewriting, not a person's edit.
        lossy: True when the two shadows are known not to say the same.
        former: as ``refs``, with records that are deleted there known for what they were.
        points: the field refers to another record, which may be linked later.
        free_text: prose and names, where width, case and spaces are form.
        endings: values that end the thing; a remote does not turn one of them into another without a person.
    """

    connection: str
    bound: BoundField
    refs: Refs
    former: Refs | None = None
    observed: Value | Unseen
    shadow_remote: Value | Unseen
    shadow_hub: Value | Unseen
    echo: bool = False
    lossy: bool = False
    points: bool = False
    free_text: bool = False
    endings: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A field that waits, or waited, for a person.

    Args:
        review_id: of the review row.
        sides: connection -> remote value that was shown to the person.
        resolved: True when a decision is there; ``value`` is the hub value decided on.
        away: a side it names takes no part now: neither the question nor its answer can be ended without it.
    """

    review_id: int
    hub: Value
    sides: Mapping[str, Value]
    resolved: bool = False
    value: Value = None
    away: bool = False


@dataclass(slots=True)
class FieldOutcome:
    """What happens to one field.

    Args:
        value: the hub value afterwards.
        reason: why the hub value moved; "" when it did not.
        origin: connection whose value was taken; "" for the hub's own, a merge or a person's decision.
        patches: connection -> remote value to write there.
        patch_reasons: connection -> why.
        shadows: connection -> (hub shadow, remote shadow) to store without any write; UNSEEN removes the entry.
        losses: connection -> why the hub's value cannot be (exactly) there.
        claims: connection -> what that source states (claim fields only).
        conflict: connection -> remote value, when the field must be parked; the hub's own value beside it.
        losers: connection -> hub-space value that was overruled, kept in the journal.
        waits: connections whose reference cannot be told yet.
        settled: review id that this outcome finishes.
    """

    value: Value
    reason: str = ""
    origin: str = ""
    patches: dict[str, Value] = field(default_factory=dict)
    patch_reasons: dict[str, str] = field(default_factory=dict)
    shadows: dict[str, tuple[Value | Unseen, Value | Unseen]] = field(default_factory=dict)
    losses: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Value] = field(default_factory=dict)
    conflict: dict[str, Value] | None = None
    conflict_reason: str = ""
    losers: dict[str, Value] = field(default_factory=dict)
    waits: list[str] = field(default_factory=list)
    settled: int | None = None


_INBOUND = frozenset({"both", "to_hub", "fill_blank"})
_OUTBOUND = frozenset({"both", "to_remote", "claim", "fill_blank", "create_only"})


def merge_field(hub: Value, sides: Sequence[FieldSide], parked: Parked | None = None) -> FieldOutcome:
    """Say what one field needs.

    Args:
        hub: the hub's value now (None for a row that does not exist yet).
        sides: every spoke that maps the field, in a stable order.
        parked: the field's open or decided conflict, if it has one.
    """
    out = FieldOutcome(hub)
    standing = {side.connection: _standing(side, parked) for side in sides}
    candidates = _candidates(hub, sides, standing, out)
    if parked is not None and any(side.bound.map.direction == "claim" for side in sides):
        return out  # supervision asked; it also reads the answer, and until then nobody is told anything
    if parked is not None and parked.away:
        news = parked.resolved or hub != parked.hub or any(_news(side, parked) for side in sides)
        return FieldOutcome(hub, waits=[side.connection for side in sides] if news else [])
    decided = parked is not None and parked.resolved and _as_shown(parked, hub, standing)
    if parked is not None and decided:
        out.value, out.reason = parked.value, reasons.RESOLVED
        out.losers = {name: value for name, value in candidates.items() if value != parked.value}
        if hub != parked.value and not is_blank(hub):
            out.losers["hub"] = hub
    elif candidates:
        if not _resolve(out, hub, sides, candidates) or _ends_otherwise(out, hub, sides):
            _park(out, hub, sides, standing)
            return out
    else:
        _revert(out, hub, sides, standing)
    if parked is not None and out.waits and not decided:  # what a side says cannot be read yet: no end of a question
        return FieldOutcome(hub, waits=out.waits)
    if parked is not None:
        out.settled = parked.review_id
    for side in sides:
        _outward(out, hub, side, standing[side.connection], decided=decided)
    return out


def lapsed(bound: BoundField, refs: Refs, agreed: Value | Unseen, remote: Value | Unseen) -> bool:
    """Say whether a reference is blank because what it pointed to is gone there: nobody cleared it.

    Args:
        agreed: the remote value last agreed on.
    """
    if isinstance(agreed, Unseen) or isinstance(remote, Unseen) or is_blank(agreed) or not is_blank(remote):
        return False
    return isinstance(bound.codec.to_hub(agreed, None, refs), Unseen)


def _as_shown(parked: Parked, hub: Value, standing: Mapping[str, Value | Unseen]) -> bool:
    """Say whether the field still stands as the person saw it when deciding; else the decision is asked again."""
    return hub == parked.hub and all(standing.get(name, value) == value for name, value in parked.sides.items())


def _news(side: FieldSide, parked: Parked) -> bool:
    """Say whether a side says something that neither the question shows nor the shadow knows."""
    known = parked.sides.get(side.connection, side.shadow_remote)
    return not isinstance(side.observed, Unseen) and side.observed != known


def _standing(side: FieldSide, parked: Parked | None) -> Value | Unseen:
    """Give the remote value as far as we know it: seen now, shown at the conflict, or last agreed."""
    if not isinstance(side.observed, Unseen):
        return side.observed
    if parked is not None and side.connection in parked.sides:
        return parked.sides[side.connection]
    return side.shadow_remote


def _candidates(
    hub: Value, sides: Sequence[FieldSide], standing: Mapping[str, Value | Unseen], out: FieldOutcome
) -> dict[str, Value]:
    """Collect the hub-space values of all spokes that moved; notes claims, echoes and waits on the way."""
    found: dict[str, Value] = {}
    for side in sides:
        remote = standing[side.connection]
        if isinstance(remote, Unseen) or remote == side.shadow_remote:
            continue
        first = isinstance(side.shadow_remote, Unseen)
        if side.echo and not first and not isinstance(side.shadow_hub, Unseen):
            out.shadows[side.connection] = (side.shadow_hub, remote)
            out.losses[side.connection] = "normalised"
            continue
        direction = side.bound.map.direction
        if direction == "claim":
            value = side.bound.codec.to_hub(remote, hub, side.refs)
            if not isinstance(value, Unseen):
                out.claims[side.connection] = value
            out.shadows[side.connection] = (hub if first else side.shadow_hub, remote)
            continue
        if direction not in _INBOUND:
            continue
        if side.points and lapsed(side.bound, side.refs, side.shadow_remote, remote):
            if isinstance(side.bound.codec.to_remote(hub, side.refs).value, Unseen):
                out.shadows[side.connection] = (side.shadow_hub, remote)
                out.losses[side.connection] = "not_linked"
            continue
        value = side.bound.codec.to_hub(remote, hub, side.refs)
        if isinstance(value, Unseen) and side.points:
            value = _once(side, remote, hub)
            if value == hub:  # the same, under an id that is no more: it is told the one that is
                continue
        if isinstance(value, Unseen) and side.points:
            out.waits.append(side.connection)
        elif isinstance(value, Unseen):
            out.shadows[side.connection] = (hub, remote)
            out.losses[side.connection] = "no_home"
        elif value == hub or (first and side.free_text and _alike(value, hub)):
            out.shadows[side.connection] = (hub, remote)
        elif not (is_blank(value) and (first or (direction == "fill_blank"))):
            if direction == "fill_blank" and not is_blank(hub):
                out.shadows[side.connection] = (side.shadow_hub, remote)
            else:
                found[side.connection] = value
    return found


def _once(side: FieldSide, remote: Value, hub: Value) -> Value | Unseen:
    """Give what a reference names that names nothing there any more: what the record was until it was deleted."""
    return UNSEEN if side.former is None else side.bound.codec.to_hub(remote, hub, side.former)


def _resolve(out: FieldOutcome, hub: Value, sides: Sequence[FieldSide], candidates: dict[str, Value]) -> bool:
    """Choose the value; False when a person must."""
    by_name = {side.connection: side for side in sides}
    _prefer_statements(by_name, candidates)
    moved = [by_name[name] for name in candidates]
    hub_moved = any(_hub_moved(hub, side) for side in moved)
    _settle_forms(out, hub, by_name, candidates)
    values = list(candidates.values())
    distinct = [value for index, value in enumerate(values) if value not in values[:index]]
    if len(distinct) == 1 and not hub_moved:
        name = next(iter(candidates))
        if any(side.lossy for side in moved):
            out.conflict_reason = reasons.LOSSY_EDITED
            return False
        first = isinstance(by_name[name].shadow_remote, Unseen)
        out.value, out.origin = distinct[0], name
        out.reason = reasons.FILL_BLANK if first and is_blank(hub) else reasons.REMOTE_CHANGED
        return True
    owners = [side.connection for side in moved if side.bound.map.direction == "to_hub"]
    if owners:
        out.value, out.origin, out.reason = candidates[owners[0]], owners[0], reasons.OWNER_WINS
        out.losers = {n: v for n, v in candidates.items() if v != out.value}
        if hub_moved:
            out.losers["hub"] = hub
        return len({repr(candidates[name]) for name in owners}) == 1
    if all(side.bound.set_typed for side in moved):
        out.value, out.reason = _merge_sets(hub, moved, candidates), reasons.SET_MERGED
        return True
    common = _common(hub, hub_moved, moved, distinct)
    if common is not None:
        out.value, out.reason = common, reasons.REMOTE_CHANGED
        return True
    first = any(isinstance(side.shadow_remote, Unseen) for side in moved)
    out.conflict_reason = reasons.FIRST_CONTACT_DIFFERS if first else reasons.BOTH_CHANGED
    return False


def _ends_otherwise(out: FieldOutcome, hub: Value, sides: Sequence[FieldSide]) -> bool:
    """Say whether a remote turned one ending into another; a side that owns the field may."""
    endings = sides[0].endings
    if not endings or out.value == hub or out.value not in endings or hub not in endings:
        return False
    if any(side.connection == out.origin and side.bound.map.direction == "to_hub" for side in sides):
        return False
    out.conflict_reason = reasons.ENDS_OTHERWISE
    return True


def _prefer_statements(by_name: Mapping[str, FieldSide], candidates: dict[str, Value]) -> None:
    """Let what only fills blanks (a creation stamp) give way to what somebody stated."""
    stand_ins = [name for name in candidates if by_name[name].bound.map.direction == "fill_blank"]
    if len(stand_ins) < len(candidates):
        for name in stand_ins:
            del candidates[name]


def _settle_forms(
    out: FieldOutcome, hub: Value, by_name: Mapping[str, FieldSide], candidates: dict[str, Value]
) -> None:
    """At first contact, let sides that differ only in form keep their own: the first one's form is the hub's."""
    if not is_blank(hub):
        return
    kept: list[Value] = []
    for name in list(candidates):
        side = by_name[name]
        first = isinstance(side.shadow_remote, Unseen) and not isinstance(side.observed, Unseen)
        alike = next((value for value in kept if _alike(value, candidates[name])), None)
        if first and side.free_text and alike is not None and alike != candidates[name]:
            assert not isinstance(side.observed, Unseen)
            out.shadows[name] = (alike, side.observed)
            del candidates[name]
        else:
            kept.append(candidates[name])


def _common(hub: Value, hub_moved: bool, moved: Sequence[FieldSide], distinct: Sequence[Value]) -> Value:
    """Give the one value that every moved side already stands for, None when there is none.

    A coarse remote status stands for several hub statuses: the finer word of another side is no contradiction.
    """
    choices = [hub] if hub_moved else list(distinct)
    fitting = [value for value in choices if not is_blank(value) and all(_stands_for(side, value) for side in moved)]
    return fitting[0] if len(fitting) == 1 else None


def _stands_for(side: FieldSide, value: Value) -> bool:
    return not isinstance(side.observed, Unseen) and side.bound.codec.to_hub(side.observed, value, side.refs) == value


def _alike(left: Value, right: Value) -> bool:
    """Say whether two texts differ in nothing but width, case and spaces: at first contact that is no disagreement."""
    return isinstance(left, str) and isinstance(right, str) and _form(left) == _form(right)


def _form(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _revert(out: FieldOutcome, hub: Value, sides: Sequence[FieldSide], standing: Mapping[str, Value | Unseen]) -> None:
    """Give a field that one remote owns its owner's value back when only the hub was edited."""
    for side in sides:
        remote = standing[side.connection]
        if side.bound.map.direction != "to_hub" or isinstance(remote, Unseen) or isinstance(side.shadow_hub, Unseen):
            continue
        if hub == side.shadow_hub or is_blank(remote):
            continue
        value = side.bound.codec.to_hub(remote, hub, side.refs)
        if not isinstance(value, Unseen) and value != hub:
            out.value, out.origin, out.reason = value, side.connection, reasons.ENFORCED
            out.losers = {"hub": hub}
            return


def _hub_moved(hub: Value, side: FieldSide) -> bool:
    if isinstance(side.shadow_hub, Unseen):
        return not is_blank(hub)
    return hub != side.shadow_hub


def _merge_sets(hub: Value, moved: Sequence[FieldSide], candidates: Mapping[str, Value]) -> Value:
    """Merge lists as sets: what anybody added is in, what anybody removed is out."""
    result = _as_set(hub)
    removed: set[str] = set()
    for side in moved:
        base = set() if isinstance(side.shadow_hub, Unseen) else _as_set(side.shadow_hub)
        new = _as_set(candidates[side.connection])
        result |= new - base
        removed |= base - new
    return sorted(result - removed) or None


def _as_set(value: Value) -> set[str]:
    return set(value) if isinstance(value, list) else set()


def _park(out: FieldOutcome, hub: Value, sides: Sequence[FieldSide], standing: Mapping[str, Value | Unseen]) -> None:
    """Let nobody write the field; remember what every side says."""
    out.value, out.reason, out.origin = hub, "", ""
    out.shadows, out.losses, out.losers = {}, {}, {}
    out.conflict = {
        side.connection: value
        for side in sides
        if side.bound.map.direction in _INBOUND and not isinstance(value := standing[side.connection], Unseen)
    }


def _outward(out: FieldOutcome, hub: Value, side: FieldSide, remote: Value | Unseen, *, decided: bool) -> None:
    """Decide what one spoke must be told, or which shadows agree without a write."""
    name, direction = side.connection, side.bound.map.direction
    if name in out.waits:
        return
    if isinstance(remote, Unseen):
        return
    agreed = out.shadows.get(name, (side.shadow_hub, side.shadow_remote))
    if out.value == agreed[0] and remote == agreed[1]:
        return
    if direction not in _OUTBOUND or direction == "create_only" or not side.bound.writable:
        if name not in out.claims:
            out.shadows[name] = (out.value, remote)
        return
    if direction == "fill_blank" and not is_blank(remote):
        out.shadows[name] = (out.value, remote)
        return
    if direction == "claim" and out.value == agreed[0]:
        return
    _push(out, hub, side, remote, decided=decided)


def _push(out: FieldOutcome, hub: Value, side: FieldSide, remote: Value, *, decided: bool) -> None:
    name = side.connection
    encoded = side.bound.codec.to_remote(out.value, side.refs)
    if isinstance(encoded.value, Unseen):
        if out.origin != name and not (is_blank(out.value) and is_blank(remote)):
            out.losses[name] = encoded.loss or "no_home"
            if encoded.loss == "not_linked" and side.points:
                out.waits.append(name)
        shadow_hub = out.value if out.origin == name else side.shadow_hub
        out.shadows[name] = (shadow_hub, remote)
        return
    if encoded.value == remote or (out.origin == name and side.bound.map.direction != "to_remote"):
        out.shadows[name] = (out.value, remote)
        return
    if encoded.loss:
        out.losses[name] = encoded.loss
    out.patches[name] = encoded.value
    # Until the write is settled the field must look unagreed; where it does anyway, the link need not be touched.
    looks_moved = remote == side.shadow_remote and side.shadow_hub != out.value
    out.shadows[name] = (side.shadow_hub if looks_moved else UNSEEN, remote)
    out.patch_reasons[name] = _why(out, hub, side, remote, decided=decided)


def _why(out: FieldOutcome, hub: Value, side: FieldSide, remote: Value, *, decided: bool) -> str:
    if decided:
        return reasons.RESOLVED
    if side.bound.map.direction == "to_remote" and out.value == side.shadow_hub and remote != side.shadow_remote:
        return reasons.ENFORCED
    if isinstance(side.shadow_remote, Unseen) and is_blank(remote):
        return reasons.FILL_BLANK
    if out.value != hub:
        return out.reason
    return reasons.HUB_CHANGED
