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
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nova_netplugins.host.dhcp.dnsmasq import Dnsmasq
from nova_netplugins.host.dhcp.fake import FakeDhcp
from nova_netplugins.host.dhcp.model import DhcpNetwork, DhcpSubnet
from nova_netplugins.host.dhcp.server import DhcpServer
from nova_netplugins.host.dhcp.settings import Settings
from nova_netplugins.host.namespaces import socket_in
from tests.dataplane.topology import Namespaces, shell

DEVICE = "gw-net"
ID = "6a8b1d9c-net"
V4 = DhcpSubnet("10.9.0.0/16", "10.9.0.1", gateway="10.9.0.1")
SLAAC = DhcpSubnet("2001:db8::/64", "2001:db8::1", slaac=True)
_SCRIPT = '#!/bin/sh\nif [ "$1" = bound ]; then env > "$(dirname "$0")/answer"; fi\n'
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

    def kill_server(self) -> None:
        self._fake.kill(ID)

    def after_restart(self) -> DhcpServer:
        return self._fake


class LinuxWire(Wire):
    """Two namespaces, the network's and the client's, with a cable between them."""

    def __init__(self, namespaces: Namespaces, directory: Path) -> None:
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
            f"&& echo 0 > /proc/sys/net/ipv6/conf/{DEVICE}/accept_dad"
            f"&& ip addr add 10.9.0.1/16 dev {DEVICE} && ip addr add 2001:db8::1/64 dev {DEVICE}"
            f"&& ip link set {DEVICE} up",
        )
        shell(self.client, "ip link set eth0 up")

    def request(self, mac: str, patience: int = 5) -> Mapping[str, str] | None:
        answer = self._script.with_name("answer")
        answer.unlink(missing_ok=True)
        shell(self.client, f"ip link set eth0 address {mac}")
        udhcpc = f"udhcpc -fnq -i eth0 -t {patience} -T 1 -A 1 -s {self._script}"
        udhcpc += " -O mtu -O ntpsrv -O rootpath"
        with contextlib.suppress(subprocess.CalledProcessError):
            shell(self.client, udhcpc)
        if not answer.exists():
            return None
        lines = (line.partition("=") for line in answer.read_text().splitlines())
        return {name: value for name, _, value in lines}

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

    def after_restart(self) -> Dnsmasq:
        return Dnsmasq(self.state, Settings(tidy_seconds=3600))


def missing_program() -> str | None:
    """Which program the real wire lacks here."""
    programs = ("dnsmasq", "dhcp_release", "udhcpc")
    return next((name for name in programs if shutil.which(name) is None), None)


def network_on(wire: Wire, *subnets: DhcpSubnet, **changes: Any) -> DhcpNetwork:
    values = {
        "id": ID,
        "netns": wire.netns,
        "device": DEVICE,
        "subnets": subnets or (V4,),
        "domain": "novalocal",
    }
    return DhcpNetwork(**(values | changes))
