"""No registered secret leaves through a log, whichever way it got in."""

from __future__ import annotations

import base64
import json
import logging
import urllib.parse
from collections.abc import Iterator

import pytest
import structlog

from commands import logging as house

SECRET = "s3cret/value+with=signs"


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    house._secrets.clear()


def test_a_secret_is_masked_by_value_in_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    house.set_up(level="debug", color=False)
    house.hide([SECRET])
    forms = [SECRET, urllib.parse.quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()]
    log = logging.getLogger("duban.test")
    for form in forms:
        log.warning("sent %s to them", form)
        structlog.get_logger("duban.test").info("sent", body={"inner": [form]}, other=Exception(form))
    try:
        raise ValueError(f"bad answer: {SECRET}")
    except ValueError:
        log.exception("failed")
    said = capsys.readouterr().err
    for form in forms:
        assert form not in said
    assert said.count(house.MASK) >= 7
    assert "Traceback" in said


def test_lines_are_json_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    house.set_up(level="info", color=False)
    logging.getLogger("duban.test").info("round %d done\nforged line", 3)
    logging.getLogger("httpx").info("not ours")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["event"] == "round 3 done\nforged line"


def test_a_traceback_can_be_shown_without_secrets() -> None:
    house.hide([SECRET, "abc"])
    assert SECRET not in house.hidden_traceback(ValueError(SECRET))
    assert house.masked("abc") == "abc"
