"""The Zoho face: which call is which, who may call, and what a test may set."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.wire import Reply, Request
from sandbox.world import Row, World
from sandbox.zoho.answers import CallRefusedError, RowRefusedError
from sandbox.zoho.bulk import Bulk
from sandbox.zoho.limits import Limits, price, real_limits
from sandbox.zoho.modules import custom_field
from sandbox.zoho.oauth import OAuth
from sandbox.zoho.org import Org
from sandbox.zoho.routes import Routes
from sandbox.zoho.seed import Seeder

SEARCH_LAG_MS: Final = 2000
CLIENT_ID: Final = "1000.SANDBOXCLIENT"
CLIENT_SECRET: Final = "sandbox-secret-of-the-self-client"
REFRESH_TOKEN: Final = "1000.5a4d0b0x.refresh"
GRANT_TOKEN: Final = "1000.5a4d0b0x.grant"
_BASE: Final = re.compile(r"/crm/(bulk/)?v(\d+)(?:\.\d+)?(/.*)")
_READING: Final = ("/coql", "/actions/watch", "/read", "/actions/count")


def make_face(clock: Clock, story: Story, seed: int, plain: bool) -> ZohoFace:
    """Give a Zoho organisation that tells *story*; *plain* leaves out every custom field."""
    return ZohoFace(World(clock, seed, tick="s"), story, plain)


class ZohoFace:
    """One Zoho CRM organisation."""

    name = "zoho"

    def __init__(self, world: World, story: Story, plain: bool) -> None:
        self.world = world
        self._story = story
        self.org = Org(world, story.people, plain)
        self.limits = Limits(world.clock)
        self._routes = Routes(self.org, self.limits)
        self.watch = self._routes.watch
        self.org.noted = self.watch.changed
        self.base_url = ""
        self._fresh()

    def _fresh(self) -> None:
        bot = self.org.bot.id
        self.oauth = OAuth(self.world.clock, CLIENT_ID, CLIENT_SECRET, {GRANT_TOKEN: bot}, {REFRESH_TOKEN: bot})
        self._bulk = Bulk(self.org)
        self.world.list_lag_ms = self.world.search_lag_ms = 0
        Seeder(self.org, self._story).plant()
        self.world.search_lag_ms = SEARCH_LAG_MS  # only from here on: the seed is indexed already

    # --- answering -----------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Reply:
        """Answer one call of the API or of the accounts server."""
        base_url = self._seen_at(request)
        with self.world.lock:
            self.watch.base_url = base_url
            if request.path in ("/oauth/v2/token", "/oauth/v2/token/revoke"):
                return self._accounts(request, base_url)
            try:
                reply = self._api(request)
            except CallRefusedError as refused:
                reply = refused.reply
            except RowRefusedError as refused:
                reply = Reply(400, {"data": [refused.row]})
            return Reply(reply.status, reply.body, {**reply.headers, **self.limits.headers()})

    def _accounts(self, request: Request, base_url: str) -> Reply:
        if request.method != "POST":
            return Reply(405, {"error": "invalid_request"})
        if request.path.endswith("/revoke"):
            return self.oauth.revoke(request)
        return self.oauth.token(request, base_url)

    def _api(self, request: Request) -> Reply:
        match = _BASE.fullmatch(request.path)
        if match is None:
            raise CallRefusedError(
                404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one"
            )
        who = self._caller(request)
        bulk, version, path = match.group(1), int(match.group(2)), match.group(3)
        parts = [part for part in path.split("/") if part]
        if not path.endswith("/coql"):
            self.limits.spend(price(request, request.path))
        if bulk:
            return self._bulk.handle(request, parts, who)
        return self._routes.route(request, parts, who, version)

    def _caller(self, request: Request) -> str:
        header = request.headers.get("authorization", "")
        if not header:
            raise CallRefusedError(401, "AUTHENTICATION_FAILURE", "Authentication failed")
        user = self.oauth.user_of(header)
        if user is None:
            raise CallRefusedError(401, "INVALID_TOKEN", "invalid oauth token")
        return user

    # --- what the server asks ------------------------------------------------------------------------------------

    def is_mutating(self, request: Request) -> bool:
        """Say whether the call may change a record or a subscription-free setting (tags)."""
        if request.method in ("GET", "HEAD") or request.path.startswith("/oauth/"):
            return False
        if request.path.endswith("/__composite_requests"):
            return any(f'"method":"{verb}"' in request.text.replace(" ", "") for verb in ("POST", "PUT", "DELETE"))
        return not request.path.endswith(_READING)

    def admit(self, request: Request) -> Reply | None:
        return None if request.path.startswith("/oauth/") else self.limits.enter(request, request.path)

    def release(self, request: Request) -> None:
        if not request.path.startswith("/oauth/"):
            self.limits.leave(request)

    def ready(self, url: str) -> dict[str, Any]:
        return {
            "api": url,
            "accounts": url,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
            "grant_token": GRANT_TOKEN,
            "org_id": self._routes.meta.zgid,
            "users": [
                {"id": user.id, "email": user.email, "name": user.full_name, "bot": user.bot}
                for user in self.org.users.values()
            ],
        }

    def close(self) -> None:
        self.watch.close()

    # --- what a test may do --------------------------------------------------------------------------------------

    def state_record(self, object: str, row: Row) -> dict[str, Any]:
        return self.org.shown(object, row)

    def plant(self, object: str, values: Mapping[str, Any]) -> str:
        """Create a record as a person; a value that does not fit is refused as the API would."""
        with self.world.lock:
            return self.org.insert(object, self._human_values(object, values, None), self.org.human.id).id

    def edit(self, object: str, id: str, values: Mapping[str, Any]) -> None:
        """Edit a record as a person; ``Locked__s`` and ``Tag`` (a list of names) may be set as well."""
        with self.world.lock:
            row = self.org.table(object).live(id)
            if "Locked__s" in values:
                row.locked = bool(values["Locked__s"])
            change = self._human_values(object, values, row.values)
            if change or "Locked__s" not in values:
                self.org.update(object, id, change, self.org.human.id)

    def remove(self, object: str, id: str) -> None:
        with self.world.lock:
            self.org.remove(object, id, self.org.human.id)

    def restore(self, object: str, id: str) -> None:
        """Bring a record back from the bin as a person; its modified time stays, as it does there [assumed]."""
        with self.world.lock:
            self.org.table(object).restore(id, self.org.human.id)

    def _human_values(
        self, module: str, values: Mapping[str, Any], current: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        if module not in self.org.modules:
            raise KeyError(module)
        try:
            out = self.org.checked(module, values, "$", current)
        except RowRefusedError as refused:
            raise ValueError(f"{refused.code} {json.dumps(refused.details, ensure_ascii=False)}") from refused
        if "Tag" in values:
            out["Tag"] = [tag["name"] if isinstance(tag, Mapping) else str(tag) for tag in values["Tag"] or ()]
        return out

    def define(self, object: str, name: str, kind: str, options: Sequence[str] = (), target: str = "") -> None:
        """Give a module a field of that kind. Raises KeyError for a module that is not there, ValueError for a kind."""
        with self.world.lock:
            if object not in self.org.modules:
                raise KeyError(object)
            self.org.define(object, custom_field(name, kind, options, target))

    def settings(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Take Zoho's own settings and give all of them with the counters.

        Args:
            changes: ``token_life_s``, ``mint_limit``, ``expire_tokens`` (true: now), ``rate_limits`` (true: those of
                the edition; or some of {"credits", "concurrency", "heavy"}), ``normalise``
                ({"Contacts.Title": {"cut": 12}}), ``precondition``, ``watch_repeat``, ``zgid``, ``edition``.
        """
        with self.world.lock:
            for name, value in changes.items():
                self._set(name, value)
            return {
                "token_life_s": self.oauth.token_life_s,
                "mint_limit": self.oauth.mint_limit,
                "rate_limits": self.limits.shown(),
                "normalise": dict(self.org.normalise),
                "precondition": self._routes.records.precondition,
                "watch_repeat": self.watch.repeat,
                "zgid": self._routes.meta.zgid,
                "edition": self._routes.meta.edition,
                "credits_used": self.limits.used,
                "calls_refused": self.limits.refused,
                "peak_in_flight": self.limits.peak,
            }

    def _set(self, name: str, value: Any) -> None:
        match name:
            case "token_life_s":
                self.oauth.token_life_s = float(value)
            case "mint_limit":
                self.oauth.mint_limit = int(value)
            case "expire_tokens":
                self.oauth.expire_all()
            case "rate_limits":
                self.limits.set(real_limits(self._routes.meta.edition) if value is True else value or None)
            case "normalise":
                self.org.normalise = dict(value or {})
            case "precondition":
                self._routes.records.precondition = bool(value)
            case "watch_repeat":
                self.watch.repeat = int(value)
            case "zgid":
                self._routes.meta.zgid = str(value)
            case "edition":
                self._routes.meta.edition = str(value)
            case _:
                raise ValueError(f"unknown setting {name!r}")

    def reset(self) -> None:
        """Go back to the seed; live access tokens end."""
        with self.world.lock:
            self.world.clear()
            self.org.make_tables()
            self.org.normalise = {}
            self.watch.clear()
            self.limits.reset()
            self._routes.records.precondition = False
            self._fresh()

    def _seen_at(self, request: Request) -> str:
        """Give the base URL as the caller sees it: what a token answer names as ``api_domain``."""
        return f"http://{request.headers.get('host', 'localhost')}"
