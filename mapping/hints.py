"""Errors of the field map that name the place, what was found and the nearest thing that would be accepted."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from mapping.errors import ConfigError


def nearest(found: str, known: Iterable[str]) -> str | None:
    """Give the known word most like *found*, or None when nothing is near; case does not matter."""
    words = {word.casefold(): word for word in known}
    hits = difflib.get_close_matches(found.casefold(), words, n=1, cutoff=0.6)
    return words[hits[0]] if hits else None


def unknown_word(place: str, found: object, known: Iterable[str], *, what: str, zh: str) -> ConfigError:
    """Give the error for a word that is not one of *known*.

    Args:
        place: where it stands, as dotted keys.
        what, zh: what kind of word it is, in English and Chinese.
    """
    words = sorted(known)
    hit = nearest(found, words) if isinstance(found, str) else None
    step = f"did you mean {hit!r}?" if hit else f"known: {', '.join(words[:30]) or 'none'}"
    step_zh = f"是否应为 {hit!r}？" if hit else f"可用：{'、'.join(words[:30]) or '无'}"
    return ConfigError(
        f"{place}: unknown {what} {found!r}",
        zh=f"{place}：未知的{zh} {found!r}",
        next_step=step,
        next_step_zh=step_zh,
    )


def wrong_value(place: str, found: object, expected: str, expected_zh: str) -> ConfigError:
    """Give the error for a value of the wrong kind."""
    return ConfigError(
        f"{place}: found {found!r}, expected {expected}", zh=f"{place}：值为 {found!r}，应为{expected_zh}"
    )
