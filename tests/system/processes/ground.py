"""Both CRMs in a process of their own, a store, duban's processes, and the judgement on what the CRMs know."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from tests.system.acceptance.worlds import PAIRS, TEXTS, People, Worlds, differences, duplicates
from tests.system.processes.evidence import Edit, Replaced, known_texts, replaced
from tests.system.processes.nursery import Child, Nursery, wait_until

SIDES = ("zoho", "fxiaoke")
ZOHO = SIDES.index("zoho")
"""There nothing counts writes: an edit that falls into the moment of one can only be shown to have done so."""
_WRITE_PATHS = ("/crm/v8/{}", "data/update")
SECOND_S = 1.1
"""Modified times have whole seconds, and a CRM shows an edit when its second is over at the latest."""
_AGENT = re.compile(rb'"user-agent": "([^"]*)"')
_EPOCH = datetime(1970, 1, 1, 8)
_FIELDS = {name: TEXTS[entity] for entity in TEXTS for name in PAIRS[entity]}


class Ground(Worlds):
    """A pair of CRMs, one store, and any number of duban's processes on it.

    Args:
        store: its address; None for a SQLite file beside the configuration.
        lease: how long a silent writer keeps its right.
    """

    def __init__(
        self, folder: Path, nursery: Nursery, *, store: str | None, lease: str, words: tuple[str, ...]
    ) -> None:
        self.config = folder / "duban.toml"
        self.nursery = nursery
        self.file = folder / "duban.db"
        self.traffic = folder / "traffic.jsonl"
        self.http = httpx.Client(timeout=60)
        self.edits: list[Edit] = []
        self._read_to = 0
        self._counts: Counter[str] = Counter()
        self.sandbox = nursery.start(
            "sandbox", "--zoho", "127.0.0.1:0", "--fxiaoke", "127.0.0.1:0", "--log", str(self.traffic),
            "--write-config", str(self.config), *words,
        )  # fmt: skip
        line = wait_until(lambda: "\n" in (said := self.sandbox.said()) and said, "the sandbox to answer")
        ready = json.loads(line)
        self._urls = (ready["zoho"]["api"], ready["fxiaoke"]["base"])
        text = self.config.read_text().replace('every = "1m"', 'every = "1s"')
        text = text.replace("[store]", f'[store]\nlease = "{lease}"')
        text = text.replace("[connections.fxiaoke]", "[connections.fxiaoke]\nwindow_limit = 10000")
        if store is not None:
            text = text.replace('"sqlite:///duban.db"', json.dumps(store))
        self.config.write_text(text)
        self.store = store or f"sqlite:///{self.file}"
        self._engine: sa.Engine | None = None

    @property
    def urls(self) -> tuple[str, str]:
        return self._urls

    def close(self) -> None:
        self.http.close()
        if self._engine is not None:
            self._engine.dispose()

    # --- processes ----------------------------------------------------------------------------------------------

    def start(self, *words: str) -> Child:
        return self.nursery.start("-c", str(self.config), "--lang", "en", *words)

    def one_shot(self, *words: str, code: tuple[int, ...] = (0, 4)) -> Child:
        child = self.start(*words)
        assert child.wait() in code, child.said()[-3000:]
        return child

    def rest(self, limit: int = 12, pause_s: float = 0.0) -> int:
        """Sync until a round writes nothing anywhere and nothing is of unknown fate."""
        for number in range(1, limit + 1):
            before = self.written()
            self.one_shot("sync", "--wait", "30s")
            if self.written() == before and not self.rows(
                "SELECT 1 FROM op WHERE state IN ('ready', 'intent', 'unknown')"
            ):
                return number
            self.let_pass(SECOND_S)
        raise AssertionError(f"still writing after {limit} rounds")

    # --- what was asked -----------------------------------------------------------------------------------------

    def requests(self) -> list[dict[str, Any]]:
        """Give every request so far, oldest first; the last line may be half written."""
        with self.traffic.open(encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def asked(self) -> int:
        """Count the requests so far."""
        return self._count()[""]

    def asked_by(self, agent: str) -> int:
        """Count the requests of one process so far."""
        return self._count()[agent]

    def written(self) -> int:
        """Count the mutating requests so far."""
        return self._count()["mutating"]

    def written_by(self, agent: str) -> int:
        """Count the mutating requests of one process so far."""
        return self._count()[f"mutating {agent}"]

    def writes(self) -> list[dict[str, Any]]:
        return [request for request in self.requests() if request["mutating"]]

    def _count(self) -> Counter[str]:
        """Read what the log has got since, and give the counts of everything."""
        with self.traffic.open("rb") as file:
            file.seek(self._read_to)
            news = file.read()
        whole = news[: news.rfind(b"\n") + 1]
        self._read_to += len(whole)
        for line in whole.splitlines():
            agent = found[1].decode() if (found := _AGENT.search(line)) else "nobody"
            self._counts.update(["", agent])
            if b'"mutating": true' in line:
                self._counts.update(["mutating", f"mutating {agent}"])
        return self._counts

    # --- what the store knows -----------------------------------------------------------------------------------

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        if self._engine is None:
            url = sa.make_url(self.store)
            names = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}
            self._engine = sa.create_engine(
                url.set(drivername=names[url.get_backend_name()]), poolclass=sa.pool.NullPool
            )
        with self._engine.connect() as conn:
            return [tuple(row) for row in conn.execute(sa.text(sql), values)]

    def links(self, entity: str) -> list[tuple[str, str, str]]:
        return self.rows(
            "SELECT z.uid, z.remote_id, f.remote_id FROM link z JOIN link f ON f.uid = z.uid "
            "WHERE z.entity = :entity AND z.connection = 'zoho' AND f.connection = 'fxiaoke' "
            "AND z.state = 'live' AND f.state = 'live' ORDER BY z.uid",
            entity=entity,
        )

    def parked(self) -> set[tuple[str, str]]:
        found = self.rows("SELECT uid, field FROM review WHERE state <> 'closed' AND kind IN ('conflict', 'lossy')")
        return {(uid, field) for uid, field in found}

    # --- people -------------------------------------------------------------------------------------------------

    def edit(self, side: int, name: str, id_: str, values: dict[str, Any]) -> None:
        super().edit(side, name, id_, values)
        self.edits += [Edit(side, name, id_, field, value) for field, value in values.items()]

    # --- the judgement ------------------------------------------------------------------------------------------

    def judge(self, people: People, planted: list[str]) -> None:
        """Hold the promises on what the CRMs know: nothing twice, nothing missing, every edit where it belongs."""
        assert duplicates(self) == planted, duplicates(self)
        assert differences(self) == [], differences(self)
        for side, (name, field) in enumerate((("Contacts", "Email"), ("ContactObj", "email"))):
            born = [str(row.get(field) or "") for row in self.live(side, name).values()]
            here = sorted(mail for mail in born if mail.startswith("newcomer"))
            assert here == sorted(f"newcomer{n}@client.example" for n in self._newcomers(people)), (name, here)
        overwritten = self.overwritten()
        untold = [one for one in overwritten if one.seen or not (self.told(one.edit) or one.edit.side == ZOHO)]
        assert untold == [], untold
        asked = sum(map(self.told, (one.edit for one in overwritten)))
        print(
            f"{len(self.edits)} edits, {len(overwritten)} overwritten while a write was under way, {asked} asked about"
        )
        lost = self.lost_edits([one.edit for one in overwritten])
        assert lost == [], lost
        assert self.without_intent() == [], self.without_intent()

    @staticmethod
    def _newcomers(people: People) -> list[int]:
        assert isinstance(people, Crowd)
        return people.born

    def overwritten(self) -> list[Replaced]:
        """Give the edits that our writes replaced although the store never knew them."""
        journal = [changes for (changes,) in self.rows('SELECT "changes" FROM "journal"')]
        reviews = [data for (data,) in self.rows('SELECT "data" FROM "review" WHERE "kind" = \'conflict\'')]
        known = known_texts(journal, reviews)
        requests = self.requests()
        out = []
        for side, name in {(edit.side, edit.object) for edit in self.edits}:
            rows = self.call(side, "GET", f"state?object={name}&history=1")["records"]
            history = {str(row.get("id") or row.get("_id")): row["__history"] for row in rows}
            asked = [request for request in requests if request["server"] == SIDES[side]]
            for edit in self.edits:
                if (edit.side, edit.object) != (side, name) or _as_stored(edit.value) in known:
                    continue
                found = replaced(edit, history[edit.id], asked)
                out += [found] if found is not None else []
        return out

    def told(self, edit: Edit) -> bool:
        """Say whether a person is asked about an edit that a write may have replaced."""
        where = "kind = 'possible_overwrite' AND connection = :connection AND remote_id = :id AND field = :field"
        names = next(names for names in _FIELDS[edit.object] if names[1 + edit.side] == edit.field)
        sql = f"SELECT 1 FROM review WHERE {where}"
        return bool(self.rows(sql, connection=SIDES[edit.side], id=edit.id, field=names[0]))

    def lost_edits(self, overwritten: Sequence[Edit] = ()) -> list[tuple[Any, ...]]:
        """Give edits that were the last word on a pair's field and are neither there nor parked.

        Args:
            overwritten: those that were never seen, for a write was under way.
        """
        parked = self.parked()
        pairs = {
            (side, row[1 + side]): (entity, row) for entity in TEXTS for row in self.links(entity) for side in (0, 1)
        }
        last: dict[tuple[str, str, str], Edit] = {}
        for edit in self.edits:
            if edit in overwritten or (edit.side, edit.id) not in pairs:
                continue
            entity, row = pairs[edit.side, edit.id]
            hub = next(names[0] for names in TEXTS[entity] if names[1 + edit.side] == edit.field)
            last[entity, row[0], hub] = edit
        truth = {(side, name): self.live(side, name) for names in PAIRS.values() for side, name in enumerate(names)}
        out: list[tuple[Any, ...]] = []
        for (entity, uid, hub), edit in last.items():
            now = truth[edit.side, edit.object][edit.id].get(edit.field)
            if now != edit.value and (uid, hub) not in parked:
                out.append((entity, uid, hub, edit, now))
        return out

    def without_intent(self) -> list[str]:
        """Give mutating requests of which the store has no intent."""
        known: set[tuple[str, str]] = set()
        for connection, entity, remote_id, key, values in self.rows(
            'SELECT connection, entity, remote_id, "key", "values" FROM op WHERE attempts > 0'
        ):
            handles = {handle for handle in (remote_id, key) if handle}
            if entity == "comment":  # a comment has no key: what it says tells which one it is
                handles |= _texts(json.loads(values) if isinstance(values, str) else values)
            known |= {(connection, handle) for handle in handles}
        out = []
        for request in self.writes():
            for row in _rows_of(request):
                if not any((request["server"], handle) in known for handle in row):
                    out.append(f"{request['time']} {request['method']} {request['path']} {sorted(row)[:3]}")
        return out


def _as_stored(value: Any) -> str:
    """Give a typed value as the store writes it: FxiaoKe's days are moments there."""
    return (_EPOCH + timedelta(milliseconds=value)).date().isoformat() if isinstance(value, int) else str(value)


def _rows_of(request: dict[str, Any]) -> list[set[str]]:
    """Give, for every row of a write, all texts it carries: its id or its key is among them."""
    body = request["request_body"] or {}
    if request["server"] == "zoho" and isinstance(body, dict) and isinstance(body.get("data"), list):
        return [_texts(row) for row in body["data"]]
    return [_texts([body, request["query"], request["path"].split("/")])]


def _texts(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value, *value.split(",")} - {""}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(_texts, parts))


class Crowd(People):
    """People at work; remembers whom they made."""

    def __init__(self, world: Worlds, seed: int) -> None:
        super().__init__(world, seed)
        self.born: list[int] = []

    def _newcomer(self, side: int) -> None:
        super()._newcomer(side)
        self.born.append(self.count)


@contextmanager
def edited_in_the_moment(world: Ground, people: People, rng: random.Random) -> Iterator[None]:
    """Let somebody edit a field at one side, and somebody else that field at the other right inside our write of it."""
    entity = rng.choice(sorted(TEXTS))
    side, names = rng.randrange(2), rng.choice(TEXTS[entity])
    parked = world.parked()
    _, *ids = rng.choice([row for row in world.links(entity) if (row[0], names[0]) not in parked])
    other = 1 - side
    world.edit(side, PAIRS[entity][side], ids[side], {names[1 + side]: people.typed(names[0], side)})
    theirs = Edit(other, PAIRS[entity][other], ids[other], names[1 + other], people.typed(names[0], other))
    world.fault(
        other, action="edit", path=_WRITE_PATHS[other].format(theirs.object), body_match=theirs.id,
        object=theirs.object, id=theirs.id, values={theirs.field: theirs.value},
    )  # fmt: skip
    yield
    world.clear_faults(other)
    (row,) = world.call(other, "GET", f"state?object={theirs.object}&id={theirs.id}&history=1")["records"]
    if any(change.get(theirs.field, (None, None))[1] == theirs.value for _, _, change in row["__history"]):
        world.edits.append(theirs)


@contextmanager
def ground(
    folder: Path, *words: str, store: str | None = None, lease: str = "1s", settled: bool = True
) -> Iterator[Ground]:
    """Start both CRMs and let a first sync come to rest."""
    nursery = Nursery(folder)
    made = None
    try:
        made = Ground(folder, nursery, store=store, lease=lease, words=words)
        if settled:
            made.rest()
        yield made
    finally:
        if made is not None:
            made.close()
        nursery.close()


def drawn_moment(world: Ground, rng: random.Random, people: People, most: int = 45) -> None:
    """Let people work until a drawn number of requests more has reached the CRMs."""
    goal = world.asked() + rng.randint(1, most)

    def reached() -> bool:
        if world.asked() >= goal:
            return True
        if rng.random() < 0.2:
            people.act()
        return False

    wait_until(reached, "the drawn moment", step_s=0.003)


__all__ = ["Crowd", "Ground", "drawn_moment", "edited_in_the_moment", "ground"]
