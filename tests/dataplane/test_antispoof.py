"""What a compute host lets an instance send, seen by its neighbour."""

from __future__ import annotations

import ipaddress
import select
import socket
import struct

import pytest

from nova_netplugins.host.antispoof import AllowedPair, GuardedNic, antispoof_table, link_local
from nova_netplugins.host.driver import LinuxHost
from nova_netplugins.host.frames import REPLY, REQUEST, gratuitous_arp
from nova_netplugins.host.namespaces import socket_in
from tests.dataplane.topology import Namespaces

MAC, OTHER_MAC = "02:00:00:00:00:02", "02:00:00:00:00:99"
BROADCAST = b"\xff" * 6
ETHERTYPE_TEST = 0x88B5  # for local experiments (IEEE 802)


def raw(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def udp4(source: str, destination: str, sport: int, dport: int, mac: str = MAC) -> bytes:
    udp = struct.pack("!HHHH", sport, dport, 12, 0) + b"data"
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
    total = sum(struct.unpack("!10H", head + addresses))
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    head = head[:10] + struct.pack("!H", checksum)
    return BROADCAST + raw(mac) + b"\x08\x00" + head + addresses + udp


def ip6(source: str, payload: bytes, protocol: int, mac: str = MAC) -> bytes:
    head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, 255)
    addresses = ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address("ff02::1").packed
    return b"\x33\x33\x00\x00\x00\x01" + raw(mac) + b"\x86\xdd" + head + addresses + payload


def udp6(source: str, sport: int = 1000, dport: int = 1000, mac: str = MAC) -> bytes:
    return ip6(source, struct.pack("!HHHH", sport, dport, 12, 0xFFFF) + b"data", 17, mac)


def icmp6(source: str, kind: int, mac: str = MAC) -> bytes:
    return ip6(source, struct.pack("!BBH", kind, 0, 0) + bytes(20), 58, mac)


class Wire:
    """Sends frames as the instance and says whether the neighbour got them."""

    def __init__(self, sender: str, receiver: str) -> None:
        self._out = socket_in(sender, socket.AF_PACKET, socket.SOCK_RAW)
        self._out.bind(("eth0", 0))
        self._in = socket_in(receiver, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._in.bind(("eth0", 3))
        self._count = 0

    def passes(self, frame: bytes) -> bool:
        """A frame that always passes is sent after it: when that comes, nothing more will."""
        self._count += 1
        marker = BROADCAST + raw(MAC) + struct.pack("!HI", ETHERTYPE_TEST, self._count)
        self._out.send(frame)
        self._out.send(marker)
        seen = False
        while select.select([self._in], [], [], 30)[0]:
            got = self._in.recv(2048)
            seen |= got[: len(frame)] == frame
            if got[: len(marker)] == marker:
                return seen
        raise AssertionError("the wire is dead")

    def close(self) -> None:
        self._out.close()
        self._in.close()


@pytest.fixture
def host(linux: LinuxHost, namespaces: Namespaces) -> LinuxHost:
    linux.links.ensure_bridge("br0", "test")
    return linux


@pytest.fixture
def wire(host: LinuxHost, namespaces: Namespaces, request: pytest.FixtureRequest) -> Wire:
    ends = [namespaces.make("sender"), namespaces.make("receiver")]
    for tap, netns in zip(("tap0", "tap1"), ends, strict=True):
        host.links.ensure_veth(tap, "eth0", "test", peer_netns=netns)
        host.links.ensure_port("br0", tap)
    wire = Wire(*ends)
    request.addfinalizer(wire.close)
    return wire


def guard(host: LinuxHost, *nics: GuardedNic) -> None:
    """Only test frames of that type pass besides what the table lets through."""
    table = antispoof_table(nics)
    marker = f"ether type {ETHERTYPE_TEST:#x} accept"
    first = table.chains[0]
    allowing = type(first)(first.name, [marker, *first.rules], first.hook)
    host.nft.converge(
        type(table)("bridge", table.owner, [allowing, *table.chains[1:]], table.collections)
    )


OWN = GuardedNic("tap0", MAC, ["10.0.0.2", "2001:db8::2"])
LINK_LOCAL = "fe80::ff:fe00:2"

ALLOWED = {
    "own IPv4": udp4("10.0.0.2", "10.0.0.3", 1000, 1000),
    "DHCP request": udp4("0.0.0.0", "255.255.255.255", 68, 67),
    "own ARP request": gratuitous_arp(raw(MAC), "10.0.0.2", REQUEST),
    "own ARP reply": gratuitous_arp(raw(MAC), "10.0.0.2", REPLY),
    "ARP probe": gratuitous_arp(raw(MAC), "0.0.0.0", REQUEST),
    "own IPv6": udp6("2001:db8::2"),
    "own link-local": udp6(LINK_LOCAL),
    "duplicate address detection": icmp6("::", 135),
    "router solicitation": icmp6(LINK_LOCAL, 133),
}
REFUSED = {
    "IPv4 of another": udp4("10.0.0.3", "10.0.0.9", 1000, 1000),
    "MAC of another": udp4("10.0.0.2", "10.0.0.3", 1000, 1000, OTHER_MAC),
    "ARP for another's address": gratuitous_arp(raw(MAC), "10.0.0.3", REPLY),
    "ARP with another's MAC inside": BROADCAST
    + raw(MAC)
    + gratuitous_arp(raw(OTHER_MAC), "10.0.0.2", REPLY)[12:],
    "DHCP reply": udp4("10.0.0.2", "255.255.255.255", 67, 68),
    "no address, no DHCP": udp4("0.0.0.0", "255.255.255.255", 1000, 1000),
    "IPv6 of another": udp6("2001:db8::3"),
    "link-local of another": udp6("fe80::1"),
    "router advertisement": icmp6(LINK_LOCAL, 134),
    "DHCPv6 reply": udp6(LINK_LOCAL, 547, 546),
    "an unknown protocol": BROADCAST + raw(MAC) + b"\x88\xb6" + bytes(46),
}


def test_the_link_local_address_follows_from_the_mac() -> None:
    assert link_local(MAC) == LINK_LOCAL


@pytest.mark.root
def test_what_an_instance_may_send(host: LinuxHost, wire: Wire) -> None:
    guard(host, OWN)
    assert [name for name, frame in ALLOWED.items() if not wire.passes(frame)] == []


@pytest.mark.root
def test_what_an_instance_may_not_send(host: LinuxHost, wire: Wire) -> None:
    assert [name for name, frame in REFUSED.items() if not wire.passes(frame)] == []
    guard(host, OWN)
    assert [name for name, frame in REFUSED.items() if wire.passes(frame)] == []


@pytest.mark.root
def test_taps_that_are_not_in_the_table_are_not_touched(host: LinuxHost, wire: Wire) -> None:
    guard(host, GuardedNic("tap9", OTHER_MAC, ["10.0.0.9"]))
    assert all(wire.passes(frame) for frame in REFUSED.values())


@pytest.mark.root
def test_a_nic_without_addresses_is_checked_for_its_mac_only(host: LinuxHost, wire: Wire) -> None:
    guard(host, GuardedNic("tap0", MAC))
    assert wire.passes(REFUSED["IPv4 of another"])
    assert wire.passes(REFUSED["an unknown protocol"])
    assert not wire.passes(REFUSED["MAC of another"])


@pytest.mark.root
def test_other_addresses_that_a_nic_was_allowed(host: LinuxHost, wire: Wire) -> None:
    pairs = [AllowedPair("10.1.0.0/16"), AllowedPair("10.2.0.1", OTHER_MAC)]
    guard(host, GuardedNic("tap0", MAC, ["10.0.0.2"], pairs))
    assert wire.passes(udp4("10.1.2.3", "10.0.0.3", 1000, 1000))
    assert wire.passes(udp4("10.2.0.1", "10.0.0.3", 1000, 1000, OTHER_MAC))
    assert wire.passes(gratuitous_arp(raw(MAC), "10.1.2.3", REPLY))
    assert not wire.passes(udp4("10.2.0.1", "10.0.0.3", 1000, 1000))
    assert not wire.passes(udp4("10.3.0.1", "10.0.0.3", 1000, 1000))


@pytest.mark.root
def test_one_more_nic_changes_no_rule(host: LinuxHost) -> None:
    host.nft.converge(antispoof_table([OWN]))
    one = host.nft.read("bridge")
    host.nft.converge(antispoof_table([OWN, GuardedNic("tap1", OTHER_MAC, ["10.0.0.3"])]))
    two = host.nft.read("bridge")
    assert one is not None and two is not None
    assert one.structure == two.structure
