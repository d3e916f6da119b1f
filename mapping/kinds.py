"""What kind of thing a task is: said by a field, or read off a record type, a tag or the head of its title.

A kind nobody stated is *inferred*, and readers are told so: a title that happens to begin with 【验收】 is a hint and
no promise. What a kind means for stages is in ``stages``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, get_args

from mapping.records import Value, Values

TaskKind = Literal[
    "action", "milestone", "sign_off", "deliverable_review", "meeting", "risk", "change_request", "acceptance",
    "survey", "issue",
]  # fmt: skip
KINDS: Final[tuple[TaskKind, ...]] = get_args(TaskKind)

_WORDS: Final[Mapping[TaskKind, tuple[str, ...]]] = {
    "action": ("action", "action item", "todo", "行动项", "待办", "事项"),
    "milestone": ("milestone", "里程碑"),
    "sign_off": ("sign off", "signoff", "签字", "签字确认", "签署", "签核"),
    "deliverable_review": ("deliverable review", "review", "交付物评审", "评审", "审阅"),
    "meeting": ("meeting", "会议", "例会", "评审会"),
    "risk": ("risk", "风险"),
    "change_request": ("change request", "change", "cr", "变更", "变更请求", "变更申请"),
    "acceptance": ("acceptance", "验收"),
    "survey": ("survey", "满意度", "满意度调查", "调查", "问卷"),
    "issue": ("issue", "问题"),
}
_BY_WORD: Final[Mapping[str, TaskKind]] = {
    word: kind for kind in KINDS for word in (kind.replace("_", " "), *_WORDS[kind])
}
_BRACKETS: Final[Mapping[str, str]] = {"[": "]", "【": "】", "［": "］"}


def kind_of(task: Values) -> tuple[TaskKind, bool]:
    """Give the kind of a task and whether it was inferred.

    The field decides; without one the record type, then the first tag that names a kind, then the marks at the head
    of the title, else it is an action.

    Shape: {"title": "【客户】【验收】门户"} -> ("acceptance", True)
    """
    stated = task.get("kind")
    if isinstance(stated, str) and stated in KINDS:
        return stated, False
    for name, read in _HINTS:
        value = task.get(name)
        kind = _first_kind(read(value)) if value else None
        if kind is not None:
            return kind, True
    return "action", True


def title_marks(title: Value) -> tuple[str, ...]:
    """Give the words in brackets that a title begins with.

    Shape: "【客户】 [Sign-off] 需求 [v2]" -> ("客户", "Sign-off")
    """
    marks: list[str] = []
    rest = title.strip() if isinstance(title, str) else ""
    while rest and rest[0] in _BRACKETS:
        inner, closed, after = rest[1:].partition(_BRACKETS[rest[0]])
        if not closed:
            break
        marks.append(inner.strip())
        rest = after.lstrip()
    return tuple(marks)


def tags_of(value: Value) -> tuple[str, ...]:
    """Give the tags of a task, as a list or as text with commas or semicolons."""
    if isinstance(value, list):
        return tuple(tag.strip() for tag in value)
    return _words(value)


def _words(value: Value) -> tuple[str, ...]:
    if not isinstance(value, str):
        return ()
    return tuple(word.strip() for word in value.replace(";", ",").replace("，", ",").split(",") if word.strip())


def _first_kind(words: Iterable[str]) -> TaskKind | None:
    return next((_BY_WORD[plain] for plain in map(_plain, words) if plain in _BY_WORD), None)


def _plain(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").split())


_HINTS: Final[tuple[tuple[str, Callable[[Value], tuple[str, ...]]], ...]] = (
    ("record_type", _words), ("tags", tags_of), ("title", title_marks),
)  # fmt: skip
