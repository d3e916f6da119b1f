"""Whatever a CRM wrote, the screen shows it and does nothing else."""

from __future__ import annotations

import dataclasses
import json
from typing import NamedTuple

import pytest

from commands.app import App
from commands.messages import MESSAGES, reason, text
from commands.output import clean, emit, table
from sync import reasons


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("张三 𠮷 é", "张三 𠮷 é"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("one\r\ntwo\t", "one\\r\\ntwo\\t"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("half\ud800pair", "half\\ud800pair"),
        ("\x9b31m", "\\x9b31m"),
        ("tag\U000e0041", "tag\\U000e0041"),
        (7, "7"),
    ],
)
def test_control_and_bidi_characters_show_as_escapes(raw: object, shown: str) -> None:
    assert clean(raw) == shown


def test_json_carries_the_same_text_without_the_harm(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "a\x1b[2J\u202e\x9b\U000e0041张"
    emit({"title": hostile})
    out = capsys.readouterr().out
    assert json.loads(out) == {"schema": 1, "title": hostile}
    assert all(one.isprintable() for one in out.rstrip("\n"))


class _Step(NamedTuple):
    seq: int
    said: tuple[str, ...]


def test_json_carries_dataclasses_named_tuples_and_sets(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclasses.dataclass(slots=True)
    class Thing:
        names: set[str]
        pair: tuple[int, None]
        step: _Step

    emit({"thing": Thing({"b", "a"}, (1, None), _Step(7, ("x",)))})
    said = json.loads(capsys.readouterr().out)["thing"]
    assert said == {"names": ["a", "b"], "pair": [1, None], "step": {"seq": 7, "said": ["x"]}}


def test_a_table_aligns_wide_characters(capsys: pytest.CaptureFixture[str]) -> None:
    table(App(), ("id", "title", "kind"), [(1, "张三", "x"), (22, "Ada", "y\nz")])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["ID  TITLE  KIND", "1   张三   x", "22  Ada    y\\nz"]


def test_every_message_says_the_same_in_both_languages() -> None:
    import string

    for key, pair in MESSAGES.items():
        assert all(pair), key
        names = [{part[1] for part in string.Formatter().parse(said) if part[1]} for said in pair]
        assert names[0] == names[1], key


def test_every_reason_has_words() -> None:
    named = [value for name, value in vars(reasons).items() if name.isupper() and name != "LOSS_PREFIX"]
    codes = [value for value in named if isinstance(value, str)]  # sets of codes stand there too
    assert codes
    for code in codes:
        assert reason(code, "zh") != code, code
        assert reason(code, "en") != code, code


def test_a_reason_of_somebody_else_is_its_own_word() -> None:
    assert reason("plugin_said_no", "zh") == "plugin_said_no"
    assert text("no.such.key", "en") == "no.such.key"
