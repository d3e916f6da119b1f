"""The tenant as an HTTP API: every path, the order of checks, and what the sandbox itself may do to the records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.fxiaoke import writes
from sandbox.fxiaoke.calls import admitted
from sandbox.fxiaoke.codes import Refusal, granted, refused
from sandbox.fxiaoke.describe import ObjectSpec, custom_field
from sandbox.fxiaoke.events import Pusher
from sandbox.fxiaoke.limits import ErrorRules, Limits, forced
from sandbox.fxiaoke.people import Viewer
from sandbox.fxiaoke.query import Finder
from sandbox.fxiaoke.records import Records
from sandbox.fxiaoke.routes import READING, TOKEN_PATHS, routes
from sandbox.fxiaoke.seed import FIRST_USER, Teller, credentials_of, people_of
from sandbox.fxiaoke.settings import Settings, changed
from sandbox.fxiaoke.show import record_wire
from sandbox.fxiaoke.tenant import FLOWS, MESSAGES, Tenant
from sandbox.fxiaoke.tokens import TokenDesk
from sandbox.story import Story
from sandbox.wire import Reply, Request
from sandbox.world import Row, World

Wire = dict[str, Any]

TENANT_ID: Final = 123456
PERSON: Final = Viewer(str(FIRST_USER))
"""Who plants, edits and deletes through ``/__sim__/``: somebody at the screen, never the app's own user."""


def make_face(clock: Clock, story: Story, seed: int, plain: bool) -> FxiaokeFace:
    """Give a tenant that tells its side of the story.

    Args:
        plain: one whose admin made no custom field and no custom object.
    """
    return FxiaokeFace(clock, story, seed, plain)


class FxiaokeFace:
    """Answers like the vendor's gateway: HTTP 200 whatever happens, the verdict in ``errorCode``."""

    name = "fxiaoke"

    def __init__(self, clock: Clock, story: Story, seed: int, plain: bool) -> None:
        self._story = story
        self._pusher = Pusher(clock, credentials_of(seed).ea, TENANT_ID, lambda: self.tenant.settings)
        self.tenant = Tenant(clock, seed, people_of(story), plain, self._pusher.notify)
        self.desk = TokenDesk(clock, credentials_of(seed))
        self._limits = Limits(clock)
        self._error_rules = ErrorRules()
        self._traces = 0
        self.routes = routes(Records(Finder(self.tenant)))
        Teller(self.tenant, story).tell()

    @property
    def world(self) -> World:
        return self.tenant.world

    # --- the API ---------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Reply:
        """Answer one request."""
        rule = self._error_rules.striking(request.path, request.body)
        if rule is not None and not rule.get("applied"):
            return self._reply(request, refused(forced(rule), {}))
        body = self._verdict(request)
        if rule is not None:
            body = refused(forced(rule), {})
        return self._reply(request, body)

    def _verdict(self, request: Request) -> Wire:
        try:
            if request.method != "POST" or not self._is_known(request.path):
                raise Refusal("unknown_path", f"the request uri=[{request.path}],apiName=[null] is not exists")
            body = _body(request)
            if request.path in TOKEN_PATHS:
                return self._token(request.path, body)
            call = admitted(self.tenant, self.desk, request.path, request.headers, body)
            self._limits.count(request.path, self.tenant.settings)
            with self.world.lock:
                return granted(self.routes[request.path](call))
        except Refusal as refusal:
            answer = refused(refusal, self.tenant.settings.codes)
            # This path speaks OAuth too when it refuses. Source: a live answer [seen]
            extra = {"error": "非法请求", "error_description": "缺少参数或参数不合法"}
            return {**answer, **extra} if request.path == "/oauth2.0/token" else answer

    def _is_known(self, path: str) -> bool:
        return path in TOKEN_PATHS or path in self.routes

    def _token(self, path: str, body: Wire) -> Wire:
        settings, keys = self.tenant.settings, self.desk.credentials
        if path == "/cgi/corpAccessToken/get":
            raise Refusal("app_secret", "the parameter appAccessToken is missing or illegal", "缺少参数或参数不合法")
        self.desk.check_app(body, settings, code_needed=path != "/cgi/appAccessToken/get")
        if path == "/oauth2.0/token":
            return self._oauth_token(body, settings)
        value, left_s = self.desk.hand_out("A", settings)
        answer: Wire = {"errorCode": 0, "errorMessage": "success", "errorDescription": "success", "expiresIn": left_s}
        if path == "/cgi/appAccessToken/get":
            return {"appAccessToken": value, **answer}
        return {"corpAccessToken": value, "corpId": keys.corp_id, **answer}

    def _oauth_token(self, body: Wire, settings: Settings) -> Wire:
        if body.get("grantType") != "app_secret":
            raise Refusal("app_secret", "the parameter grantType is missing or illegal", "缺少参数或参数不合法")
        keys = self.desk.credentials
        value, left_s = self.desk.hand_out("B", settings)
        return {
            "openUserId": keys.corp_id,
            "accessToken": value,
            "expiresIn": left_s,
            "appId": keys.app_id,
            "ea": keys.ea,
            "errorCode": 0,
            "errorMessage": "success",
        }

    def _reply(self, request: Request, body: Wire) -> Reply:
        settings = self.tenant.settings
        with self.world.lock:
            self._traces += 1
            trace = self._traces
        actor = request.headers.get("x-fs-userid", "-1000")
        body = {**body, "traceId": f"E-O.{self.desk.credentials.ea}.{actor}-{trace:016x}"}
        if settings.string_code:
            body["errorCode"] = str(body["errorCode"])
        if settings.no_description:
            body.pop("errorDescription", None)
        return Reply(200, body)

    def is_mutating(self, request: Request) -> bool:
        """Say whether the request writes to a record or sends a message."""
        last = request.path.rsplit("/", 1)[-1]
        if request.path.startswith("/cgi/crm/"):
            return last not in READING
        return request.path.endswith("/message/send")

    # --- one token call at a time ----------------------------------------------------------------------------------

    def admit(self, request: Request) -> Reply | None:
        """Refuse a token call beside another, or one too many a minute."""
        if request.path not in TOKEN_PATHS:
            return None
        try:
            self.desk.enter(self.tenant.settings)
        except Refusal as refusal:
            return self._reply(request, refused(refusal, self.tenant.settings.codes))
        return None

    def release(self, request: Request) -> None:
        if request.path in TOKEN_PATHS:
            self.desk.leave()

    # --- what the sandbox may do -----------------------------------------------------------------------------------

    def state_record(self, object: str, row: Row) -> Wire:
        """Give a record as data/get shows it with CRM ids, deleted or not."""
        if object in (MESSAGES, FLOWS):
            return {"_id": row.id, **row.values, "create_time": row.created_ms, "created_by": [row.created_by]}
        return record_wire(self.tenant, self.tenant.spec(object), row, PERSON)

    def plant(self, object: str, values: Mapping[str, Any]) -> str:
        """Create a record as a person and give its id; an unknown custom object comes into being.

        Raises:
            KeyError: no such preset object.
            ValueError: the service would refuse the record.
        """
        if object not in self.tenant.objects and object.endswith("__c") and not self.tenant.plain:
            self.tenant.define(object, object, {})
        spec = self._known(object)
        with self.world.lock, _as_value_error():
            author = str(_one(values.get("created_by")) or PERSON.user_id)
            options = writes.CreateOptions(own_time=True)
            row = writes.create(self.tenant, spec, values, Viewer(author), options)
            row.locked = str(values.get("lock_status", "0")) == "1"
            self._set_life(spec, row, values, Viewer(author))
            return row.id

    def edit(self, object: str, id: str, values: Mapping[str, Any]) -> None:
        """Edit a record as a person, the owner and the lock included.

        Raises:
            KeyError: no such record.
            ValueError: the service would refuse the values.
        """
        spec = self._known(object)
        with self.world.lock, _as_value_error():
            row = self.tenant.table(object).live(id)
            who = Viewer(str(values.get("last_modified_by") or PERSON.user_id))
            if "owner" in values:
                writes.change_owner(self.tenant, spec, [(id, values["owner"])], who)
            if "lock_status" in values:
                writes.set_lock(self.tenant, spec, [id], who, str(values["lock_status"]) == "1")
            rest = {name: value for name, value in values.items() if name not in ("owner", "lock_status")}
            if rest:
                writes.update(self.tenant, spec, {**rest, "_id": row.id}, who, force=True)
            self._set_life(spec, row, values, who)

    def _set_life(self, spec: ObjectSpec, row: Row, values: Mapping[str, Any], who: Viewer) -> None:
        """Bring a record into a state of life that an approval, or the bin, would bring it into."""
        state = values.get("life_status")
        if state == "invalid":
            writes.invalidate(self.tenant, spec, [row.id], who)
        elif state:
            self.tenant.table(spec.name).update(row.id, {"life_status": str(state)}, who.user_id)

    def remove(self, object: str, id: str) -> None:
        """Put a record into the bin as a person.

        Raises:
            KeyError: no such record, or it is there already.
            ValueError: the service would refuse (it is locked, or in approval).
        """
        spec = self._known(object)
        with self.world.lock, _as_value_error():
            row = self.tenant.table(object).live(id)
            writes.invalidate(self.tenant, spec, [row.id], PERSON)

    def _known(self, object: str) -> ObjectSpec:
        if object not in self.tenant.objects:
            raise KeyError(object)
        return self.tenant.objects[object]

    def define(self, object: str, name: str, kind: str, options: Sequence[str] = (), target: str = "") -> None:
        """Give an object a field of that kind; an unknown custom object comes into being.

        Raises:
            KeyError: no such preset object. ValueError: no such kind.
        """
        field = custom_field(name, kind, options, target)
        if object not in self.tenant.objects and object.endswith("__c"):
            self.tenant.define(object, object, {})
        self._known(object)
        self.tenant.define_field(object, field)

    def settings(self, changes: Mapping[str, Any]) -> Wire:
        """Change settings and give them all. Three words are deeds: ``expire_tokens`` kills every token handed out,
        ``define_object`` {"name", "label", "fields": {name: type}} adds a custom object, ``ea`` makes this another
        company's tenant.

        Raises:
            ValueError: a setting nobody knows.
        """
        rest = dict(changes)
        if rest.pop("expire_tokens", False):
            self.desk.expire_all()
        if (ea := rest.pop("ea", None)) is not None:
            self.desk.move(str(ea))
            self._pusher.ea = str(ea)
        if (definition := rest.pop("define_object", None)) is not None:
            name = str(definition["name"])
            self.tenant.define(name, str(definition.get("label") or name), definition.get("fields") or {})
        fresh = changed(self.tenant.settings, rest)
        if "error_rules" in rest:
            self._error_rules.set(fresh.error_rules)
        self.tenant.settings = fresh
        self.world.strict = fresh.strict_time
        return {
            **asdict(fresh),
            "ea": self.desk.credentials.ea,
            "rate_limits": {"calls": fresh.window_calls, "seconds": fresh.window_s, "daily": fresh.daily_calls},
            "calls_refused": self._limits.refused,
            "pushed": list(self._pusher.results),
        }

    def reset(self) -> None:
        """Go back to the seed, its settings and a fresh token desk."""
        with self.world.lock:
            self.tenant.settings = Settings(any_custom=not self.tenant.plain)
            self.world.strict = False
            self.world.list_lag_ms = self.world.search_lag_ms = 0
            self.tenant.empty()
            self.desk.clear()
            self.desk.credentials = credentials_of(self.world.seed)
            self._pusher.ea = self.desk.credentials.ea
            self._limits.clear()
            self._error_rules.set(())
            self._pusher.results.clear()
            Teller(self.tenant, self._story).tell()

    def ready(self, url: str) -> Wire:
        """Give the address, the app's credentials and the employees; ``bot`` marks the dedicated user."""
        keys = self.desk.credentials
        bots = {person.email for person in self._story.people if person.bot}
        return {
            "base": url,
            "app_id": keys.app_id,
            "app_secret": keys.app_secret,
            "permanent_code": keys.permanent_code,
            "corp_id": keys.corp_id,
            "ea": keys.ea,
            "employees": [
                {
                    "user_id": person.user_id,
                    "open_user_id": person.open_user_id,
                    "mobile": person.mobile,
                    "email": person.email,
                    "name": person.name,
                    "bot": person.email in bots,
                }
                for person in self.tenant.people.employees
            ],
        }

    def close(self) -> None:
        """End the pushing of events."""
        self._pusher.close()


@contextmanager
def _as_value_error() -> Iterator[None]:
    """Turn a refusal into the ValueError that the sandbox's own calls promise."""
    try:
        yield
    except Refusal as exc:
        raise ValueError(f"{exc.reason}: {exc.message}") from exc


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _body(request: Request) -> Wire:
    if not request.body.strip():
        raise Refusal("empty_post")
    try:
        body = request.json()
    except (json.JSONDecodeError, UnicodeDecodeError) as exc:
        raise Refusal("bad_body", "the body is not JSON", "参数错误") from exc
    if not isinstance(body, dict):
        raise Refusal("bad_body", "the body is not a JSON object", "参数错误")
    return body
