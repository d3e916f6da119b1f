"""A plugin for pytest that plants one bug in a connector or in what it sends with: ``DUBAN_PLANT`` names it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest

from connectors import memory
from connectors.fxiaoke import wire as fxiaoke_wire
from connectors.http import Http
from connectors.pacing import Pace
from connectors.zoho.auth import Auth
from connectors.zoho.pull import Puller
from mapping.errors import OutcomeUnknown, PageMalformed, Transient


@dataclass(frozen=True, slots=True)
class Suite:
    """What a bug does, and the tests that must notice it."""

    plant: Callable[[pytest.MonkeyPatch], None]
    suite: tuple[str, ...]


def _lost_wait(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Http, "_note_wait", lambda _self, _error, _answer: None)


def _forgotten_wait(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pace, "blocked_s", lambda _self: 0.0)


def _refresh_each(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Auth, "renew", lambda self, _stale: self._mint())


def _write_again(patch: pytest.MonkeyPatch) -> None:
    """A write whose answer is lost counts as one that did not happen, and is sent again."""
    honest = Http._failure

    def failure(self: Any, call: Any, exc: Any) -> Any:
        error, repeat = honest(self, call, exc)
        return (Transient(str(error)), True) if isinstance(error, OutcomeUnknown) else (error, repeat)

    patch.setattr(Http, "_failure", failure)


def _zoho_no_overlap(patch: pytest.MonkeyPatch) -> None:
    honest = Puller.__init__
    patch.setattr(
        Puller, "__init__",
        lambda self, api, settings: honest(self, api, settings.model_copy(update={"overlap_s": 0.0})),
    )  # fmt: skip


def _nulls_unasked(patch: pytest.MonkeyPatch) -> None:
    for name in ("query_body", "get_body"):
        honest = getattr(fxiaoke_wire, name)
        patch.setattr(fxiaoke_wire, name, lambda *a, honest=honest, **k: {**honest(*a, **k), "includeNull": False})


def _nothing_is_empty(patch: pytest.MonkeyPatch) -> None:
    honest = fxiaoke_wire.read_rows

    def read_rows(body: Any) -> list[Any]:
        try:
            return honest(body)
        except PageMalformed:
            return []

    patch.setattr(fxiaoke_wire, "read_rows", read_rows)


def _memory_stops_early(patch: pytest.MonkeyPatch) -> None:
    honest = memory.MemoryConnector._listed
    patch.setattr(
        memory.MemoryConnector, "_listed",
        lambda self, object, place, hi_ms, limit: honest(self, object, place, hi_ms, limit - 1),
    )  # fmt: skip


_CONTRACT: Final = "tests/contract/test_connectors.py"

SUITES: Final = {
    "a wait the remote names is not kept": Suite(_lost_wait, ("tests/unit/connectors/test_http.py",)),
    "a wait is forgotten with the process": Suite(_forgotten_wait, ("tests/unit/connectors/test_http.py",)),
    "everybody refreshes the token": Suite(_refresh_each, ("tests/wire/zoho/test_auth.py",)),
    "a write without an answer is sent again": Suite(_write_again, (_CONTRACT, "-k", "TestZoho and lost_answer")),
    "a pull without an overlap": Suite(_zoho_no_overlap, (_CONTRACT, "-k", "late_listing_hides")),
    "blank fields are not asked for": Suite(_nulls_unasked, (_CONTRACT, "-k", "TestFxiaokeWithHeaders and blank")),
    "a page that is none counts as empty": Suite(
        _nothing_is_empty, (_CONTRACT, "-k", "TestFxiaokeWithHeaders and page_that_is_none")
    ),
    "a walk ends before its last page": Suite(_memory_stops_early, (_CONTRACT, "-k", "TestMemory")),
}


def pytest_configure(config: pytest.Config) -> None:
    """Plant the bug for as long as this process lives."""
    name = os.environ.get("DUBAN_PLANT", "")
    if name:
        patch = pytest.MonkeyPatch()
        SUITES[name].plant(patch)
        config.add_cleanup(patch.undo)
