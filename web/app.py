"""The status page, health and metrics, for a browser or a monitor on the same machine.

Nothing here changes anything. On the loopback address nobody is asked who they are; the Host header is checked all
the same, so that a page elsewhere cannot have a browser read this one under its own name. Anywhere else the service
gives a token, and whoever does not present it sees no more than that the process is alive.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Sequence
from functools import cache, partial
from hashlib import sha256
from hmac import compare_digest
from importlib.resources import files
from typing import Final

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mapping.errors import DubanError
from reports.rendering import local_minute, plain
from reports.wording import Language, claims_line, lifecycle_word, say, why_line
from supervise.report import SupervisionReport
from web.metrics import exposition
from web.probe import Probe

LOOPBACK: Final = ("127.0.0.1", "localhost")
SHOWN: Final = 200
"""Lines of a list on the page; its head has the whole count."""
STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em;max-width:75em}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{border-bottom:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top}"
    ".bad td{color:#a00}.S3 td:first-child,.S4 td:first-child{color:#a00;font-weight:bold}"
)
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; "
        f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Handler = Callable[[Request], Awaitable[Response]]


def make_app(probe: Probe, *, token: str | None = None, allowed_hosts: Sequence[str] = LOOPBACK) -> Starlette:
    """Give the web application over *probe*.

    Args:
        token: what a reader must present, as a bearer token or as the password a browser asks for; None asks nobody.
        allowed_hosts: names a request may address it by.
    """
    routes = [
        _route("/", _guarded(token, partial(_board, probe))),
        _route("/healthz", _alive),
        _route("/readyz", _guarded(token, partial(_ready, probe))),
        _route("/metrics", _guarded(token, partial(_metrics, probe))),
    ]
    guard = Middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts), www_redirect=False)
    return Starlette(routes=routes, middleware=[guard])


def board_page(probe: Probe, language: Language) -> str:
    """Give the status page as HTML; every value in it is escaped."""
    report = probe.supervision() or SupervisionReport(run_id="", now_ms=probe.now_ms(), zone=probe.zone)
    return _template().render(
        language=language,
        style=Markup(STYLE),  # noqa: S704 - our own constant
        say=partial(say, language),
        plain=plain,
        why=partial(why_line, language),
        lifecycle=partial(lifecycle_word, language),
        claims=partial(claims_line, language),
        when=lambda at_ms: local_minute(at_ms, probe.zone),
        as_of=local_minute(report.now_ms, probe.zone),
        zone=probe.zone,
        connections=probe.connections(),
        run=probe.last_run(),
        attention=sorted((kind, number) for kind, number in probe.attention().items() if number),
        counts=report.counts,
        overdue=report.overdue[:SHOWN],
        ours=report.ours[:SHOWN],
        disagreements=report.disagreements[:SHOWN],
    )


def _route(path: str, handler: Handler) -> Route:
    async def answer(request: Request) -> Response:
        try:
            response = await handler(request)
        except DubanError as error:
            response = PlainTextResponse(f"{plain(error.text('en'))}\n", status_code=503)
        response.headers.update(HEADERS)
        return response

    return Route(path, answer, methods=["GET"])


def _guarded(token: str | None, handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        if token is None or _presents(request, token):
            return await handler(request)
        return PlainTextResponse(
            "a token is needed\n", status_code=401, headers={"WWW-Authenticate": 'Basic realm="duban", charset="UTF-8"'}
        )

    return answer


def _presents(request: Request, token: str) -> bool:
    """Say whether the request carries the token; compared in constant time."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = b64decode(given, validate=True).decode().partition(":")[2]
        except ValueError:
            return False
    elif scheme.lower() != "bearer":
        return False
    return compare_digest(given.strip().encode(), token.encode())


async def _board(probe: Probe, request: Request) -> Response:
    asked = request.query_params.get("lang", probe.language)
    language: Language = "en" if asked == "en" else "zh"
    return HTMLResponse(await run_in_threadpool(board_page, probe, language))


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _ready(probe: Probe, _request: Request) -> Response:
    reasons = list(await run_in_threadpool(probe.not_ready))
    return JSONResponse({"ready": not reasons, "reasons": reasons}, status_code=503 if reasons else 200)


async def _metrics(probe: Probe, _request: Request) -> Response:
    return Response(await run_in_threadpool(exposition, probe), media_type=CONTENT_TYPE_LATEST)


@cache
def _template() -> Template:
    environment = ImmutableSandboxedEnvironment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    source = files("web").joinpath("templates", "board.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source)
