"""The status page, health and metrics: what a browser and a monitor get, whatever stands in the CRMs."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mapping.errors import Transient
from reports.wording import Language
from supervise.reasons import Reason
from supervise.report import ClaimView, ProjectItem, SupervisionReport, TaskItem
from web.app import HEADERS, STYLE, make_app
from web.probe import ConnectionView, RunView

NOW_MS = 1_781_053_200_000  # 2026-06-10 09:00 in Shanghai

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "'-alert(1)-'",
    "<iframe src=javascript:alert(1)>",
    "<body onload=alert(1)>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    '<a href="javascript:alert(1)">x</a>',
    "javascript:alert(1)",
    '<math><mi//xlink:href="data:x,<script>alert(1)</script>">',
    "<table background=javascript:alert(1)>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example>",
    "<form action=//evil.example>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x>",
    "<marquee onstart=alert(1)>",
    "{{ 7 * 7 }}",
    "{% for x in [] %}{% endfor %}",
    "{{ ''.__class__.__mro__ }}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "<!--<img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\u202egnp.exe",
    '=HYPERLINK("http://evil.example")',
    "<ScRiPt sRc=//evil.example></sCrIpT>",
    '<div style="background:url(javascript:alert(1))">',
    "\x1b[31mred\x1b[0m",
    "<textarea></textarea><script>alert(1)</script>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
]


def task(title: str = "签字", **more: object) -> TaskItem:
    item = TaskItem(
        uid="t1", title=title, project=title, contact=title, due_eff="2026-06-08", obd=2, since="2026-06-09",
        severity="S1", ball="client",
        evidence=(Reason("R4", "due_rolled", "t1", "due", "2026-06-06", {"to": "2026-06-08"}),),
    )  # fmt: skip
    return replace(item, **more)  # type: ignore[arg-type]


def project(name: str = "ERP") -> ProjectItem:
    said = (ClaimView(connection=name, value=name, seen_ms=0),)
    return ProjectItem(uid="p1", name=name, account=name, lifecycle=name, outcome="ask", statements=said)


@dataclass(frozen=True)
class FixedProbe:
    """A service that stands still."""

    text: str = "x"
    reasons: Sequence[str] = ()
    fresh: bool = False
    language: Language = "zh"
    zone: str = "Asia/Shanghai"
    counts: Mapping[str, int] = field(default_factory=lambda: {"overdue": 1, "S1": 1, "ours_overdue": 1})

    def now_ms(self) -> int:
        return NOW_MS

    def not_ready(self) -> Sequence[str]:
        return self.reasons

    def connections(self) -> Sequence[ConnectionView]:
        if self.fresh:
            return ()
        return (
            ConnectionView(name=self.text, mode="live", heard_ms=NOW_MS),
            ConnectionView(name="two", mode="observe", error=self.text),
        )

    def last_run(self) -> RunView | None:
        return None if self.fresh else RunView(id=self.text, kind="sync", started_ms=NOW_MS, exit_code=4)

    def attention(self) -> Mapping[str, int]:
        return {} if self.fresh else {"conflicts": 2, "quarantine": 0, self.text: 1}

    def supervision(self) -> SupervisionReport | None:
        if self.fresh:
            return None
        return SupervisionReport(
            run_id="r", now_ms=NOW_MS, zone=self.zone, counts=dict(self.counts), overdue=[task(self.text)],
            ours=[task(self.text, ball="vendor", owner=self.text)], disagreements=[project(self.text)],
        )  # fmt: skip


def get(probe: FixedProbe, path: str, method: str = "GET", host: str = "127.0.0.1:8080") -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=make_app(probe))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return await client.request(method, path)

    return asyncio.run(ask())


class Page(HTMLParser):
    """What a browser would build: tags with attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[tuple[str, str | None]] = set()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= set(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment came from data: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration came from data: {data}")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_from_a_crm_never_becomes_markup(payload: str) -> None:
    harmless, hostile = Page(get(FixedProbe("x"), "/").text), Page(get(FixedProbe(payload), "/").text)
    assert hostile.tags == harmless.tags
    assert hostile.attributes == harmless.attributes
    visible = "".join(char for char in payload if char.isprintable() and char != "\u202e")
    assert visible in hostile.text
    assert not {"\x00", "\x1b", "\u202e"} & set(hostile.text)


def test_there_are_enough_payloads() -> None:
    assert len(set(PAYLOADS)) >= 40


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics"])
def test_every_answer_carries_the_guards(path: str) -> None:
    answer = get(FixedProbe(), path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "script-src" not in HEADERS["Content-Security-Policy"]  # default-src 'none' rules it out


def test_the_page_shows_the_board_in_both_languages() -> None:
    chinese = get(FixedProbe("华星"), "/").text
    assert "逾期的客户待办 (1)" in chinese
    assert "到期日遇休息日顺延至 2026-06-08" in chinese
    assert "2026-06-10 09:00 (Asia/Shanghai)" in chinese
    english = get(FixedProbe("华星"), "/?lang=en").text
    assert "Overdue client actions (1)" in english
    assert "sources differ; please decide" in english
    assert get(FixedProbe("华星"), "/?lang=%3Cscript%3E").text == chinese
    assert f"<style>{STYLE}</style>" in chinese


def test_a_service_that_has_not_run_yet_has_a_page_too() -> None:
    answer = get(FixedProbe(fresh=True), "/")
    assert answer.status_code == 200
    assert "尚未运行" in answer.text


def test_health_says_alive_and_readiness_says_why_not() -> None:
    assert get(FixedProbe(reasons=["store out of reach"]), "/healthz").text == "ok\n"
    assert get(FixedProbe(), "/readyz").json() == {"ready": True, "reasons": []}
    answer = get(FixedProbe(reasons=["store out of reach"]), "/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["store out of reach"])


def test_metrics_are_what_a_monitor_can_parse() -> None:
    found = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(get(FixedProbe('a"b\\c'), "/metrics").text)
        for sample in family.samples
    }
    assert found["duban_ready", ()] == 1
    assert found["duban_connection_up", (("connection", 'a"b\\c'),)] == 1
    assert found["duban_connection_up", (("connection", "two"),)] == 0
    assert found["duban_needs_person", (("kind", "conflicts"),)] == 2
    assert found["duban_overdue_client_actions", (("severity", "S1"),)] == 1
    assert found["duban_supervision", (("what", "overdue"),)] == 1
    assert found["duban_run_exit_code", ()] == 4
    fresh = get(FixedProbe(fresh=True), "/metrics").text
    assert "duban_ready 1.0" in fresh
    assert "duban_supervision" not in fresh


@pytest.mark.parametrize(("host", "status"), [("localhost:8080", 200), ("evil.example", 400)])
def test_only_a_known_host_name_is_answered(host: str, status: int) -> None:
    assert get(FixedProbe(), "/", host=host).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/", 405), ("GET", "/../etc/passwd", 404), ("GET", "/static/x", 404)]
)
def test_nothing_else_is_served(method: str, path: str, status: int) -> None:
    assert get(FixedProbe(), path, method=method).status_code == status


# --- the token ------------------------------------------------------------------------------------------------------


def knock(path: str, authorization: str | None) -> int:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=make_app(FixedProbe(), token="s3cret", allowed_hosts=("*",)))
        async with httpx.AsyncClient(transport=transport, base_url="http://board.example") as client:
            return await client.get(path, headers={"Authorization": authorization} if authorization else {})

    return asyncio.run(ask()).status_code


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Bearer s3cret", 200),
        ("bearer s3cret", 200),
        ("Bearer s3cre", 401),
        ("Bearer ", 401),
        ("Basic " + b64encode(b"anyone:s3cret").decode(), 200),
        ("Basic " + b64encode(b"s3cret").decode(), 401),
        ("Basic not base64", 401),
        ("Basic " + b64encode(b"a:\xff").decode(), 401),
        ("Digest s3cret", 401),
    ],
)
def test_with_a_token_only_who_presents_it_sees_more_than_a_sign_of_life(
    authorization: str | None, status: int
) -> None:
    assert {path: knock(path, authorization) for path in ("/", "/readyz", "/metrics")} == {
        "/": status, "/readyz": status, "/metrics": status,
    }  # fmt: skip
    assert knock("/healthz", authorization) == 200


def test_a_store_out_of_reach_is_said_and_not_a_crash() -> None:
    class Broken(FixedProbe):
        def connections(self) -> Sequence[ConnectionView]:
            raise Transient("the store is busy")

    answer = get(Broken(), "/")
    assert (answer.status_code, answer.text) == (503, "the store is busy\n")
    assert answer.headers["x-content-type-options"] == "nosniff"
