"""The contract that every connector passes; it doubles as the definition of a connector.

Subclass ``ConnectorContract`` and hand it a ``Rig``: your remote (or a stand-in that answers as it does), with a few
verbs for what people and the weather do to it::

    class TestAcme(ConnectorContract):
        @pytest.fixture
        def rig(self) -> Iterator[AcmeRig]:
            with acme_server() as server:
                yield AcmeRig(server)

The rig's clock should be a virtual one, shared with the stand-in, so that no test waits.
"""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from connectors.base import PullRequest, WriteRow
from connectors.testing_rig import (
    HandClock,
    MemoryTokens,
    MemoryWindows,
    Rig,
    Weather,
    create,
    fetch_one,
    key_of,
    listed,
    made,
    make_ports,
    needs,
    page_size,
    plant_many,
    pull,
    raises,
    request,
    update,
    write,
)
from mapping.binding import bind
from mapping.errors import AuthRefused, DubanError, LeaseLost, NeedsOperator, PageMalformed, Transient
from mapping.loading import load_maps
from mapping.records import ENTITIES

__all__ = ["ConnectorContract", "HandClock", "MemoryTokens", "MemoryWindows", "Rig", "Weather", "make_ports"]

ABSENT_OBJECT: Final = "duban_no_such_object__c"


class ConnectorContract:
    """What every connector must do. Tests of a capability that is not declared are skipped."""

    # ---- who and what

    def test_identity_is_named_and_stays_the_same(self, rig: Rig) -> None:
        first, second = rig.connector.identify(), rig.restarted().identify()
        assert first.org_id
        assert first == second
        assert ZoneInfo(first.zone)

    def test_the_object_is_listed_and_described(self, rig: Rig) -> None:
        assert rig.object in {info.name for info in rig.connector.objects()}
        schema = rig.connector.describe(rig.object)
        assert schema is not None
        assert not schema.fields[rig.title].read_only
        assert rig.connector.codec_for("text", schema.fields[rig.title])

    def test_an_object_the_organisation_lacks_is_none(self, rig: Rig) -> None:
        assert rig.connector.describe(ABSENT_OBJECT) is None

    def test_people_have_ids_of_their_own_and_lower_case_mails(self, rig: Rig) -> None:
        users = rig.connector.users()
        assert len({user.id for user in users}) == len(users) > 0
        mails = [user.email for user in users if user.email]
        assert mails
        assert mails == [mail.lower() for mail in mails]

    def test_people_are_known_by_the_ids_that_records_carry(self, rig: Rig) -> None:
        user = rig.connector.identify().user_id
        needs(user is not None, "a user of its own")
        assert user in {one.id for one in rig.connector.users()}

    def test_default_maps_are_about_known_entities(self, rig: Rig) -> None:
        maps = rig.connector.default_maps()
        assert maps
        assert rig.entity in maps
        assert set(maps) <= set(ENTITIES)

    def test_default_maps_fit_the_live_metadata(self, rig: Rig) -> None:
        connector = rig.connector
        zone = ZoneInfo(connector.identify().zone)
        for found in load_maps(connector.default_maps(), {}, rig.ports.name).values():
            schema = connector.describe(found.object)
            bound, problems = bind(found, schema.fields if schema else None, connector.codec_for, zone)
            assert not problems, [str(problem) for problem in problems]
            assert schema is None or found.entity != rig.entity or rig.title in bound.wire_fields

    def test_a_record_address_leads_back_to_the_record(self, rig: Rig) -> None:
        id = rig.plant(rig.values("address"))
        url = rig.connector.record_url(rig.object, id)
        assert url is None or rig.connector.record_ref(url) == (rig.object, id)
        assert rig.connector.record_ref("https://elsewhere.example/x") is None

    # ---- pull

    def test_backfill_lists_every_live_record_once(self, rig: Rig) -> None:
        ids = plant_many(rig, 2 * page_size(rig) + 1)
        rig.remove(ids[0])
        rig.wait()
        pages = pull(rig)
        assert sorted(listed(pages)) == sorted(ids[1:])
        assert all(page.backfill for page in pages)
        assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
        assert max(len(page.records) for page in pages) <= page_size(rig)

    def test_backfill_of_nothing_ends_at_once(self, rig: Rig) -> None:
        pages = pull(rig)
        assert not listed(pages)
        assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
        assert len(pages) <= 2  # records, and deletions where they are asked for apart

    def test_pull_goes_on_after_any_page_in_a_new_process(self, rig: Rig) -> None:
        ids = plant_many(rig, 3 * page_size(rig) + 1)
        rig.wait()
        pages = pull(rig)
        for done in range(1, len(pages)):
            rest = pull(rig, pages[done - 1].watermark, rig.restarted())
            assert sorted(listed(pages[:done]) + listed(rest)) == sorted(ids)
            assert all(page.backfill for page in rest)

    def test_records_of_one_moment_are_not_lost_over_page_edges(self, rig: Rig) -> None:
        mark = pull(rig)[-1].watermark
        ids = plant_many(rig, 2 * page_size(rig) + 3)
        assert sorted(set(listed(pull(rig, mark)))) == sorted(ids)

    def test_an_edit_arrives_with_the_next_pull(self, rig: Rig) -> None:
        first, second = plant_many(rig, 2)
        rig.wait()
        mark = pull(rig)[-1].watermark
        rig.wait()
        rig.edit(first, {rig.title: "edited"})
        pages = pull(rig, mark)
        assert not any(page.backfill for page in pages)
        seen = {record.id: record.payload[rig.title] for page in pages for record in page.records}
        assert seen.pop(first) == "edited"
        assert set(seen) <= {second}

    def test_nothing_arrives_when_nothing_happened(self, rig: Rig) -> None:
        plant_many(rig, 3)
        rig.wait()
        mark = pull(rig)[-1].watermark
        rig.wait()
        pages = pull(rig, pull(rig, mark)[-1].watermark)
        assert [len(page.records) + len(page.deleted_ids) for page in pages] == [0] * len(pages)

    def test_edits_during_a_walk_are_seen_by_then_or_in_the_next(self, rig: Rig) -> None:
        ids = sorted(plant_many(rig, 3 * page_size(rig)))
        rig.wait()
        walk = rig.connector.pull(request(rig))
        pages = [next(walk)]
        rig.edit(ids[0], {rig.title: "behind the walk"})
        rig.edit(ids[-1], {rig.title: "before the walk"})
        late = rig.plant(rig.values("made during the walk"))
        pages += list(walk)
        rig.wait()
        pages += pull(rig, pages[-1].watermark)
        last = {record.id: record.payload[rig.title] for page in pages for record in page.records}
        assert set(last) == {*ids, late}
        assert (last[ids[0]], last[ids[-1]], last[late]) == (
            "behind the walk", "before the walk", "made during the walk",
        )  # fmt: skip

    def test_a_delete_arrives_as_a_delete(self, rig: Rig) -> None:
        needs(rig.connector.capabilities.deleted_feed, "deleted_feed")
        first, _ = plant_many(rig, 2)
        rig.wait()
        mark = pull(rig)[-1].watermark
        rig.wait()
        rig.remove(first)
        pages = pull(rig, mark)
        assert first in [id for page in pages for id in page.deleted_ids]
        assert first not in listed(pages)

    def test_a_full_listing_tells_of_deletes_that_no_pull_has_told_yet(self, rig: Rig) -> None:
        needs(rig.connector.capabilities.deleted_feed, "deleted_feed")
        first, _ = plant_many(rig, 2)
        rig.wait()
        rig.remove(first)
        rig.wait()
        pages = pull(rig)
        assert first in [id for page in pages for id in page.deleted_ids]
        assert first not in listed(pages)
        assert all(page.backfill for page in pages)

    def test_deletes_are_left_out_when_not_asked_for(self, rig: Rig) -> None:
        (first,) = plant_many(rig, 1)
        rig.wait()
        mark = pull(rig)[-1].watermark
        rig.remove(first)
        asked = PullRequest(entity=rig.entity, object=rig.object, fields=(rig.title,), watermark=mark, deletes=False)
        assert first not in listed(list(rig.connector.pull(asked)))

    def test_a_watermark_of_somebody_else_is_refused(self, rig: Rig) -> None:
        raises(DubanError, lambda: pull(rig, "2026-11-23"))

    # ---- records

    def test_a_record_says_who_made_and_changed_it_and_when(self, rig: Rig) -> None:
        id = create(rig, "ours")
        record = fetch_one(rig, id)
        us = rig.connector.identify().user_id
        assert record.created_ms is not None
        assert record.modified_ms is not None
        assert us is None or (record.created_by, record.modified_by) == (us, us)

    def test_asked_fields_are_shown_and_a_blank_one_is_shown_blank(self, rig: Rig) -> None:
        id = rig.plant(rig.values("blank"))
        payload = fetch_one(rig, id).payload
        assert set(payload) >= {rig.title, rig.text}
        assert payload[rig.text] in (None, "", [])

    def test_fetch_gives_none_for_what_is_gone_or_never_was(self, rig: Rig) -> None:
        kept, gone = plant_many(rig, 2)
        rig.remove(gone)
        never = gone[:-4] + ("0000" if gone[-4:] != "0000" else "0001")
        found = rig.connector.fetch(rig.object, [kept, gone, never], (rig.title,))
        assert {id: record is not None for id, record in found.items()} == {kept: True, gone: False, never: False}

    def test_version_moves_with_every_write_and_only_then(self, rig: Rig) -> None:
        needs(rig.connector.capabilities.record_version, "record_version")
        id = create(rig, "versions")
        first, again = fetch_one(rig, id).version, fetch_one(rig, id).version
        write(rig, update(id, {rig.title: "moved"}))
        assert first == again != fetch_one(rig, id).version

    def test_records_are_found_by_key_and_only_live_ones(self, rig: Rig) -> None:
        key = key_of(rig)
        ids = [rig.plant({**rig.values(name), key: f"K-{name}"}) for name in ("one", "two", "three")]
        rig.remove(ids[2])
        rig.wait()
        found = rig.connector.find(rig.object, key, ["K-one", "K-two", "K-three", "K-none"], (rig.title, key))
        assert {record.id: record.payload[key] for record in found} == {ids[0]: "K-one", ids[1]: "K-two"}

    def test_our_own_creates_are_told_from_those_of_people(self, rig: Rig) -> None:
        needs(rig.connector.capabilities.created_by_filter, "created_by_filter")
        before = create(rig, "long ago")
        step_ms = round(rig.connector.capabilities.time_granularity_s * 1000)
        since_ms = (fetch_one(rig, before).created_ms or 0) + step_ms
        rig.wait()
        ours = create(rig, "ours")
        theirs = rig.plant(rig.values("theirs"))
        # A person's edit must not hide that we made it.
        rig.edit(ours, {rig.title: "touched by a person"})
        rig.wait()
        found = {record.id for record in rig.connector.find_created(rig.object, since_ms, (rig.title,))}
        assert ours in found
        assert not found & {theirs, before}

    def test_count_counts_the_live(self, rig: Rig) -> None:
        needs(rig.connector.capabilities.count, "count")
        ids = plant_many(rig, 5)
        rig.remove(ids[0])
        rig.wait()
        assert rig.connector.count(rig.object) == 4

    # ---- writes

    def test_each_row_of_a_create_gets_its_own_answer(self, rig: Rig) -> None:
        names = ["a", "b", "c"][: rig.connector.capabilities.batch_size]
        results = rig.connector.write(rig.object, [made(name, rig.values(name)) for name in names])
        assert [(result.op_id, result.outcome) for result in results] == [(name, "applied") for name in names]
        truth = rig.truth()
        assert [truth[result.remote_id or ""][rig.title] for result in results] == names

    def test_a_refused_row_does_not_touch_the_others(self, rig: Rig) -> None:
        needs(rig.connector.capabilities.batch_size >= 3, "batches")
        rows = [made("a", rig.values("a")), made("bad", rig.refused_values()), made("c", rig.values("c"))]
        results = rig.connector.write(rig.object, rows)
        assert [result.outcome for result in results] == ["applied", "refused", "applied"]
        assert results[1].code
        assert sorted(values[rig.title] for values in rig.truth().values()) == ["a", "c"]

    def test_an_update_leaves_other_fields_alone(self, rig: Rig) -> None:
        id = rig.plant({**rig.values("before"), rig.text: "kept"})
        assert write(rig, update(id, {rig.title: "after"})).outcome == "applied"
        assert (rig.truth()[id][rig.title], rig.truth()[id][rig.text]) == ("after", "kept")

    def test_a_field_is_cleared_by_writing_none(self, rig: Rig) -> None:
        id = rig.plant({**rig.values("title"), rig.text: "to be cleared"})
        assert write(rig, update(id, {rig.text: None})).outcome == "applied"
        record = rig.connector.fetch(rig.object, [id], (rig.text,))[id]
        assert record is not None
        assert record.payload[rig.text] in (None, "", [])

    def test_an_update_of_a_record_that_is_gone_says_so(self, rig: Rig) -> None:
        id = rig.plant(rig.values("gone"))
        rig.remove(id)
        assert write(rig, update(id, {rig.title: "x"})).outcome == "gone"
        assert id not in rig.truth()

    def test_a_delete_is_soft_and_a_second_one_harmless(self, rig: Rig) -> None:
        id = create(rig, "to the bin")
        row = WriteRow(op_id="d", action="delete", remote_id=id)
        assert write(rig, row).outcome == "applied"
        assert id not in rig.truth()
        assert write(rig, row).outcome in ("gone", "applied")

    def test_a_deleted_record_comes_back(self, rig: Rig) -> None:
        needs(rig.connector.capabilities.restore, "restore")
        id = create(rig, "back again")
        write(rig, WriteRow(op_id="d", action="delete", remote_id=id))
        assert write(rig, WriteRow(op_id="r", action="restore", remote_id=id)).outcome == "applied"
        assert rig.truth()[id][rig.title] == "back again"

    def test_a_taken_unique_key_names_its_holder(self, rig: Rig) -> None:
        needs(rig.connector.capabilities.unique_key, "unique_key")
        key = key_of(rig)
        holder = rig.plant({**rig.values("holder"), key: "K-1"})
        rig.wait()
        result = write(rig, made("second", {**rig.values("second"), key: "K-1"}))
        assert (result.outcome, result.remote_id) == ("duplicate", holder)
        assert list(rig.truth()) == [holder]

    def test_nothing_to_write_is_nothing_sent(self, rig: Rig) -> None:
        assert list(rig.connector.write(rig.object, [])) == []

    def test_a_lost_answer_is_unknown_and_the_probe_finds_the_record_once(self, rig: Rig) -> None:
        since_ms = fetch_one(rig, create(rig, "earlier")).created_ms or 0
        rig.weather("lost_after")
        values = rig.values("lost") if rig.key is None else {**rig.values("lost"), rig.key: "K-lost"}
        assert write(rig, made("lost", values)).outcome == "unknown"
        rig.wait()
        if rig.key is not None:
            found = rig.connector.find(rig.object, rig.key, ["K-lost"], (rig.title,))
        else:
            found = rig.connector.find_created(rig.object, since_ms, (rig.title,))
        assert [record.payload[rig.title] for record in found].count("lost") == 1
        assert [values[rig.title] for values in rig.truth().values()].count("lost") == 1

    def test_a_write_that_never_arrived_is_not_said_to_be_applied(self, rig: Rig) -> None:
        rig.weather("lost_before")
        result = write(rig, made("never", rig.values("never")))
        assert result.outcome in ("unknown", "transient")
        assert not rig.truth()

    def test_nothing_is_written_once_we_are_no_longer_the_writer(self, rig: Rig) -> None:
        def lost() -> None:
            raise LeaseLost("somebody else writes")

        rig.connector.identify()
        rig.ports.before_send = lost
        raises(LeaseLost, lambda: rig.connector.write(rig.object, [made("x", rig.values("x"))]))
        assert not rig.truth()

    # ---- weather

    def test_a_remote_out_of_reach_is_transient(self, rig: Rig) -> None:
        rig.connector.identify()
        rig.weather("down")
        raises(Transient, lambda: pull(rig))

    def test_refused_credentials_stop_the_connection(self, rig: Rig) -> None:
        rig.connector.identify()
        rig.weather("auth")
        raises((AuthRefused, NeedsOperator), lambda: pull(rig))

    def test_a_page_that_is_none_is_not_an_empty_one(self, rig: Rig) -> None:
        plant_many(rig, 2)
        rig.connector.identify()
        rig.weather("malformed")
        raises((PageMalformed, Transient), lambda: pull(rig))
