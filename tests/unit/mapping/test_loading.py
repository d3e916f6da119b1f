"""Field maps from their tables, and what a configuration may say differently."""

import pytest

from mapping.errors import ConfigError
from mapping.loading import check_connections, load_maps, overrides_of

DEFAULTS = {
    "account": {"object": "Firms", "fields": {"name": "Name"}},
    "contact": {
        "object": "People",
        "fields": {
            "key": {"remote": "Key", "optional": True},
            "name": {"remote": ["Last", "First"], "codec": "person_name"},
            "email": "Email",
        },
    },
    "project": {"object": "Deals", "constants": {"Stage": "One"}, "fields": {"name": "Name"}},
    "task": {
        "object": "Tasks",
        "optional": True,
        "fields": {
            "title": "Subject",
            "status": {"remote": "Status", "options": {"Open": ["in_progress", "submitted"], "Shut": "done", "-": []}},
            "project": {"remote": ["What", "Module"], "codec": "ref_with_module"},
            "overdue_since": {
                "remote": "Since",
                "direction": "to_remote",
                "optional": True,
                "otherwise": {"remote": "Tag", "codec": "flag_tag", "options": {"late": []}, "direction": "to_remote"},
            },
        },
    },
}


def load(**overrides):
    return load_maps(DEFAULTS, overrides, "crm")


def field(map, name):
    return next(one for one in map.fields if one.field == name)


def test_defaults_alone_work_and_parents_come_first():
    maps = load()
    assert list(maps) == ["account", "contact", "project", "task"]
    task = maps["task"]
    assert (task.object, task.optional, task.writable, task.where) == ("Tasks", True, True, ())
    assert field(task, "status").options == {"Open": ("in_progress", "submitted"), "Shut": ("done",), "-": ()}
    assert maps["project"].constants == {"Stage": "One"}
    assert field(maps["contact"], "key").optional


def test_a_second_home_comes_after_the_first():
    homes = [one for one in load()["task"].fields if one.field == "overdue_since"]
    assert [one.remote for one in homes] == [("Since",), ("Tag",)]


def test_references_learn_the_names_of_the_mapped_objects():
    maps = load(project={"object": "Projects"}, account={"enabled": False})
    assert field(maps["task"], "project").options == {
        "People": ("contact",),
        "Projects": ("project",),
        "Tasks": ("task",),
    }


def test_a_string_names_another_remote_field_that_must_exist():
    changed = field(load(contact={"fields": {"key": "My_Key"}})["contact"], "key")
    assert changed.remote == ("My_Key",)
    assert not changed.optional


def test_an_override_keeps_what_it_does_not_say():
    changed = field(load(task={"fields": {"status": "State"}})["task"], "status")
    assert (changed.remote, changed.options["Shut"]) == (("State",), ("done",))


def test_one_field_instead_of_two_loses_the_codec_of_two():
    changed = field(load(contact={"fields": {"name": "Full"}})["contact"], "name")
    assert (changed.remote, changed.codec) == (("Full",), None)


def test_a_table_without_remote_changes_single_settings_of_every_home():
    maps = load(task={"fields": {"overdue_since": {"direction": "both"}, "status": {"options": {"X": "done"}}}})
    homes = [one for one in maps["task"].fields if one.field == "overdue_since"]
    assert [one.direction for one in homes] == ["both", "both"]
    assert [one.codec for one in homes] == [None, "flag_tag"]
    assert homes[0].optional
    assert field(maps["task"], "status").options == {"X": ("done",)}


def test_an_override_may_name_its_own_second_home():
    raw = {"overdue_since": {"remote": "A", "otherwise": "B"}}
    homes = [one for one in load(task={"fields": raw})["task"].fields if one.field == "overdue_since"]
    assert [(one.remote, one.optional) for one in homes] == [(("A",), True), (("B",), False)]


def test_a_field_can_be_left_out_and_one_added():
    maps = load(contact={"fields": {"email": False, "title": "Job", "shoe_size": {"remote": "Shoe", "extra": True}}})
    assert {one.field for one in maps["contact"].fields} == {"key", "name", "title", "shoe_size"}


def test_a_field_that_was_never_mapped_may_be_switched_off():
    assert "opt_out" not in {one.field for one in load(contact={"fields": {"opt_out": False}})["contact"].fields}


def test_an_object_can_be_renamed_scoped_and_switched_off():
    maps = load(
        task={"object": "Jobs", "where": [["Kind", "in", ["a", "b"]]], "constants": {"By": "us"}, "writable": False},
        contact={"enabled": False},
    )
    assert "contact" not in maps
    task = maps["task"]
    assert (task.object, task.optional, task.writable) == ("Jobs", False, False)
    assert task.where == (("Kind", "in", ("a", "b")),)
    assert task.constants == {"By": "us"}


def test_an_entity_without_default_can_be_mapped_whole():
    maps = load(feedback={"object": "Tickets", "fields": {"subject": "Title"}})
    assert maps["feedback"].object == "Tickets"


def test_an_empty_override_changes_nothing():
    assert load(task={}) == load()
    assert load_maps({}, {}, "crm") == {}


def test_tables_of_other_connections_are_not_ours():
    tables = {"task": {"other": {"object": "X"}, "crm": {"object": "Y"}}, "contact": {"other": {}}}
    assert overrides_of(tables, "crm") == {"task": {"object": "Y"}}
    assert overrides_of({}, "crm") == {}


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"taks": {}}, "did you mean 'task'?"),
        ({"task": {"fields": {"tilte": "X"}}}, "did you mean 'title'?"),
        ({"task": {"fields": {"zzz": "X"}}}, "extra = true"),
        ({"task": {"feilds": {}}}, "did you mean 'fields'?"),
        ({"task": {"fields": {"title": {"remot": "X"}}}}, "did you mean 'remote'?"),
        ({"task": {"fields": {"title": {"remote": "X", "direction": "to_rmote"}}}}, "did you mean 'to_remote'?"),
        ({"task": {"fields": {"title": {"codec": "txt"}}}}, "did you mean 'text'?"),
        ({"task": {"fields": {"title": {"codec": "date_ms"}}}}, "a codec for text"),
        ({"contact": {"fields": {"name": {"remote": "X", "codec": "person_name"}}}}, "2 remote fields"),
        ({"task": {"fields": {"title": 5}}}, "found 5"),
        ({"task": {"fields": {"title": True}}}, "found True"),
        ({"task": {"fields": {"title": {"remote": ["A", ""]}}}}, "remote field name"),
        ({"feedback": {"object": "T", "fields": {"subject": {"direction": "both"}}}}, "remote field name"),
        ({"task": {"fields": {"status": {"options": {"A": 5}}}}}, "code or a list of codes"),
        ({"task": {"fields": {"status": {"options": "A"}}}}, "expected a table"),
        ({"task": {"fields": {"status": {"options": {"A": "in_progres"}}}}}, "did you mean 'in_progress'?"),
        ({"task": {"fields": {"status": {"options": {"A": "done", "a": "on_hold"}}}}}, "differ in more than case"),
        ({"task": {"fields": {"project": {"options": {"Deals": "projekt"}}}}}, "did you mean 'project'?"),
        ({"task": {"fields": {"description": "Subject"}}}, "a field that title does not write too"),
        ({"task": {"fields": "title"}}, "expected a table"),
        ({"task": {"enabled": "no"}}, "true or false"),
        ({"task": {"object": ""}}, "name of a remote object"),
        ({"feedback": {"fields": {"subject": "X"}}}, "name of a remote object"),
        ({"task": {"where": [["A", "equal", 1]]}}, "unknown operator"),
        ({"task": {"constants": "x"}}, "expected a table"),
    ],
)
def test_a_mistake_is_one_clear_line(overrides, words):
    with pytest.raises(ConfigError) as caught:
        load(**overrides)
    assert words in str(caught.value)
    assert caught.value.text("zh")
    assert "\n" not in str(caught.value)


def test_a_table_that_is_no_table_is_named():
    with pytest.raises(ConfigError, match=r"map\.task: found 5"):
        overrides_of({"task": 5}, "crm")
    with pytest.raises(ConfigError, match=r"map\.task\.crm: found 5"):
        load_maps(DEFAULTS, {"task": 5}, "crm")


def test_a_map_for_a_connection_that_is_not_there_is_named():
    check_connections({"task": {"crm": {}}}, ["crm"])
    with pytest.raises(ConfigError, match="did you mean 'crm'"):
        check_connections({"task": {"crn": {}}}, ["crm", "other"])
