"""What an organisation looks like: who we are, its modules, fields and users.

Source: Zoho CRM v8 documentation, settings, users and org [doc]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.base import FieldSchema, Identity, ObjectInfo, ObjectSchema, RemoteUser
from connectors.http import Answer
from connectors.zoho import coql
from connectors.zoho.wire import MODULE_MARKS, PICKLIST_SHOWS, Api
from mapping.errors import DubanError, NeedsOperator, PageMalformed
from mapping.records import FieldType

_ABSENT: Final = frozenset({"INVALID_MODULE", "API_NOT_SUPPORTED", "NOT_SUPPORTED", "FEATURE_NOT_SUPPORTED"})
_NO_CHOICE: Final = "-None-"
_USERS_A_PAGE: Final = 200
_MOST_PAGES: Final = 500

_TEXTS: Final = frozenset({"text", "textarea", "email", "phone", "website", "picklist", "autonumber", "bigint", "url"})
_NUMBERS: Final = frozenset({"integer", "double", "currency", "percent", "bigint", "decimal", "formula"})
_USERS: Final = frozenset({"ownerlookup", "userlookup"})
CODECS: Final[Mapping[FieldType, tuple[tuple[frozenset[str], str], ...]]] = {
    "text": ((_USERS, "created_user"), (_TEXTS, "text")),
    "long_text": ((_TEXTS, "long_text"),),
    "email": ((_TEXTS, "email"),),
    "phone": ((_TEXTS, "phone"),),
    "url": ((_TEXTS, "url"),),
    "key": ((frozenset({"text"}), "key"),),
    "date": ((frozenset({"date"}), "date_iso"),),
    "instant": ((frozenset({"datetime"}), "instant_iso"),),
    "money": ((_NUMBERS, "money"), (frozenset({"text"}), "money_text")),
    "number": ((_NUMBERS, "number"), (frozenset({"text", "picklist"}), "number_text")),
    "bool": ((frozenset({"boolean"}), "boolean"),),
    "option": ((frozenset({"picklist", "text"}), "option"),),
    "options": ((frozenset({"multiselectpicklist"}), "options"), (frozenset({"text"}), "options_joined")),
    "ref": ((frozenset({"lookup"}), "ref_object"),),
    "user": ((_USERS, "user_object"),),
    "parent": ((frozenset({"lookup", "multi_module_lookup"}), "parent_object"),),
}
"""Hub type -> codecs by the vendor's data types, the first that fits."""


def codec_for(type: FieldType, schema: FieldSchema) -> str | None:
    """Give the codec that carries a hub type in a field, or None."""
    return next((codec for types, codec in CODECS[type] if schema.type in types), None)


def read_identity(org: Answer, users: Answer) -> Identity:
    """Give who we are logged in as.

    Raises:
        PageMalformed: an answer is not what it should be.
    """
    home = _rows(org, "org")
    me = _rows(users, "users")
    if not home:
        raise PageMalformed("the answer names no organisation", zh="答复中没有组织信息")
    first = home[0]
    license_details = first.get("license_details")
    edition = license_details.get("paid_type") if isinstance(license_details, dict) else None
    return Identity(
        org_id=str(first.get("zgid") or first.get("id") or ""),
        org_name=str(first.get("company_name") or ""),
        zone=str(first.get("time_zone") or "UTC"),
        user_id=str(me[0]["id"]) if me and me[0].get("id") else None,
        environment=str(first.get("type") or "production"),
        edition=str(edition).lower() if edition else None,
    )


def read_objects(api: Api) -> list[ObjectInfo]:
    """Give the modules that the API serves."""
    return [
        ObjectInfo(
            name=str(row["api_name"]),
            label=str(row.get("plural_label") or row.get("module_name") or row["api_name"]),
            custom=row.get("generated_type") == "custom",
        )
        for row in _rows(api.get("/settings/modules"), "modules")
        if row.get("api_supported") is True and row.get("api_name")
    ]


def read_schema(api: Api, module: str, *, layouts: bool) -> ObjectSchema | None:
    """Give the fields of a module; None when the organisation does not have it.

    Args:
        layouts: also take the fields that every layout makes mandatory.
    """
    params = {"module": coql.name(module)}
    try:
        rows = _rows(api.get("/settings/fields", params), "fields")
    except DubanError as error:
        if error.code in _ABSENT:
            return None
        raise
    if not rows:
        return None
    fields = {field.name: field for field in (_field(row) for row in rows if row.get("api_name"))}
    if layouts:
        fields |= _required(fields, _rows(api.get("/settings/layouts", params), "layouts"))
    for mark, lookup in MODULE_MARKS.items():
        if lookup in fields:
            fields.setdefault(mark, FieldSchema(name=mark, type="text", label=mark, searchable=False))
    return ObjectSchema(name=module, label=module, fields=fields)


def read_users(api: Api) -> list[RemoteUser]:
    """Give all users, former ones included: their records still carry them."""
    users: list[RemoteUser] = []
    for page in range(1, _MOST_PAGES):
        answer = api.get("/users", {"type": "AllUsers", "page": page, "per_page": _USERS_A_PAGE})
        rows = _rows(answer, "users")
        users += [_user(row) for row in rows if row.get("id")]
        info = answer.body.get("info") if isinstance(answer.body, dict) else None
        if not rows or not isinstance(info, dict) or info.get("more_records") is not True:
            return users
    raise NeedsOperator("the user list does not end", zh="用户列表没有尽头")


def _rows(answer: Answer, key: str) -> list[Mapping[str, Any]]:
    if answer.status == 204:
        return []
    rows = answer.body.get(key) if isinstance(answer.body, dict) else None
    if not isinstance(rows, list):
        raise PageMalformed(
            f"answer {answer.status} is not a listing of {key}", zh=f"答复 {answer.status} 不是 {key} 列表"
        )
    return _dicts(rows)


def _dicts(rows: Any) -> list[Mapping[str, Any]]:
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _field(row: Mapping[str, Any]) -> FieldSchema:
    choices = [one for one in _dicts(row.get("pick_list_values")) if one.get("type") != "unused"]
    shown = {str(one.get(PICKLIST_SHOWS)): one for one in choices if one.get(PICKLIST_SHOWS) not in (None, _NO_CHOICE)}
    operations = row.get("operation_type")
    writable = not isinstance(operations, dict) or bool(operations.get("api_update") or operations.get("api_create"))
    module = (row.get("lookup") or {}).get("module") if isinstance(row.get("lookup"), dict) else None
    data_type = str(row.get("data_type") or "")
    return FieldSchema(
        name=str(row["api_name"]),
        type=data_type,
        label=str(row.get("display_label") or row.get("field_label") or row["api_name"]),
        length=_whole(row.get("length")),
        decimals=_whole(row.get("decimal_place")),
        required=row.get("system_mandatory") is True,
        read_only=bool(row.get("read_only") or row.get("field_read_only")) or not writable,
        unique=bool(row.get("unique")),
        searchable=data_type not in ("textarea", "subform", "fileupload", "imageupload"),
        options=tuple(shown),
        option_labels={name: str(one.get("actual_value") or name) for name, one in shown.items()},
        target=str(module["api_name"]) if isinstance(module, dict) and module.get("api_name") else None,
    )


def _required(fields: Mapping[str, FieldSchema], layouts: Sequence[Mapping[str, Any]]) -> dict[str, FieldSchema]:
    """Give the fields that every layout makes mandatory, marked so."""
    sets = [
        {str(one.get("api_name")) for section in _dicts(layout.get("sections")) for one in _dicts(section.get("fields"))
         if one.get("required") is True}
        for layout in layouts
    ]  # fmt: skip
    names = set.intersection(*sets) if sets else set()
    return {name: _as_required(fields[name]) for name in names if name in fields}


def _as_required(field: FieldSchema) -> FieldSchema:
    values = {name: getattr(field, name) for name in field.__slots__}
    return FieldSchema(**{**values, "required": True})


def _user(row: Mapping[str, Any]) -> RemoteUser:
    email = row.get("email")
    return RemoteUser(
        id=str(row["id"]),
        name=str(row.get("full_name") or row.get("name") or ""),
        email=str(email).strip().lower() if email else None,
        active=str(row.get("status") or "active").lower() == "active",
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
