"""The Zoho connector over HTTP against the sandbox: whole organisations, both roads, limits, faults."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from zoneinfo import ZoneInfo

import httpx
import pytest

from connectors.base import PullRequest, WriteRow
from connectors.testing_rig import make_ports
from connectors.zoho.auth import exchange_grant
from connectors.zoho.connector import ZohoConnector
from connectors.zoho.settings import ZohoSettings
from mapping.binding import bind
from mapping.errors import AuthRefused, Transient
from mapping.loading import load_maps
from sandbox.clock import VirtualClock
from sandbox.server import Server
from sandbox.story import tell
from sandbox.zoho.face import make_face

TODAY = date(2025, 11, 24)
FIELDS = ("Subject", "Status", "What_Id", "$se_module", "Duban_Key")


class SharedTime:
    """The sandbox's virtual clock as the connector sees it."""

    def __init__(self, clock):
        self.clock = clock
        self.sleep = clock.sleep
        self.now_ms = clock.now_ms

    def monotonic(self):
        return self.clock.now_ms() / 1000


class Place:
    """One sandbox organisation and connectors to it."""

    def __init__(self, people=None, empty=False, plain=False):
        self.clock = VirtualClock()
        self.face = make_face(self.clock, tell(1, people, empty, today=TODAY), 1, plain)
        self.server = Server(self.face).start()
        self.ready = self.face.ready(self.server.url)
        self.ports = make_ports(SharedTime(self.clock), "zoho")
        self.http = httpx.Client(base_url=self.server.url, trust_env=False)
        self.opened = []

    def connect(self, **more):
        given = {name: self.ready[name] for name in ("client_id", "client_secret", "refresh_token")}
        urls = {"api_url": self.ready["api"], "accounts_url": self.ready["accounts"]}
        self.opened.append(ZohoConnector(ZohoSettings(**{**given, **urls, "overlap_s": 5, **more}), self.ports))
        return self.opened[-1]

    def sim(self, method, path, **more):
        answer = self.http.request(method, f"/__sim__/{path}", **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def truth(self, object):
        return [row for row in self.sim("GET", "state", params={"object": object})["records"] if not row["__deleted"]]

    def close(self):
        for connector in self.opened:
            connector.close()
        self.http.close()
        self.server.stop()


@pytest.fixture
def open_place():
    places = []

    def build(**more):
        places.append(Place(**more))
        return places[-1]

    yield build
    for place in places:
        place.close()


def pull(connector, object, fields, watermark=None, deletes=True):
    request = PullRequest(entity="task", object=object, fields=fields, watermark=watermark, deletes=deletes)
    return list(connector.pull(request))


def records(pages):
    return [record for page in pages for record in page.records]


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("list_chain", [False, True])
def test_every_mapped_field_of_a_whole_organisation_is_seen_by_both_roads(open_place, plain, list_chain):
    place = open_place(plain=plain)
    connector = place.connect(list_chain=list_chain)
    zone = ZoneInfo(connector.identify().zone)
    for entity, map_ in load_maps(connector.default_maps(), {}, "zoho").items():
        schema = connector.describe(map_.object)
        bound, problems = bind(map_, schema.fields, connector.codec_for, zone)
        assert problems == []
        found = records(pull(connector, map_.object, bound.wire_fields))
        truth = {row["id"]: row for row in place.truth(map_.object)}
        assert {record.id for record in found} == set(truth)
        for record in found:
            assert set(bound.read(record.payload)) == {field.name for field in bound.fields}, (entity, record.payload)
            assert bound.read(record.payload) == bound.read({**record.payload, **_shown(truth[record.id], bound)})


def _shown(row, bound):
    return {name: row[name] for name in bound.wire_fields if name in row and name not in ("Owner", "Created_By")}


@pytest.mark.parametrize("list_chain", [False, True])
def test_listings_longer_than_any_page_are_whole(open_place, list_chain):
    place = open_place(people=2500, empty=True)
    connector = place.connect(list_chain=list_chain)
    found = records(pull(connector, "Tasks", FIELDS))
    assert len(found) == len({record.id for record in found}) == len(place.truth("Tasks")) == 2500
    assert connector.count("Tasks") == 2500


def test_a_quiet_round_costs_one_call_and_one_for_deletes(open_place):
    place = open_place()
    connector = place.connect()
    mark = pull(connector, "Tasks", FIELDS)[-1].watermark
    place.clock.advance(60)
    before = dict(place.ports.counters)
    pages = pull(connector, "Tasks", FIELDS, mark)
    assert records(pages) == []
    assert place.ports.counters["calls"] - before["calls"] == 2
    assert place.ports.counters["credits"] - before["credits"] == 2


@pytest.mark.parametrize("list_chain", [False, True])
def test_a_persons_edits_and_deletes_arrive_in_the_next_pull(open_place, list_chain):
    place = open_place()
    connector = place.connect(list_chain=list_chain)
    pages = pull(connector, "Tasks", FIELDS)
    first, second, *_ = [record.id for record in records(pages)]
    place.clock.advance(60)
    place.sim("PATCH", "records", json={"object": "Tasks", "id": first, "values": {"Subject": "改过"}})
    place.sim("DELETE", "records", params={"object": "Tasks", "id": second})
    changed = pull(connector, "Tasks", FIELDS, pages[-1].watermark)
    assert [(record.id, record.payload["Subject"]) for record in records(changed)] == [(first, "改过")]
    assert {id for page in changed for id in page.deleted_ids} == {second}
    assert connector.fetch("Tasks", [first, second], FIELDS)[second] is None


def test_a_created_record_whose_answer_was_lost_is_found_by_key_and_by_author(open_place):
    place = open_place()
    connector = place.connect()
    since = place.clock.now_ms()
    place.sim(
        "POST", "faults", json={"rules": [{"method": "POST", "path": "/Tasks", "action": "drop_after", "times": 1}]}
    )
    row = WriteRow(op_id="op", action="create", values={"Subject": "催办", "Duban_Key": "k-1"})
    [result] = connector.write("Tasks", [row])
    assert result.outcome == "unknown"
    place.clock.advance(5)
    [by_key] = connector.find("Tasks", "Duban_Key", ["k-1"], FIELDS)
    [by_author] = connector.find_created("Tasks", since, FIELDS)
    assert by_key.id == by_author.id
    [again] = connector.write("Tasks", [row])
    assert (again.outcome, again.remote_id) == ("duplicate", by_key.id)
    assert len([row for row in place.truth("Tasks") if row["Duban_Key"] == "k-1"]) == 1


def test_a_hundred_rows_with_one_poisoned_are_judged_one_by_one(open_place):
    place = open_place(empty=True)
    rows = [WriteRow(op_id=f"op{n}", action="create", values={"Subject": f"t{n}"}) for n in range(100)]
    rows[41] = WriteRow(op_id="op41", action="create", values={"Subject": "t41", "Status": "no such status"})
    results = place.connect().write("Tasks", rows)
    assert [result.op_id for result in results if result.outcome != "applied"] == ["op41"]
    assert (results[41].outcome, results[41].code) == ("refused", "INVALID_DATA")
    assert len(place.truth("Tasks")) == 99


def test_tags_and_lookups_with_their_module_survive_the_way_out_and_back(open_place):
    place = open_place()
    connector = place.connect()
    task = next(
        record for record in records(pull(connector, "Tasks", FIELDS)) if record.payload["$se_module"] == "Deals"
    )
    deal = task.payload["What_Id"]["id"]
    values = {"Subject": "新", "What_Id": {"id": deal}, "$se_module": "Deals", "Tag": {"add": ["duban-overdue"]}}
    [made] = connector.write("Tasks", [WriteRow(op_id="op", action="create", values=values)])
    shown = connector.fetch("Tasks", [made.remote_id], ("What_Id", "$se_module", "Tag"))[made.remote_id].payload
    assert (shown["What_Id"]["id"], shown["$se_module"]) == (deal, "Deals")
    assert [tag["name"] for tag in shown["Tag"]] == ["duban-overdue"]
    gone = WriteRow(
        op_id="op", action="update", remote_id=made.remote_id, values={"Tag": {"remove": ["duban-overdue"]}}
    )
    assert connector.write("Tasks", [gone])[0].outcome == "applied"
    assert not connector.fetch("Tasks", [made.remote_id], ("Tag",))[made.remote_id].payload["Tag"]


def test_tokens_that_expire_in_the_middle_are_renewed_unseen(open_place):
    place = open_place()
    connector = place.connect(page_size=5, quiet_page_size=5)
    pages = connector.pull(PullRequest(entity="task", object="Tasks", fields=("Subject",)))
    found = [*next(pages).records]
    place.sim("POST", "settings", json={"expire_tokens": True})
    found += records(pages)
    assert len(found) == len(place.truth("Tasks"))
    assert len(place.ports.tokens.mints()) == 2


def test_a_revoked_token_says_what_to_do(open_place):
    place = open_place()
    connector = place.connect(refresh_token="1000.never.issued")
    with pytest.raises(AuthRefused, match="duban auth zoho"):
        connector.identify()


def test_a_grant_code_becomes_a_working_refresh_token(open_place):
    place = open_place()
    settings = place.connect(refresh_token=None).settings
    token = exchange_grant(place.ports, settings, place.ready["grant_token"])
    assert place.connect(refresh_token=token).identify().org_id == place.ready["org_id"]
    place.ports.tokens.save(None)
    with pytest.raises(AuthRefused, match="grant code"):
        exchange_grant(place.ports, settings, place.ready["grant_token"])


def test_thirty_threads_stay_inside_what_the_edition_allows(open_place):
    place = open_place()
    place.sim("POST", "settings", json={"rate_limits": {"concurrency": 18, "heavy": 8}})
    connector = place.connect()
    connector.identify()
    with ThreadPoolExecutor(30) as pool:
        pages = list(pool.map(lambda _: pull(connector, "Tasks", ("Subject",)), range(60)))
    assert len({len(records(one)) for one in pages}) == 1
    assert place.ports.counters.get("retries", 0) == 0


def test_spent_credits_end_the_round_and_say_so(open_place):
    place = open_place()
    connector = place.connect()
    pull(connector, "Tasks", ("Subject",))
    place.sim("POST", "settings", json={"rate_limits": {"credits": 1}})
    with pytest.raises(Transient) as caught:
        for _ in range(5):
            pull(connector, "Tasks", ("Subject",))
    assert caught.value.exit_code == 6
