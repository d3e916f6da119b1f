"""HTTP itself, spoken by hand over a socket, and many callers at once."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest


def spoken(zoho, *pieces: bytes) -> bytes:
    """Send bytes as they are and give all that comes back until the other end closes."""
    with socket.create_connection(("127.0.0.1", zoho.server.port), timeout=5) as wire:
        for piece in pieces:
            wire.sendall(piece)
        wire.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := wire.recv(65536):
            answer += chunk
        return answer


def head(zoho, method: str, path: str, *more: str) -> bytes:
    token = zoho.http.headers["Authorization"]
    lines = [f"{method} {path} HTTP/1.1", "Host: sandbox.test", f"Authorization: {token}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_two_calls_on_one_connection_get_two_answers_in_order(bare):
    answer = spoken(bare, head(bare, "GET", "/crm/v8/org") + head(bare, "GET", "/crm/v8/Tasks?fields=Subject"))
    assert answer.count(b"HTTP/1.1 200 OK") == answer.count(b"HTTP/1.1 204 No Content") == 1
    assert answer.index(b"200 OK") < answer.index(b"204 No Content")


def test_chunked_bodies_are_read(bare):
    body = json.dumps({"data": [{"Subject": "chunked"}]}).encode()
    chunks = b"%x\r\n%s\r\n" % (len(body[:9]), body[:9]) + b"%x;ext\r\n%s\r\n" % (len(body[9:]), body[9:])
    lines = head(bare, "POST", "/crm/v8/Tasks", "Transfer-Encoding: chunked")
    answer = spoken(bare, lines, chunks, b"0\r\nTrailer: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 201 Created")
    assert [row["Subject"] for row in bare.state("Tasks")] == ["chunked"]


def test_a_client_that_waits_to_continue_is_told_to(bare):
    body = b'{"data":[{"Subject":"s"}]}'
    answer = spoken(
        bare, head(bare, "POST", "/crm/v8/Tasks", f"Content-Length: {len(body)}", "Expect: 100-continue"), body
    )
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created")


def test_an_old_client_gets_its_connection_closed(bare):
    answer = spoken(bare, b"\r\nGET /__sim__/faults HTTP/1.0\r\n\r\n")
    assert b"Connection: close" in answer
    assert answer.endswith(b'{"rules":[]}')


def test_a_head_call_gets_no_body(bare):
    answer = spoken(bare, b"HEAD /__sim__/nothing HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "text",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nshort",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 201 + b"\r\n",
    ],
)
def test_what_is_no_request_gets_400_and_an_end(bare, text):
    assert spoken(bare, text).startswith(b"HTTP/1.1 400 Bad Request")


def test_a_body_is_compressed_for_who_asks(zoho):
    path = "/crm/v8/Contacts?fields=Last_Name,Email"
    answer = spoken(zoho, head(zoho, "GET", path, "Accept-Encoding: gzip", "Connection: close"))
    top, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in top
    assert len(json.loads(gzip.decompress(body))["data"]) == 32
    plain = spoken(zoho, head(zoho, "GET", path, "Connection: close"))
    assert len(json.loads(plain.partition(b"\r\n\r\n")[2])["data"]) == 32


def test_answers_are_json_with_one_charset(bare):
    assert bare.get("/org").headers["content-type"] == "application/json;charset=UTF-8"


def test_many_callers_at_once_lose_nothing(bare):
    start = threading.Barrier(8)

    def work(number):
        with httpx.Client(base_url=bare.server.url, headers=bare.http.headers, timeout=20) as http:
            start.wait()
            for at in range(10):
                row = {"Subject": f"{number}/{at}", "Duban_Key": f"{number % 4}/{at}"}
                http.post("/crm/v8/Tasks", json={"data": [row]})
                http.get("/crm/v8/Tasks", params={"fields": "Subject"})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    keys = [row["Duban_Key"] for row in bare.state("Tasks")]
    assert len(keys) == len(set(keys)) == 40, "two raced for each key; one of them won"
    assert len({row["id"] for row in bare.state("Tasks")}) == 40
