"""In memory and through the real connectors the same story ends the same; ``DUBAN_LEVELS`` sets how many are told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.simulation.levels import compare

_STORIES = int(os.environ.get("DUBAN_LEVELS", "200"))
_A_BATCH = 25


@pytest.mark.no_cover
@pytest.mark.parametrize("first", range(0, _STORIES, _A_BATCH))
def test_a_story_ends_over_the_wire_as_it_does_in_memory(first: int, tmp_path: Path) -> None:
    for seed in range(40_000 + first, 40_000 + first + _A_BATCH):
        assert compare(seed, tmp_path) == {}, seed
