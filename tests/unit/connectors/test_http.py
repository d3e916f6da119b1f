"""The one way out: what is repeated, what is refused, what is hidden."""

from __future__ import annotations

import base64
import json
import logging
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx
import pytest

from connectors.http import Http, Window
from connectors.testing_rig import HandClock, make_ports
from mapping.errors import (
    AuthRefused,
    ConfigError,
    DubanError,
    LeaseLost,
    NeedsOperator,
    OutcomeUnknown,
    PageMalformed,
    QuotaSpent,
    RecordRefused,
    Transient,
)

SECRET = "s3cr+t/v=lue"


class Remote:
    """Replies by list; the last one repeats."""

    def __init__(self):
        self.requests = []
        self.replies = [httpx.Response(200, json={})]

    def __call__(self, request):
        self.requests.append(request)
        reply = self.replies[min(len(self.requests), len(self.replies)) - 1]
        if isinstance(reply, Exception):
            raise reply
        if callable(reply):
            return reply(request)
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)


@pytest.fixture
def remote():
    return Remote()


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def ports(remote, clock):
    return make_ports(clock, "acme", httpx.MockTransport(remote))


@pytest.fixture
def make(ports):
    def build(**more):
        given = {
            "base_url": "https://api.example",
            "allowed_hosts": frozenset({"api.example"}),
            "secrets": lambda: ["", "ab", SECRET],
            "pool": 4,
            "deadline_s": 30.0,
        }
        return Http(ports, **{**given, **more})

    return build


def busy(seconds=None, status=429):
    return httpx.Response(
        status, json={"code": "BUSY"}, headers={"retry-after": str(seconds)} if seconds is not None else {}
    )


def test_an_answer_carries_what_a_connector_needs(make, remote):
    remote.replies = [
        httpx.Response(200, json={"a": "中"}, headers={"Date": "Mon, 23 Nov 2026 12:00:00 GMT", "X-Left": "5"})
    ]
    answer = make().request("GET", "/x", kind="read", params={"q": "a b&c"}, headers={"authorization": "k"})
    assert (answer.status, answer.body, answer.text_kind) == (200, {"a": "中"}, "json")
    assert answer.server_ms == 1_795_435_200_000
    assert answer.headers["x-left"] == "5"
    [request] = remote.requests
    assert (
        str(request.url) == "https://api.example/x?q=a+b%26c" or str(request.url) == "https://api.example/x?q=a%20b%26c"
    )
    assert request.headers["accept-encoding"] == "gzip"
    assert request.headers["authorization"] == "k"


def test_json_is_sent_as_utf8(make, remote):
    make().request("POST", "/x", kind="write", json={"name": "王"})
    assert json.loads(remote.requests[0].content.decode("utf-8")) == {"name": "王"}


@pytest.mark.parametrize("value", ["\ud800", float("nan"), object()])
def test_a_value_that_cannot_be_sent_refuses_the_record(make, remote, value):
    with pytest.raises(RecordRefused) as caught:
        make().request("POST", "/x", kind="write", json={"name": value})
    assert remote.requests == []
    assert caught.value.__cause__ is None


# ---- hosts


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "https://api.example:8443/x",
        "https://api.example.evil.example/",
        "//evil.example/x",
        "http://api.example/x",
        "http://169.254.169.254/latest",
        "https://user@api.example/x",
        "@evil.example/x",
    ],
)
def test_only_the_configured_hosts_are_called(make, remote, url):
    with pytest.raises((NeedsOperator, ConfigError)):
        make().request("GET", url, kind="read")
    assert remote.requests == []


def test_a_base_address_without_tls_is_refused_unless_it_is_this_machine(make):
    with pytest.raises(ConfigError):
        make(base_url="http://api.example")
    make(base_url="http://127.0.0.1:9", allowed_hosts=frozenset({"127.0.0.1:9"}))


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (302, "read", Transient),
        (307, "read", Transient),
        (301, "read", NeedsOperator),
        (308, "read", NeedsOperator),
        (302, "write", OutcomeUnknown),
        (302, "auth", Transient),
    ],
)
def test_redirects_are_never_followed(make, remote, status, kind, error):
    target = f"http://169.254.169.254/?t={quote(SECRET, safe='')}"
    remote.replies = [httpx.Response(status, headers={"location": target})]
    with pytest.raises(error) as caught:
        make().request("GET", "/x", kind=kind)
    assert {request.url.host for request in remote.requests} == {"api.example"}
    assert "169.254.169.254" in str(caught.value)


# ---- repeating


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(500),
        httpx.Response(503, text="<html>"),
        httpx.ReadError("reset"),
        httpx.ConnectError("no"),
        busy(),
    ],
)
def test_a_read_is_repeated_with_growing_jitter_five_times_at_most(make, remote, clock, ports, reply):
    remote.replies = [reply]
    waits = []
    clock.sleep = waits.append
    with pytest.raises(Transient) as caught:
        make().request("GET", "/x", kind="read")
    assert type(caught.value) is Transient
    assert len(remote.requests) == 5
    assert all(1.0 <= wait <= 2.0 ** (n + 1) for n, wait in enumerate(waits))
    assert ports.counters == {"calls": 5, "retries": 4}


def test_a_remote_that_stays_down_is_asked_ever_less(make, remote, ports):
    remote.replies = [httpx.Response(500)]
    http = make()
    for _ in range(100):
        with pytest.raises(Transient):
            http.request("GET", "/x", kind="read")
    assert ports.counters["retries"] <= 10 + 100 * 0.1
    remote.replies = [busy(1)]
    sent = len(remote.requests)
    with pytest.raises(Transient):
        http.request("GET", "/x", kind="read")
    assert len(remote.requests) - sent == 5, "a wait that the remote names costs nothing of that"


def test_a_read_that_recovers_is_answered(make, remote):
    remote.replies = [httpx.ReadError("reset"), httpx.Response(502), httpx.Response(200, json=[1])]
    assert make().request("GET", "/x", kind="read").body == [1]


def test_a_read_that_used_its_deadline_is_not_repeated(make, remote):
    remote.replies = [httpx.ReadTimeout("slow")]
    with pytest.raises(Transient, match="30 s"):
        make().request("GET", "/x", kind="read")
    assert len(remote.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        httpx.ReadTimeout("x"),
        httpx.WriteTimeout("x"),
        httpx.ReadError("x"),
        httpx.RemoteProtocolError("x"),
        httpx.Response(500),
        httpx.Response(504, text="<html>"),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, content=b'{"a"'),
    ],
)
def test_a_write_that_may_have_happened_is_never_repeated(make, remote, reply):
    remote.replies = [reply]
    with pytest.raises(OutcomeUnknown):
        make().request("POST", "/x", kind="write", json={})
    assert len(remote.requests) == 1


def test_a_write_that_never_left_is_repeated(make, remote, ports):
    remote.replies = [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), busy(), httpx.Response(200, json={})]
    asked = []
    ports.before_send = lambda: asked.append(len(remote.requests))
    make().request("POST", "/x", kind="write", json={})
    assert asked == [0, 1, 2, 3], "the writer's right is asked before every send"
    assert ports.counters["writes"] == 4


def test_no_write_leaves_after_the_lease_is_lost(make, remote, ports):
    def lost():
        raise LeaseLost("gone")

    ports.before_send = lost
    http = make()
    with pytest.raises(LeaseLost):
        http.request("POST", "/x", kind="write", json={})
    http.request("GET", "/x", kind="read")
    http.request("POST", "/x", kind="auth", form={"a": "b"})
    assert [request.method for request in remote.requests] == ["GET", "POST"]


def test_a_token_request_is_repeated_only_while_nothing_was_sent(make, remote):
    remote.replies = [httpx.ConnectError("x"), httpx.ReadError("reset")]
    with pytest.raises(Transient):
        make().request("POST", "/token", kind="auth", form={"a": "b"})
    assert len(remote.requests) == 2
    remote.replies = [httpx.Response(503)]
    with pytest.raises(Transient):
        make().request("POST", "/token", kind="auth", form={"a": "b"})
    assert len(remote.requests) == 3


def test_a_token_answer_comes_back_unjudged(make, remote):
    remote.replies = [httpx.Response(400, json={"error": "Access Denied"})]
    answer = make(classify=lambda call, answer: NeedsOperator("never asked")).request(
        "POST", "/t", kind="auth", form={}
    )
    assert (answer.status, answer.body) == (400, {"error": "Access Denied"})


# ---- waits


def test_a_wait_the_remote_names_is_slept_and_obeyed_by_the_next_process(make, remote, clock, ports):
    remote.replies = [busy(40), httpx.Response(200, json={})]
    start = clock.now_ms()
    make().request("GET", "/x", kind="read")
    assert 40_000 <= clock.now_ms() - start < 41_000
    assert ports.windows.blocked_until() == start + 40_000


def test_a_longer_wait_goes_back_to_the_caller_and_holds_over_a_restart(make, remote, clock):
    remote.replies = [busy(1000)]
    with pytest.raises(Transient) as caught:
        make().request("GET", "/x", kind="read")
    assert caught.value.retry_after_s == 1000.0
    clock.sleep(500)
    with pytest.raises(Transient) as caught:
        make().request("GET", "/y", kind="read")
    assert caught.value.retry_after_s == pytest.approx(500)
    assert len(remote.requests) == 1
    clock.sleep(490)
    remote.replies = [httpx.Response(200, json={})]
    start = clock.now_ms()
    make().request("GET", "/z", kind="read")
    assert clock.now_ms() - start == 10_000, "a short rest of it is slept"


def test_an_absurd_wait_is_cut_to_an_hour(make, remote):
    remote.replies = [busy("9" * 30)]
    with pytest.raises(Transient) as caught:
        make().request("GET", "/x", kind="read")
    assert caught.value.retry_after_s == 3600.0


def test_spent_quota_is_never_repeated(make, remote):
    remote.replies = [busy()]
    with pytest.raises(QuotaSpent):
        make(classify=lambda call, answer: QuotaSpent("credits", retry_after_s=5)).request("GET", "/x", kind="read")
    assert len(remote.requests) == 1


def test_windows_hold_calls_back(make, clock):
    http = make(windows={"query": Window(2, 20.0)})
    start = clock.now_ms()
    for _ in range(3):
        http.request("GET", "/x", kind="read", window="query")
    assert clock.now_ms() - start > 20_000


def test_no_more_calls_than_the_pool_are_in_flight(make, remote):
    inside, most, lock, full = [0], [0], threading.Lock(), threading.Event()

    def reply(request):
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            if inside[0] == 2:
                full.set()
        full.wait(5)
        with lock:
            inside[0] -= 1
        return httpx.Response(200, json={})

    remote.replies = [reply]
    http = make(pool=4, heavy_pool=2)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: http.request("GET", "/x", kind="read", heavy=True), range(8)))
    assert most[0] == 2


# ---- verdicts


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (httpx.Response(401, json={}), AuthRefused),
        (httpx.Response(407, json={}), AuthRefused),
        (httpx.Response(200, text="<html>sign in</html>"), PageMalformed),
        (httpx.Response(200, text="hello"), PageMalformed),
        (httpx.Response(200, content=b'{"cut": '), PageMalformed),
        (httpx.Response(200, content=b"[NaN]"), PageMalformed),
        (httpx.Response(200, content=b"[" * 100_000), PageMalformed),
        (httpx.Response(404, text="<html>"), Transient),
        (httpx.Response(500, content=b'{"cut": '), Transient),
    ],
)
def test_answers_stand_for_errors_without_a_hook(make, remote, reply, error):
    remote.replies = [reply]
    with pytest.raises(error) as caught:
        make().request("GET", "/x", kind="read")
    assert type(caught.value) is error
    assert caught.value.connection == "acme"


@pytest.mark.parametrize("status", [200, 204, 207, 304, 400, 404, 412])
def test_other_answers_are_for_the_connector_to_read(make, remote, status):
    remote.replies = [httpx.Response(status)]
    assert make().request("GET", "/x", kind="read").status == status


def test_the_hook_sees_call_and_answer_and_its_error_names_the_connection(make, remote):
    remote.replies = [httpx.Response(200, json={"errorCode": 7})]

    def classify(call, answer):
        return RecordRefused("bad row", code=str(answer.body["errorCode"]), record=call.url)

    with pytest.raises(RecordRefused) as caught:
        make(classify=classify).request("POST", "/x", kind="write", json={})
    assert str(caught.value) == "acme https://api.example/x: bad row [7]"


def test_a_hook_that_repeats_the_vendors_words_shows_no_secret(make, remote):
    with pytest.raises(RecordRefused) as caught:
        make(classify=lambda call, answer: RecordRefused(f"you said {SECRET}")).request("GET", "/x", kind="read")
    assert SECRET not in repr(caught.value) + str(caught.value)


def test_a_body_past_the_cap_is_dropped(make, remote):
    remote.replies = [httpx.Response(200, content=b'"' + b"x" * 5000 + b'"')]
    with pytest.raises(PageMalformed, match="larger"):
        make(body_cap_bytes=4000).request("GET", "/x", kind="read")


def test_the_cap_counts_what_was_unpacked(make, remote):
    import gzip

    packed = gzip.compress(b'"' + b"0" * 3_000_000 + b'"')
    assert len(packed) < 10_000
    remote.replies = [lambda request: httpx.Response(200, content=packed, headers={"content-encoding": "gzip"})]
    with pytest.raises(PageMalformed, match="larger"):
        make(body_cap_bytes=1_000_000).request("GET", "/x", kind="read")
    assert len(make().request("GET", "/x", kind="read").body) == 3_000_000


def test_credits_and_calls_are_tallied_for_every_send(make, remote, ports):
    remote.replies = [httpx.Response(500), httpx.Response(200, json={})]
    make().request("GET", "/x", kind="read", credits=3)
    assert ports.counters == {"calls": 2, "credits": 6, "retries": 1}


# ---- secrets


@pytest.mark.parametrize(
    "shape", [SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode(), quote(f" {SECRET}", safe="")]
)
def test_a_secret_is_hidden_in_every_shape(make, shape):
    assert make().hide(f"before {shape} after").startswith("before ")
    assert SECRET not in make().hide(f"before {shape} after")
    assert quote(SECRET, safe="") not in make().hide(f"before {shape} after")
    assert make().hide("ab cd") == "ab cd", "too short to be a secret"


def test_no_failure_shows_a_secret_in_message_log_or_traceback(make, remote, caplog):
    caplog.set_level(logging.DEBUG)
    bad = [
        httpx.ConnectError(f"cannot reach {SECRET}"),
        httpx.ReadError(f"at {SECRET}"),
        httpx.LocalProtocolError(f"header {SECRET}"),
        httpx.Response(401, text=SECRET),
        httpx.Response(200, text=f"<p>{SECRET}"),
        httpx.Response(200, content=b"{" + SECRET.encode()),
        httpx.Response(302, headers={"location": f"https://x.example/{SECRET}"}),
        httpx.Response(500, json={"echo": SECRET}),
    ]
    for reply in bad:
        remote.replies = [reply]
        with pytest.raises(DubanError) as caught:
            make().request("GET", f"/x?token={SECRET}", kind="read", headers={"authorization": SECRET})
        shown = "".join(traceback.format_exception(caught.value)) + caught.value.text("zh")
        assert SECRET not in shown, reply
    assert SECRET not in caplog.text


def test_a_harmless_cause_is_kept_for_the_reader_of_a_traceback(make, remote):
    remote.replies = [httpx.ConnectError("[Errno 111] Connection refused")]
    with pytest.raises(Transient) as caught:
        make().request("GET", "/x", kind="read")
    assert isinstance(caught.value.__cause__, httpx.ConnectError)
