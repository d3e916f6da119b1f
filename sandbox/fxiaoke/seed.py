"""Telling the sandbox's story in the words of this CRM."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from sandbox.fxiaoke.coerce import DAY_MS, ZONE_MS, stored_value
from sandbox.fxiaoke.describe import field_of
from sandbox.fxiaoke.people import COMPANY, Department, Employee, People, Viewer, open_id
from sandbox.fxiaoke.tables import object_id
from sandbox.fxiaoke.tenant import Tenant
from sandbox.fxiaoke.tokens import Credentials
from sandbox.story import Kind, Person, Story, Tale

OBJECTS: Final[Mapping[Kind, str]] = {
    "account": "AccountObj",
    "contact": "ContactObj",
    "project": "duban_project__c",
    "task": "duban_task__c",
    "feedback": "duban_feedback__c",
    "comment": "duban_comment__c",
}

NAMES: Final[Mapping[Kind, Mapping[str, str]]] = {
    "account": {"name": "name", "phone": "tel", "website": "website", "description": "remark"},
    "contact": {
        "name": "name", "title": "job_title", "email": "email", "mobile": "mobile", "phone": "tel",
        "description": "remark", "account": "account_id", "opt_out": "email_opt_out__c", "roles": "roles__c",
    },
    "project": {
        "name": "name", "code": "code__c", "contract_no": "contract_no__c", "description": "body__c",
        "account": "account__c", "start": "start__c", "baseline_end": "due__c", "budget": "budget__c",
        "lifecycle": "status__c", "declared_health": "health__c",
    },
    "task": {
        "title": "name", "description": "body__c", "status": "status__c", "priority": "priority__c", "due": "due__c",
        "kind": "kind__c", "stage": "stage__c", "owner_side": "side__c", "start": "start__c",
        "project": "project__c", "contact": "contact__c",
    },
    "feedback": {
        "subject": "name", "body": "body__c", "status": "status__c", "severity": "severity__c", "kind": "kind__c",
        "score": "score__c", "scale": "scale__c", "wave": "wave__c", "submitted_day": "submitted_at__c",
        "contact": "contact__c", "account": "account__c", "project": "project__c",
    },
    "comment": {"title": "name", "body": "body__c"},
}  # fmt: skip
"""Word of the story -> field of this CRM."""

FIRST_USER: Final = 1000
CROWD_BASE: Final = 1_000_000
"""Running numbers of the crowd's records start here, clear of the story's own."""

DEPARTMENTS: Final = (
    Department(COMPANY, "督办科技有限公司", 0),
    Department(1000, "交付部", COMPANY),
    Department(1001, "销售部", COMPANY),
)


def employees_of(story: Story) -> tuple[list[Employee], dict[str, str]]:
    """Give the tenant's employees, and the CRM id of every person of the story."""
    ids = {person.ref: str(FIRST_USER + place) for place, person in enumerate(story.people)}
    return [_employee(person, ids[person.ref]) for person in story.people], ids


def _employee(person: Person, user_id: str) -> Employee:
    return Employee(
        user_id=user_id,
        open_user_id=open_id(f"employee/{person.ref}"),
        name=person.name,
        mobile=person.mobile,
        email=person.email,
        position="集成账号" if person.bot else "项目经理",
    )


def people_of(story: Story) -> People:
    return People(employees_of(story)[0], DEPARTMENTS)


def credentials_of(seed: int) -> Credentials:
    """Give the app's credentials at the tenant of a seed; made up, and good for this sandbox only.

    Another seed is another company.
    """

    def drawn(word: str, length: int) -> str:
        return hashlib.sha256(f"fxiaoke/{seed}/{word}".encode()).hexdigest()[:length]

    return Credentials(
        app_id=f"FSAID_{drawn('app', 7)}",
        app_secret=drawn("secret", 32),
        permanent_code=drawn("code", 40).upper(),
        corp_id=f"FSCID_{drawn('corp', 32).upper()}",
        ea="dubansandbox" if seed == 1 else f"dubansandbox{seed}",
    )


def day_ms(day: str, hour: int = 0) -> int:
    """Give an instant of a civil day in the tenant's zone."""
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    return round(midnight.timestamp() * 1000) - ZONE_MS + hour * 3_600_000


class Teller:
    """Plants a story's records into a tenant."""

    def __init__(self, tenant: Tenant, story: Story) -> None:
        self._tenant = tenant
        self._story = story
        self._user_ids = employees_of(story)[1]
        self._record_ids: dict[str, str] = {}
        self._today_ms = min(day_ms(story.today.isoformat()), tenant.world.clock.now_ms())

    def tell(self) -> None:
        """Plant everything this side of the story has; objects the tenant lacks are passed over."""
        self._plant_directory()
        for kind, object_name in OBJECTS.items():
            if object_name in self._tenant.objects:
                for place, tale in enumerate(self._story.of("fxiaoke", kind)):
                    self._plant(object_name, tale, place)
        if self._story.crowd.size:
            self._fill()

    def _plant(self, object_name: str, tale: Tale, place: int) -> None:
        values = self._values(tale.kind, object_name, tale.seen_by("fxiaoke"))
        who = self._author(tale)
        made_ms = self._today_ms - tale.age_days * DAY_MS + place * 60_000
        row = self._tenant.table(object_name).insert(values, who, made_ms)
        self._record_ids[tale.ref] = row.id

    def _author(self, tale: Tale) -> str:
        words = tale.seen_by("fxiaoke")
        return self._user_ids.get(str(words.get("author") or words.get("owner")), str(FIRST_USER))

    def _values(self, kind: Kind, object_name: str, words: Mapping[str, Any]) -> dict[str, Any]:
        spec = self._tenant.spec(object_name)
        values: dict[str, Any] = {}
        for word, name in NAMES[kind].items():
            kept = self._kept(object_name, name, words.get(word)) if name in spec.fields else None
            if kept is not None:
                values[name] = kept
        owner = self._user_ids.get(str(words.get("owner") or words.get("author")))
        values["owner"] = [owner or str(FIRST_USER)]
        if kind == "comment":
            values.update(self._parent(words))
        return values

    def _kept(self, object_name: str, name: str, word: Any) -> Any:
        field = field_of(self._tenant.spec(object_name), name)
        if word is None:
            return None
        if field.type == "object_reference":
            return self._record_ids.get(str(word))
        if field.type == "date":
            return day_ms(str(word))
        if field.type == "date_time":
            return day_ms(str(word), hour=10)
        return stored_value(self._tenant, object_name, field, word, Viewer(str(FIRST_USER)))

    def _parent(self, words: Mapping[str, Any]) -> dict[str, Any]:
        ref = str(words.get("parent"))
        if ref not in self._record_ids:
            return {}
        return {"parent_kind__c": ref.partition(":")[0], "parent_id__c": self._record_ids[ref]}

    def _plant_directory(self) -> None:
        for person in self._tenant.people.employees:
            values = {
                "name": person.name, "user_id": person.user_id, "email": person.email, "phone": person.mobile,
                "status": "0", "owner": [person.user_id],
            }  # fmt: skip
            self._tenant.table("PersonnelObj").insert(values, str(FIRST_USER), self._today_ms - 400 * DAY_MS)
        for department in self._tenant.people.departments:
            values = {"name": department.name, "dept_id": str(department.id), "parent_id": str(department.parent)}
            self._tenant.table("DepartmentObj").insert(values, str(FIRST_USER), self._today_ms - 400 * DAY_MS)

    # --- the crowd -------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        self._fill_one("contact", self._contact_maker())
        if OBJECTS["task"] in self._tenant.objects:
            self._fill_one("task", self._task_maker())

    def _fill_one(self, kind: Kind, make: Callable[[int], dict[str, Any]]) -> None:
        crowd = self._story.crowd
        numbers = crowd.numbers("fxiaoke")
        table = self._tenant.table(OBJECTS[kind])
        table.recipe_blank = frozenset({"duban_key__c"})
        table.fill(
            range(CROWD_BASE + numbers.start, CROWD_BASE + numbers.stop),
            make,
            lambda number: self._today_ms - round(crowd.made_days_ago(number - CROWD_BASE) * DAY_MS),
            str(FIRST_USER),
        )

    def _contact_maker(self) -> Callable[[int], dict[str, Any]]:
        crowd, ids, users = self._story.crowd, self._record_ids, self._user_ids
        custom = not self._tenant.plain

        def make(number: int) -> dict[str, Any]:
            words = crowd.contact(number - CROWD_BASE)
            values = {
                "name": words["name"], "job_title": words["title"], "email": words["email"],
                "mobile": words["mobile"].removeprefix("+86"), "owner": [users[words["owner"]]],
            }  # fmt: skip
            if words["account"] in ids:
                values["account_id"] = ids[words["account"]]
            if custom:
                values["email_opt_out__c"] = words["opt_out"]
            return values

        return make

    def _task_maker(self) -> Callable[[int], dict[str, Any]]:
        crowd, ids, users = self._story.crowd, self._record_ids, self._user_ids

        def make(number: int) -> dict[str, Any]:
            words = crowd.task(number - CROWD_BASE)
            values = {
                "name": words["title"], "status__c": words["status"], "priority__c": words["priority"],
                "kind__c": words["kind"], "side__c": words["owner_side"], "due__c": day_ms(words["due"]),
                "contact__c": object_id(CROWD_BASE + words["contact"]), "owner": [users[words["owner"]]],
            }  # fmt: skip
            if words["project"] in ids:
                values["project__c"] = ids[words["project"]]
            return values

        return make
