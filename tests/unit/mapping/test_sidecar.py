"""Fields duban understands that have no column: typed, mappable, and apart from those that have one."""

import pytest

from mapping.errors import ConfigError
from mapping.loading import load_maps
from mapping.records import ENTITIES, FIELDS, SIDECAR, hub_field, is_known


def mapped(**fields):
    overrides = {"task": {"object": "Tasks", "fields": {"title": "Subject", **fields}}}
    return {one.field: one for one in load_maps({}, overrides, "crm")["task"].fields}


@pytest.mark.parametrize("entity", ENTITIES)
def test_no_name_stands_for_two_fields(entity):
    assert not set(FIELDS[entity]) & set(SIDECAR[entity])
    assert all(name == field.name for name, field in SIDECAR[entity].items())


def test_a_field_without_a_column_has_its_own_type():
    assert hub_field("task", "change_cost").type == "money"
    assert hub_field("task", "held_at").type == "instant"
    assert hub_field("project", "sponsor").target == "contact"
    assert hub_field("task", "shoe_size").type == "text"
    assert (is_known("task", "mandatory"), is_known("task", "shoe_size")) == (True, False)


def test_a_map_gives_it_a_home_without_further_words():
    fields = mapped(
        approved_due={"remote": "Approved__c", "direction": "to_remote"},
        change_cost={"remote": "Cost__c", "codec": "money"},
        response={"remote": "Response__c", "options": {"Mitigate": "mitigate"}},
    )
    assert fields["approved_due"].direction == "to_remote"
    assert fields["response"].options == {"Mitigate": ("mitigate",)}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"probabillity": "P__c"}, "probability"),
        ({"response": {"remote": "R", "options": {"X": "mitigation"}}}, "mitigate"),
        ({"held_at": {"remote": "H", "codec": "date_iso"}}, "instant"),
    ],
)
def test_a_mistake_in_one_names_what_would_be_right(fields, words):
    with pytest.raises(ConfigError) as caught:
        mapped(**fields)
    assert words in f"{caught.value} {caught.value.next_step}"
