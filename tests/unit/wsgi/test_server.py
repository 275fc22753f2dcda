"""The server itself, spoken to byte by byte."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netkit.wsgi import Mapper, Request, Result, Route
from netkit.wsgi.dispatch import Dispatcher
from netkit.wsgi.server import Server

LIMIT = 10_000
HEAD = b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def _size(request: Request) -> Result:
    return 200, {"size": len(request.body["text"])}


def _app() -> Dispatcher:
    mapper = Mapper()
    schema = {"type": "object", "required": ["text"]}
    mapper.add(Route("POST", "/size", _size, policy=None, request_schema=schema))
    return Dispatcher(mapper, lambda context, rule, target: None, max_body=LIMIT)


@contextlib.contextmanager
def _serving(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def server() -> Iterator[Server]:
    with _serving(Server(_app(), max_body=LIMIT, threads=2)) as running:
        yield running


@pytest.fixture(params=[LIMIT, 100 * LIMIT], ids=["server's limit", "application's limit"])
def either_limit(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Once the server refuses a large body, once it lets it through to the application."""
    with _serving(Server(_app(), max_body=request.param, threads=2)) as running:
        yield running


def _connect(server: Server) -> socket.socket:
    return socket.create_connection((server.host, server.port), timeout=10)


def _answer(connection: socket.socket) -> tuple[int, dict[str, object]]:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, json.loads(response.read())


def _error_code(answer: tuple[int, dict[str, object]]) -> object:
    error = answer[1]["error"]
    assert isinstance(error, dict)
    return error["code"]


def _chunked(body: bytes, size: int = 1000) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def test_a_free_port_is_taken_and_told(server: Server) -> None:
    assert server.port > 0
    assert server.url == f"http://127.0.0.1:{server.port}"


def test_a_body_in_chunks_is_read(server: Server) -> None:
    with _connect(server) as connection:
        body = json.dumps({"text": "x" * 3000}).encode()
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + _chunked(body))
        assert _answer(connection) == (200, {"size": 3000})


def test_a_huge_body_in_chunks_is_refused(either_limit: Server) -> None:
    with _connect(either_limit) as connection:
        body = json.dumps({"text": "x" * 2 * LIMIT}).encode()
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + _chunked(body))
        answer = _answer(connection)
    assert (answer[0], _error_code(answer)) == (413, "body_too_large")


def test_a_huge_body_is_refused(either_limit: Server) -> None:
    with _connect(either_limit) as connection:
        body = json.dumps({"text": "x" * 2 * LIMIT}).encode()
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        answer = _answer(connection)
    assert (answer[0], _error_code(answer)) == (413, "body_too_large")


def test_a_huge_length_is_refused_before_the_body_comes(server: Server) -> None:
    with _connect(server) as connection:
        connection.sendall(HEAD + b"Content-Length: 5000000000\r\n\r\n")
        answer = _answer(connection)
    assert (answer[0], _error_code(answer)) == (413, "body_too_large")


def test_the_largest_body_allowed_is_read(server: Server) -> None:
    body = json.dumps({"text": "x" * (LIMIT - len(json.dumps({"text": ""})))}).encode()
    assert len(body) == LIMIT
    with _connect(server) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert _answer(connection)[0] == 200


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"rubbish\r\n\r\n", "bad_request"),
        (b"/\r\nAccept: \xff;q=x\r\n\r\n", "bad_request"),
        (HEAD + b"Content-Length: minus one\r\n\r\n", "invalid_content_length"),
        (HEAD + b"Content-Length: \xb2\r\n\r\n", "invalid_content_length"),
        (
            HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
            "invalid_content_length",
        ),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nnot a length\r\n", "bad_request"),
    ],
)
def test_what_is_no_http_gets_the_error_shape(server: Server, head: bytes, code: str) -> None:
    with _connect(server) as connection:
        connection.sendall(head)
        answer = _answer(connection)
    assert (answer[0], _error_code(answer)) == (400, code)


def test_slow_bodies_hold_no_thread(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(_connect(server)) for _ in range(20)]
        body = b'{"text": "abc"}'
        for connection in slow:
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body[:5])
        quick = stack.enter_context(_connect(server))
        quick.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert _answer(quick) == (200, {"size": 3})
        for connection in slow:
            connection.sendall(body[5:])
        assert [_answer(connection) for connection in slow] == [(200, {"size": 3})] * 20


def test_a_connection_serves_many_requests(server: Server) -> None:
    client = http.client.HTTPConnection(server.host, server.port, timeout=10)
    for length in range(5):
        headers = {"Content-Type": "application/json"}
        client.request("POST", "/size", json.dumps({"text": "x" * length}), headers)
        assert json.loads(client.getresponse().read()) == {"size": length}
    client.close()


def test_a_port_that_is_in_use_is_named(server: Server) -> None:
    with pytest.raises(OSError, match=f"cannot listen on .*{server.port}.*Address already in use"):
        Server(_app(), port=server.port)


def test_a_stopped_server_frees_its_port() -> None:
    first = Server(_app())
    with _serving(first):
        pass
    with _serving(Server(_app(), port=first.port)) as second:
        assert second.port == first.port


def test_stopping_lets_a_running_request_finish() -> None:
    running, may_end = threading.Event(), threading.Event()

    def slow(request: Request) -> Result:
        running.set()
        assert may_end.wait(10)
        return 200, {"text": "x" * 5_000_000}

    mapper = Mapper()
    mapper.add(Route("GET", "/slow", slow, policy=None))
    server = Server(Dispatcher(mapper, lambda context, rule, target: None))
    server.start()
    with _connect(server) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        assert running.wait(10)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        may_end.set()
        status, body = _answer(connection)
        assert (status, len(str(body["text"]))) == (200, 5_000_000)
        stopping.join(10)
    assert not stopping.is_alive()


def test_a_unix_socket_is_served_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with _serving(Server(_app(), unix_socket=str(path))) as server:
        assert server.url == f"unix:{path}"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(path))
            connection.sendall(HEAD + b'Content-Length: 14\r\n\r\n{"text": "ab"}')
            assert _answer(connection) == (200, {"size": 2})
        with pytest.raises(OSError, match="in use by another server"):
            Server(_app(), unix_socket=str(path))
    assert not path.exists()


def test_a_unix_socket_that_a_killed_server_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with _serving(Server(_app(), unix_socket=str(path))):
        assert path.is_socket()


def test_stopping_does_not_take_long(server: Server) -> None:
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 3
