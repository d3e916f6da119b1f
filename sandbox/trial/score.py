"""The judgement: from what people did and where it ended to a score, pure and the same for whoever collected it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

Fate = Literal["arrived", "superseded", "parked", "window", "lost"]
FATES: Final[tuple[Fate, ...]] = ("arrived", "superseded", "parked", "window", "lost")
BROKEN: Final = 4
"""Exit code of a trial with a broken promise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One field that a person set, and how it ended.

    Args:
        stands: its own record still says so; ``stands_there``: the twin at the other side does.
        reached: the twin said so at some time; ``answered``: a person set the twin's field after that.
        replaced: a person set the field again at the same side.
        gone: a person deleted the record or its twin.
        asked: a question to a person names it, open or answered.
        explained: why the twin cannot or need not say the same.
        unseen: no answer showed it between the last look at the record and the write that replaced it.
    """

    entity: str
    field: str
    side: str
    record: str
    value: str
    stands: bool
    stands_there: bool
    reached: bool = False
    answered: bool = False
    replaced: bool = False
    gone: bool = False
    asked: bool = False
    explained: str = ""
    unseen: bool = False

    @property
    def told(self) -> str:
        """Give the edit in one line."""
        return f"{self.entity} {self.field} = {self.value} ({self.side} {self.record})"


def fate(edit: Edit) -> Fate:
    """Say what became of an edit; what nothing accounts for is lost."""
    if edit.stands and (edit.stands_there or (edit.explained and not edit.asked)):
        return "arrived"
    if edit.gone or edit.replaced or (not edit.stands and edit.reached and edit.answered):
        return "superseded"
    if edit.asked:
        return "parked"
    return "window" if edit.unseen and not edit.stands else "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field, or a whole record (``field`` empty), that both sides do not say alike; no reason, no excuse."""

    entity: str
    field: str
    record: str
    reason: str

    @property
    def told(self) -> str:
        """Give the difference in one line."""
        return " ".join(part for part in (self.entity, self.field, self.record) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Everything a trial ended with.

    Args:
        records, fields: compared between the sides; ``differences`` among them.
        duplicates: records made twice, a line each.
        unintended: writes of ours at a CRM with no intent stored before them.
        late_writes: writing requests after everything had come to rest; ``rested`` says whether it did at all.
        stopped: why no more rounds were possible.
        repeats: writing requests sent again word for word.
        faults: what went wrong, by kind.
    """

    records: int
    fields: int
    edits: Sequence[Edit]
    differences: Sequence[Difference] = ()
    duplicates: Sequence[str] = ()
    unintended: Sequence[str] = ()
    late_writes: int = 0
    rested: bool = True
    stopped: str = ""
    rounds: int = 0
    quiet_rounds: int = 0
    calls: int = 0
    writes: int = 0
    repeats: int = 0
    faults: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a reader is told.

    Args:
        points: 0 to 100; 100 only when every promise was kept.
        broken: promise -> how often it was broken; ``examples`` a line each.
    """

    points: float
    fates: Mapping[str, int]
    reasons: Mapping[str, int]
    broken: Mapping[str, int]
    examples: Sequence[str]

    @property
    def exit_code(self) -> int:
        return BROKEN if self.broken else 0


def judge(ending: Ending) -> Score:
    """Hold an ending against the promises."""
    fates = Counter(fate(edit) for edit in ending.edits)
    lost = [f"lost: {edit.told}" for edit in ending.edits if fate(edit) == "lost"]
    odd = [f"differs: {one.told}" for one in ending.differences if not one.reason]
    twins = [f"twice: {one}" for one in ending.duplicates]
    blind = [f"no intent: {one}" for one in ending.unintended]
    found = {
        "lost": len(lost), "duplicates": len(twins), "unexplained": len(odd), "unintended": len(blind),
        "late_writes": ending.late_writes, "unrest": int(not ending.rested), "stopped": int(bool(ending.stopped)),
    }  # fmt: skip
    broken = {name: count for name, count in found.items() if count}
    checked = ending.records + ending.fields + len(ending.edits) + ending.writes
    return Score(
        points=_points(sum(broken.values()), checked),
        fates={name: fates[name] for name in FATES},
        reasons=dict(Counter(one.reason for one in ending.differences if one.reason)),
        broken=broken,
        examples=_some((*lost, *twins, *odd, *blind)),
    )


def _points(broken: int, checked: int) -> float:
    """Give the share of what was checked that held, cut (never rounded up) to a tenth."""
    if not broken:
        return 100.0
    return min(int(max(0.0, 1 - broken / max(checked, 1)) * 1000) / 10, 99.9)


def _some(lines: Iterable[str], most: int = 20) -> list[str]:
    return list(lines)[:most]
