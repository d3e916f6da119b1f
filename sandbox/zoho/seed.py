"""The story told in Zoho's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from sandbox.story import KINDS, Kind, Story, Tale
from sandbox.world import Maker, Values
from sandbox.zoho.org import Org, wire_id
from sandbox.zoho.values import ORG_ZONE

MODULE_OF: Final[Mapping[Kind, str]] = {
    "account": "Accounts", "contact": "Contacts", "project": "Deals", "task": "Tasks", "feedback": "Cases",
    "comment": "Notes",
}  # fmt: skip
TASK_STATUS: Final = {
    "not_started": "Not Started", "in_progress": "In Progress", "submitted": "In Progress",
    "waiting_vendor": "In Progress", "waiting_client": "Waiting for input",
    "waiting_third_party": "Waiting for input", "on_hold": "Deferred", "cancelled": "Deferred", "done": "Completed",
}  # fmt: skip
PRIORITY: Final = {"low": "Low", "normal": "Normal", "high": "High", "critical": "Highest"}
CASE_STATUS: Final = {
    "new": "New", "acknowledged": "New", "reopened": "New", "acting": "On Hold", "resolved": "Closed",
    "closed": "Closed",
}  # fmt: skip
CASE_PRIORITY: Final = {"low": "Low", "normal": "Medium", "high": "High", "critical": "High"}
STAGE: Final = {"closed": "Closed Won", "accepted": "Closed Won", "cancelled": "Closed Lost"}
CROWD_CONTACTS: Final = 1_000_000
CROWD_TASKS: Final = 5_000_000
DAY_MS: Final = 86_400_000

Refs = dict[str, str]
Render = Callable[[Mapping[str, Any], "Seeder"], Values]


class Seeder:
    """Plants a story into an organisation; ``refs`` maps tale refs to the ids they got."""

    def __init__(self, org: Org, story: Story) -> None:
        self.org = org
        self.story = story
        self.refs: Refs = {}
        self._modules: dict[str, str] = {}
        self._owners: dict[str | None, dict[str, str]] = {user.ref: {"id": user.id} for user in org.users.values()}

    def plant(self) -> None:
        """Plant every record that Zoho has, then the crowd."""
        now_ms = self.org.world.clock.now_ms()
        for kind in KINDS:
            for tale in self.story.of("zoho", kind):
                self._plant_one(tale, now_ms)
        if self.story.crowd.size:
            self._plant_crowd(now_ms)

    def _plant_one(self, tale: Tale, now_ms: int) -> None:
        module = MODULE_OF[tale.kind]
        values = tale.seen_by("zoho")
        made_ms = now_ms - tale.age_days * DAY_MS
        wire = self._kept(module, RENDER[tale.kind](values, self))
        who = self.org.user(values.get("author") or values.get("owner")).id
        row = self.org.insert(module, wire, who, made_ms - made_ms % 1000)
        self.refs[tale.ref] = row.id
        self._modules[tale.ref] = module

    def _plant_crowd(self, now_ms: int) -> None:
        crowd, table = self.story.crowd, self.org.table
        numbers = crowd.numbers("zoho")
        # Owners and makers are real users; ids follow the numbers, so a task finds its contact without a search.
        who = self.org.human.id

        def made_ms(number: int) -> int:
            at = round(now_ms - crowd.made_days_ago(number) * DAY_MS)
            return at - at % 1000

        table("Contacts").fill(
            range(CROWD_CONTACTS + numbers.start, CROWD_CONTACTS + numbers.stop),
            self._crowd_recipe("Contacts", contact, crowd.contact, CROWD_CONTACTS),
            lambda number: made_ms(number - CROWD_CONTACTS),
            who,
        )
        table("Tasks").fill(
            range(CROWD_TASKS + numbers.start, CROWD_TASKS + numbers.stop),
            self._crowd_recipe("Tasks", task, crowd.task, CROWD_TASKS),
            lambda number: made_ms(number - CROWD_TASKS),
            who,
        )

    def _crowd_recipe(self, module: str, render: Render, tell: Callable[[int], dict[str, Any]], base: int) -> Maker:
        """Give what works out the values of one of the crowd; it runs for every read, so it must be quick."""
        plain = not any(field.custom for field in self.org.modules[module].fields.values())

        def make(number: int) -> Values:
            values = render(tell(number - base), self)
            return self._kept(module, values) if plain else values

        return make

    def _kept(self, module: str, values: Values) -> Values:
        fields = self.org.modules[module].fields
        return {name: value for name, value in values.items() if name in fields or name == "$se_module"}

    def ref(self, ref: Any) -> dict[str, str] | None:
        """Give the reference to a story record; None when Zoho does not have it."""
        found = self.refs.get(ref) if isinstance(ref, str) else None
        if isinstance(ref, int):
            found = wire_id(CROWD_CONTACTS + ref)
        return {"id": found} if found else None

    def pointer(self, ref: Any) -> dict[str, str] | None:
        """Give a reference that names its module."""
        inner = self.ref(ref)
        return {**inner, "module": self._modules[ref]} if inner else None

    def owner(self, values: Mapping[str, Any]) -> dict[str, str]:
        return self._owners.get(values.get("owner")) or {"id": self.org.human.id}

    def instant(self, day: str | None) -> str | None:
        """Give ten in the morning of a day."""
        if day is None:
            return None
        return datetime.fromisoformat(f"{day}T10:00:00").replace(tzinfo=ORG_ZONE).isoformat()


def account(values: Mapping[str, Any], seed: Seeder) -> Values:
    return {
        "Account_Name": values["name"],
        "Phone": values.get("phone"),
        "Website": values.get("website"),
        "Billing_Country": values.get("country"),
        "Owner": seed.owner(values),
    }


def contact(values: Mapping[str, Any], seed: Seeder) -> Values:
    first, last = split_name(values["name"])
    return {
        "Last_Name": last,
        "First_Name": first,
        "Full_Name": " ".join(part for part in (first, last) if part),
        "Title": values.get("title"),
        "Email": values.get("email"),
        "Mobile": values.get("mobile"),
        "Account_Name": seed.ref(values.get("account")),
        "Email_Opt_Out": bool(values.get("opt_out")),
        "Duban_Roles": list(values.get("roles") or []) or None,
        "Owner": seed.owner(values),
    }


def project(values: Mapping[str, Any], seed: Seeder) -> Values:
    return {
        "Deal_Name": values["name"],
        "Stage": STAGE.get(values["lifecycle"], "Negotiation/Review"),
        "Account_Name": seed.ref(values.get("account")),
        "Amount": float(values["budget"]),
        "Closing_Date": values.get("baseline_end"),
        "Duban_Code": values.get("code"),
        "Duban_Contract_No": values.get("contract_no"),
        "Duban_Start": values.get("start"),
        "Duban_Lifecycle": values.get("lifecycle"),
        "Duban_Health": values.get("declared_health"),
        "Owner": seed.owner(values),
    }


def task(values: Mapping[str, Any], seed: Seeder) -> Values:
    project_ref = seed.ref(values.get("project"))
    return {
        "Subject": values["title"],
        "Status": TASK_STATUS[values["status"]],
        "Priority": PRIORITY[values["priority"]],
        "Due_Date": values.get("due"),
        "Who_Id": seed.ref(values.get("contact")),
        "What_Id": project_ref,
        "$se_module": "Deals" if project_ref else None,
        "Duban_Kind": values.get("kind"),
        "Duban_Side": values.get("owner_side"),
        "Owner": seed.owner(values),
    }


def feedback(values: Mapping[str, Any], seed: Seeder) -> Values:
    score = values.get("score")
    return {
        "Subject": values["subject"],
        "Description": values.get("body"),
        "Status": CASE_STATUS[values["status"]],
        "Priority": CASE_PRIORITY[values["severity"]],
        "Case_Origin": "Web",
        "Related_To": seed.ref(values.get("contact")),
        "Account_Name": seed.ref(values.get("account")),
        "Deal_Name": seed.ref(values.get("project")),
        "Duban_Feedback_Kind": values.get("kind"),
        "Duban_Score": None if score is None else float(score),
        "Duban_Scale": values.get("scale"),
        "Duban_Wave": values.get("wave"),
        "Duban_Submitted_At": seed.instant(values.get("submitted_day")),
        "Owner": seed.owner(values),
    }


def comment(values: Mapping[str, Any], seed: Seeder) -> Values:
    return {
        "Note_Title": values.get("title"),
        "Note_Content": values["body"],
        "Parent_Id": seed.pointer(values["parent"]),
        "Owner": seed.owner({"owner": values.get("author")}),
    }


RENDER: Final[Mapping[Kind, Render]] = {
    "account": account, "contact": contact, "project": project, "task": task, "feedback": feedback,
    "comment": comment,
}  # fmt: skip


def split_name(name: str) -> tuple[str | None, str]:
    """Give first and last name: a name with a space splits at the last one, a Han name stays whole."""
    first, space, last = name.strip().rpartition(" ")
    return (first, last) if space else (None, name)
