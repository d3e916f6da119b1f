"""Small real servers on 127.0.0.1 for channels: the robots as their vendors document them, a webhook, a mail server.

The robots check signatures their own way, written here from the vendors' pages and not from our code.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Reply = tuple[int, str, str]
"""Status, content type, body."""


@dataclass
class Heard:
    """One request as it came in."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Receiver:
    """An HTTP server that answers by a script, else by its judge.

    Attributes:
        script: what the next requests meet: a reply, ``"hang"`` (never answered) or ``"cut"`` (taken, then dropped).
    """

    judge: Callable[[Heard], Reply]
    heard: list[Heard] = field(default_factory=list)
    script: list[Any] = field(default_factory=list)
    taken: list[Heard] = field(default_factory=list)
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, heard: Heard) -> Any:
        self.heard.append(heard)
        scripted = self.script.pop(0) if self.script else None
        if isinstance(scripted, tuple):
            return scripted
        reply = self.judge(heard)
        if reply[0] == 200 and ('"errcode":0' in reply[2] or '"code":0' in reply[2] or reply[2] == "ok"):
            self.taken.append(heard)
        return scripted or reply


@contextlib.contextmanager
def receiving(judge: Callable[[Heard], Reply]) -> Iterator[Receiver]:
    """Serve until the block ends."""
    receiver = Receiver(judge)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            heard = Heard(parts.path, query, {k.lower(): v for k, v in self.headers.items()}, raw)
            reply = receiver.answer(heard)
            if reply == "hang":
                receiver.released.wait(10)
                return
            if reply == "cut":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, kind, body = reply
            self.send_response(status)
            self.send_header("content-type", kind)
            if status in (301, 302):
                self.send_header("location", "https://elsewhere.example/")
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def json_reply(**body: Any) -> Reply:
    return 200, "application/json", json.dumps(body, separators=(",", ":"))


def dingtalk_robot(secret: str, now_ms: Callable[[], int], token: str = "tok") -> Callable[[Heard], Reply]:
    """Answer as DingTalk's robots: everything with HTTP 200, the signature as their page computes it."""

    def judge(heard: Heard) -> Reply:
        if heard.query.get("access_token") != token:
            return json_reply(errcode=300001, errmsg="token is not exist")
        if secret:
            stamp = heard.query.get("timestamp", "")
            want = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), digestmod=hashlib.sha256).digest()
            late = not stamp.isdigit() or abs(int(stamp) - now_ms()) > 3_600_000
            if late or heard.query.get("sign") != base64.b64encode(want).decode():
                return json_reply(errcode=310000, errmsg="sign not match")
        body = heard.json
        if body.get("msgtype") != "text" or not body["text"]["content"]:
            return json_reply(errcode=400, errmsg="bad message")
        return json_reply(errcode=0, errmsg="ok")

    return judge


def feishu_robot(secret: str, now_ms: Callable[[], int], token: str = "hook") -> Callable[[Heard], Reply]:
    """Answer as Feishu's robots: the signature in the body, keyed by the moment in seconds."""

    def judge(heard: Heard) -> Reply:
        if heard.path.rpartition("/")[2] != token:
            return json_reply(code=19001, msg="param invalid: incoming webhook access token invalid", data={})
        body = heard.json
        if secret:
            stamp = body.get("timestamp", "")
            want = hmac.new(f"{stamp}\n{secret}".encode(), digestmod=hashlib.sha256).digest()
            late = not isinstance(stamp, str) or not stamp.isdigit() or abs(int(stamp) - now_ms() // 1000) > 3600
            if late or body.get("sign") != base64.b64encode(want).decode():
                text = "sign match fail or timestamp is not within one hour from current time"
                return json_reply(code=19021, msg=text, data={})
        if body.get("msg_type") != "text" or not body["content"]["text"]:
            return json_reply(code=9499, msg="Bad Request", data={})
        return json_reply(code=0, msg="success", data={}, StatusCode=0, StatusMessage="success")

    return judge


def wecom_robot(key: str = "key") -> Callable[[Heard], Reply]:
    """Answer as WeCom's robots."""

    def judge(heard: Heard) -> Reply:
        if heard.query.get("key") != key:
            return json_reply(errcode=93000, errmsg="invalid webhook url")
        if len(heard.json["text"]["content"].encode()) > 2048:
            return json_reply(errcode=40058, errmsg="text.content exceed max length 2048")
        return json_reply(errcode=0, errmsg="ok")

    return judge


# --- mail -----------------------------------------------------------------------------------------------------------


@dataclass
class Mailbox:
    """A mail server that speaks just enough of RFC 5321.

    Attributes:
        script: command (``MAIL``, ``RCPT``, ``DATA``, ``TEXT``, ``AUTH``, ``EHLO``) -> the answer to give, or
            ``"cut"``: the connection drops there. ``TEXT`` is the moment after the last line, when the mail is kept.
    """

    script: dict[str, str] = field(default_factory=dict)
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    port: int = 0


@contextlib.contextmanager
def mail_server(tls: ssl.SSLContext | None = None, *, starttls: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    """Serve until the block ends; *tls* from the first byte, *starttls* when asked for."""
    box = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def setup(self) -> None:
            if tls is not None:
                self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def handle(self) -> None:
            with contextlib.suppress(OSError, _Cut):
                _talk(self, box, starttls)

        def finish(self) -> None:
            with contextlib.suppress(OSError):
                super().finish()
            self.request.close()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Cut(Exception):
    pass


def _talk(peer: Any, box: Mailbox, starttls: ssl.SSLContext | None) -> None:
    def say(text: str) -> None:
        peer.wfile.write(text.encode() + b"\r\n")
        peer.wfile.flush()

    def scripted(word: str, usual: str) -> str:
        answer = box.script.get(word, usual)
        if answer == "cut":
            raise _Cut
        if answer == "hang":
            time.sleep(2)
            raise _Cut
        say(answer)
        return answer

    say("220 local ready")
    sender, receivers = "", []
    while line := peer.rfile.readline().decode().strip():
        word = line.split()[0].upper()
        box.commands.append(word)
        match word:
            case "EHLO":
                extras = ["250-AUTH PLAIN LOGIN"] + (["250-STARTTLS"] if starttls else [])
                scripted("EHLO", "\r\n".join(["250-local", *extras, "250 OK"]))
            case "STARTTLS" if starttls:
                say("220 go ahead")
                peer.request = starttls.wrap_socket(peer.request, server_side=True)
                peer.rfile, peer.wfile = peer.request.makefile("rb"), peer.request.makefile("wb")
            case "AUTH":
                box.logins.append(base64.b64decode(line.split()[-1]).decode())
                scripted("AUTH", "235 ok")
            case "MAIL":
                sender, receivers = line, []
                scripted("MAIL", "250 ok")
            case "RCPT":
                receivers.append(line)
                scripted("RCPT", "250 ok")
            case "DATA":
                if not scripted("DATA", "354 go").startswith("354"):
                    continue
                text = b""
                while (row := peer.rfile.readline()) not in (b".\r\n", b""):
                    text += row
                if not box.script.get("TEXT", "250").startswith(("4", "5")):
                    box.mails.append((sender, receivers, text))
                scripted("TEXT", "250 kept")
            case "QUIT":
                say("221 bye")
                return
            case _:
                say("502 no")
