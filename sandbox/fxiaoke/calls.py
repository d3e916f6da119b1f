"""One call to the service: its body, who makes it, and the credentials of either generation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.fxiaoke.codes import Refusal
from sandbox.fxiaoke.describe import ObjectSpec
from sandbox.fxiaoke.people import Viewer
from sandbox.fxiaoke.tenant import Tenant
from sandbox.fxiaoke.tokens import TokenDesk

Wire = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose credentials were good.

    Args:
        path: without the query.
        body: the whole request body.
        viewer: the acting employee; employee "" where a directory call names none.
    """

    tenant: Tenant
    path: str
    body: Wire
    viewer: Viewer

    @property
    def data(self) -> Wire:
        """Give the ``data`` part; empty when there is none."""
        data = self.body.get("data")
        return data if isinstance(data, dict) else {}

    @property
    def include_null(self) -> bool:
        return is_on(self.body.get("includeNull"))

    def object(self, name: Any, *, both_paths: bool = False, strict: bool = False) -> ObjectSpec:
        """Give the object the call is about.

        Args:
            both_paths: the path serves preset and custom objects alike.
            strict: an unknown custom object is never taken for an empty one.
        Raises:
            Refusal: no name, no such object, or one that this path does not serve.
        """
        if not isinstance(name, str) or not name:
            raise Refusal("bad_body", "dataObjectApiName is required", "缺少参数")
        if not both_paths and name.endswith("__c") != self.path.startswith("/cgi/crm/custom/"):
            raise Refusal("wrong_path", f"object [{name}] is not served by {self.path}", "参数错误")
        return self.tenant.spec(name) if strict else self.tenant.spec_or_blank(name)


def is_on(value: Any) -> bool:
    """Read a switch that may come as a bool or as text."""
    return value is True or str(value).lower() == "true"


def part(holder: Mapping[str, Any], name: str) -> Wire:
    """Give an object inside a body; an empty one when it is not there.

    Raises:
        Refusal: something else stands in its place.
    """
    value = holder.get(name)
    if value is None or value == []:
        # Clients written in PHP send an empty object as an empty list.
        return {}
    if not isinstance(value, dict):
        raise Refusal("bad_body", f"[{name}] is not an object", "参数错误")
    return value


def items(holder: Mapping[str, Any], name: str) -> list[Any]:
    """Give a list inside a body; an empty one when it is not there.

    Raises:
        Refusal: something else stands in its place.
    """
    value = holder.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refusal("bad_body", f"[{name}] is not a list", "参数错误")
    return value


def objects(holder: Mapping[str, Any], name: str) -> list[Wire]:
    """Give a list of objects inside a body.

    Raises:
        Refusal: something else stands in its place.
    """
    value = items(holder, name)
    if not all(isinstance(item, dict) for item in value):
        raise Refusal("bad_body", f"[{name}] is not a list of objects", "参数错误")
    return value


def admitted(tenant: Tenant, desk: TokenDesk, path: str, headers: Mapping[str, str], body: Wire) -> Call:
    """Check the credentials (those of the headers win) and give the call.

    Raises:
        Refusal: none, wrong or expired ones, or an actor that does not exist.
    """
    if tenant.settings.app_state == "disabled":
        raise Refusal("app_disabled")
    if tenant.settings.app_state == "unauthorised":
        raise Refusal("not_authorised")
    if "authorization" in headers:
        viewer = _header_viewer(tenant, desk, path, headers, body)
    else:
        viewer = _body_viewer(tenant, desk, path, body)
    return Call(tenant, path, body, viewer)


def _header_viewer(tenant: Tenant, desk: TokenDesk, path: str, headers: Mapping[str, str], body: Wire) -> Viewer:
    token = headers["authorization"].removeprefix("Bearer ")
    if not desk.is_good("B", token):
        raise Refusal("token_missing" if tenant.settings.table_codes else "token")
    if headers.get("x-fs-ea") != desk.credentials.ea:
        raise Refusal("token")
    open_ids = is_on(body.get("convertUserId"))
    user_id = headers.get("x-fs-userid", "")
    if not user_id and _needs_actor(path):
        raise Refusal("no_actor", "x-fs-userid 不能为空", "缺少参数")
    if user_id:
        tenant.people.must_mean(user_id, Viewer(""))
    return Viewer(user_id, open_ids)


def _body_viewer(tenant: Tenant, desk: TokenDesk, path: str, body: Wire) -> Viewer:
    table_codes = tenant.settings.table_codes
    token, corp_id = body.get("corpAccessToken"), body.get("corpId")
    if not token:
        raise Refusal("no_credentials")
    if not desk.is_good("A", token):
        raise Refusal("token_illegal" if table_codes else "token")
    if corp_id != desk.credentials.corp_id:
        raise Refusal("corp_illegal" if table_codes else "token")
    open_ids = body.get("convertUserId") is None or is_on(body["convertUserId"])
    actor = body.get("currentOpenUserId")
    if not actor:
        if _needs_actor(path):
            raise Refusal("no_actor", "currentOpenUserId 不能为空", "缺少参数")
        return Viewer("", open_ids)
    return Viewer(tenant.people.must_mean(str(actor), Viewer("", open_ids=True)), open_ids)


def _needs_actor(path: str) -> bool:
    """Say whether somebody must act: records belong to people, the directory does not."""
    return path.startswith("/cgi/crm/")
