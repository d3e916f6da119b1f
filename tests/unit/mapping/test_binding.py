"""A map against live metadata: everything that cannot work is said before anything is read."""

from zoneinfo import ZoneInfo

from connectors.base import FieldSchema
from mapping.fields import UNSEEN
from mapping.loading import bind, load_maps

ZONE = ZoneInfo("Asia/Shanghai")
BY_TYPE = {
    "text": "text", "key": "key", "option": "option", "options": "options", "date": "date_iso", "ref": "ref_object",
    "instant": "instant_iso",
}  # fmt: skip


def live(*fields):
    return {one.name: one for one in fields}


def F(name, type="text", **more):
    return FieldSchema(name=name, type=type, **more)


def codec_for(type, schema):
    return BY_TYPE[type] if schema.type in ("any", type) else None


def bound(fields, schema, **object):
    maps = load_maps({"task": {"object": "Tasks", "fields": fields, **object}}, {}, "crm")
    return bind(maps["task"], schema, codec_for, ZONE)


def said(problems):
    return [str(one) for one in problems]


def test_a_good_map_binds_without_problems():
    fields = {"title": "Subject", "key": "Key", "due": "Due"}
    map, problems = bound(fields, live(F("Subject", length=9), F("Key", "key", unique=True), F("Due", "date")))
    assert problems == []
    assert (map.key_field, map.key_unique, map.entity) == ("Key", True, "task")
    assert map.wire_fields == ("Subject", "Key", "Due")
    assert map.read({"Subject": " x ", "Due": None}) == {"title": "x", "due": None}
    assert all(one.writable for one in map.fields)


def test_a_missing_optional_field_keeps_its_value_in_the_hub():
    map, problems = bound({"title": "Subject", "key": {"remote": "Key", "optional": True}}, live(F("Subject")))
    assert problems == []
    assert map.missing == {"key": ("Key",)}
    assert map.key_field is None
    assert not map.key_unique


def test_a_missing_field_is_named_with_its_neighbour():
    _, problems = bound({"title": "Subjct"}, live(F("Subject")))
    (line,) = said(problems)
    assert "map.task.crm.fields.title" in line
    assert "no field Subjct" in line
    assert "did you mean 'Subject'?" in line
    assert "是否应为" in problems[0].text("zh")


def test_the_second_home_is_used_where_the_first_is_missing():
    fields = {
        "done_at": {"remote": "Done", "optional": True, "otherwise": {"remote": "Created", "direction": "to_hub"}}
    }
    map, problems = bound(fields, live(F("Created", "instant", read_only=True)))
    assert problems == []
    assert map.missing == {}
    (one,) = map.fields
    assert (one.map.remote, one.direction, one.writable) == (("Created",), "to_hub", False)
    map, _ = bound(fields, live(F("Created", "instant"), F("Done", "instant")))
    assert [one.map.remote for one in map.fields] == [("Done",)]


def test_a_tag_needs_no_metadata():
    fields = {
        "overdue_since": {
            "remote": "Since", "optional": True,
            "otherwise": {"remote": "Tag", "codec": "flag_tag", "options": {"late": []}},
        }
    }  # fmt: skip
    map, problems = bound(fields, live())
    assert problems == []
    assert map.read({"Tag": [{"name": "late"}]}) == {"overdue_since": True}
    map, problems = bound(fields, live(F("Tag", "tags", read_only=True)))
    assert problems == []
    assert map.fields[0].writable, "tags are written in their own way, whatever the metadata says"


def test_a_wrong_type_is_named():
    _, problems = bound({"due": "Due"}, live(F("Due", "money")))
    assert "Due is of type money, which cannot carry date" in said(problems)[0]


def test_a_codec_for_another_number_of_fields_is_a_wrong_type():
    _, problems = bound({"title": ["A", "B"]}, live(F("A"), F("B")))
    assert "cannot carry text" in said(problems)[0]


def test_a_read_only_field_cannot_be_written():
    schema = live(F("Subject", read_only=True))
    map, problems = bound({"title": "Subject"}, schema)
    assert "Subject is read-only" in said(problems)[0]
    assert not map.fields[0].writable
    assert bound({"title": {"remote": "Subject", "direction": "to_hub"}}, schema)[1] == []
    assert bound({"title": "Subject"}, schema, writable=False)[1] == []


def test_both_sides_of_an_option_map_are_checked():
    fields = {"status": {"remote": "Status", "options": {"Open": ["in_progress"], "Shut": ["done"], "-": []}}}
    _, problems = bound(fields, live(F("Status", "option", options=("open", "Closed"))))
    lines = said(problems)
    assert any("Status has no option 'Shut'" in line and "options there: open, Closed" in line for line in lines)
    assert any("unmapped option 'Closed' of Status" in line for line in lines)
    assert len(lines) == 2


def test_codes_that_the_picklist_lacks_are_a_loss_and_not_a_problem():
    map, problems = bound({"severity": "Sev"}, live(F("Sev", "option", options=("S1", "S2", "S9"))))
    assert ["unmapped option 'S9'" in line for line in said(problems)] == [True]
    assert map.fields[0].codec.to_remote("S3", None).loss == "no_option"


def test_free_options_are_not_compared():
    fields = {"stage": {"remote": "Stage", "codec": "option"}}
    assert bound(fields, live(F("Stage", options=("a", "b"))))[1] == []


def test_a_required_field_that_nothing_fills_is_named():
    schema = live(F("Subject"), F("Origin", required=True), F("Auto", required=True, read_only=True))
    _, problems = bound({"title": "Subject"}, schema)
    assert ["Origin is required" in line for line in said(problems)] == [True]
    assert bound({"title": "Subject"}, schema, constants={"Origin": "Web"})[1] == []
    assert bound({"title": "Subject"}, schema, writable=False)[1] == []


def test_a_required_field_that_is_only_read_is_not_filled():
    _, problems = bound({"title": {"remote": "Subject", "direction": "to_hub"}}, live(F("Subject", required=True)))
    assert "nothing fills it" in said(problems)[0]


def test_constants_are_checked_too():
    schema = live(F("Subject"), F("Origin", options=("Web", "Phone")))
    _, problems = bound({"title": "Subject"}, schema, constants={"Origin": "Fax", "Orgin": "Web"})
    assert "Origin has no option 'Fax'" in said(problems)[0]
    assert "did you mean 'Origin'?" in said(problems)[1]


def test_scope_fields_must_be_there():
    _, problems = bound({"title": "Subject"}, live(F("Subject")), where=[["Sbject", "is_set"], ["zzz", "is_set"]])
    assert "where names 'Sbject'" in said(problems)[0]
    assert "did you mean 'Subject'?" in said(problems)[0]
    assert "did you mean" not in said(problems)[1]


def test_a_missing_object_is_a_problem_unless_optional():
    map, problems = bound({"title": "Subject"}, None)
    assert "no such object" in said(problems)[0]
    assert map.fields == ()
    assert bound({"title": "Subject"}, None, optional=True)[1] == []


def test_a_system_field_beside_a_reference_needs_no_metadata():
    fields = {"project": {"remote": ["What", "$mod"], "codec": "ref_with_module", "options": {"Deals": "project"}}}
    map, problems = bound(fields, live(F("What", "ref")))
    assert problems == []
    assert map.wire_fields == ("What", "$mod")
    assert map.read({"What": {"id": "1"}, "$mod": "Leads"}) == {}


def test_a_set_is_marked_for_merging():
    maps = load_maps({"contact": {"object": "P", "fields": {"roles": "Roles", "name": "Name"}}}, {}, "crm")
    map, _ = bind(maps["contact"], live(F("Roles", "options"), F("Name")), codec_for, ZONE)
    assert [(one.name, one.set_typed) for one in map.fields] == [("roles", True), ("name", False)]


def test_an_author_is_never_writable():
    maps = load_maps(
        {
            "comment": {
                "object": "N",
                "fields": {"author": {"remote": "By", "codec": "created_user", "direction": "to_hub"}},
            }
        },
        {},
        "crm",
    )
    map, problems = bind(maps["comment"], live(F("By", "user")), codec_for, ZONE)
    assert problems == []
    assert not map.fields[0].writable
    assert map.fields[0].codec.read({}) is UNSEEN
