"""Metadata: modules, fields, layouts, related lists, users, the organisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.wire import Reply, Request
from sandbox.zoho.answers import CallRefusedError
from sandbox.zoho.modules import JSON_TYPES, RELATED, SINGULAR, Field
from sandbox.zoho.org import Org, User, field_id, module_id, wire_id

ROLE: Final = {"name": "CEO", "id": wire_id(26_005)}
PROFILE: Final = {"name": "Administrator", "id": wire_id(26_011)}


class Meta:
    """The settings, users and org calls.

    Attributes:
        zgid, edition: of the organisation; settable, so that a test can swap the organisation behind an address.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self.zgid = "857392011"
        self.edition = "enterprise"

    def organisation(self) -> Reply:
        one = {
            "id": wire_id(11_001),
            "zgid": self.zgid,
            "company_name": "Vendor Delivery Co. 督办演示",
            "time_zone": "Asia/Shanghai",
            "currency": "CNY",
            "iso_code": "CNY",
            "currency_locale": "zh_CN",
            "country_code": "CN",
            "primary_email": self._org.human.email,
            "type": "production",
            "domain_name": f"org{self.zgid}",
            "mc_status": False,
            "license_details": {
                "paid": self.edition != "free", "paid_type": self.edition, "users_license_purchased": 10,
                "paid_expiry": None, "trial_type": None, "trial_expiry": None, "trial_action": None,
            },
        }  # fmt: skip
        return Reply(200, {"org": [one]})

    def users(self, request: Request, caller: str) -> Reply:
        """Answer GET /users: everyone, or the token's own user for type=CurrentUser."""
        kind = request.param("type")
        chosen = list(self._org.users.values())
        if kind == "CurrentUser":
            chosen = [user for user in chosen if user.id == caller]
        elif kind in ("DeactiveUsers", "NotConfirmedUsers", "DeletedUsers"):
            return Reply(204)
        if int(request.param("page", "1") or 1) > 1:
            return Reply(204)
        info = {"per_page": 200, "count": len(chosen), "page": 1, "more_records": False}
        return Reply(200, {"users": [_shown_user(user) for user in chosen], "info": info})

    def user(self, user_id: str) -> Reply:
        found = self._org.users.get(user_id)
        return Reply(200, {"users": [_shown_user(found)]}) if found else Reply(204)

    def roles(self) -> Reply:
        return Reply(200, {"roles": [{**ROLE, "display_label": "CEO", "reporting_to": None, "admin_user": True}]})

    def profiles(self) -> Reply:
        return Reply(200, {"profiles": [{**PROFILE, "display_label": "Administrator", "custom": False}]})

    def modules(self, name: str | None = None) -> Reply:
        if name is not None and name not in self._org.modules:
            raise CallRefusedError(400, "INVALID_MODULE", "the module name given seems to be invalid")
        names = list(self._org.modules) if name is None else [name]
        return Reply(200, {"modules": [self._shown_module(one) for one in names]})

    def fields(self, request: Request) -> Reply:
        """Answer GET /settings/fields?module=."""
        module = self._asked(request)
        if request.param("type") == "unused":
            return Reply(204)
        fields = self._org.modules[module].fields.values()
        shown = [self.shown_field(module, field, at) for at, field in enumerate(fields) if field.api_name != "id"]
        return Reply(200, {"fields": shown})

    def field(self, request: Request, wanted: str) -> Reply:
        """Answer GET /settings/fields/{id}, by id or API name."""
        module = self._asked(request)
        for at, field in enumerate(self._org.modules[module].fields.values()):
            if wanted in (field_id(module, at), field.api_name):
                return Reply(200, {"fields": [self.shown_field(module, field, at)]})
        return Reply(204)

    def layouts(self, request: Request) -> Reply:
        """Answer GET /settings/layouts?module=: one layout with one section of all fields."""
        module = self._asked(request)
        fields = list(self._org.modules[module].fields.values())
        shown = [
            {**self.shown_field(module, field, at), "sequence_number": at, "required": field.mandatory}
            for at, field in enumerate(fields)
            if field.api_name != "id"
        ]
        section = {
            "display_label": f"{SINGULAR[module]} Information",
            "name": f"{SINGULAR[module]} Information",
            "api_name": f"{SINGULAR[module]}_Information",
            "id": wire_id(int(module_id(module)[-6:]) + 31_000),
            "sequence_number": 1,
            "isSubformSection": False,
            "column_count": 2,
            "tab_traversal": 2,
            "type": "used",
            "fields": shown,
        }
        layout = {
            "id": wire_id(int(module_id(module)[-6:]) + 30_000),
            "name": "Standard",
            "display_label": "Standard",
            "api_name": "Standard",
            "visible": True,
            "status": "active",
            "has_more_profiles": False,
            "generated_type": "default",
            "profiles": [{**PROFILE, "default": True}],
            "sections": [section],
        }
        return Reply(200, {"layouts": [layout]})

    def related_lists(self, request: Request) -> Reply:
        module = self._asked(request)
        lists = [
            {
                "id": wire_id(40_000 + at),
                "sequence_number": str(at + 1),
                "display_label": related,
                "api_name": related,
                "name": related,
                "module": {"api_name": related, "id": module_id(related)},
                "href": f"{module}/{{ENTITYID}}/{related}",
                "action": None,
                "type": "default",
                "visible": True,
            }
            for at, related in enumerate(related for base, related in RELATED if base == module)
        ]
        return Reply(200, {"related_lists": lists}) if lists else Reply(204)

    def shown_field(self, module: str, field: Field, at: int) -> dict[str, Any]:
        """Give a field as metadata shows it."""
        writable = not field.read_only
        return {
            "id": field_id(module, at),
            "api_name": field.api_name,
            "field_label": field.api_name.replace("_", " "),
            "display_label": field.api_name.replace("_", " "),
            "data_type": _shown_type(field),
            "json_type": JSON_TYPES.get(field.type, "string"),
            "length": field.length,
            "system_mandatory": field.mandatory,
            "custom_field": field.custom,
            "read_only": field.read_only,
            "field_read_only": field.read_only,
            "visible": True,
            "webhook": True,
            "businesscard_supported": False,
            "mass_update": writable,
            "searchable": field.type != "textarea",
            "created_source": "default",
            "type": "used",
            "decimal_place": 2 if field.type in ("currency", "double") else None,
            "history_tracking": None,
            "tooltip": None,
            "formula": {},
            "currency": {},
            "association_details": None,
            "auto_number": {},
            "convert_mapping": None,
            "external": None,
            "unique": {"casesensitive": "false"} if field.unique else {},
            "lookup": _shown_lookup(field),
            "multiselectlookup": {},
            "subform": None,
            "default_value": None,
            "pick_list_values": [_shown_option(option, at) for at, option in enumerate(field.options, 1)],
            "operation_type": {
                "web_update": writable, "api_create": writable, "web_create": writable, "api_update": writable,
            },
            "view_type": {"view": True, "edit": writable, "quick_create": field.mandatory, "create": writable},
        }  # fmt: skip

    def pick_list_values(self, request: Request, wanted: str) -> Reply:
        shown: list[Mapping[str, Any]] = self.field(request, wanted).body["fields"]
        return Reply(200, {"pick_list_values": shown[0]["pick_list_values"]})

    def _asked(self, request: Request) -> str:
        module = request.param("module")
        if not module:
            details = {"param_name": "module"}
            raise CallRefusedError(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", details)
        if module not in self._org.modules:
            raise CallRefusedError(400, "INVALID_MODULE", "the module name given seems to be invalid")
        return module

    def _shown_module(self, name: str) -> dict[str, Any]:
        return {
            "id": module_id(name),
            "api_name": name,
            "module_name": name,
            "singular_label": SINGULAR[name],
            "plural_label": name,
            "actual_singular_label": SINGULAR[name],
            "actual_plural_label": name,
            "api_supported": True,
            "generated_type": "default",
            "creatable": True,
            "editable": True,
            "deletable": True,
            "viewable": True,
            "convertable": False,
            "quick_create": name != "Notes",
            "show_as_tab": name != "Notes",
            "visible": True,
            "visibility": 1,
            "status": "visible",
            "global_search_supported": True,
            "presence_sub_menu": True,
            "triggers_supported": True,
            "feeds_required": False,
            "scoring_supported": False,
            "webform_supported": False,
            "emailTemplate_support": name in ("Contacts", "Accounts", "Deals", "Cases"),
            "inventory_template_supported": False,
            "isBlueprintSupported": name not in ("Notes",),
            "recycle_bin_on_delete": True,
            "has_more_profiles": False,
            "sub_menu_available": True,
            "access_type": "org_based",
            "sequence_number": list(self._org.modules).index(name) + 1,
            "business_card_field_limit": 5,
            "profile_count": 1,
            "profiles": [PROFILE],
            "arguments": [],
            "parent_module": {},
            "web_link": None,
            "description": None,
            "modified_time": None,
            "modified_by": None,
        }


def _shown_type(field: Field) -> str:
    special = {"tags": "text", "rrule": "RRULE", "event_reminder": "ALARM"}
    return special.get(field.type, field.type)


def _shown_lookup(field: Field) -> dict[str, Any]:
    if field.type == "lookup" and field.target:
        return {
            "display_label": field.api_name, "api_name": None, "id": wire_id(50_001),
            "module": {"api_name": field.target, "id": module_id(field.target)},
        }  # fmt: skip
    if field.type == "multi_module_lookup":
        return {"display_label": field.api_name, "api_name": None, "module": {"api_name": "se_module", "id": None}}
    return {}


def _shown_option(option: str, at: int) -> dict[str, Any]:
    return {
        "id": wire_id(60_000 + at), "display_value": option, "actual_value": option, "reference_value": option,
        "sequence_number": at, "type": "used", "colour_code": None, "maps": [],
    }  # fmt: skip


def _shown_user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "full_name": user.full_name,
        "name": user.full_name,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "status": "active",
        "confirm": True,
        "role": ROLE,
        "profile": PROFILE,
        "time_zone": "Asia/Shanghai",
        "locale": "zh_CN",
        "language": "zh_CN",
        "country_locale": "zh_CN",
        "zuid": user.id[-9:],
        "Isonline": False,
        "microsoft": False,
        "category": "regular_user",
    }
