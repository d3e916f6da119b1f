"""The pages an admin works from say what the shipped maps do."""

import runpy
from pathlib import Path

import pytest

from mapping.codecs import CODECS
from mapping.fields import FieldMap
from mapping.loading import DIRECTIONS
from mapping.scope import OPERATORS

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def renderer():
    return runpy.run_path(str(ROOT / "docs" / "render_maps.py"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_tables_are_those_of_the_shipped_maps(renderer, language):
    page = renderer["PAGES"][language].read_text("utf-8")
    assert page == renderer["fill"](page, renderer["render"](language)), "run: python docs/render_maps.py"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_word_a_map_may_use_is_explained(renderer, language):
    page = renderer["PAGES"][language].read_text("utf-8")
    for word in (*CODECS, *DIRECTIONS, *OPERATORS):
        assert f"`{word}`" in page, word


def test_every_custom_field_can_be_created_from_the_page(renderer):
    page = renderer["render"]("en")
    for kind, maps in renderer["shipped"]().items():
        for map in maps.values():
            for one in map.fields:
                assert isinstance(one, FieldMap)
                for remote in one.remote:
                    if renderer["CUSTOM"][kind].fullmatch(remote):
                        assert f"| `{map.object}` | `{remote}` |" in page


def test_a_page_that_lost_its_marks_is_noticed(renderer):
    with pytest.raises(ValueError, match="marks"):
        renderer["fill"]("# nothing", "tables")
