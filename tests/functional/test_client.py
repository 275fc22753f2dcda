"""net-api as daemons reach it: errors that say what they mean, retries that are safe."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netkit.errors import NotFound, RemoteError, Unavailable
from nova_netplugins import conf as configuration
from nova_netplugins.client import Client, make_client
from tests.functional.cell import Cell, cell, configure
from tests.functional.tiny import Tiny
from tests.servers import free_port

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
GATEWAY = b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot there"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cell]:
    with cell(configure(tmp_path), Tiny().descriptor()) as made:
        yield made


@contextlib.contextmanager
def scripted(*replies: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that treats its nth connection as the nth script says; what it was sent."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for reply in replies:
                with contextlib.suppress(OSError):
                    connection, _ = listening.accept()
                    with connection:
                        received.append(connection.recv(65536))
                        reply(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", received
        listening.close()


def answers(connection: socket.socket) -> None:
    connection.sendall(ANSWER)


def hangs_up(connection: socket.socket) -> None:
    connection.close()


def stalls(connection: socket.socket) -> None:
    connection.recv(1)  # until the client gives up


def client(url: str, path: Path, timeout: int = 30) -> Client:
    file = path / "client.conf"
    file.write_text(f"[net_api]\nendpoint_override = {url}\ntimeout = {timeout}\n")
    return make_client(configuration.load(config_files=[str(file)]))


def test_an_error_of_the_server_comes_back_with_its_status_code_and_words(cloud: Cell) -> None:
    body = {"virtual_nic": {"service": "tiny", "status": "BROKEN"}}
    with pytest.raises(RemoteError) as caught:
        cloud.client.put("hosts/here/virtual_nics/nic1", body)

    error = caught.value
    assert (error.status, error.code) == (400, "invalid_request")
    assert str(error) == "virtual_nic.status: 'BROKEN' is not one of ACTIVE, DOWN"


def test_an_object_that_does_not_exist_is_told_from_a_path_that_does_not(cloud: Cell) -> None:
    body = {"virtual_nic": {"service": "tiny", "status": "ACTIVE"}}
    with pytest.raises(NotFound):
        cloud.client.put("hosts/here/virtual_nics/nic9", body)

    with pytest.raises(RemoteError) as caught:
        cloud.client.get("no/such/path")
    assert caught.value.status == 404
    assert not isinstance(caught.value, NotFound)


def test_a_proxys_404_says_nothing_about_an_object(tmp_path: Path) -> None:
    def misses(connection: socket.socket) -> None:
        connection.sendall(GATEWAY)

    with scripted(misses) as (url, _), pytest.raises(RemoteError) as caught:
        client(url, tmp_path).get("networks/1")

    assert not isinstance(caught.value, NotFound)
    assert "was answered with 404: 'not there'" in str(caught.value)


def test_names_in_a_path_cannot_lead_elsewhere(tmp_path: Path) -> None:
    with scripted(answers) as (url, received):
        client(url, tmp_path).below("projects", "../a b/c?").get("network_service")

    assert received[0].startswith(b"GET /v1.0/projects/..%2Fa%20b%2Fc%3F/network_service HTTP")


def test_a_question_is_repeated_when_the_connection_breaks(tmp_path: Path) -> None:
    with scripted(hangs_up, answers) as (url, received):
        assert client(url, tmp_path).get("networks") == {}

    assert len(received) == 2


def test_a_post_is_not_repeated_since_it_may_have_been_done(tmp_path: Path) -> None:
    with scripted(hangs_up, answers) as (url, received), pytest.raises(Unavailable):
        client(url, tmp_path).post("networks", {})

    assert len(received) == 1


def test_nobody_there_is_told_within_seconds(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    start = time.monotonic()
    with pytest.raises(Unavailable, match="net-api does not answer"):
        client(url, tmp_path).get("networks")

    assert time.monotonic() - start < 5


def test_a_server_that_stalls_is_given_up_after_the_time_out(tmp_path: Path) -> None:
    with scripted(stalls) as (url, _):
        start = time.monotonic()
        with pytest.raises(Unavailable):
            client(url, tmp_path, timeout=1).post("networks", {})

        assert time.monotonic() - start < 3
