"""Names of people where a remote keeps two parts and the hub keeps one.

Names written in Han characters (and kana, hangul) are one word and go whole into the family-name field. Others are
split at the last space. Joining what was split gives the same name back.
"""

from __future__ import annotations

import re
from typing import Final

from mapping.forms import line_form

_EAST_ASIAN: Final = re.compile(
    "[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3041-\u30ff\uac00-\ud7a3\U00020000-\U000323af]"
)
_LETTER: Final = re.compile(r"[^\W\d_]")
_SPACES: Final = re.compile(r"\s+")
_UNEVEN: Final = re.compile(r"\s\s|[^\S ]")


def name_line(raw: str) -> str:
    """Give a person's name on one line with single spaces."""
    name = line_form(raw)
    return line_form(_SPACES.sub(" ", name)) if _UNEVEN.search(name) else name


def is_east_asian(name: str) -> bool:
    """Say whether every letter of *name* is Han, kana or hangul."""
    letters = _LETTER.findall(name)
    return bool(letters) and all(_EAST_ASIAN.match(letter) for letter in letters)


def join_name(last: str | None, first: str | None) -> str | None:
    """Give the full name of two parts; None when both are blank.

    Shape: ("张", "三") -> "张三"; ("Lovelace", "Ada") -> "Ada Lovelace"
    """
    family, given = name_line(last) if last else "", name_line(first) if first else ""
    if not family or not given:
        return family or given or None
    if is_east_asian(family) and is_east_asian(given):
        return name_line(family + given)
    return name_line(f"{given} {family}")


def split_name(full: str) -> tuple[str, str | None]:
    """Give (last, first) of a full name; first is None when the whole name is the family name.

    Shape: "欧阳 娜娜" -> ("欧阳 娜娜", None); "Ada King Lovelace" -> ("Lovelace", "Ada King")
    """
    name = name_line(full)
    given, space, family = name.rpartition(" ")
    if not space or is_east_asian(name):
        return name, None
    return family, given
