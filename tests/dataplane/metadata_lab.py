"""Networks whose instances ask the metadata proxy: on a fake host, and in real namespaces."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from nova_netplugins.host import namespaces as netns_tools
from nova_netplugins.host.driver import BridgePort, Host, LinuxHost
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.host.fake_metadata import FakeListeners
from nova_netplugins.host.metadata import Instance, Limits, Listeners, MetadataProxy
from nova_netplugins.host.router import Names, Routers, RouterSpec
from nova_netplugins.host.ruleset_host import HostRules
from tests.dataplane.fake_nova import SECRET, FakeNova
from tests.dataplane.topology import Namespaces, instance


@dataclass
class Answer:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def asked(self) -> dict[str, Any]:
        """What reached Nova."""
        echoed: dict[str, Any] = json.loads(self.body)
        return echoed

    @property
    def asked_headers(self) -> dict[str, str]:
        """The headers that reached Nova, names in lower case; none came twice."""
        pairs = [(name.lower(), value) for name, value in self.asked["headers"]]
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)


def ask(
    connection: socket.socket,
    path: str = "/",
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """One request and its answer on an open connection, which stays open if the server lets it."""
    client = http.client.HTTPConnection("169.254.169.254")
    client.sock = connection
    client.auto_open = 0
    client.request(method, path, body, headers or {})
    response = client.getresponse()
    return Answer(response.status, response.reason, response.getheaders(), response.read())


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side closes the connection, within the socket's time-out."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


class Site(Protocol):
    """What differs between a fake host and a real one."""

    @property
    def host(self) -> Host: ...

    @property
    def listeners(self) -> Listeners | None: ...

    def guest_address(self, number: int) -> str: ...

    def add_guest(self, network: str, number: int) -> None:
        """An instance on the network has guest_address(number)."""

    def connect(self, network: str, number: int) -> socket.socket:
        """From that instance to the metadata address. Raises OSError."""


class FakeSite:
    def __init__(self) -> None:
        self.host = FakeHost()
        self.listeners = FakeListeners(self.host)

    def guest_address(self, number: int) -> str:
        return f"127.0.0.{number}"

    def add_guest(self, network: str, number: int) -> None:
        pass

    def connect(self, network: str, number: int) -> socket.socket:
        port = self.listeners.ports[Names(network).netns]
        source = (self.guest_address(number), 0)
        return socket.create_connection(("127.0.0.1", port), 5, source)


class LinuxSite:
    listeners = None

    def __init__(self, host: LinuxHost, namespaces: Namespaces) -> None:
        self.host = host
        self._namespaces = namespaces
        self._guests: dict[tuple[str, int], str] = {}

    def guest_address(self, number: int) -> str:
        return f"10.0.0.{number}"

    def add_guest(self, network: str, number: int) -> None:
        netns = self._namespaces.make(f"{network[:4]}-{number}")
        tap = f"tap{network[:6]}-{number}"
        instance(self.host, netns, tap, f"{self.guest_address(number)}/24", "10.0.0.1")
        self.host.links.ensure_port(bridge(network), tap)
        self._guests[network, number] = netns

    def connect(self, network: str, number: int) -> socket.socket:
        guest = self._guests[network, number]
        connection = netns_tools.socket_in(guest, socket.AF_INET, socket.SOCK_STREAM)
        connection.settimeout(5)
        connection.connect(("169.254.169.254", 80))
        return connection


def bridge(network: str) -> str:
    return f"br-{network[:11]}"


@dataclass
class MetadataLab:
    """A network host with networks that all are 10.0.0.0/24, and its proxy."""

    site: Site
    nova: FakeNova
    limits: Limits
    nova_patience: float = 5.0
    instances: dict[tuple[str, str], Instance] = field(default_factory=dict)
    failure: Exception | None = None

    def __post_init__(self) -> None:
        self._open: list[socket.socket] = []
        self._networks: list[str] = []
        self.routers = Routers(self.site.host, HostRules("host", "", "100.64.0.0/16", None))
        self.proxy = self.new_proxy()

    def new_proxy(self) -> MetadataProxy:
        return MetadataProxy(
            "127.0.0.1",
            self.nova.port,
            SECRET,
            self.find_instance,
            listeners=self.site.listeners,
            limits=self.limits,
            nova_patience=self.nova_patience,
        )

    def find_instance(self, network_id: str, source: str) -> Instance | None:
        if self.failure is not None:
            raise self.failure
        return self.instances.get((network_id, source))

    def network(self, *guests: int) -> str:
        """The id of a new network that has instances with these numbers, served by the proxy."""
        network = str(uuid.uuid4())
        self._networks.append(network)
        self.site.host.links.ensure_bridge(bridge(network), "test")
        self.ensure_router(network)
        self.proxy.ensure(network, Names(network).netns)
        for number in guests:
            self.site.add_guest(network, number)
            address = self.site.guest_address(number)
            self.instances[network, address] = Instance(f"{network}-{number}", f"of-{network}")
        return network

    def ensure_router(self, network: str, metadata: bool = True) -> None:
        port = BridgePort(bridge(network))
        self.routers.ensure(RouterSpec(network, port, ("10.0.0.1/24",), metadata=metadata))

    def connect(self, network: str, number: int) -> socket.socket:
        connection = self.site.connect(network, number)
        self._open.append(connection)
        return connection

    def ask(self, network: str, number: int, path: str = "/", **request: Any) -> Answer:
        """One request of the instance, on a connection of its own."""
        with contextlib.closing(self.site.connect(network, number)) as connection:
            return ask(connection, path, **request)

    def close(self) -> None:
        for connection in self._open:
            connection.close()
        self.proxy.close()
        for network in self._networks:
            self.routers.remove(network)


@contextlib.contextmanager
def metadata_lab(site: Site, nova_patience: float, limits: Limits) -> Iterator[MetadataLab]:
    nova = FakeNova()
    lab = MetadataLab(site, nova, limits, nova_patience)
    try:
        yield lab
    finally:
        lab.close()
        nova.stop()
