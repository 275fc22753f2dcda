"""Open vSwitch: ports with tags instead of bridges with VLAN devices."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from nova_netplugins.host.driver import Host, IntegrationPort, LinuxHost, SwitchPort
from nova_netplugins.host.errors import AlreadyExists, HostError, NotFound
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.host.namespaces import socket_in
from nova_netplugins.host.ovs import OpenVSwitch
from nova_netplugins.host.router import Names, Routers, RouterSpec
from nova_netplugins.host.ruleset_host import HostRules
from tests.dataplane.topology import Namespaces, instance, is_cut_off, reaches


@pytest.fixture(params=["fake", pytest.param("linux", marks=pytest.mark.root)])
def host(request: pytest.FixtureRequest) -> Host:
    """A host with an Open vSwitch, fake or real, and a bridge br-int on it."""
    found: Host = FakeHost() if request.param == "fake" else request.getfixturevalue("switched")
    for _ in range(2):
        found.switch.ensure_ovs_bridge("br-int", "test", "netdev")
    return found


def transfer(server: str, client: str, address: str, size: int) -> int:
    """How many of ``size`` octets arrive over TCP from one namespace in another."""
    arrived = 0

    def receive(listening: socket.socket) -> None:
        nonlocal arrived
        connection, _ = listening.accept()
        with connection:
            while data := connection.recv(65536):
                arrived += len(data)

    with (
        socket_in(server, socket.AF_INET, socket.SOCK_STREAM) as listening,
        socket_in(client, socket.AF_INET, socket.SOCK_STREAM) as sending,
    ):
        for one in (listening, sending):
            one.settimeout(5)
        listening.bind((address, 0))
        listening.listen()
        thread = threading.Thread(target=receive, args=(listening,))
        thread.start()
        sending.connect(listening.getsockname())
        sending.sendall(bytes(size))
        sending.shutdown(socket.SHUT_WR)
        thread.join(5)
    return arrived


def test_a_port_has_a_tag_and_an_owner(host: Host) -> None:
    host.links.ensure_veth("tap0", "far", "nic 1")
    for _ in range(2):
        host.attach("tap0", SwitchPort("br-int", 100), "nic 1")
    assert host.switch.owned("tap") == {"tap0": "nic 1"}
    host.attach("tap0", SwitchPort("br-int", 200), "nic 1")
    for _ in range(2):
        host.detach("tap0", SwitchPort("br-int", 200))
    assert host.switch.owned() == {}


def test_a_port_is_not_stolen_from_another_bridge(host: Host) -> None:
    host.links.ensure_veth("tap0", "far", "nic 1")
    host.switch.ensure_ovs_bridge("br-two", "test", "netdev")
    host.attach("tap0", SwitchPort("br-int"), "nic 1")
    with pytest.raises(AlreadyExists, match="tap0 is a port of br-int, wanted in br-two"):
        host.attach("tap0", SwitchPort("br-two"), "nic 1")


def test_bad_tags_and_bridges_are_named(host: Host) -> None:
    for tag in (0, 4095):
        with pytest.raises(HostError, match=f"VLAN tag {tag} is outside 1-4094"):
            host.attach("tap0", SwitchPort("br-int", tag), "nic 1")
    with pytest.raises(NotFound, match="no Open vSwitch bridge br-none"):
        host.attach("tap0", SwitchPort("br-none"), "nic 1")


IDS = {"iface-id": "port 1", "attached-mac": "fa:16:3e:00:00:01", "iface-status": "active"}


def tag_of(host: Host, port: str) -> str:
    if isinstance(host, FakeHost):
        return str(host.switch.ports[port][1] or "[]")
    return vsctl(host, "get Port", port, "tag")


def vsctl(host: Host, command: str, *arguments: str) -> str:
    assert isinstance(host.switch, OpenVSwitch)
    return host.switch._vsctl(*command.split(), *arguments).strip()


def given_a_vlan(host: Host, port: str, tag: int) -> None:
    """As Neutron's agent does."""
    if isinstance(host, FakeHost):
        bridge, _, owner = host.switch.ports[port]
        host.switch.ports[port] = (bridge, tag, owner)
    else:
        vsctl(host, f"set Port {port} tag={tag} -- clear Port {port} vlan_mode")
        vsctl(host, f"clear Port {port} trunks")


def test_a_new_port_of_an_integration_bridge_reaches_nothing_until_it_has_a_vlan(
    host: Host,
) -> None:
    host.links.ensure_veth("tap0", "far", "nic 1")
    host.attach("tap0", IntegrationPort("br-int", IDS), "nic 1")
    assert tag_of(host, "tap0") == "4095"
    given_a_vlan(host, "tap0", 3)
    host.attach("tap0", IntegrationPort("br-int", IDS), "nic 1")
    assert tag_of(host, "tap0") == "3"
    assert host.switch.owned("tap") == {"tap0": "nic 1"}


def test_where_nobody_gives_vlans_a_port_has_none(host: Host) -> None:
    host.links.ensure_veth("tap0", "far", "nic 1")
    host.attach("tap0", IntegrationPort("br-int", IDS, isolated=False), "nic 1")
    assert tag_of(host, "tap0") == "[]"
    with pytest.raises(NotFound, match="no Open vSwitch bridge br-none"):
        host.attach("tap0", IntegrationPort("br-none", IDS), "nic 1")


@pytest.mark.root
def test_a_port_of_an_integration_bridge_is_known_by_its_external_ids(
    switched: LinuxHost,
) -> None:
    switched.switch.ensure_ovs_bridge("br-int", "test", "netdev")
    switched.links.ensure_veth("tap0", "far", "nic 1")
    switched.attach("tap0", IntegrationPort("br-int", IDS | {"iface-id": "port 0"}), "nic 1")
    switched.attach("tap0", IntegrationPort("br-int", IDS), "nic 1")
    for key, value in IDS.items():
        found = vsctl(switched, "get Interface tap0", f"external_ids:{key}")
        assert found.strip('"') == value
    assert vsctl(switched, "get Port tap0 vlan_mode trunks") == "trunk\n[4095]"
    switched.detach("tap0", IntegrationPort("br-int", IDS))
    assert switched.switch.owned() == {}


def test_a_bridge_whose_frames_a_program_handles_says_so(host: Host) -> None:
    assert host.switch.is_userspace("br-int")


@pytest.mark.root
def test_a_host_without_open_vswitch_has_none_available(namespaces: Namespaces) -> None:
    host = LinuxHost(namespaces.make("root"), "unix:/nonexistent/db.sock")
    assert not host.switch.available()


@pytest.mark.root
def test_tags_keep_networks_with_one_cidr_apart(
    switched: LinuxHost, namespaces: Namespaces
) -> None:
    switched.switch.ensure_ovs_bridge("br-int", "test", "netdev")
    made: dict[str, str] = {}
    for tag in (10, 20):
        for number in (2, 3):
            name = f"v{tag}n{number}"
            made[name] = namespaces.make(name)
            inside = instance(
                switched, made[name], f"tap-{name}", f"10.0.0.{number}/24", "10.0.0.1"
            )
            inside.disable_checksum_offload("eth0")
            switched.attach(f"tap-{name}", SwitchPort("br-int", tag), "test")
    routers = Routers(switched, HostRules("host", None, "100.64.0.0/16"))
    spec = RouterSpec(f"ovs-{os.getpid()}", SwitchPort("br-int", 10), ("10.0.0.1/24",))
    try:
        routers.ensure(spec)
        assert reaches(made["v10n2"], "10.0.0.1")
        assert reaches(made["v10n2"], "10.0.0.3")
        assert reaches(made["v20n2"], "10.0.0.3")
        assert is_cut_off(made["v20n2"], "10.0.0.1")
        assert transfer(made["v10n3"], made["v10n2"], "10.0.0.3", 1_000_000) == 1_000_000
        router = Names(spec.network_id).netns
        assert transfer(made["v10n3"], router, "10.0.0.3", 1_000_000) == 1_000_000
    finally:
        routers.remove(spec.network_id)
    assert switched.switch.owned("gx-") == {}
