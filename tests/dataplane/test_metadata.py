"""Instances ask for metadata, and each gets its own: over a fake host and in real namespaces."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Hashable, Iterator

import pytest

from netkit.errors import Unavailable
from nova_netplugins.host.errors import HostError, NotFound
from nova_netplugins.host.metadata import Limits, MetadataProxy
from nova_netplugins.host.router import Names
from tests.dataplane.metadata_lab import (
    FakeSite,
    LinuxSite,
    MetadataLab,
    Site,
    ask,
    is_closed,
    metadata_lab,
)
from tests.dataplane.topology import eventually

LIMITS = Limits(
    threads=2, network_requests=1, patience=1.0, guest_connections=4, network_connections=6
)


@pytest.fixture(params=["fake", pytest.param("linux", marks=pytest.mark.root)])
def lab(request: pytest.FixtureRequest) -> Iterator[MetadataLab]:
    site: Site
    if request.param == "fake":
        site = FakeSite()
    else:
        site = LinuxSite(request.getfixturevalue("linux"), request.getfixturevalue("namespaces"))
    with metadata_lab(site, nova_patience=1.0, limits=LIMITS) as lab:
        yield lab


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_instances_with_one_address_on_two_networks_are_told_apart(lab: MetadataLab) -> None:
    red, blue = lab.network(5), lab.network(5)
    for network in (red, blue, red):
        answer = lab.ask(network, 5)
        assert answer.status == 201
        assert answer.asked_headers["x-instance-id"] == f"{network}-5"
        assert answer.asked_headers["x-tenant-id"] == f"of-{network}"
        assert answer.asked_headers["x-forwarded-for"] == lab.site.guest_address(5)


def test_a_request_reaches_nova_as_it_was_sent_and_so_does_the_answer(lab: MetadataLab) -> None:
    answer = lab.ask(
        lab.network(5),
        5,
        "//openstack/latest/a%20b?x=%2F&y",
        method="POST",
        headers={"X-aws-ec2-metadata-token": "token", "User-Agent": "cloud-init"},
        body=b"some text",
    )
    assert (answer.status, answer.reason) == (201, "As Nova Says")
    assert [value for name, value in answer.headers if name == "X-Nova"] == ["one", "two"]
    assert ("Content-Type", "application/json") in answer.headers
    asked = answer.asked
    assert (asked["method"], asked["path"]) == ("POST", "/openstack/latest/a%20b?x=%2F&y")
    assert asked["body"] == "some text"
    assert answer.asked_headers["x-aws-ec2-metadata-token"] == "token"
    assert answer.asked_headers["user-agent"] == "cloud-init"
    assert answer.asked_headers["host"] == f"127.0.0.1:{lab.nova.port}"


def test_nothing_that_a_guest_says_of_itself_is_believed(lab: MetadataLab) -> None:
    network = lab.network(5)
    claims = ["X-Instance-ID", "X-Tenant-ID", "X-Instance-ID-Signature", "X-Forwarded-For"]
    lies = {name: "lie" for name in claims}
    lies |= {name.replace("-", "_"): "lie" for name in claims}
    lies |= {"X-Metadata-Provider": "lie", "X-Metadata-Provider-Signature": "lie"}
    lies |= {"Forwarded": "for=lie", "X-Forwarded-Host": "lie", "X-Real-IP": "lie"}
    lies |= {"Connection": "keep-alive, X-Instance-ID-Signature, X-Mine", "X-Mine": "lie"}
    answer = lab.ask(network, 5, headers=lies)
    assert answer.status == 201
    assert "lie" not in str(answer.asked_headers)
    assert answer.asked_headers["x-instance-id"] == f"{network}-5"


def test_an_address_that_no_instance_has_gets_404(lab: MetadataLab) -> None:
    network = lab.network(5)
    lab.instances.clear()
    answer = lab.ask(network, 5)
    assert answer.status == 404
    assert lab.site.guest_address(5) in answer.text
    assert lab.nova.asked == 0


def test_while_net_api_is_away_the_answer_is_503(lab: MetadataLab) -> None:
    network = lab.network(5)
    lab.failure = Unavailable(value="http://net-api")
    assert lab.ask(network, 5).status == 503
    lab.failure = None
    assert lab.ask(network, 5).status == 201


def test_while_nova_is_away_the_answer_is_502_and_right_again_afterwards(lab: MetadataLab) -> None:
    network = lab.network(5)
    assert lab.ask(network, 5).status == 201
    lab.nova.stop()
    answer = lab.ask(network, 5)
    assert (answer.status, answer.text) == (502, "The metadata service cannot be reached now.\n")
    lab.nova.start()
    assert lab.ask(network, 5).status == 201


@pytest.mark.parametrize("path", ["/slow", "/drip"])
def test_when_nova_is_slow_the_answer_is_504(lab: MetadataLab, path: str) -> None:
    answer = lab.ask(lab.network(5), 5, path)
    assert answer.status == 504
    assert answer.text == "The metadata service did not answer in time.\n"


def test_guests_for_whom_nova_is_slow_hold_no_other_network_up(lab: MetadataLab) -> None:
    slow, other = lab.network(5), lab.network(5)
    waiting = [lab.connect(slow, 5) for _ in range(3)]
    for connection in waiting:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    assert eventually(lambda: lab.nova.asked == 1)
    assert lab.ask(other, 5).status == 201
    lab.nova.wake.set()
    assert [one.recv(13) for one in waiting] == [b"HTTP/1.1 201 "] * 3


def test_a_network_may_be_removed_while_nova_is_asked(lab: MetadataLab) -> None:
    gone, other = lab.network(5), lab.network(5)
    connection = lab.connect(gone, 5)
    connection.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    assert eventually(lambda: lab.nova.asked == 1)
    lab.proxy.remove(gone)
    assert is_closed(connection)
    lab.nova.wake.set()
    assert [lab.ask(other, 5).status for _ in range(3)] == [201] * 3


def test_head_tells_the_length_without_a_body(lab: MetadataLab) -> None:
    answer = lab.ask(lab.network(5), 5, method="HEAD")
    assert answer.body == b""
    assert int(dict(answer.headers)["Content-Length"]) > 0


def test_what_is_too_large_is_refused(lab: MetadataLab) -> None:
    network = lab.network(5)
    assert lab.ask(network, 5, method="POST", body=b"x" * 64 * 1024).status == 201
    assert lab.ask(network, 5, headers={"X-Large": "x" * 20000}).status == 431
    assert lab.ask(network, 5, "/big").status == 502
    connection = lab.connect(network, 5)
    connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n")
    assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(("method", "status"), [("TRACE", 405), ("CONNECT", 400)])
def test_methods_of_proxies_are_refused(lab: MetadataLab, method: str, status: int) -> None:
    assert lab.ask(lab.network(5), 5, "nova:80", method=method).status == status
    assert lab.nova.asked == 0


def test_a_connection_serves_many_requests(lab: MetadataLab) -> None:
    connection = lab.connect(lab.network(5), 5)
    assert [ask(connection, f"/{one}").asked["path"] for one in range(5)] == [
        f"/{one}" for one in range(5)
    ]


def test_of_requests_sent_ahead_only_the_first_is_answered(lab: MetadataLab) -> None:
    connection = lab.connect(lab.network(5), 5)
    connection.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
    received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.count(b"HTTP/1.1 201 ") == 1
    assert b"Connection: close" in received


def test_guests_that_send_nothing_or_little_hold_nobody_up(lab: MetadataLab) -> None:
    network = lab.network(5, 6)
    idle = lab.connect(network, 6)
    half = lab.connect(network, 6)
    half.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n")
    slow = lab.connect(network, 6)
    stop = threading.Event()

    def trickle() -> None:
        slow.sendall(b"GET / HTTP/1.1\r\nX-Long: ")
        with contextlib.suppress(ConnectionError):
            while not stop.wait(0.1):
                slow.sendall(b"x")

    trickling = threading.Thread(target=trickle)
    trickling.start()
    try:
        began = time.monotonic()
        assert lab.ask(network, 5).status == 201
        assert time.monotonic() - began < LIMITS.patience
        assert is_closed(idle) and is_closed(half)
        assert eventually(lambda: not trickling.is_alive())
    finally:
        stop.set()
        trickling.join()


def test_one_guest_cannot_take_all_connections(lab: MetadataLab) -> None:
    network = lab.network(5, 6, 7)
    other = lab.network(5)
    assert all(ask(lab.connect(network, 5)).status == 201 for _ in range(4))
    assert is_closed(lab.connect(network, 5)), "the guest has no connection left"
    assert all(ask(lab.connect(network, 6)).status == 201 for _ in range(2))
    assert is_closed(lab.connect(network, 7)), "the network has no connection left"
    assert ask(lab.connect(other, 5)).status == 201


def test_an_ensured_network_keeps_its_connections(lab: MetadataLab) -> None:
    network = lab.network(5)
    connection = lab.connect(network, 5)
    lab.proxy.ensure(network, Names(network).netns)
    assert ask(connection).status == 201
    assert lab.proxy.served() == {network}


def test_a_removed_network_is_no_longer_served_and_others_are(lab: MetadataLab) -> None:
    gone, other = lab.network(5), lab.network(5)
    connection = lab.connect(gone, 5)
    lab.proxy.remove(gone)
    lab.proxy.remove(gone)
    assert is_closed(connection)
    with pytest.raises(OSError):
        lab.connect(gone, 5)
    assert lab.ask(other, 5).status == 201
    assert lab.proxy.served() == {other}


def test_a_namespace_that_was_made_again_is_served_again(lab: MetadataLab) -> None:
    network = lab.network(5)
    for _ in range(2):
        lab.site.host.delete_netns(Names(network).netns)
        lab.ensure_router(network)
        lab.proxy.ensure(network, Names(network).netns)
        assert lab.ask(network, 5).asked_headers["x-instance-id"] == f"{network}-5"


def test_a_namespace_that_is_gone_is_an_error_and_its_socket_is_closed(lab: MetadataLab) -> None:
    network = lab.network(5)
    lab.site.host.delete_netns(Names(network).netns)
    with pytest.raises(NotFound, match=Names(network).netns):
        lab.proxy.ensure(network, Names(network).netns)
    assert lab.proxy.served() == set()


def test_without_its_address_a_network_is_served_once_it_has_it(lab: MetadataLab) -> None:
    network = lab.network(5)
    lab.proxy.remove(network)
    lab.site.host.delete_netns(Names(network).netns)
    lab.ensure_router(network, metadata=False)
    with pytest.raises(HostError, match=r"169\.254\.169\.254"):
        lab.proxy.ensure(network, Names(network).netns)
    lab.ensure_router(network)
    lab.proxy.ensure(network, Names(network).netns)
    assert lab.ask(network, 5).status == 201


def test_a_proxy_that_was_closed_leaves_neither_threads_nor_descriptors(lab: MetadataLab) -> None:
    network = lab.network(5)
    lab.proxy.close()
    before = threading.active_count(), descriptors()
    for _ in range(3):
        lab.proxy = lab.new_proxy()
        lab.proxy.ensure(network, Names(network).netns)
        connection = lab.connect(network, 5)
        assert ask(connection).status == 201
        lab.proxy.close()
        lab.proxy.close()
        assert is_closed(connection)
        connection.close()
        # The last thing that Nova's thread does is to see that its connection is closed.
        assert eventually(lambda: threading.active_count() == before[0])
    assert eventually(lambda: descriptors() == before[1])
    with pytest.raises(HostError, match="closed"):
        lab.proxy.ensure(network, Names(network).netns)


@pytest.mark.root
def test_a_second_proxy_is_told_that_the_address_is_taken(
    request: pytest.FixtureRequest,
) -> None:
    site = LinuxSite(request.getfixturevalue("linux"), request.getfixturevalue("namespaces"))
    with metadata_lab(site, nova_patience=1.0, limits=LIMITS) as lab:
        network = lab.network(5)
        second = lab.new_proxy()
        try:
            with pytest.raises(HostError, match="another process listens there"):
                second.ensure(network, Names(network).netns)
        finally:
            second.close()
        assert lab.ask(network, 5).status == 201


class LoopbackListeners:
    """Any namespace is one, and listens on a port of 127.0.0.1."""

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}

    def identity(self, netns: str) -> Hashable:
        return netns

    def listen(self, netns: str) -> tuple[socket.socket, Hashable]:
        listening = socket.create_server(("127.0.0.1", 0))
        self.ports[netns] = listening.getsockname()[1]
        return listening, netns


def test_a_network_costs_one_descriptor_and_a_thousand_are_fine() -> None:
    listeners = LoopbackListeners()
    proxy = MetadataProxy("127.0.0.1", 1, "", lambda *_: None, listeners=listeners)
    before = descriptors()
    networks = [f"network-{number}" for number in range(1100)]
    for network in networks:
        proxy.ensure(network, network)
    assert descriptors() == before + 1100
    for network in (networks[0], networks[-1]):
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", listeners.ports[network]), 5) as connection:
            assert ask(connection).status == 404
        assert time.monotonic() - began < 1
    for network in networks:
        proxy.remove(network)
    assert eventually(lambda: descriptors() == before)
    proxy.close()
