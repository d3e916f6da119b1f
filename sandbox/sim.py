"""The calls under ``/__sim__/``: what no real CRM offers and every test needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.wire import Reply, Request

if TYPE_CHECKING:
    from sandbox.server import Server


class Sim:
    """Answers ``/__sim__/`` of one server: state, records, restore, fields, faults, settings, log, reset, ready."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._routes: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "state"): self._state,
            ("POST", "records"): self._plant,
            ("PATCH", "records"): self._edit,
            ("DELETE", "records"): self._remove,
            ("POST", "restore"): self._restore,
            ("POST", "fields"): self._define,
            ("GET", "faults"): lambda _: {"rules": server.faults.shown()},
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "settings"): lambda _: self._settings({}),
            ("POST", "settings"): lambda request: self._settings(_object(request)),
            ("GET", "log"): self._log,
            ("POST", "reset"): self._reset,
            ("GET", "ready"): lambda _: server.face.ready(server.url),
        }

    def handle(self, request: Request) -> Reply:
        """Answer one call; a wrong one gets 400 or 404 and says why."""
        name = request.path.removeprefix("/__sim__/").strip("/")
        route = self._routes.get((request.method, name))
        if route is None:
            known = ", ".join(sorted(f"{method} {path}" for method, path in self._routes))
            return Reply(404, {"error": f"no {request.method} /__sim__/{name}; there is: {known}"})
        try:
            return Reply(200, route(request))
        except KeyError as exc:
            return Reply(404, {"error": f"not found: {exc.args[0] if exc.args else ''}"})
        except (ValueError, TypeError, AttributeError) as exc:
            return Reply(400, {"error": str(exc)})

    def _state(self, request: Request) -> dict[str, Any]:
        face = self._server.face
        name = request.param("object")
        with face.world.lock:
            rows = list(face.world.objects[name].rows.values())
            wanted = set(request.query.get("id", ()))
            told = request.param("history", "")
            records = [
                {
                    **face.state_record(name, row),
                    "__deleted": bool(row.deleted),
                    **({"__history": row.history} if told else {}),
                }
                for row in rows
                if not wanted or row.id in wanted
            ]
        return {"records": records}

    def _plant(self, request: Request) -> dict[str, Any]:
        body = _object(request)
        return {"ids": [self._server.face.plant(body["object"], values) for values in body["records"]]}

    def _edit(self, request: Request) -> dict[str, Any]:
        body = _object(request)
        self._server.face.edit(body["object"], str(body["id"]), body["values"])
        return {"ok": True}

    def _remove(self, request: Request) -> dict[str, Any]:
        body = _object(request) if request.body else {name: values[0] for name, values in request.query.items()}
        self._server.face.remove(body["object"], str(body["id"]))
        return {"ok": True}

    def _restore(self, request: Request) -> dict[str, Any]:
        restore = getattr(self._server.face, "restore", None)
        if restore is None:
            raise ValueError("records of this CRM are restored through its own API")
        body = _object(request)
        restore(body["object"], str(body["id"]))
        return {"ok": True}

    def _define(self, request: Request) -> dict[str, Any]:
        body = _object(request)
        options, target = [str(one) for one in body.get("options") or ()], str(body.get("target") or "")
        self._server.face.define(body["object"], str(body["name"]), str(body.get("kind", "text")), options, target)
        return {"ok": True}

    def _add_faults(self, request: Request) -> dict[str, Any]:
        self._server.faults.add(_object(request).get("rules") or [])
        return {"rules": self._server.faults.shown()}

    def _clear_faults(self, _: Request) -> dict[str, Any]:
        self._server.faults.clear()
        return {"rules": []}

    def _settings(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Set what every CRM has here; hand the rest to the face."""
        server, world = self._server, self._server.face.world
        rest = dict(changes)
        common: dict[str, Callable[[float], None]] = {
            "latency_ms": lambda value: setattr(server, "latency_ms", int(value)),
            "list_lag_s": lambda value: setattr(world, "list_lag_ms", round(value * 1000)),
            "search_lag_s": lambda value: setattr(world, "search_lag_ms", round(value * 1000)),
            "clock_skew_s": lambda value: setattr(world.clock, "skew_ms", round(value * 1000)),
        }
        for name, apply in common.items():
            if name in rest:
                apply(float(rest.pop(name)))
        return {
            **server.face.settings(rest),
            "latency_ms": server.latency_ms,
            "list_lag_s": world.list_lag_ms / 1000,
            "search_lag_s": world.search_lag_ms / 1000,
            "clock_skew_s": world.clock.skew_ms / 1000,
        }

    def _log(self, request: Request) -> dict[str, Any]:
        return {"requests": self._server.log_entries(int(request.param("after", "0")))}

    def _reset(self, _: Request) -> dict[str, Any]:
        self._server.reset()
        return {"ok": True}


def _object(request: Request) -> dict[str, Any]:
    body = request.json()
    if not isinstance(body, dict):
        raise TypeError("the body must be a JSON object")
    return body
