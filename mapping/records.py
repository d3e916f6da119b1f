"""The canonical records: what duban keeps the same everywhere.

A canonical value is one of: ``str``, ``int``, ``bool``, ``list[str]`` (sorted, unique) or ``None`` for blank.
Civil days are ``"2026-11-23"``, instants are integer milliseconds UTC, money and numbers are decimal text
(``"1200.5"``), references are the ``uid`` of the other entity, people of our own side are lower-case e-mails,
a comment's parent is ``"task:<uid>"``.
A field that was not shown to us is not in the mapping at all: unseen is never the same as blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Value = str | int | bool | list[str] | None
Values = Mapping[str, Value]
EntityKind = Literal["account", "contact", "project", "task", "feedback", "comment"]
EntityState = Literal["live", "archived", "deleted", "merged"]

ENTITIES: Final[tuple[EntityKind, ...]] = ("account", "contact", "project", "task", "feedback", "comment")
"""All kinds, parents before children: the order of pulling, planning and writing."""

ENTITIES_ZH: Final[Mapping[str, str]] = {
    "account": "客户", "contact": "联系人", "project": "项目", "task": "任务", "feedback": "反馈", "comment": "评论",
    "record": "记录",
}  # fmt: skip
"""How messages call them in Chinese; ``record`` for one of any kind."""

FieldType = Literal[
    "text", "long_text", "email", "phone", "url", "date", "instant", "money", "number", "bool",
    "option", "options", "ref", "user", "parent", "key",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class HubField:
    """One canonical field of an entity.

    Args:
        name: column name in the hub.
        type: what its values look like (see the module's text).
        target: for ``ref``, the entity it points to.
        codes: for ``option``/``options``, the canonical codes; empty means free.
        rule_written: True for fields that supervision computes; the mass rail does not count them.
    """

    name: str
    type: FieldType
    target: EntityKind | None = None
    codes: tuple[str, ...] = ()
    rule_written: bool = False


TASK_STATUSES: Final = (
    "not_started", "in_progress", "waiting_client", "waiting_vendor", "waiting_third_party",
    "submitted", "on_hold", "done", "cancelled",
)  # fmt: skip
PRIORITIES: Final = ("low", "normal", "high", "critical")
TASK_KINDS: Final = (
    "action", "milestone", "sign_off", "deliverable_review", "meeting", "risk", "change_request",
    "acceptance", "survey", "issue",
)  # fmt: skip
SIDES: Final = ("client", "vendor", "third_party")
LIFECYCLES: Final = ("draft", "planned", "active", "on_hold", "delivered", "accepted", "closed", "cancelled")
HEALTHS: Final = ("unknown", "green", "yellow", "red")
FEEDBACK_KINDS: Final = ("csat", "nps", "ces", "comment", "complaint", "praise", "suggestion", "lesson")
FEEDBACK_STATUSES: Final = ("new", "acknowledged", "acting", "resolved", "closed", "reopened")
CONTACT_ROLES: Final = (
    "sponsor", "decision_maker", "approver", "coordinator", "key_user", "it", "finance", "procurement", "observer",
)  # fmt: skip
SEVERITIES: Final = ("S1", "S2", "S3", "S4")


def _fields(*fields: HubField) -> dict[str, HubField]:
    return {field.name: field for field in fields}


F = HubField
FIELDS: Final[Mapping[EntityKind, Mapping[str, HubField]]] = {
    "account": _fields(
        F("key", "key"), F("name", "text"), F("phone", "phone"), F("website", "url"), F("description", "long_text"),
        F("country", "text"), F("owner", "user"), F("zone", "text"), F("calendar", "text"), F("locale", "text"),
    ),
    "contact": _fields(
        F("key", "key"), F("name", "text"), F("title", "text"), F("email", "email"), F("mobile", "phone"),
        F("phone", "phone"), F("description", "long_text"), F("account", "ref", "account"), F("opt_out", "bool"),
        F("roles", "options", codes=CONTACT_ROLES), F("owner", "user"), F("side", "option", codes=SIDES),
        F("zone", "text"), F("calendar", "text"), F("locale", "text"),
    ),
    "project": _fields(
        F("key", "key"), F("code", "text"), F("name", "text"), F("contract_no", "text"), F("description", "long_text"),
        F("account", "ref", "account"), F("pm", "user"), F("start", "date"), F("baseline_end", "date"),
        F("budget", "money"), F("currency", "text"), F("lifecycle", "option", codes=LIFECYCLES),
        F("declared_health", "option", codes=HEALTHS), F("zone", "text"), F("calendar", "text"),
    ),
    "task": _fields(
        F("key", "key"), F("title", "text"), F("description", "long_text"),
        F("status", "option", codes=TASK_STATUSES), F("priority", "option", codes=PRIORITIES), F("due", "date"),
        F("kind", "option", codes=TASK_KINDS), F("stage", "text"), F("owner_side", "option", codes=SIDES),
        F("start", "date"), F("project", "ref", "project"), F("contact", "ref", "contact"), F("owner", "user"),
        F("done_at", "instant"), F("overdue_since", "date", rule_written=True),
        F("severity", "option", codes=SEVERITIES, rule_written=True),
    ),
    "feedback": _fields(
        F("key", "key"), F("subject", "text"), F("body", "long_text"), F("status", "option", codes=FEEDBACK_STATUSES),
        F("severity", "option", codes=PRIORITIES), F("kind", "option", codes=FEEDBACK_KINDS), F("score", "number"),
        F("scale", "text"), F("wave", "text"), F("submitted_at", "instant"), F("contact", "ref", "contact"),
        F("account", "ref", "account"), F("project", "ref", "project"), F("owner", "user"),
    ),
    "comment": _fields(
        F("title", "text"), F("body", "long_text"), F("parent", "parent"), F("author", "text"),
        F("occurred_at", "instant"), F("internal", "bool"),
    ),
}  # fmt: skip
"""Hub field -> its type, per entity. ``project.lifecycle`` and ``declared_health`` are set by supervision only."""

RISK_RESPONSES: Final = ("escalate", "avoid", "transfer", "mitigate", "accept")
DUE_POLICIES: Final = ("floating", "fixed")

SIDECAR: Final[Mapping[EntityKind, Mapping[str, HubField]]] = {
    "account": _fields(F("tier", "text"), F("vendor_owner", "user")),
    "contact": _fields(
        F("send_window", "text"), F("deputy", "ref", "contact"), F("im", "text"), F("inactive", "bool"),
    ),
    "project": _fields(
        F("vendor_owner", "user"), F("sponsor", "ref", "contact"), F("approved_end", "date"), F("cadence", "text"),
        F("review_days", "number"), F("deemed_after_bd", "number"), F("notice_method", "text"),
    ),
    "task": _fields(
        F("parent", "ref", "task"), F("tags", "options"), F("blocks", "text"), F("due_zone", "text"),
        F("due_policy", "option", codes=DUE_POLICIES), F("outcome", "text"), F("internal", "bool"),
        F("baseline_due", "date"), F("approved_due", "date"), F("after_bd", "number"), F("remaining_bd", "number"),
        F("doc_version", "text"), F("doc_hash", "text"), F("mandatory", "bool"), F("criteria", "long_text"),
        F("conditions", "long_text"), F("round", "number"),
        F("probability", "number"), F("impact", "number"), F("response", "option", codes=RISK_RESPONSES),
        F("reviewed_on", "date"), F("joint", "bool"),
        F("change_impact", "long_text"), F("change_cost", "money"), F("change_days", "number"), F("affected", "text"),
        F("cause", "text"), F("improvement_of", "ref", "feedback"),
        F("held_at", "instant"), F("invited", "text"), F("attended", "text"), F("wave", "text"),
    ),
    "feedback": _fields(
        F("task", "ref", "task"), F("question", "text"), F("channel", "text"), F("lang", "text"),
        F("follow_up", "ref", "task"), F("loop_due", "date"), F("cause", "text"), F("verified_on", "date"),
        F("internal", "bool"),
    ),
    "comment": {},
}  # fmt: skip
"""Fields with a type of their own and no column: supervision understands them, a map may give them a home at any
connection, and without one they stay in the row's ``extra``. docs/supervision.md says what each is for."""

TITLE_FIELD: Final[Mapping[EntityKind, str]] = {
    "account": "name", "contact": "name", "project": "name", "task": "title", "feedback": "subject", "comment": "title",
}  # fmt: skip
"""The field a person knows a record by."""


def is_blank(value: Value) -> bool:
    """Say whether *value* stands for nothing: None, empty text or an empty list."""
    return value is None or value in ("", [])


def hub_field(entity: EntityKind, name: str) -> HubField:
    """Give the field of that name; one that duban does not know is free text kept in the row's ``extra``."""
    return FIELDS[entity].get(name) or SIDECAR[entity].get(name) or HubField(name, "text")


def known_fields(entity: EntityKind) -> tuple[str, ...]:
    """Give the names of all fields with a meaning, those with a column first."""
    return (*FIELDS[entity], *SIDECAR[entity])


def is_known(entity: EntityKind, name: str) -> bool:
    """Say whether a field of that name means something to duban."""
    return name in FIELDS[entity] or name in SIDECAR[entity]
