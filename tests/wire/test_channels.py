"""Channels against real servers on this machine, which check what the vendors document."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.base import HttpSettings, Messenger, Ports
from connectors.channels.base import Address, Channel, Message, Paced, Sent, fit
from connectors.channels.registry import Surroundings, channel_settings, open_channel, secret_fields
from connectors.fxiaoke.connector import FxiaokeConnector
from connectors.fxiaoke.settings import FxiaokeSettings
from connectors.memory import MemoryConnector
from connectors.testing import HandClock, make_ports
from mapping.errors import (
    AuthRefused,
    ConfigError,
    DubanError,
    LeaseLost,
    NeedsOperator,
    OutcomeUnknown,
    RecordRefused,
    Transient,
)
from sandbox.clock import VirtualClock
from sandbox.fxiaoke.face import make_face
from sandbox.server import Server
from sandbox.story import tell
from tests.support.receivers import (
    Heard,
    Mailbox,
    Receiver,
    dingtalk_robot,
    feishu_robot,
    json_reply,
    mail_server,
    receiving,
    wecom_robot,
)

NOW_MS = 1_781_229_600_000  # 2026-06-12 10:00 in Shanghai
SECRET = "SEC+/=secret-of-the-robot"
TO = Address(name="李经理", email="li@vendor.example", user="li@vendor.example")


def message(text: str = "需求规格书 v2 签字，逾期 6 天", **more: Any) -> Message:
    given = {"id": "m1", "kind": "digest", "to": TO, "subject": "督办日报", "text": text, "at_ms": NOW_MS, **more}
    return Message(**given)


class Bench:
    """One channel with its clock and its ports."""

    def __init__(self, base: Path, connector: Any = None, names: dict[str, str] | None = None) -> None:
        self.clock = HandClock(NOW_MS)
        self.ports: Ports = make_ports(self.clock, "robot", None)
        self.around = Surroundings(base=base, connector=lambda _: connector, names=lambda _: names or {})
        self.open: list[Channel] = []

    def channel(self, kind: str, **settings: Any) -> Channel:
        model = channel_settings("robot", kind)
        made = open_channel(
            model.model_validate({"kind": kind, "deadline_s": 0.5, **settings}), self.ports, self.around
        )
        self.open.append(made)
        return made


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    for one in made.open:
        one.close()


@pytest.fixture
def ding(bench: Bench) -> Iterator[tuple[Channel, Receiver]]:
    with receiving(dingtalk_robot(SECRET, bench.clock.now_ms)) as robot:
        yield bench.channel("dingtalk", url=f"{robot.url}/robot/send", token="tok", secret=SECRET), robot


# --- robots ---------------------------------------------------------------------------------------------------------


def test_dingtalk_takes_our_signature_quoted_once(ding: tuple[Channel, Receiver]) -> None:
    channel, robot = ding
    assert channel.send(message()) == Sent()
    assert robot.taken[0].json["text"]["content"] == "@李经理\n督办日报\n\n需求规格书 v2 签字，逾期 6 天"


def test_a_wrong_signature_inside_http_200_is_an_error(bench: Bench) -> None:
    with receiving(dingtalk_robot(SECRET, bench.clock.now_ms)) as robot:
        channel = bench.channel("dingtalk", url=f"{robot.url}/robot/send", token="tok", secret="SECother")
        with pytest.raises(NeedsOperator) as caught:
            channel.send(message())
    assert caught.value.code == "310000"
    assert robot.taken == []


def test_a_clock_an_hour_off_is_an_error(ding: tuple[Channel, Receiver], bench: Bench) -> None:
    with receiving(feishu_robot(SECRET, lambda: NOW_MS + 4_000_000)) as robot:
        channel = bench.channel("feishu", url=f"{robot.url}/hook", token="hook", secret=SECRET)
        with pytest.raises(NeedsOperator, match="sign match fail"):
            channel.send(message())


def test_feishu_takes_our_signature(bench: Bench) -> None:
    with receiving(feishu_robot(SECRET, bench.clock.now_ms)) as robot:
        bench.channel("feishu", url=f"{robot.url}/hook", token="hook", secret=SECRET).send(message())
        assert robot.taken[0].json["content"]["text"].endswith("逾期 6 天")
        assert robot.taken[0].json["timestamp"] == str(NOW_MS // 1000), "seconds, as text"


def test_robots_without_a_secret_are_not_signed(bench: Bench) -> None:
    with receiving(feishu_robot("", bench.clock.now_ms)) as one, receiving(dingtalk_robot("", int)) as other:
        bench.channel("feishu", url=f"{one.url}/hook", token="hook").send(message())
        bench.channel("dingtalk", url=f"{other.url}/robot/send", token="tok", keyword="督办").send(message())
        assert "sign" not in one.taken[0].json
        assert other.taken[0].json["text"]["content"].startswith("督办\n@李经理")


def test_wecom_gets_what_fits(bench: Bench) -> None:
    with receiving(wecom_robot()) as robot:
        channel = bench.channel("wecom", url=f"{robot.url}/send", key="key")
        channel.send(message("\n".join(f"第 {number} 项逾期" for number in range(400))))
        content = robot.taken[0].json["text"]["content"]
    assert len(content.encode()) <= 2048
    assert content.endswith("项逾期\n…"), "cut after a whole line, and it says so"


@pytest.mark.parametrize(
    ("kind", "settings", "reply", "error"),
    [
        ("dingtalk", {"token": "tok"}, json_reply(errcode=130101, errmsg="send too fast"), Transient),
        ("dingtalk", {"token": "tok"}, json_reply(errcode="310000", errmsg="ip not in whitelist"), NeedsOperator),
        ("dingtalk", {"token": "tok"}, json_reply(errcode=-1, errmsg="system busy"), OutcomeUnknown),
        ("dingtalk", {"token": "tok"}, json_reply(errcode=460101, errmsg="message too long"), RecordRefused),
        ("dingtalk", {"token": "tok"}, json_reply(), OutcomeUnknown),
        ("dingtalk", {"token": "tok"}, json_reply(errcode=True), OutcomeUnknown),
        ("dingtalk", {"token": "tok"}, (200, "application/json", "[]"), OutcomeUnknown),
        ("dingtalk", {"token": "tok"}, (200, "text/html", "<html>portal</html>"), OutcomeUnknown),
        ("dingtalk", {"token": "tok"}, (302, "text/html", ""), OutcomeUnknown),
        ("dingtalk", {"token": "tok"}, (500, "application/json", "{}"), OutcomeUnknown),
        ("dingtalk", {"token": "tok"}, (403, "application/json", "{}"), RecordRefused),
        ("wecom", {"key": "key"}, json_reply(errcode=45009, errmsg="api freq out of limit"), Transient),
        ("wecom", {"key": "key"}, json_reply(errcode=93000, errmsg="invalid webhook url"), NeedsOperator),
        ("wecom", {"key": "key"}, json_reply(errcode=40008, errmsg="invalid message type"), RecordRefused),
        ("feishu", {"token": "hook"}, json_reply(code=11232, msg="frequency limited"), Transient),
        ("feishu", {"token": "hook"}, json_reply(StatusCode=19024, StatusMessage="Key Words Not Found"), NeedsOperator),
        ("feishu", {"token": "hook"}, (400, "application/json", '{"code":9499,"msg":"Bad Request"}'), RecordRefused),
    ],
)  # fmt: skip
def test_what_a_robot_answers_has_a_class(
    bench: Bench, kind: str, settings: dict[str, Any], reply: Any, error: type[DubanError]
) -> None:
    with receiving(lambda _: reply) as robot:
        channel = bench.channel(kind, url=f"{robot.url}/robot", **settings)
        with pytest.raises(error) as caught:
            channel.send(message())
    assert "tok" not in str(caught.value)
    if error is not Transient:
        assert len(robot.heard) == 1, "never repeated"


@pytest.mark.parametrize("fate", ["hang", "cut"])
@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("dingtalk", {"token": "tok"}),
        ("wecom", {"key": "key"}),
        ("feishu", {"token": "hook"}),
        ("webhook", {"secret": "s"}),
    ],
)
def test_an_answer_that_never_comes_leaves_it_unknown(
    bench: Bench, kind: str, settings: dict[str, Any], fate: str
) -> None:
    with receiving(lambda _: json_reply(errcode=0, code=0)) as robot:
        robot.script = [fate]
        channel = bench.channel(kind, url=f"{robot.url}/robot", **settings)
        with pytest.raises(OutcomeUnknown):
            channel.send(message())
        assert len(robot.heard) == 1, "never repeated"


def test_a_port_where_nobody_listens_sent_nothing(bench: Bench) -> None:
    with receiving(wecom_robot()) as robot:
        url = robot.url
    with pytest.raises(Transient):
        bench.channel("wecom", url=url, key="key").send(message())


def test_too_fast_keeps_us_away_for_as_long_as_dingtalk_is_silent(ding: tuple[Channel, Receiver], bench: Bench) -> None:
    channel, robot = ding
    robot.script = [json_reply(errcode=130101, errmsg="send too fast, exceed 20 times per minute")]
    for _ in range(2):
        with pytest.raises(Transient) as caught:
            channel.send(message())
    assert len(robot.heard) == 1, "the second one was not even tried"
    assert caught.value.retry_after_s == pytest.approx(600, abs=1)
    bench.clock.sleep(601)
    channel.send(message())


def test_a_robot_hears_twenty_a_minute_at_most(ding: tuple[Channel, Receiver], bench: Bench) -> None:
    channel, robot = ding
    assert isinstance(channel, Paced)
    before = bench.clock.now_ms()
    for _ in range(20):
        channel.ready()
        channel.send(message())
    assert bench.clock.now_ms() - before < 1000
    channel.ready()
    assert bench.clock.now_ms() - before >= 60_000
    assert len(robot.taken) == 20


def test_who_is_no_longer_the_writer_sends_nothing(ding: tuple[Channel, Receiver], bench: Bench) -> None:
    channel, robot = ding

    def lost() -> None:
        raise LeaseLost("gone")

    bench.ports.before_send = lost
    with pytest.raises(LeaseLost):
        channel.send(message())
    assert robot.heard == []


def test_only_the_configured_host_is_called_and_only_over_tls(bench: Bench) -> None:
    with pytest.raises(ConfigError, match="only https"):
        bench.channel("dingtalk", url="http://robots.example/send", token="tok")


# --- webhook --------------------------------------------------------------------------------------------------------


def test_a_webhook_can_check_every_byte(bench: Bench) -> None:
    def judge(heard: Heard) -> Any:
        signed = heard.headers["x-duban-timestamp"].encode() + b"." + heard.raw
        want = "sha256=" + hmac.new(b"shared", signed, hashlib.sha256).hexdigest()
        return (200, "text/plain", "ok") if heard.headers["x-duban-signature"] == want else (401, "text/plain", "no")

    with receiving(judge) as receiver:
        channel = bench.channel("webhook", url=f"{receiver.url}/in", secret="shared")
        channel.send(message(facts={"items": ["t1"]}))
        heard = receiver.taken[0]
    assert heard.headers["x-duban-delivery"] == "m1"
    assert heard.json["to"] == {"name": "李经理", "email": "li@vendor.example", "user": "li@vendor.example"}
    assert heard.json["facts"] == {"items": ["t1"]}


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((204, "text/plain", ""), None),
        ((200, "application/json", "{}"), None),
        ((200, "text/html", "<html>sign in</html>"), OutcomeUnknown),
        ((401, "application/json", "{}"), NeedsOperator),
        ((422, "application/json", "{}"), RecordRefused),
        ((503, "application/json", "{}"), OutcomeUnknown),
    ],
)
def test_what_a_receiver_answers_has_a_class(bench: Bench, reply: Any, error: type[DubanError] | None) -> None:
    with receiving(lambda _: reply) as receiver:
        channel = bench.channel("webhook", url=receiver.url, secret="shared")
        if error is None:
            assert channel.send(message()) == Sent()
        else:
            with pytest.raises(error):
                channel.send(message())


# --- mail -----------------------------------------------------------------------------------------------------------

MAIL = {"host": "127.0.0.1", "security": "none", "sender": "督办 <duban@vendor.example>"}


def test_a_mail_is_whole(bench: Bench) -> None:
    with mail_server() as box:
        channel = bench.channel("smtp", port=box.port, user="duban", password="hush", **MAIL)
        assert channel.send(message("第一行\n.点开头\n" + "长" * 2000)) == Sent("250")
    sender, receivers, raw = box.mails[0]
    mail = message_from_bytes(raw, policy=default)
    assert "duban@vendor.example" in sender
    assert [line.lower() for line in receivers] == ["rcpt to:<li@vendor.example>"]  # Python 3.13 spells it small
    assert (mail["Subject"], str(mail["To"])) == ("督办日报", "李经理 <li@vendor.example>")
    assert mail["Message-ID"] == "<m1@vendor.example>", "the same for every attempt"
    assert mail.get_content().splitlines()[:2] == ["第一行", ".点开头"]
    assert box.logins == ["\0duban\0hush"]


def test_nobody_breaks_out_of_a_header(bench: Bench) -> None:
    evil = message(subject="hi\r\nBcc: all@client.example", to=Address(name="x\r\nBcc: y", email="li@vendor.example"))
    with mail_server() as box:
        bench.channel("smtp", port=box.port, **MAIL).send(evil)
    mail = message_from_bytes(box.mails[0][2], policy=default)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "hi Bcc: all@client.example"


@pytest.mark.parametrize("address", ["", "nobody", "a@b>\r\nRCPT TO:<c@d", "a@b,c@d"])
def test_an_address_that_is_none_is_refused_before_anybody_is_asked(bench: Bench, address: str) -> None:
    with mail_server() as box, pytest.raises(RecordRefused):
        bench.channel("smtp", port=box.port, **MAIL).send(message(to=Address(email=address)))
    assert box.commands == []


@pytest.mark.parametrize(
    ("step", "answer", "error", "kept"),
    [
        ("EHLO", "cut", Transient, 0),
        ("AUTH", "535 no", AuthRefused, 0),
        ("MAIL", "550 relaying denied", NeedsOperator, 0),
        ("RCPT", "550 no such user", RecordRefused, 0),
        ("RCPT", "451 greylisted", Transient, 0),
        ("RCPT", "cut", Transient, 0),
        ("DATA", "451 later", Transient, 0),
        ("DATA", "cut", OutcomeUnknown, 0),
        ("TEXT", "552 too big", RecordRefused, 0),
        ("TEXT", "452 full", Transient, 0),
        ("TEXT", "cut", OutcomeUnknown, 1),
        ("TEXT", "hang", OutcomeUnknown, 1),
    ],
)
def test_where_a_mail_fails_says_what_became_of_it(
    bench: Bench, step: str, answer: str, error: type[DubanError], kept: int
) -> None:
    with mail_server() as box:
        box.script[step] = answer
        with pytest.raises(error) as caught:
            bench.channel("smtp", port=box.port, user="duban", password="hush", **MAIL).send(message())
        assert len(box.mails) == kept
    assert caught.value.connection == "robot"
    assert "hush" not in caught.value.text("en") + caught.value.text("zh")


def test_no_mail_server_sent_nothing(bench: Bench) -> None:
    with mail_server() as box:
        port = box.port
    with pytest.raises(Transient):
        bench.channel("smtp", port=port, **MAIL).send(message())


def test_who_is_no_longer_the_writer_mails_nothing(bench: Bench) -> None:
    def lost() -> None:
        raise LeaseLost("gone")

    bench.ports.before_send = lost
    with mail_server() as box, pytest.raises(LeaseLost):
        bench.channel("smtp", port=box.port, **MAIL).send(message())
    assert box.mails == []


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    """A certificate for 127.0.0.1 and the file that makes us trust it."""
    folder = tmp_path_factory.mktemp("tls")
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(_loopback())]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    form = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(made.public_bytes(form))
    (folder / "key.pem").write_bytes(
        key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context, str(folder / "ca.pem")


def _loopback() -> Any:
    import ipaddress

    return ipaddress.ip_address("127.0.0.1")


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mail_goes_over_tls(bench: Bench, authority: tuple[ssl.SSLContext, str], security: str) -> None:
    context, ca_file = authority
    bench.ports.http = HttpSettings(ca_file=ca_file)
    server = mail_server(context) if security == "tls" else mail_server(starttls=context)
    with server as box:
        bench.channel("smtp", **{**MAIL, "security": security}, port=box.port).send(message())
    assert len(box.mails) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_nobody_signed_gets_no_mail(
    bench: Bench, authority: tuple[ssl.SSLContext, str], security: str
) -> None:
    server = mail_server(authority[0]) if security == "tls" else mail_server(starttls=authority[0])
    with server as box, pytest.raises(NeedsOperator, match="not trusted"):
        bench.channel("smtp", **{**MAIL, "security": security}, port=box.port).send(message())
    assert box.mails == []


def test_a_server_that_takes_no_tls_gets_no_mail(bench: Bench) -> None:
    with mail_server() as box, pytest.raises(ConfigError, match="STARTTLS"):
        bench.channel("smtp", **{**MAIL, "security": "starttls"}, port=box.port).send(message())


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"security": "none", "host": "mail.example"}, "this machine only"),
        ({"sender": "duban"}, "Name <address@domain>"),
    ],
)
def test_a_mail_table_that_cannot_work_says_so(bench: Bench, settings: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        bench.channel("smtp", **{**MAIL, "port": 25, **settings})


# --- folder and employees -------------------------------------------------------------------------------------------


def test_a_draft_lies_in_its_folder_once(bench: Bench, tmp_path: Path) -> None:
    channel = bench.channel("file", folder="drafts")
    assert channel.send(message()) == channel.send(message()) == Sent("m1.txt")
    (path,) = (tmp_path / "drafts").iterdir()
    assert path.read_text().startswith("To: 李经理 <li@vendor.example>\nSubject: 督办日报\n")
    assert path.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_an_error(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(NeedsOperator):
        bench.channel("file", folder="taken").send(message())


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[tuple[Callable[[str], Any], Any, Any]]:
    """A running FxiaoKe sandbox; gives a way to connect, its tenant and its employees."""
    clock = VirtualClock()
    face = make_face(clock, tell(1, None, False, today=date(2025, 11, 23)), 1, False)
    server = Server(face).start()
    made: list[FxiaokeConnector] = []

    def connect(credentials: str) -> FxiaokeConnector:
        ready = face.ready(server.url)
        settings = FxiaokeSettings.model_validate({
            "kind": "fxiaoke", "base_url": server.url, "app_id": ready["app_id"], "app_secret": ready["app_secret"],
            "permanent_code": ready["permanent_code"], "credentials": credentials,
            "user_id": ready["employees"][0]["user_id"], "open_user_id": ready["employees"][0]["open_user_id"],
        })  # fmt: skip
        made.append(FxiaokeConnector(settings, make_ports(HandClock(NOW_MS), "fxk", None)))
        return made[-1]

    yield connect, face, face.ready(server.url)["employees"]
    for one in made:
        one.close()
    server.stop()


@pytest.mark.parametrize("credentials", ["header", "body"])
def test_an_employee_is_told_through_the_crm(tenant: tuple[Any, Any, Any], tmp_path: Path, credentials: str) -> None:
    connect, face, employees = tenant
    connector = connect(credentials)
    assert isinstance(connector, Messenger)
    bench = Bench(tmp_path, connector, {"li@vendor.example": employees[1]["email"]})
    channel = bench.channel("employee", connection="fxiaoke")
    channel.send(message())
    (kept,) = (row.values for row in face.tenant.table("__messages").rows.values())
    assert kept["toUser"] == [employees[1]["user_id"]]
    assert kept["text"]["content"].startswith("督办日报\n\n需求规格书")
    with pytest.raises(RecordRefused, match=r"stranger@vendor\.example"):
        channel.send(message(to=Address(user="stranger@vendor.example")))


def test_a_connection_that_cannot_send_messages_says_so(tmp_path: Path) -> None:
    from connectors.memory import MemorySettings
    from connectors.memory_world import MemoryWorld

    connector = MemoryConnector(
        MemorySettings(kind="memory"), make_ports(HandClock(NOW_MS), "m", None), MemoryWorld(HandClock(NOW_MS))
    )
    with pytest.raises(ConfigError, match="cannot send messages"):
        Bench(tmp_path, connector).channel("employee", connection="m")


# --- the kinds ------------------------------------------------------------------------------------------------------


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'dingtalk'"):
        channel_settings("robot", "dingtolk")
    with pytest.raises(ConfigError, match="known: dingtalk"):
        channel_settings("robot", None)


def test_every_secret_is_known_as_one() -> None:
    found = {kind: secret_fields(channel_settings("x", kind)) for kind in ("dingtalk", "wecom", "feishu", "smtp")}
    assert found == {
        "dingtalk": ("token", "secret"), "wecom": ("key",), "feishu": ("token", "secret"), "smtp": ("password",),
    }  # fmt: skip


def test_a_text_is_cut_between_lines_and_never_inside_a_character() -> None:
    assert fit("ab", 2) == "ab"
    assert fit("第一行\n第二行\n第三行", 25) == "第一行\n第二行\n…"
    assert len(fit("长" * 100, 20).encode()) <= 20


def test_channels_are_used_from_one_thread_at_a_time(ding: tuple[Channel, Receiver]) -> None:
    channel, robot = ding
    threads = [threading.Thread(target=channel.send, args=(message(id=f"m{n}"),)) for n in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(robot.taken) == 5
    assert json.dumps([one.json["msgtype"] for one in robot.taken]) == json.dumps(["text"] * 5)


__all__ = ["Mailbox"]
