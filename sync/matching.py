"""Which unlinked records are one entity. Pure.

Records and hub rows meet through identity keys (``mapping.identity``). Only a clean meeting binds: one record per
connection and at most one hub row. Anything else, and a meeting by name alone, waits for a person. A score never
binds anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

Node = tuple[str, str]
"""(side, ref): ("", uid) for a hub row, (connection, remote id) for an unlinked record."""

HUB = ""
KEY_PREFIX = "k:"
WEAK_PREFIX = "~"


@dataclass(frozen=True, slots=True)
class Group:
    """Records that are one entity: at most one hub row, at most one record per connection."""

    uid: str | None
    records: tuple[Node, ...]
    by_key: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """A record that may be several others: a person must say which, or that it is new."""

    record: Node
    candidates: tuple[Node, ...]
    name_only: bool


@dataclass(slots=True)
class Matching:
    """Args:
    groups: confident meetings; doubts: what a person must decide; everything else is new by itself.
    """

    groups: list[Group] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


def match(
    shared: Iterable[tuple[str, str, str]],
    linked_at: Mapping[str, frozenset[str]],
    *,
    settled: Mapping[Node, str | None] | None = None,
    made_at: Mapping[str, frozenset[str]] | None = None,
    asked: Set[tuple[Node, str]] = frozenset(),
) -> Matching:
    """Sort records that share keys into meetings and doubts.

    Args:
        shared: (key, side, ref) rows of every key carried by two or more refs.
        linked_at: hub uid -> connections where it already has a record (those cannot take another).
        settled: what people decided: record -> uid it belongs to, or None for "new".
        made_at: hub uid -> connections where its record is one that we made: a person may have made the same there.
        asked: (record, uid) pairs that a person is being asked about; they stay doubtful until there is an answer.
    """
    shared = list(shared)
    strong, weak = _edges(shared, linked_at, settled or {})
    out = Matching()
    bound: set[Node] = set()
    for component in _components(strong):
        _judge(component, strong, out, bound)
    doubted = {doubt.record for doubt in out.doubts}
    for record, holder in sorted(_twins(shared, linked_at, settled or {}, made_at or {}, asked).items()):
        if record not in bound and record not in doubted:
            out.doubts.append(Doubt(record, (holder,), name_only=False))
            doubted.add(record)
    for record in sorted(weak):
        if record[0] == HUB or record in bound or record in doubted:
            continue
        others = tuple(sorted(node for node in weak[record] if node not in bound and node not in doubted))
        if others:
            out.doubts.append(Doubt(record, others, name_only=True))
    return out


_Graph = dict[Node, dict[Node, bool]]


def _edges(
    shared: Iterable[tuple[str, str, str]], taken: Mapping[str, frozenset[str]], decided: Mapping[Node, str | None]
) -> tuple[_Graph, _Graph]:
    """Connect nodes of different sides that carry one key; True on an edge of the key field itself."""
    strong: _Graph = {}
    weak: _Graph = {}
    for key, nodes in _by_key(shared):
        graph = weak if key.startswith(WEAK_PREFIX) else strong
        exact = key.startswith(KEY_PREFIX)
        for index, left in enumerate(nodes):
            for right in nodes[index + 1 :]:
                if left[0] == right[0] or not _may_meet(left, right, taken, decided):
                    continue
                graph.setdefault(left, {})[right] = graph.get(left, {}).get(right, False) or exact
                graph.setdefault(right, {})[left] = graph.get(right, {}).get(left, False) or exact
    return strong, weak


def _twins(
    shared: Iterable[tuple[str, str, str]],
    taken: Mapping[str, frozenset[str]],
    decided: Mapping[Node, str | None],
    made_at: Mapping[str, frozenset[str]],
    asked: Set[tuple[Node, str]],
) -> dict[Node, Node]:
    """Find records that claim to be a hub row which has another record on their side already.

    The key field says so by itself. Any other strong key says so where the other record is one that we made: the same
    was made by people at both ends, and ours came first because a listing showed theirs late.
    """
    out: dict[Node, Node] = {}
    for key, nodes in _by_key(shared):
        if key.startswith(WEAK_PREFIX):
            continue
        exact = key.startswith(KEY_PREFIX)
        for holder in [node for node in nodes if node[0] == HUB]:
            there = (taken if exact else made_at).get(holder[1], frozenset())
            for node in nodes:
                if node[0] != HUB and node not in decided and (node[0] in there or (node, holder[1]) in asked):
                    out.setdefault(node, holder)
    return out


_CROWD = 50
"""A key that more nodes than this carry says nothing about identity (a switchboard number, info@)."""


def _by_key(shared: Iterable[tuple[str, str, str]]) -> Iterable[tuple[str, Sequence[Node]]]:
    current, nodes = "", list[Node]()
    for key, side, ref in shared:
        if key != current:
            if 1 < len(nodes) <= _CROWD:
                yield current, nodes
            current, nodes = key, []
        nodes.append((side, ref))
    if 1 < len(nodes) <= _CROWD:
        yield current, nodes


def _may_meet(left: Node, right: Node, taken: Mapping[str, frozenset[str]], decided: Mapping[Node, str | None]) -> bool:
    if left in decided or right in decided:
        return False
    for hub, record in ((left, right), (right, left)):
        if hub[0] == HUB and record[0] in taken.get(hub[1], frozenset()):
            return False
    return True


def _components(graph: _Graph) -> list[list[Node]]:
    seen: set[Node] = set()
    out: list[list[Node]] = []
    for start in sorted(graph):
        if start in seen:
            continue
        stack, component = [start], list[Node]()
        seen.add(start)
        while stack:
            node = stack.pop()
            component.append(node)
            for other in graph[node]:
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        out.append(sorted(component))
    return out


def _judge(component: Sequence[Node], graph: _Graph, out: Matching, bound: set[Node]) -> None:
    """Bind a clean component; cut an unclean one along its exact key edges; doubt the rest."""
    if _clean(component):
        _bind(component, graph, out, bound)
        return
    exact = {node: {o: True for o, sure in graph[node].items() if sure} for node in component}
    rest = list(component)
    for part in _components({node: edges for node, edges in exact.items() if edges}):
        if _clean(part):
            _bind(part, graph, out, bound)
            rest = [node for node in rest if node not in bound]
    for node in rest:
        if node[0] == HUB:
            continue
        free = tuple(sorted(other for other in graph[node] if other not in bound))
        # A row that took another record of this side just now, by its key, may be what this one is about all the same.
        others = free or tuple(sorted(other for other in graph[node] if other[0] == HUB))
        if others:
            out.doubts.append(Doubt(node, others, name_only=False))


def _clean(component: Sequence[Node]) -> bool:
    sides = [side for side, _ in component]
    return len(sides) == len(set(sides))


def _bind(component: Sequence[Node], graph: _Graph, out: Matching, bound: set[Node]) -> None:
    uid = next((ref for side, ref in component if side == HUB), None)
    records = tuple(node for node in component if node[0] != HUB)
    by_key = any(sure for node in component for sure in graph[node].values())
    out.groups.append(Group(uid, records, by_key))
    bound.update(component)
