"""Reading and writing single values, friendly and nasty ones."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from mapping.codecs import CODECS, KINDS, make_codec
from mapping.errors import RecordRefused
from mapping.fields import UNSEEN, Encoded, FieldMap
from mapping.records import hub_field

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class Book:
    """Who is who, as a plain table."""

    uids: dict = field(default_factory=dict)
    people: dict = field(default_factory=dict)

    def uid(self, entity, remote_id):
        return self.uids.get((entity, remote_id))

    def remote_id(self, entity, uid):
        return next((id for (kind, id), held in self.uids.items() if kind == entity and held == uid), None)

    def email(self, user_id):
        return self.people.get(user_id)

    def user_id(self, email):
        return next((id for id, held in self.people.items() if held == email), None)


BOOK = Book({("project", "p9"): "u-p", ("contact", "c9"): "u-c", ("task", "t9"): "u-t"}, {"42": "li@x.example"})


def codec(name, hub="task.title", remote=("F",), options=None, zone=SHANGHAI, live=(), **limits):
    entity, field_name = hub.split(".")
    map = FieldMap(field=field_name, remote=remote, codec=name, options=options)
    field = hub_field(entity, field_name)
    return make_codec(name, entity=entity, field=field, map=map, zone=zone, options=live, **limits)


SIMPLE = {
    "text": "task.title", "long_text": "task.description", "email": "contact.email", "phone": "contact.phone",
    "url": "account.website", "key": "task.key", "number_text": "feedback.score", "number": "feedback.score",
    "money_text": "project.budget", "money": "project.budget", "boolean": "contact.opt_out", "date_iso": "task.due",
    "date_ms": "task.due", "instant_iso": "task.done_at", "instant_ms": "task.done_at", "option": "task.status",
    "options": "contact.roles", "options_joined": "contact.roles", "ref_object": "task.project",
    "ref_id": "task.project", "user_object": "task.owner", "user_list": "task.owner", "created_user": "comment.author",
    "flag_tag": "task.overdue_since", "parent_object": "comment.parent",
}  # fmt: skip


@pytest.mark.parametrize(("name", "hub"), SIMPLE.items())
def test_unseen_is_never_blank(name, hub):
    made = codec(name, hub)
    assert made.read({}) is UNSEEN
    assert made.read({"F": None}) is None
    assert made.to_hub(None, None, BOOK) is None


def test_every_codec_is_covered_here():
    assert set(SIMPLE) | {"person_name", "ref_with_module", "parent_pair"} == set(CODECS)


@pytest.mark.parametrize(("name", "hub"), SIMPLE.items())
@pytest.mark.parametrize("raw", [{"x": 1}, [[1], [2]], 1.5, float("nan"), [{"y": 1}, {"z": 2}], "\ud800<script>"])
def test_a_wrong_type_is_refused_without_repeating_it(name, hub, raw):
    said = ""
    try:
        value = codec(name, hub).read({"F": raw})
    except RecordRefused as refused:
        said = refused.text("en") + refused.text("zh")
    else:
        assert value is UNSEEN or isinstance(value, str | int | bool | list | None)
    assert not said or ("F" in said and "script" not in said)


@pytest.mark.parametrize("name", ["text", "long_text", "phone", "number_text", "instant_ms", "date_iso", "option"])
def test_an_empty_text_is_blank(name):
    assert codec(name, SIMPLE[name]).read({"F": ""}) is None


def test_text_that_is_too_long_is_not_sent_and_never_cut():
    made = codec("text", length=4)
    assert made.to_remote("abcd", BOOK) == Encoded("abcd")
    assert made.to_remote("abcde", BOOK) == Encoded(UNSEEN, "too_long")
    assert made.to_remote("𠮷𠮷", BOOK) == Encoded("𠮷𠮷")
    assert made.to_remote("𠮷𠮷a", BOOK) == Encoded(UNSEEN, "too_long")


def test_a_hub_text_that_reads_the_same_stays_as_the_person_wrote_it():
    made = codec("text")
    assert made.to_hub("a b", "a\nb", BOOK) == "a\nb"
    assert made.to_hub("a c", "a\nb", BOOK) == "a c"


WRONG = {
    "boolean": "yes", "instant_iso": "now", "instant_ms": True, "options": "it", "options_joined": "it",
    **dict.fromkeys(("number", "number_text", "money", "money_text"), "many"),
}  # fmt: skip


def test_a_hub_value_of_the_wrong_kind_is_reported_and_not_sent():
    for name, hub in SIMPLE.items():
        if name in ("flag_tag", "created_user"):
            continue
        value = WRONG.get(name, 5.5)
        assert codec(name, hub).to_remote(value, BOOK).value is UNSEEN, name


def test_a_whole_number_may_stand_for_text():
    assert codec("text").read({"F": 7}) == "7"


def test_long_text_keeps_lines_and_emoji():
    text = "第一行\n<b>二</b>\t{{x}} 👩‍👩‍👧 " + "长" * 65536
    assert codec("long_text", "task.description").read({"F": text.replace("\n", "\r\n")}) == text


@pytest.mark.parametrize(
    ("raw", "value"),
    [("100.01", "100.01"), ("95.0", "95"), (12.5, "12.5"), (3, "3"), ("1e2", "100"), (" 7 ", "7"), (-0.0, "0"),
     ("-.50", "-0.5"), (0.1, "0.1"), ("0", "0")],
)  # fmt: skip
def test_numbers_are_read_in_every_shape(raw, value):
    assert codec("number_text", "feedback.score").read({"F": raw}) == value


@pytest.mark.parametrize(
    "raw", ["1,234.50", "1e400", "NaN", "inf", float("inf"), True, "１２", "٣", [1], "0x10", 10**60]
)
def test_what_is_no_number_is_refused(raw):
    with pytest.raises(RecordRefused, match="expected a number"):
        codec("money", "project.budget").read({"F": raw})


def test_a_number_is_rounded_half_up_and_says_so():
    made = codec("number_text", "feedback.score", decimals=2)
    assert made.to_remote("4.125", BOOK) == Encoded("4.13", "rounded")
    assert made.to_remote("-4.125", BOOK) == Encoded("-4.13", "rounded")
    assert made.to_remote("4.1", BOOK) == Encoded("4.1")
    assert made.to_hub("4.13", "4.125", BOOK) == "4.125"
    assert made.to_hub("4.13", "4.2", BOOK) == "4.13"
    assert made.to_hub("4.13", None, BOOK) == "4.13"


def test_a_json_number_that_a_double_cannot_hold_says_so():
    made = codec("number", "feedback.score")
    assert made.to_remote("0.1", BOOK) == Encoded("0.1")
    assert made.to_remote("1.2345678901234567890", BOOK).loss == "rounded"
    assert made.to_remote("9007199254740993", BOOK).loss == "rounded"
    assert made.write("12") == {"F": 12}
    assert made.write("12.5") == {"F": 12.5}


def test_a_number_with_too_many_digits_is_not_sent():
    assert codec("money_text", "project.budget", length=5).to_remote("12345.6", BOOK) == Encoded(UNSEEN, "too_long")


def test_an_empty_box_says_nothing_and_a_tick_fills_it():
    made = codec("boolean", "contact.opt_out")
    assert [made.read({"F": raw}) for raw in (True, "true", 1, "1")] == [True] * 4
    assert [made.read({"F": raw}) for raw in (False, "false", 0, None, "")] == [None] * 5
    assert made.to_hub(None, False, BOOK) is False
    assert made.to_hub(None, True, BOOK) is False
    assert made.to_hub(None, None, BOOK) is None
    assert made.to_remote(False, BOOK) == made.to_remote(None, BOOK) == Encoded(None)
    assert made.write(None) == {"F": False}
    with pytest.raises(RecordRefused):
        made.read({"F": "perhaps"})


@pytest.mark.parametrize("raw", ["2026-12-31", "2026-12-31T23:59:59+08:00", " 2026-12-31 ", "2026-12-31 08:00"])
def test_a_day_is_read_without_its_clock(raw):
    assert codec("date_iso", "task.due").read({"F": raw}) == "2026-12-31"


@pytest.mark.parametrize(
    "raw", ["2026-02-30", "20261231", "31.12.2026", "1969-12-31", "2026-12-31x", 20261231, "0001-01-01"]
)
def test_what_is_no_day_is_refused(raw):
    with pytest.raises(RecordRefused):
        codec("date_iso", "task.due").read({"F": raw})


def test_a_day_in_milliseconds_is_the_local_day():
    made = codec("date_ms", "task.due")
    for raw in (1619712000000, "1619712000000", 1619712000000.0, 1619712000000 + 86_399_999):
        assert made.read({"F": raw}) == "2021-04-30"
    assert made.write("2021-04-30") == {"F": 1619712000000}
    assert made.write(None) == {"F": None}


@pytest.mark.parametrize(
    "zone", ["America/Sao_Paulo", "Asia/Tehran", "Pacific/Apia", "Europe/Berlin", "Africa/Monrovia"]
)
def test_a_day_survives_midnights_that_clocks_skipped(zone):
    made = codec("date_ms", "task.due", zone=ZoneInfo(zone))
    for day in ("2018-11-04", "2022-03-22", "2026-03-29", "1970-01-02", "9999-12-31"):
        assert made.read(made.write(day)) == day


@pytest.mark.parametrize("raw", [-(10**12), 10**15, "abc", 1.5, True, "--5", "１", "9" * 30])
def test_milliseconds_outside_the_calendar_are_refused(raw):
    with pytest.raises(RecordRefused):
        codec("date_ms", "task.due").read({"F": raw})


@pytest.mark.parametrize(
    "raw",
    ["2026-11-23T15:54:37+08:00", "2026-11-23T07:54:37Z", "2026-11-23T07:54:37.999Z", "2026-11-23 15:54:37+0800",
     "2026-11-23T02:54:37-05:00", 1795420477123, "1795420477000"],
)  # fmt: skip
def test_an_instant_is_read_with_any_offset_to_the_second(raw):
    assert codec("instant_iso", "task.done_at").read({"F": raw}) == 1795420477000


@pytest.mark.parametrize(
    "raw",
    ["2026-11-23T15:54:37", "2026-11-23T24:00:00+08:00", "2026-11-23T24:00Z", "2026-W48-1T10:00:00+08:00",
     "2026-11-23T15:54:37.12345", "yesterday", "1969-12-31T23:59:59Z", "2026-13-01T00:00:00+00:00",
     "9999-12-31T23:59:59-12:00", "2026-13-01T00:00Z"],
)  # fmt: skip
def test_a_time_that_could_mean_anything_is_refused(raw):
    with pytest.raises(RecordRefused):
        codec("instant_iso", "task.done_at").read({"F": raw})


def test_an_instant_is_written_in_the_organisations_offset():
    made = codec("instant_iso", "task.done_at")
    assert made.write(1795420477000) == {"F": "2026-11-23T15:54:37+08:00"}
    assert made.write(None) == {"F": None}
    assert made.to_remote(1795420477123, BOOK) == Encoded(1795420477000, "rounded")
    assert made.to_hub(1795420477000, 1795420477123, BOOK) == 1795420477123
    odd = codec("instant_iso", "task.done_at", zone=ZoneInfo("Africa/Monrovia"))
    assert odd.read(odd.write(86_400_000)) == 86_400_000


def test_milliseconds_keep_milliseconds():
    made = codec("instant_ms", "task.done_at")
    assert made.read({"F": "1795420477123"}) == 1795420477123
    assert made.to_remote(1795420477123, BOOK) == Encoded(1795420477123)
    assert made.to_remote(-1, BOOK) == Encoded(UNSEEN, "not_exact")


STATUS = {"Not Started": ("not_started",), "In Progress": ("in_progress", "submitted"), "Waiting": ("waiting_client",),
          "-None-": ()}  # fmt: skip


def test_an_option_stands_for_a_class_of_codes():
    made = codec("option", "task.status", options=STATUS)
    assert made.read({"F": "in progress"}) == "In Progress"
    assert made.to_hub("In Progress", "submitted", BOOK) == "submitted"
    assert made.to_hub("In Progress", "done", BOOK) == "in_progress"
    assert made.to_remote("submitted", BOOK) == Encoded("In Progress")
    assert made.to_remote("done", BOOK) == Encoded(UNSEEN, "no_option")
    assert made.write("In Progress") == {"F": "In Progress"}


def test_an_option_may_stand_for_blank():
    made = codec("option", "task.status", options=STATUS)
    assert made.read({"F": "-None-"}) is None
    assert made.read({"F": "-none-"}) is None


def test_an_unmapped_option_is_refused_and_never_guessed():
    with pytest.raises(RecordRefused, match="option of the field map"):
        codec("option", "task.status", options=STATUS).read({"F": "Secret plan"})
    with pytest.raises(RecordRefused):
        codec("options", "contact.roles").read({"F": ["it", "wizard"]})


def test_an_option_is_written_as_the_remote_spells_it_today():
    made = codec("option", "task.status", options=STATUS, live=("in PROGRESS", "Waiting"))
    assert made.to_remote("in_progress", BOOK) == Encoded("in PROGRESS")
    assert made.read({"F": "In Progress"}) == "in PROGRESS"
    assert made.to_remote("not_started", BOOK) == Encoded(UNSEEN, "no_option")
    free = codec("option", "task.stage", live=("Testing",))
    assert free.to_remote("testing", BOOK) == Encoded("Testing")


def test_codes_are_options_of_their_own():
    made = codec("option", "task.severity")
    assert made.read({"F": "s2"}) == "S2"
    assert made.to_hub("S2", None, BOOK) == "S2"
    assert made.read({"F": ["S2"]}) == "S2"
    assert made.read({"F": []}) is None


def test_a_field_without_codes_takes_any_option():
    made = codec("option", "task.stage")
    assert made.read({"F": 3}) == "3"
    assert made.to_hub("testing", None, BOOK) == "testing"
    assert made.to_remote("testing", BOOK) == Encoded("testing")
    assert not made.lossy


def test_options_are_a_sorted_set_with_classes():
    made = codec("options", "contact.roles", options={"Boss": ("sponsor", "decision_maker"), "IT": ("it",)})
    assert made.read({"F": ["it", "Boss", "IT"]}) == ["Boss", "IT"]
    assert made.read({"F": "IT"}) == ["IT"]
    assert made.to_hub(["Boss", "IT"], ["decision_maker"], BOOK) == ["decision_maker", "it"]
    assert made.to_hub(["Boss"], None, BOOK) == ["sponsor"]
    assert made.to_remote(["it", "sponsor", "decision_maker"], BOOK) == Encoded(["Boss", "IT"])
    assert made.to_remote(["finance"], BOOK) == Encoded(UNSEEN, "no_option")
    assert made.to_remote([], BOOK) == Encoded(None)
    assert made.write(None) == {"F": []}


def test_five_hundred_options_are_read():
    made = codec("options", "contact.roles", options={f"o{n}": ("it",) for n in range(500)})
    assert len(made.read({"F": [f"O{n}" for n in range(500)]})) == 500


def test_joined_options_are_one_text():
    made = codec("options_joined", "contact.roles")
    assert made.read({"F": "sponsor; it;"}) == ["it", "sponsor"]
    assert made.write(["it", "sponsor"]) == {"F": "it;sponsor"}
    assert made.write(None) == {"F": None}


def test_a_tag_stands_for_a_flag_and_other_tags_are_left_alone():
    made = codec("flag_tag", "task.overdue_since", options={"duban-overdue": ()})
    assert made.read({"F": [{"name": "VIP", "id": "1"}, {"name": "Duban-Overdue", "id": "2"}]}) is True
    assert made.read({"F": ["VIP"]}) is None
    assert made.read({"F": []}) is None
    assert made.to_remote("2026-11-20", BOOK) == Encoded(True)
    assert made.to_remote(None, BOOK) == Encoded(None)
    assert made.write(True) == {"F": {"add": ["duban-overdue"]}}
    assert made.write(None) == {"F": {"remove": ["duban-overdue"]}}
    assert made.to_hub(True, "2026-11-20", BOOK) == "2026-11-20"
    assert made.to_hub(True, None, BOOK) is UNSEEN
    with pytest.raises(RecordRefused):
        made.read({"F": "VIP"})


@pytest.mark.parametrize("raw", [{"id": "p9", "name": "X"}, "p9", " p9 ", ["p9"], {"id": " p9"}])
def test_a_reference_is_its_id_in_any_shape(raw):
    made = codec("ref_object", "task.project")
    assert made.read({"F": raw}) == "p9"
    assert made.to_hub("p9", None, BOOK) == "u-p"


def test_an_id_may_be_a_whole_number_but_not_a_float():
    made = codec("ref_id", "task.project")
    assert made.read({"F": 554023000000123}) == "554023000000123"
    for raw in (5.54e14, {"name": "no id"}, ["a", "b"]):
        with pytest.raises(RecordRefused):
            made.read({"F": raw})


def test_a_reference_to_a_stranger_is_unseen_inward_and_unsent_outward():
    made = codec("ref_object", "task.project")
    assert made.to_hub("p1", "u-p", BOOK) is UNSEEN
    assert made.to_remote("u-x", BOOK) == Encoded(UNSEEN, "not_linked")
    assert made.to_remote("u-p", BOOK) == Encoded("p9")
    assert made.to_hub("p9", "u-p", BOOK) == "u-p"
    assert made.write("p9") == {"F": {"id": "p9"}}
    assert made.write(None) == {"F": None}
    assert codec("ref_id", "task.project").write("p9") == {"F": "p9"}


def test_a_reference_into_another_object_is_neither_cleared_nor_overwritten():
    made = codec("ref_with_module", "task.project", ("What", "$mod"), {"Deals": ("project",), "Accounts": ("account",)})
    assert made.read({"What": {"id": "p9"}, "$mod": "Deals"}) == "p9"
    assert made.read({"What": {"id": "a1"}, "$mod": "Accounts"}) is UNSEEN
    assert made.read({"What": {"id": "a1"}}) is UNSEEN
    assert made.read({"What": {"id": "p9", "module": {"api_name": "Deals"}}}) == "p9"
    assert made.read({"What": None, "$mod": None}) is None
    assert made.read({"$mod": "Deals"}) is UNSEEN
    assert made.write("p9") == {"What": {"id": "p9"}, "$mod": "Deals"}
    assert made.write(None) == {"What": None}
    assert made.to_hub("p9", None, BOOK) == "u-p"
    assert made.to_remote("u-p", BOOK) == Encoded("p9")


def test_a_parent_is_known_by_kind_and_id():
    made = codec("parent_object", "comment.parent", options={"Tasks": ("task",), "Deals": ("project",)})
    assert made.read({"F": {"module": {"api_name": "Tasks"}, "id": "t9"}}) == "task:t9"
    assert made.read({"F": {"module": "Deals", "id": "p9"}}) == "project:p9"
    assert made.read({"F": {"module": {"api_name": "Leads"}, "id": "1"}}) is UNSEEN
    assert made.read({"F": {"id": "1"}}) is UNSEEN
    assert made.to_hub("task:t9", None, BOOK) == "task:u-t"
    assert made.to_hub("task:t9", "task:u-t", BOOK) == "task:u-t"
    assert made.to_hub("task:t1", None, BOOK) is UNSEEN
    assert made.to_remote("task:u-t", BOOK) == Encoded("task:t9")
    assert made.to_remote("task:u-x", BOOK) == Encoded(UNSEEN, "not_linked")
    assert made.to_remote("contact:u-c", BOOK) == Encoded(UNSEEN, "no_home")
    assert made.to_remote("nonsense", BOOK) == Encoded(UNSEEN, "not_exact")
    assert made.to_remote(None, BOOK) == Encoded(None)
    assert made.write("task:t9") == {"F": {"module": {"api_name": "Tasks"}, "id": "t9"}}
    assert made.write(None) == {"F": None}


def test_a_parent_in_two_fields():
    made = codec("parent_pair", "comment.parent", ("id", "kind"))
    assert made.read({"id": "t9", "kind": "task"}) == "task:t9"
    assert made.read({"id": "t9", "kind": "lead"}) is UNSEEN
    assert made.read({"id": "t9"}) is UNSEEN
    assert made.read({"id": None, "kind": None}) is None
    assert made.read({"kind": "task"}) is UNSEEN
    assert made.write("task:t9") == {"id": "t9", "kind": "task"}
    assert made.write(None) == {"id": None, "kind": None}


def test_people_are_known_by_email():
    made = codec("user_object", "task.owner")
    assert made.read({"F": {"id": "42", "name": "Li", "email": "li@x.example"}}) == "42"
    assert made.to_hub("42", None, BOOK) == "li@x.example"
    assert made.to_hub("42", "LI@x.example", BOOK) == "LI@x.example"
    assert made.to_hub("7", "li@x.example", BOOK) is UNSEEN
    assert made.to_remote("Li@X.example", BOOK) == Encoded("42")
    assert made.to_remote("gone@x.example", BOOK) == Encoded(UNSEEN, "no_user")
    assert made.to_remote(None, BOOK) == Encoded(UNSEEN)
    assert made.write("42") == {"F": {"id": "42"}}
    assert made.write(None) == {"F": None}


def test_people_may_come_as_a_list():
    made = codec("user_list", "task.owner")
    assert made.read({"F": ["42", "7"]}) == "42"
    assert made.read({"F": "42"}) == "42"
    assert made.read({"F": []}) is None
    assert made.write("42") == {"F": ["42"]}
    assert made.write(None) == {"F": []}


def test_an_author_is_shown_and_never_written():
    made = codec("created_user", "comment.author")
    assert made.read({"F": {"id": "42", "name": "Li Lei", "email": "LI@x.example"}}) == "li@x.example"
    assert made.read({"F": {"id": "42", "name": " Li Lei "}}) == "Li Lei"
    assert made.read({"F": {"id": "42"}}) == "42"
    assert made.read({"F": ["42"]}) == "42"
    assert made.read({"F": []}) is None
    assert made.to_hub("42", None, BOOK) == "li@x.example"
    assert made.to_hub("Li Lei", None, BOOK) == "Li Lei"
    assert made.to_remote("anyone", BOOK) == Encoded(UNSEEN, "no_home")
    assert made.write("x") == {}


def test_a_name_in_two_fields():
    made = codec("person_name", "contact.name", ("Last", "First"), lengths=(8, 4))
    assert made.read({"Last": "张三", "First": None}) == "张三"
    assert made.read({"Last": "张三"}) is UNSEEN
    assert made.write("Ada Lovelace") == {"Last": "Lovelace", "First": "Ada"}
    assert made.write(None) == {"Last": None, "First": None}
    assert made.to_remote("Ada Lovelace", BOOK) == Encoded("Ada Lovelace")
    assert made.to_remote("Adalbert Lovelace", BOOK) == Encoded(UNSEEN, "too_long")
    assert made.to_remote("Ada Lovelace-Byron", BOOK) == Encoded(UNSEEN, "too_long")
    assert made.to_remote(None, BOOK) == Encoded(None)
    assert made.to_remote(5, BOOK) == Encoded(UNSEEN, "not_exact")
    assert made.to_hub("Ada Lovelace", "Ada  Lovelace", BOOK) == "Ada  Lovelace"
    assert made.lossy
    with pytest.raises(RecordRefused, match="Last, First"):
        made.read({"Last": ["张"], "First": None})


def test_a_read_only_field_is_read_and_never_written():
    made = codec("instant_iso", "task.done_at", read_only=True)
    assert made.read({"F": "2026-11-23T15:54:37+08:00"}) == 1795420477000
    assert made.to_hub(1795420477000, None, BOOK) == 1795420477000
    assert made.to_remote(1795420477000, BOOK) == Encoded(UNSEEN, "no_home")
    assert made.write(1795420477000) == {}
    assert made.lossy


def test_a_reference_codec_wants_a_reference_field():
    with pytest.raises(ValueError, match=r"task\.title is not a reference"):
        codec("ref_id", "task.title")


def test_every_codec_says_whether_it_can_lose_something():
    for name, kind in KINDS.items():
        made = codec(name, SIMPLE.get(name, "task.project" if "ref" in name else "comment.parent"), ("F", "G"))
        assert isinstance(made.lossy, bool), (name, kind)


def test_the_hub_keeps_its_way_of_writing_an_address_or_a_number():
    url = codec("url", "account.website")
    assert url.to_hub("acme.cn/x", "https://acme.cn/x", BOOK) == "https://acme.cn/x"
    assert url.to_hub("acme.cn/y", "https://acme.cn/x", BOOK) == "acme.cn/y"
    assert url.to_hub("acme.cn", "ftp://acme.cn", BOOK) == "acme.cn"
    phone = codec("phone", "account.phone")
    assert phone.to_hub("415 555 0100", "(415) 555-0100", BOOK) == "(415) 555-0100"
    assert phone.to_hub("415 555 0101", "(415) 555-0100", BOOK) == "415 555 0101"
    assert phone.to_hub("+14155550100", "1 415 555 0100", BOOK) == "+14155550100"
    assert phone.to_hub("ask Li 4155550100", "4155550100", BOOK) == "ask Li 4155550100"
    assert phone.to_hub(None, "4155550100", BOOK) is None
    assert phone.to_hub(None, " ", BOOK) == " "
    assert phone.to_hub("4155550100", None, BOOK) == "4155550100"
    assert phone.to_hub("4155550100", " ", BOOK) == "4155550100"


@pytest.mark.parametrize(("name", "hub"), SIMPLE.items())
@pytest.mark.parametrize("raw", [{"x": 1}, [[1], [2]], [{"y": 1}, {"z": 2}], float("nan"), "\ud800<script>", "9" * 99])
def test_every_refusal_speaks_both_languages(name, hub, raw):
    lines = []
    try:
        codec(name, hub).read({"F": raw})
    except RecordRefused as refused:
        lines = [refused.text("en"), refused.text("zh")]
    assert lines in ([], [*dict.fromkeys(lines)])
    assert not lines or ("应为" in lines[1] and "expected" not in lines[1])
