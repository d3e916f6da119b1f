"""Law of pulling: whatever people do between two pages, and wherever a pull is killed, nothing is lost.

The sandbox answers in-process, under one virtual clock. A reader keeps what pages showed it; when people have stopped
and one more round has been pulled, the reader knows the organisation exactly.
"""

from __future__ import annotations

from datetime import date
from email.utils import formatdate
from urllib.parse import parse_qs

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import PullRequest
from connectors.testing_rig import make_ports
from connectors.zoho.connector import ZohoConnector
from connectors.zoho.settings import ZohoSettings
from sandbox.clock import VirtualClock
from sandbox.story import tell
from sandbox.wire import Request
from sandbox.zoho.face import make_face

API = "http://127.0.0.1:9"
OVERLAP_S = 3.0


class Clock:
    """The sandbox's clock; ours is wrong by a day, which must not matter."""

    def __init__(self, clock):
        self._clock = clock

    def now_ms(self):
        return self._clock.now_ms() + 86_400_000

    def monotonic(self):
        return self._clock.now_ms() / 1000

    def sleep(self, seconds):
        self._clock.advance(seconds)


class World:
    """An organisation with a handful of accounts, and a reader of it."""

    def __init__(self, list_chain):
        self.clock = VirtualClock()
        self.face = make_face(self.clock, tell(1, None, True, today=date(2025, 11, 24)), 1, False)
        self.ready = self.face.ready(API)
        self.ports = make_ports(Clock(self.clock), "zoho", httpx.MockTransport(self.answer))
        self.list_chain = list_chain
        self.ids = [self.face.plant("Accounts", {"Account_Name": f"a{n}"}) for n in range(7)]
        self.gone = set()
        self.seen = {}
        self.mark = None
        self.pages = None
        self.restart()

    def answer(self, request):
        query = parse_qs(request.url.query.decode(), keep_blank_values=True)
        headers = {name.lower(): value for name, value in request.headers.items()}
        path, target = request.url.path, request.url.raw_path.decode()
        reply = self.face.handle(Request(request.method, path, query, headers, request.read(), target))
        stamp = formatdate(self.clock.now_ms() / 1000, usegmt=True)
        return httpx.Response(reply.status, headers={**reply.headers, "date": stamp}, content=reply.payload())

    def restart(self):
        """Kill the process in whatever it is doing."""
        given = {name: self.ready[name] for name in ("client_id", "client_secret", "refresh_token")}
        self.connector = ZohoConnector(
            ZohoSettings(
                api_url=API,
                accounts_url=API,
                list_chain=self.list_chain,
                overlap_s=OVERLAP_S,
                page_size=3,
                quiet_page_size=2,
                list_page_size=2,
                **given,
            ),
            self.ports,
        )
        self.pages = None

    def step(self):
        """Take one page and store it with its watermark."""
        if self.pages is None:
            self.pages = self.connector.pull(
                PullRequest(entity="account", object="Accounts", fields=("Account_Name",), watermark=self.mark)
            )
        page = next(self.pages)
        for record in page.records:
            self.seen[record.id] = record.payload["Account_Name"]
        for id in page.deleted_ids:
            self.seen.pop(id, None)
        self.mark = page.watermark
        if page.last:
            self.pages = None
        return page.last

    def truth(self):
        found = self.connector.fetch("Accounts", [*self.ids], ("Account_Name",))
        return {id: record.payload["Account_Name"] for id, record in found.items() if record is not None}


MOVES = st.one_of(
    st.tuples(st.just("page"), st.just(0)),
    st.tuples(st.just("kill"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 5)),
    st.tuples(st.just("edit"), st.integers(0, 30)),
    st.tuples(st.just("add"), st.just(0)),
    st.tuples(st.just("delete"), st.integers(0, 30)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(list_chain=st.booleans(), moves=st.lists(MOVES, min_size=5, max_size=60))
def test_no_edit_is_lost_by_paging_kills_or_equal_seconds(list_chain, moves):
    world = World(list_chain)
    for number, (move, argument) in enumerate(moves):
        target = world.ids[argument % len(world.ids)]
        if move == "page":
            world.step()
        elif move == "kill":
            world.restart()
        elif move == "wait":
            world.clock.advance(argument)
        elif move == "add":
            world.ids.append(world.face.plant("Accounts", {"Account_Name": f"new{number}"}))
        elif target in world.gone:
            continue
        elif move == "edit":
            world.face.edit("Accounts", target, {"Account_Name": f"edit{number}"})
        else:
            world.face.remove("Accounts", target)
            world.gone.add(target)
    for _ in range(2):
        while not world.step():
            pass
    assert world.seen == world.truth()
