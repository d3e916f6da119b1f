"""Several clients at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any


def test_clients_writing_and_reading_at_once_lose_nothing(tenant: Any) -> None:
    tenant.headers()
    shared = tenant.create("AccountObj", {"name": "shared"})["dataId"]

    def work(number: int) -> str:
        id = tenant.create("ContactObj", {"name": f"c{number}", "email": f"c{number}@x.example"})["dataId"]
        tenant.update("AccountObj", shared, {"remark": str(number)})
        assert tenant.ids("ContactObj", ("email", "EQ", [f"c{number}@x.example"])) == [id]
        return id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(work, range(80)))
    assert len(set(ids)) == 80
    assert set(ids) <= {record["_id"] for record in tenant.sim("GET", "state?object=ContactObj")["records"]}
    assert tenant.get("AccountObj", shared)["data"]["version"] == "81"


def test_people_editing_during_a_walk_by_id_hide_no_record(tenant: Any) -> None:
    whole = tenant.ids("ContactObj", orders=[{"fieldName": "_id", "isAsc": True}])
    seen: list[str] = []
    last = "0"
    while page := tenant.ids("ContactObj", ("_id", "GT", [last]), limit=5, orders=[{"fieldName": "_id"}]):
        seen += page
        last = page[-1]
        tenant.clock.advance(1)
        values = {"job_title": f"edited {len(seen)}"}
        tenant.sim("PATCH", "records", {"object": "ContactObj", "id": whole[len(seen) // 2], "values": values})
    assert seen == whole
