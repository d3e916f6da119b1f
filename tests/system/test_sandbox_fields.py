"""An admin's own fields in both sandbox CRMs, as a map that names them needs them."""

from __future__ import annotations

import httpx
import pytest

from sandbox.main import start


def test_a_planted_field_takes_values_and_an_options_list_can_be_changed() -> None:
    with start(seed=1) as running, httpx.Client(timeout=10) as http:
        for server, name, object in (
            (running.zoho, "Shoe_Size", "Contacts"),
            (running.fxiaoke, "shoe__c", "ContactObj"),
        ):
            url = f"{server.url}/__sim__"
            field = {"object": object, "name": name, "kind": "option", "options": ["39", "40"]}
            assert http.post(f"{url}/fields", json=field).json() == {"ok": True}
            key = "Last_Name" if object == "Contacts" else "name"
            planted = {"object": object, "records": [{key: "Ann", name: "40"}]}
            (made,) = http.post(f"{url}/records", json=planted).json()["ids"]
            wrong = {"object": object, "id": made, "values": {name: "41"}}
            assert http.patch(f"{url}/records", json=wrong).status_code == 400
            http.post(f"{url}/fields", json={**field, "options": ["41", "42"]})
            assert server.face.world.objects[object].rows[made].values[name] == "41"
            assert http.post(f"{url}/fields", json={**field, "kind": "shoes"}).status_code == 400
            assert http.post(f"{url}/fields", json={**field, "object": "Shoes"}).status_code == 404


@pytest.mark.parametrize("kind", ["text", "long_text", "date", "instant", "number", "money", "bool", "options", "url"])
def test_fields_of_every_kind_can_be_planted(kind: str) -> None:
    with start(seed=1, empty=True) as running:
        running.zoho.face.define("Tasks", "Extra", kind)
        running.fxiaoke.face.define("duban_new__c", "extra__c", kind)
        running.zoho.face.plant("Tasks", {"Subject": "a", "Extra": None})
        running.fxiaoke.face.plant("duban_new__c", {"name": "a", "extra__c": None})
