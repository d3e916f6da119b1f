"""What FxiaoKe says about its objects, fields and people, in the contract's terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base import FieldSchema, ObjectInfo, ObjectSchema, RemoteUser
from mapping.errors import PageMalformed
from mapping.records import FieldType

COMPUTED: Final = frozenset({"formula", "count", "quote", "auto_number"})

KEPT_BY_SYSTEM: Final = frozenset({
    "_id", "version", "create_time", "created_by", "last_modified_time", "last_modified_by", "life_status",
    "lock_status", "is_deleted", "object_describe_api_name", "owner_department", "tenant_id",
})  # fmt: skip
"""Fields the service writes itself, whatever their metadata says."""

PERSON_FIELDS: Final = ("user_id", "name", "email", "status")
"""Fields of the personnel object; its ``user_id`` is the plain employee id. [seen; the meaning of status: assumed]"""

OPEN_ID: Final = "FSUID_"
"""How ids of people begin in the older generation of credentials."""

_TEXTS: Final = frozenset({"text", "long_text", "html_rich_text", "url", "email", "phone_number", "auto_number"})
_NUMBERS: Final = frozenset({"number", "currency", "percentile", "formula", "count", "quote"})
_PEOPLE: Final = frozenset({"employee", "employee_many"})
_REFERENCES: Final = frozenset({"object_reference", "master_detail"})
_CHOICES: Final = frozenset({"select_one", "record_type"})

CODECS: Final[Mapping[FieldType, Mapping[str, str]]] = {
    "text": {**dict.fromkeys(_TEXTS | _CHOICES, "text"), **dict.fromkeys(_PEOPLE, "created_user")},
    "long_text": dict.fromkeys(_TEXTS, "long_text"),
    "email": dict.fromkeys(_TEXTS, "email"),
    "phone": dict.fromkeys(_TEXTS, "phone"),
    "url": dict.fromkeys(_TEXTS, "url"),
    "key": {"text": "key"},
    "date": {"date": "date_ms", "date_time": "date_ms"},
    "instant": {"date_time": "instant_ms"},
    "money": dict.fromkeys(_NUMBERS, "money_text"),
    "number": {**dict.fromkeys(_NUMBERS, "number_text"), "text": "number_text"},
    "bool": {"true_or_false": "boolean"},
    "option": {**dict.fromkeys(_CHOICES, "option"), "text": "option"},
    "options": {"select_many": "options"},
    "ref": {**dict.fromkeys(_REFERENCES, "ref_id"), "text": "ref_id"},
    "user": dict.fromkeys(_PEOPLE, "user_list"),
    "parent": {**dict.fromkeys(_REFERENCES, "parent_pair"), "text": "parent_pair"},
}
"""Hub type and remote type -> the codec that carries one in the other."""


def read_objects(body: Any) -> list[ObjectInfo]:
    """Give the active objects of an object list.

    Raises:
        PageMalformed: the answer is not such a list.
    """
    data = body.get("data") if isinstance(body, dict) else None
    objects = data.get("objects") if isinstance(data, dict) else None
    if not isinstance(objects, list):
        raise PageMalformed("the answer holds no list of objects", zh="答复中没有对象列表")
    return [
        ObjectInfo(
            name=str(one["describeApiName"]),
            label=str(one.get("describeDisplayName") or one["describeApiName"]),
            custom=one.get("defineType") == "custom",
        )
        for one in objects
        if isinstance(one, dict) and one.get("describeApiName") and one.get("isActive", True)
    ]


def read_schema(object: str, body: Any) -> ObjectSchema:
    """Give the schema of a describe.

    Raises:
        PageMalformed: the answer describes nothing.
    """
    data = body.get("data") if isinstance(body, dict) else None
    described = data.get("describe") if isinstance(data, dict) else None
    fields = described.get("fields") if isinstance(described, dict) else None
    if not isinstance(described, dict) or not isinstance(fields, dict):
        raise PageMalformed("the answer describes no object", zh="答复中没有对象描述")
    label = described.get("label") or described.get("display_name") or object
    live = {name: raw for name, raw in fields.items() if isinstance(raw, dict) and raw.get("is_active", True)}
    return ObjectSchema(
        name=object, label=str(label), fields={name: _field(str(name), raw) for name, raw in live.items()}
    )


def _field(name: str, raw: Mapping[str, Any]) -> FieldSchema:
    kind = str(raw.get("type") or "text")
    options = {str(one["value"]): str(one.get("label", one["value"])) for one in _options(raw)}
    return FieldSchema(
        name=name,
        type=kind,
        label=str(raw.get("label") or name),
        length=_number(raw.get("max_length")),
        decimals=_number(raw.get("decimal_places")),
        required=raw.get("is_required") is True,
        read_only=kind in COMPUTED or name in KEPT_BY_SYSTEM or raw.get("is_readonly") is True,
        unique=raw.get("is_unique") is True,
        options=tuple(options),
        option_labels=options,
        target=str(raw["target_api_name"]) if raw.get("target_api_name") else None,
    )


def _options(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    options = raw.get("options")
    listed = options if isinstance(options, list) else []
    return [one for one in listed if isinstance(one, dict) and "value" in one and not one.get("not_usable")]


def _number(raw: Any) -> int | None:
    try:
        return int(raw)
    except (TypeError, ValueError):
        return None


def read_users(rows: Any, id_field: str) -> list[RemoteUser]:
    """Give the people of a directory answer, or of rows of the personnel object; rows without an id are left out."""
    people = []
    for row in rows if isinstance(rows, list) else []:
        id = row.get(id_field) if isinstance(row, dict) else None
        if not isinstance(id, str | int) or id == "":
            continue
        email = str(row.get("email") or "").strip().lower() or None
        stopped = row.get("isStop") is True or str(row.get("status", "0")) in ("1", "STOP")
        people.append(RemoteUser(id=str(id), name=str(row.get("name") or id), email=email, active=not stopped))
    return people
