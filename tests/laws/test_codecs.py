"""Laws of mapping: a value comes back as it went, or its loss is reported.

Three spaces, three laws. What is written reads back as the same remote value. A hub value that went out and came
back is the same value while the hub still holds it. And a normal form is its own normal form, so that a remote which
only reformats never looks changed.
"""

import json
import string
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mapping.codecs import CODECS, make_codec
from mapping.errors import RecordRefused
from mapping.fields import UNSEEN, FieldMap
from mapping.forms import email_form, line_form, phone_form, text_form, url_form
from mapping.identity import keys, name_form, weak_keys
from mapping.names import join_name, split_name
from mapping.records import CONTACT_ROLES, ENTITIES, TASK_STATUSES, hub_field

ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "America/Sao_Paulo", "Asia/Kathmandu", "UTC", "Pacific/Apia")]
STATUS = {
    "Not Started": ("not_started",), "In Progress": ("in_progress", "submitted", "waiting_vendor"),
    "Waiting": ("waiting_client", "waiting_third_party"), "Deferred": ("on_hold", "cancelled"), "Completed": ("done",),
}  # fmt: skip


class Everybody:
    """A registry where every id has its twin: remote "r-x" is hub "x"; ids starting with "?" are strangers."""

    def uid(self, entity, remote_id):
        return remote_id[2:] if remote_id.startswith("r-") else None

    def remote_id(self, entity, uid):
        return None if uid.startswith("?") else f"r-{uid}"

    def email(self, user_id):
        return user_id[2:] if user_id.startswith("r-") else None

    def user_id(self, email):
        return None if email.startswith("?") else f"r-{email}"


REFS = Everybody()

texts = (
    st.text(max_size=60)
    | st.text(st.characters(codec=None), max_size=30)
    | st.text("\r\n\t \u3000e\u0301é", max_size=12)
)
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18, places=None).map(
    lambda number: format(number, "f")
).filter(lambda text: len(text) < 60) | st.integers(-(10**20), 10**20).map(str)  # fmt: skip
days = st.dates(min_value=date(1970, 1, 2)).map(lambda day: day.isoformat())
instants = st.integers(0, 253_000_000_000_000)
ids = st.text(string.ascii_lowercase + string.digits + "?", min_size=1, max_size=8)

HUB_VALUES = {
    "text": ("task.title", texts), "long_text": ("task.description", texts), "email": ("contact.email", texts),
    "phone": ("contact.phone", texts | st.text("+0123456789 -()ext.转", max_size=20)),
    "url": ("account.website", texts), "key": ("task.key", texts),
    "person_name": ("contact.name", texts | st.text("张三 Ada,", max_size=10)),
    "number_text": ("feedback.score", numbers), "number": ("feedback.score", numbers),
    "money_text": ("project.budget", numbers), "money": ("project.budget", numbers),
    "boolean": ("contact.opt_out", st.booleans()), "date_iso": ("task.due", days), "date_ms": ("task.due", days),
    "instant_iso": ("task.done_at", instants), "instant_ms": ("task.done_at", instants),
    "option": ("task.status", st.sampled_from(TASK_STATUSES)),
    "options": ("contact.roles", st.lists(st.sampled_from(CONTACT_ROLES), unique=True).map(sorted)),
    "options_joined": ("contact.roles", st.lists(st.sampled_from(CONTACT_ROLES), unique=True).map(sorted)),
    "ref_object": ("task.project", ids), "ref_id": ("task.project", ids), "ref_with_module": ("task.project", ids),
    "user_object": ("task.owner", ids), "user_list": ("task.owner", ids),
    "parent_object": ("comment.parent", st.builds("{}:{}".format, st.sampled_from(ENTITIES), ids)),
    "parent_pair": ("comment.parent", st.builds("{}:{}".format, st.sampled_from(ENTITIES), ids)),
    "flag_tag": ("task.overdue_since", days), "created_user": ("comment.author", texts),
}  # fmt: skip
PAIRS = ("person_name", "ref_with_module", "parent_pair")
OPTIONS = {
    "option": STATUS, "ref_with_module": {"Deals": ("project",)}, "parent_object": {e.title(): (e,) for e in ENTITIES},
    "flag_tag": {"duban-overdue": ()},
}  # fmt: skip
NEVER_WRITTEN = ("created_user",)


def codec(name, zone=ZONES[0], **limits):
    entity, field = HUB_VALUES[name][0].split(".")
    remote = ("One", "Two") if name in PAIRS else ("One",)
    map = FieldMap(field=field, remote=remote, codec=name, options=OPTIONS.get(name))
    return make_codec(name, entity=entity, field=hub_field(entity, field), map=map, zone=zone, **limits)


def blank(value):
    return value is None or value is False or value in ("", [])


def test_the_laws_are_asked_of_every_codec():
    assert set(HUB_VALUES) == set(CODECS)


limits = st.fixed_dictionaries(
    {}, optional={"length": st.integers(1, 40), "decimals": st.integers(0, 4), "zone": st.sampled_from(ZONES)}
)


@pytest.mark.parametrize("name", HUB_VALUES)
@given(data=st.data(), limits=limits)
@settings(max_examples=60, deadline=None)
def test_what_goes_out_comes_back_or_its_loss_is_reported(name, data, limits):
    made = codec(name, **limits)
    value = data.draw(HUB_VALUES[name][1])
    sent = made.to_remote(value, REFS)
    if sent.value is UNSEEN:
        assert sent.loss or blank(value)
        return
    json.dumps(sent.value)
    returned = made.read(made.write(sent.value))
    assert returned == sent.value, "what was written reads back as the same remote value"
    assert made.to_hub(returned, value, REFS) == value or blank(value), "while the hub holds it, nothing has changed"
    fresh = made.to_hub(returned, None, REFS)
    assert fresh is UNSEEN or blank(fresh) or made.to_remote(fresh, REFS).value == sent.value


@pytest.mark.parametrize("name", HUB_VALUES)
def test_blank_goes_out_and_comes_back_as_blank(name):
    made = codec(name)
    sent = made.to_remote(None, REFS)
    if name in NEVER_WRITTEN or sent.value is UNSEEN:
        assert sent.value is UNSEEN
        return
    assert sent.value is None
    assert made.read(made.write(None)) is None
    assert made.to_hub(None, None, REFS) is None


KEYS = st.sampled_from(["id", "name", "module", "api_name"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@pytest.mark.parametrize("name", HUB_VALUES)
@given(one=json_values, two=json_values, zone=st.sampled_from(ZONES))
@settings(max_examples=60, deadline=None)
def test_reading_anything_gives_a_plain_value_or_refuses_the_record(name, one, two, zone):
    made = codec(name, zone)
    try:
        value = made.read({"One": one, "Two": two})
    except RecordRefused:
        return
    assert value is UNSEEN or value is None or isinstance(value, str | int | bool | list)
    if value is UNSEEN or name in NEVER_WRITTEN:
        return
    assert not blank(value) or value is None, "there is one blank in the remote space"
    assert made.read(made.write(value)) == value


@pytest.mark.parametrize("form", [text_form, line_form, email_form, phone_form, url_form, name_form])
@given(raw=texts | st.text("+０1２3 -().ext转İß", max_size=24))
@example(raw="İ")
@example(raw="\u1e9e \u0345 ﬁ")
@settings(max_examples=200, deadline=None)
def test_a_form_is_its_own_form(form, raw):
    assert form(form(raw)) == form(raw)


@given(texts | st.text("张 三A b", max_size=12))
@settings(max_examples=200, deadline=None)
def test_a_split_name_joins_again(full):
    name = join_name(full, None)
    assert join_name(*split_name(full)) == name


@given(texts, texts)
@settings(max_examples=200, deadline=None)
def test_a_joined_name_survives_being_split(last, first):
    full = join_name(last, first)
    if full is not None:
        assert join_name(*split_name(full)) == full


national = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@given(
    national,
    st.sampled_from(["{0}", "+86{0}", "+86 {1} {2} {3}", "86-{1}-{2}-{3}", "0086{0}", "（+86）{1} {2}{3}", " {0}\n"]),
)
def test_a_mobile_is_one_number_however_it_is_written(number, pattern):
    raw = pattern.format(number, number[:3], number[3:7], number[7:])
    assert phone_form(raw) == f"+86{number}"


@given(st.fixed_dictionaries({}, optional={
    "key": texts, "name": texts, "email": texts, "mobile": texts | national, "phone": texts, "website": texts,
    "account": ids, "contract_no": texts, "project": ids, "title": texts, "due": days, "contact": ids,
    "submitted_at": instants, "score": numbers,
}))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_match_keys_do_not_depend_on_how_a_value_is_written(values):
    forms = {"email": email_form, "mobile": phone_form, "phone": phone_form, "website": url_form, "name": line_form,
             "title": line_form, "contract_no": line_form, "key": line_form}  # fmt: skip
    tidy = {name: forms.get(name, lambda same: same)(value) for name, value in values.items()}
    shouted = {
        **tidy,
        **{name: tidy[name].upper() for name in ("email",) if tidy.get(name, "").isascii() and name in tidy},
    }
    for entity in ENTITIES:
        assert keys(entity, tidy) == keys(entity, shouted)
        assert weak_keys(entity, tidy) == weak_keys(entity, values)
        strong = keys(entity, values)
        assert len(strong) == len(set(strong))
        assert all(":" in key for key in strong)
