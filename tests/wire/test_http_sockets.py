"""Real sockets on loopback: slow drips, cut answers, a closed port, a company's own authority."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.base import HttpSettings
from connectors.http import Http
from connectors.testing_rig import make_ports
from connectors.transport import Deadline, _Backend, open_client, trust
from mapping.errors import ConfigError, NeedsOperator, OutcomeUnknown, PageMalformed, Transient


class RealClock:
    """The machine's clock, except that waits between attempts take no time."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        pass


@contextlib.contextmanager
def server(*talks) -> Iterator[tuple[int, list[bytes]]]:
    """Serve one talk a connection: a function of the socket, after the request was read."""
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve():
        for talk in talks:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                peer.settimeout(5)
                heard.append(b"" if getattr(talk, "speaks_first", False) else peer.recv(65536))
                talk(peer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def drip(head: bytes, piece: bytes, pause_s: float = 0.02):
    """Send *head*, then one *piece* after another until the other end has enough; say nothing without a piece."""

    def talk(peer):
        peer.sendall(head)
        if not piece:
            peer.recv(1)
        for _ in range(2000 if piece else 0):
            peer.sendall(piece)
            time.sleep(pause_s)

    return talk


def say(raw: bytes):
    return lambda peer: peer.sendall(raw)


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


def connect(port, *, deadline_s=0.3, **http):
    ports = make_ports(RealClock(), "local")
    ports.http = HttpSettings(**http)
    return Http(
        ports,
        base_url=f"http://127.0.0.1:{port}",
        allowed_hosts=frozenset({f"127.0.0.1:{port}"}),
        secrets=list,
        pool=2,
        deadline_s=deadline_s,
    )


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n[", b" "),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
        (b"", b"H"),
        (b"", b""),
    ],
)
@pytest.mark.parametrize(("kind", "error"), [("read", Transient), ("write", OutcomeUnknown)])
def test_a_dripping_answer_ends_with_the_deadline(head, piece, kind, error):
    with server(drip(head, piece)) as (port, heard):
        http = connect(port)
        began = time.monotonic()
        with pytest.raises(error):
            http.request("POST", "/x", kind=kind, json={})
        assert time.monotonic() - began < 4.0
        http.close()
    assert len(heard) == 1, "and the call is not repeated"


def test_a_read_cut_short_is_repeated_and_a_write_is_not():
    cut = say(b'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"a": 1')
    with server(cut, say(OK)) as (port, heard):
        http = connect(port, deadline_s=5)
        assert http.request("GET", "/x", kind="read").body == {}
        http.close()
    assert len(heard) == 2
    with server(cut) as (port, heard):
        http = connect(port, deadline_s=5)
        with pytest.raises(OutcomeUnknown):
            http.request("POST", "/x", kind="write", json={})
        http.close()
    assert len(heard) == 1


def test_a_server_that_closes_without_a_word_leaves_a_write_unknown():
    with server(lambda peer: None) as (port, heard):
        http = connect(port, deadline_s=5)
        with pytest.raises(OutcomeUnknown):
            http.request("POST", "/x", kind="write", json={})
        http.close()
    assert len(heard) == 1


def test_a_closed_port_is_transient_for_reads_and_writes():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
    for kind in ("read", "write"):
        with pytest.raises(Transient, match="cannot connect"):
            connect(port).request("POST", "/x", kind=kind, json={})


def test_a_proxy_is_not_used_for_this_machine_and_is_for_others():
    with server(say(OK)) as (port, _):
        http = connect(port, deadline_s=5, proxy="http://127.0.0.1:1")
        assert http.request("GET", "/x", kind="read").body == {}
        http.close()
    with server(say(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")) as (port, heard):
        http = Http(
            connect(port, proxy=f"http://127.0.0.1:{port}")._ports,
            base_url="https://api.example",
            allowed_hosts=frozenset({"api.example"}),
            secrets=list,
            pool=1,
            deadline_s=1,
        )
        with pytest.raises(Transient):
            http.request("GET", "/x", kind="read")
        http.close()
    assert heard[0].startswith(b"CONNECT api.example:443")


def test_addresses_and_variables_of_the_machine_are_not_taken_over(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    with server(say(OK)) as (port, _):
        http = connect(port, deadline_s=5)
        assert http.request("GET", "/x", kind="read").body == {}
        http.close()


def test_headers_without_an_end_are_refused_before_they_fill_the_memory():
    with server(drip(b"HTTP/1.1 200 OK\r\n", b"x: " + b"y" * 60_000 + b"\r\n", 0)) as (port, _):
        http = connect(port, deadline_s=5)
        with pytest.raises(OutcomeUnknown):
            http.request("POST", "/x", kind="write", json={})
        http.close()


def test_an_answer_without_end_is_cut_at_the_cap():
    endless = drip(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n", 0)
    with server(endless) as (port, _):
        http = connect(port, deadline_s=20)
        http._body_cap_bytes = 1_000_000
        with pytest.raises(PageMalformed, match="larger"):
            http.request("GET", "/x", kind="read")
        http.close()


def test_the_company_authority_stands_beside_the_public_ones(tmp_path):
    public = len(trust(None).get_ca_certs())
    assert public > 50
    with pytest.raises(ConfigError, match="ca_file"):
        trust(str(tmp_path / "none.pem"))
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(ConfigError, match="ca_file"):
        trust(str(tmp_path / "empty.pem"))


PROXY_ADDRESSES = ["not an address", "socks5://127.0.0.1:1", "ftp://127.0.0.1"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate for localhost that only itself vouches for, and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company Gateway")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("authority")
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(certificate.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    return folder


def over_tls(authority, raw):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "ca.pem", authority / "key.pem")

    def talk(peer):
        with contextlib.suppress(OSError), context.wrap_socket(peer, server_side=True) as wrapped:
            wrapped.recv(65536)
            wrapped.sendall(raw)

    talk.speaks_first = True
    return talk


def tls_client(port, **http):
    ports = make_ports(RealClock(), "local")
    ports.http = HttpSettings(**http)
    host = f"localhost:{port}"
    return Http(ports, base_url=f"https://{host}", allowed_hosts=frozenset({host}), secrets=list, pool=1, deadline_s=5)


def test_a_company_gateway_is_trusted_by_its_own_authority(authority):
    with server(over_tls(authority, OK)) as (port, _):
        http = tls_client(port, ca_file=str(authority / "ca.pem"))
        assert http.request("GET", "/x", kind="read").body == {}
        http.close()


def test_an_unknown_certificate_stops_the_connection_at_once(authority):
    with server(over_tls(authority, OK)) as (port, _):
        http = tls_client(port)
        with pytest.raises(NeedsOperator, match="ca_file"):
            http.request("POST", "/x", kind="write", json={})
        http.close()


@pytest.mark.parametrize("proxy", PROXY_ADDRESSES)
def test_a_proxy_that_cannot_be_used_is_a_matter_of_configuration(proxy):
    with pytest.raises(ConfigError, match="proxy"):
        open_client(
            HttpSettings(proxy=proxy),
            transport=None,
            local=False,
            deadline=Deadline(),
            monotonic=time.monotonic,
        )


def test_every_socket_operation_is_cut_to_what_is_left_of_the_call():
    deadline = Deadline()
    backend = _Backend(deadline, lambda: 100.0)
    assert backend.left(7.0, httpcore.ReadTimeout) == 7.0
    deadline.ends_at = 103.0
    assert backend.left(7.0, httpcore.ReadTimeout) == 3.0
    assert backend.left(None, httpcore.ReadTimeout) == 3.0
    deadline.ends_at = 99.0
    with pytest.raises(httpcore.ReadTimeout):
        backend.left(7.0, httpcore.ReadTimeout)
