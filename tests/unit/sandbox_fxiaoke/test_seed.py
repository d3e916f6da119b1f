"""The story in this CRM's words, and the describes that carry it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sandbox.clock import VirtualClock
from sandbox.fxiaoke.codes import CATALOGUE, REASONS
from sandbox.fxiaoke.describe import REFERENCE_TYPES, tenant_objects
from sandbox.fxiaoke.face import FxiaokeFace, make_face
from sandbox.fxiaoke.seed import OBJECTS, credentials_of, day_ms
from sandbox.fxiaoke.tables import object_id
from sandbox.story import KINDS, tell
from sandbox.world import Row

TODAY = date(2025, 11, 23)


def face_of(*, people: int | None = None, empty: bool = False, plain: bool = False) -> FxiaokeFace:
    return make_face(VirtualClock(), tell(1, people, empty, today=TODAY), 1, plain)


def rows(face: FxiaokeFace, object: str) -> list[Row]:
    return list(face.world.objects[object].rows.values())


@pytest.fixture(scope="module")
def full() -> FxiaokeFace:
    return face_of()


@pytest.mark.parametrize("kind", KINDS)
def test_every_record_of_this_side_is_planted(full: FxiaokeFace, kind: Any) -> None:
    told = tell(1, today=TODAY).of("fxiaoke", kind)
    assert [row.values["name"] for row in rows(full, OBJECTS[kind])] == [
        tale.seen_by("fxiaoke").get("name")
        or tale.seen_by("fxiaoke").get("title")
        or tale.seen_by("fxiaoke")["subject"]
        for tale in told
    ]


def test_references_point_at_records_and_options_are_described(full: FxiaokeFace) -> None:
    for name, spec in full.tenant.objects.items():
        for row in rows(full, name):
            for field, value in row.values.items():
                described = spec.fields[field]
                if described.type in REFERENCE_TYPES:
                    assert value in full.world.objects[described.target or ""].rows
                if described.type == "select_one":
                    assert value in dict(described.options)


def test_comments_name_their_parent_by_kind_and_id(full: FxiaokeFace) -> None:
    for row in rows(full, "duban_comment__c"):
        parent = OBJECTS[row.values["parent_kind__c"]]
        assert row.values["parent_id__c"] in full.world.objects[parent].rows


def test_records_were_made_in_the_past_by_people_who_exist(full: FxiaokeFace) -> None:
    now_ms = full.world.clock.now_ms()
    for object in OBJECTS.values():
        for row in rows(full, object):
            assert row.created_ms < now_ms
            assert full.tenant.people.by_id(row.created_by)
            assert full.tenant.people.by_id(row.values["owner"][0])


def test_the_same_seed_tells_the_same(full: FxiaokeFace) -> None:
    twin = face_of()
    for object in OBJECTS.values():
        assert [(row.id, row.values, row.created_ms) for row in rows(twin, object)] == [
            (row.id, row.values, row.created_ms) for row in rows(full, object)
        ]
    assert twin.ready("u") == full.ready("u")


def test_ready_names_the_app_the_people_and_the_dedicated_user(full: FxiaokeFace) -> None:
    ready = full.ready("http://127.0.0.1:1")
    assert ready["base"] == "http://127.0.0.1:1"
    assert [person["bot"] for person in ready["employees"]].count(True) == 1
    assert len(ready["employees"]) >= 3
    assert all(person["open_user_id"].startswith("FSUID_") for person in ready["employees"])


def test_another_seed_is_another_company() -> None:
    assert len({credentials_of(seed).ea for seed in range(1, 5)}) == 4
    assert len({credentials_of(seed).app_secret for seed in range(1, 5)}) == 4


def test_an_empty_story_leaves_people_only() -> None:
    face = face_of(empty=True)
    assert all(rows(face, object) == [] for object in OBJECTS.values())
    assert len(rows(face, "PersonnelObj")) >= 3


def test_a_crowd_has_its_contacts_and_tasks_and_new_ids_come_after_it() -> None:
    face = face_of(people=50)
    contacts = [row for row in rows(face, "ContactObj") if row.is_made]
    tasks = [row for row in rows(face, "duban_task__c") if row.is_made]
    assert len(contacts) == len(tasks) == 50
    ids = {row.id for row in contacts}
    assert all(task.values["contact__c"] in ids for task in tasks)
    assert all(row.values["account_id"] in face.world.objects["AccountObj"].rows for row in contacts)
    assert face.plant("ContactObj", {"name": "new"}) > max(ids)


def test_a_plain_tenant_shows_no_custom_word() -> None:
    face = face_of(people=10, plain=True)
    assert not [name for name in face.tenant.objects if name.endswith("__c")]
    for object in ("AccountObj", "ContactObj"):
        assert not [name for row in rows(face, object) for name in row.values if name.endswith("__c")]


def test_a_civil_day_begins_at_the_tenant_s_midnight() -> None:
    assert day_ms("2021-04-30") == 1_619_712_000_000


def test_record_ids_have_24_hex_digits_and_sort_by_number() -> None:
    ids = [object_id(number) for number in (1, 15, 16, 255, 1_000_000, 10**12)]
    assert ids == sorted(ids)
    assert {len(id) for id in ids} == {24}


def test_every_reason_has_a_code_with_a_text() -> None:
    assert {code for code in REASONS.values() if code not in CATALOGUE} == set()


def test_every_object_can_be_described_and_names_its_own_fields() -> None:
    for spec in tenant_objects(plain=False).values():
        wire = spec.to_wire(())
        assert wire["fields"].keys() == spec.fields.keys()
        assert {"_id", "owner", "last_modified_time", "life_status"} <= wire["fields"].keys()
