"""A network to serve by DHCP, real or fake, and a client on it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nova_netplugins.host.dhcp.drivers import dhcp_server
from nova_netplugins.host.dhcp.fake import FakeDhcp
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, DhcpSubnet
from nova_netplugins.host.dhcp.server import DhcpServer
from nova_netplugins.host.dhcp.settings import Settings
from nova_netplugins.host.namespaces import socket_in
from tests.dataplane import dhcp6_client
from tests.dataplane.topology import Namespaces, shell

DEVICE = "gw-net"
ID = "6a8b1d9c-net"
V4 = DhcpSubnet("10.9.0.0/16", "10.9.0.1", gateway="10.9.0.1")
OTHER_V4 = DhcpSubnet("10.10.0.0/16", "10.10.0.1", gateway="10.10.0.1")
MACS = [f"02:00:00:00:00:{n:02x}" for n in range(16)]
HOST = DhcpHost("nic-0", MACS[0], ["10.9.1.5"], hostname="web")
OTHER = DhcpHost("nic-1", MACS[1], ["10.9.1.6"])
STATEFUL = DhcpSubnet("2001:db8:6::/64", "2001:db8:6::1", gateway="2001:db8:6::1")
SLAAC = DhcpSubnet("2001:db8::/64", "2001:db8::1", slaac=True)
_ADDRESSES = ("10.9.0.1/16", "10.10.0.1/16", "2001:db8::1/64", "2001:db8:6::1/64")
_PROGRAMS = {
    "dnsmasq": ("dnsmasq", "dhcp_release"),
    "kea": ("kea-dhcp4", "kea-dhcp6", "radvd", "dnsmasq"),
}
_SCRIPT = '#!/bin/sh\nif [ "$1" = bound ]; then env > "$(dirname "$0")/answer"; fi\n'
_ADVERTISEMENT, MANAGED = 134, 0x80
_COOKIE = b"\x63\x82\x53\x63"
_ANSWER_PORTS = struct.pack("!HH", 67, 68)


def _init_reboot(mac: bytes, address: str) -> bytes:
    """A frame: DHCPREQUEST of a client that asks for the address it had before it was restarted."""
    # Broadcast flag set: the client has no address yet to be answered at.
    bootp = struct.pack("!4BIHH16x16s192x", 1, 1, 6, 0, 1, 0, 0x8000, mac)
    options = bytes([53, 1, 3, 50, 4]) + socket.inet_aton(address) + b"\xff"
    payload = (bootp + _COOKIE + options).ljust(300, b"\0")
    udp = struct.pack("!4H", 68, 67, 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH4x4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\xff" * 4)
    total: int = sum(struct.unpack("!10H", ip))
    checksum = ~(total + (total >> 16)) & 0xFFFF
    ip = ip[:10] + checksum.to_bytes(2) + ip[12:]
    return b"\xff" * 6 + mac + b"\x08\x00" + ip + udp


class Wire(ABC):
    """``dhcp``: a server under test. ``request``: what a client with that MAC is told, by
    udhcpc's names, None if it is told nothing within some tries."""

    dhcp: DhcpServer
    netns = "none"

    @abstractmethod
    def request(self, mac: str, patience: int = 5) -> Mapping[str, str] | None: ...

    @abstractmethod
    def request6(self, mac: str, patience: int = 5) -> list[str] | None:
        """The addresses of IPv6 that a client with that MAC is given by DHCP, None if none."""

    @abstractmethod
    def kill_server(self) -> None: ...

    @abstractmethod
    def after_restart(self) -> DhcpServer:
        """What a new process of the net-service has."""


class FakeWire(Wire):
    def __init__(self) -> None:
        self._fake = FakeDhcp()
        self.dhcp = self._fake

    def request(self, mac: str, patience: int = 5) -> Mapping[str, str] | None:
        given = self._fake.request(ID, mac)
        if given is None:
            return None
        host, network, subnet, address = given
        said = {"ip": address, "hostname": host.label, "domain": network.domain}
        if subnet.gateway and host.default_route:
            said["router"] = subnet.gateway
        return said

    def request6(self, mac: str, patience: int = 5) -> list[str] | None:
        given = self._fake.request(ID, mac, version=6)
        return None if given is None else [given[3]]

    def kill_server(self) -> None:
        self._fake.kill(ID)

    def after_restart(self) -> DhcpServer:
        return self._fake


class LinuxWire(Wire):
    """Two namespaces, the network's and the client's, with a cable between them."""

    def __init__(self, namespaces: Namespaces, directory: Path, driver: str) -> None:
        self._driver = driver
        self.netns, self.client = namespaces.make("net"), namespaces.make("client")
        self.state = directory / "dhcp"
        self._script = directory / "script"
        self._script.write_text(_SCRIPT)
        self._script.chmod(0o755)
        self.plug()
        self.dhcp = self.after_restart()

    def plug(self) -> None:
        """Make the network's device, anew if there is one."""
        shell(self.netns, f"ip link del {DEVICE} 2>/dev/null || true")
        shell(
            self.netns,
            f"ip link add {DEVICE} type veth peer name eth0 netns {self.client}"
            # A device with unfinished duplicate address detection refuses to be bound to.
            f"&& echo 0 > /proc/sys/net/ipv6/conf/{DEVICE}/accept_dad "
            + "".join(f"&& ip addr add {address} dev {DEVICE} " for address in _ADDRESSES)
            + f"&& ip link set {DEVICE} up",
        )
        shell(self.client, "echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad; ip link set eth0 up")

    def request(self, mac: str, patience: int = 5) -> Mapping[str, str] | None:
        answer = self._script.with_name("answer")
        answer.unlink(missing_ok=True)
        shell(self.client, f"ip link set eth0 address {mac}")
        udhcpc = f"udhcpc -fnq -i eth0 -t {patience} -T 1 -A 1 -s {self._script}"
        udhcpc += " -O mtu -O ntpsrv -O rootpath -O staticroutes"
        with contextlib.suppress(subprocess.CalledProcessError):
            shell(self.client, udhcpc)
        if not answer.exists():
            return None
        lines = (line.partition("=") for line in answer.read_text().splitlines())
        return {name: value for name, _, value in lines}

    def request6(self, mac: str, patience: int = 5, duid: bytes | None = None) -> list[str] | None:
        # Up again, it has a link-local address of that MAC.
        shell(self.client, f"ip link set eth0 down address {mac} && ip link set eth0 up")
        answer = dhcp6_client.request(
            self.client, "eth0", duid or dhcp6_client.duid_of(mac), patience
        )
        return None if answer is None else answer.addresses

    def advertised(self) -> int:
        """The flags of the next router advertisement (RFC 4861, 4.2)."""
        with socket_in(self.client, socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as on:
            on.settimeout(30)
            shell(self.client, "ip link set eth0 down && ip link set eth0 up")
            while (heard := on.recv(2048))[0] != _ADVERTISEMENT:
                continue
            return heard[5]

    def ask_to_keep(self, mac: str, address: str) -> str | None:
        """What a client is answered that comes up again with an address (RFC 2131, 4.3.2):
        ACK, NAK or None, nothing within a second."""
        shell(self.client, f"ip link set eth0 address {mac}")
        with socket_in(self.client, socket.AF_PACKET, socket.SOCK_RAW) as asking:
            asking.bind(("eth0", 0x0800))
            asking.settimeout(1)
            asking.send(_init_reboot(bytes.fromhex(mac.replace(":", "")), address))
            with contextlib.suppress(TimeoutError):
                while _ANSWER_PORTS not in (frame := asking.recv(2048)):
                    continue
                kind = frame[frame.index(_COOKIE + b"\x35\x01") + len(_COOKIE) + 2]
                return {5: "ACK", 6: "NAK"}.get(kind, f"message type {kind}")
        return None

    def kill_server(self) -> None:
        os.kill(self.dhcp.running()[ID], signal.SIGKILL)

    def after_restart(self) -> DhcpServer:
        return dhcp_server(self.state, Settings(driver=self._driver, tidy_seconds=3600))


@contextmanager
def real(namespaces: Namespaces, directory: Path, driver: str) -> Iterator[LinuxWire]:
    """Skips the test, if a program is missing that it needs."""
    for name in ("udhcpc", *_PROGRAMS[driver]):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
    wire = LinuxWire(namespaces, directory, driver)
    yield wire
    wire.dhcp.close()
    for network_id in wire.dhcp.networks():
        wire.dhcp.remove(network_id)


def leased(wire: Wire) -> set[tuple[str, str]]:
    return {(lease.mac, lease.address) for lease in wire.dhcp.leases(ID)}


def network_on(wire: Wire, *subnets: DhcpSubnet, **changes: Any) -> DhcpNetwork:
    values = {
        "id": ID,
        "netns": wire.netns,
        "device": DEVICE,
        "subnets": subnets or (V4,),
        "domain": "novalocal",
    }
    return DhcpNetwork(**(values | changes))
