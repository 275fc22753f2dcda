"""Routes, addresses and proxied neighbours by the ten thousand, in a few system calls.

pyroute2 takes 0.3 ms to write such a message and 0.1 ms to read one, which makes seconds of ten
thousand floating IPs. These kinds have a simple, fixed layout (rtnetlink(7)), so they are
packed and unpacked here, and sent by the hundred.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from nova_netplugins.host.errors import HostError
from nova_netplugins.host.kernel import Route
from nova_netplugins.host.namespaces import socket_in

# Marks the routes and neighbours that are ours: numbers above 4 are free for programs to choose.
PROTOCOL = 110

RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = 20, 21, 22
RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26
RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH = 28, 29, 30
NLMSG_ERROR, NLMSG_DONE = 2, 3
REQUEST_DUMP, DUMP_INTERRUPTED = 0x1 | 0x300, 0x10
KERNEL_PROTOCOLS = (1, 2, 9)  # redirects, the kernel's own, router advertisements
REQUEST_ACK = 0x1 | 0x4
CREATE_REPLACE, CREATE_ONLY = 0x400 | 0x100, 0x400 | 0x200
# A gateway's IPv6 address must serve at once, not after duplicate address detection.
IFA_F_NODAD = 0x02
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY = 1, 4, 5, 6
IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST = 1, 2, 4
NDA_DST, NDA_PROTOCOL = 1, 12
MAIN_TABLE, UNICAST, SCOPE_UNIVERSE, SCOPE_LINK, SCOPE_NOWHERE = 254, 1, 0, 253, 255
NUD_PERMANENT, NTF_PROXY = 0x80, 0x08
SOL_NETLINK, NETLINK_CAP_ACK = 270, 10
CHUNK = 200


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def attributes(data: bytes, offset: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        found[kind] = data[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def message(kind: int, flags: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, flags, 0, 0) + body


def _family(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def address_message(cidr: str, device_index: int, delete: bool = False) -> bytes:
    """The netlink message that gives a link an address, or takes it away."""
    interface = ipaddress.ip_interface(cidr)
    bits = interface.network.prefixlen
    flags = IFA_F_NODAD if interface.version == 6 else 0
    header = struct.pack("=BBBBI", _family(interface.ip), bits, flags, 0, device_index)
    described = attribute(IFA_LOCAL, interface.packed) + attribute(IFA_ADDRESS, interface.packed)
    if interface.version == 4 and bits < 31:
        broadcast = interface.network.broadcast_address.packed
        described += attribute(IFA_BROADCAST, broadcast)
    if delete:
        return message(RTM_DELADDR, REQUEST_ACK, header + described)
    return message(RTM_NEWADDR, REQUEST_ACK | CREATE_ONLY, header + described)


class LinkAddress(NamedTuple):
    """``link``: the index of the link; ``cidr``: the address itself with its length."""

    link: int
    cidr: str
    is_link_local: bool


def addresses_request() -> bytes:
    """Ask for the addresses of all links, IPv4 first."""
    return message(RTM_GETADDR, REQUEST_DUMP, bytes(8))


def parse_address(body: bytes) -> LinkAddress:
    """A LinkAddress of an answer to RTM_GETADDR."""
    family, bits, _, scope, index = struct.unpack_from("=BBBBI", body)
    found = attributes(body, 8)
    # Of a point-to-point link, IFA_ADDRESS is the other end's.
    packed = found.get(IFA_LOCAL) or found[IFA_ADDRESS]
    is_link_local = family == socket.AF_INET6 and scope == SCOPE_LINK
    return LinkAddress(index, f"{socket.inet_ntop(family, packed)}/{bits}", is_link_local)


def route_message(route: Route, device_index: int, delete: bool = False) -> bytes:
    """The netlink message that adds (or replaces) a route, or deletes it."""
    destination = ipaddress.ip_network(route.destination)
    described = attribute(RTA_OIF, struct.pack("=I", device_index))
    if destination.prefixlen:
        described += attribute(RTA_DST, destination.network_address.packed)
    if route.gateway:
        described += attribute(RTA_GATEWAY, ipaddress.ip_address(route.gateway).packed)
    if route.metric:
        described += attribute(RTA_PRIORITY, struct.pack("=I", route.metric))
    scope = SCOPE_UNIVERSE if route.gateway or destination.version == 6 else SCOPE_LINK
    header = struct.pack(
        "=BBBBBBBBI",
        _family(destination.network_address),
        destination.prefixlen,
        0,
        0,
        MAIN_TABLE,
        route.protocol,
        SCOPE_NOWHERE if delete else scope,
        UNICAST,
        0,
    )
    kind, flags = (RTM_DELROUTE, 0) if delete else (RTM_NEWROUTE, CREATE_REPLACE)
    return message(kind, REQUEST_ACK | flags, header + described)


def proxy_message(address: str, device_index: int, delete: bool = False) -> bytes:
    """The netlink message that makes the kernel answer ARP (or ND) for an address, or no more."""
    parsed = ipaddress.ip_address(address)
    header = struct.pack(
        "=BBHiHBB", _family(parsed), 0, 0, device_index, NUD_PERMANENT, NTF_PROXY, 0
    )
    described = attribute(NDA_DST, parsed.packed)
    if not delete:
        described += attribute(NDA_PROTOCOL, struct.pack("=B", PROTOCOL))
    kind, flags = (RTM_DELNEIGH, 0) if delete else (RTM_NEWNEIGH, CREATE_REPLACE)
    return message(kind, REQUEST_ACK | flags, header + described)


def parse_route(body: bytes, names: Mapping[int, str]) -> Route | None:
    """A Route of an answer to RTM_GETROUTE; None for the kernel's own and other tables' ones."""
    family, bits, _, _, table, protocol, _, kind = struct.unpack_from("=8B", body)
    if table != MAIN_TABLE or protocol in KERNEL_PROTOCOLS or kind != UNICAST:
        return None
    found = attributes(body, 12)
    device = names.get(int.from_bytes(found.get(RTA_OIF, b""), sys.byteorder))
    if device is None:
        return None
    destination = found.get(RTA_DST, bytes(4 if family == socket.AF_INET else 16))
    gateway = found.get(RTA_GATEWAY)
    return Route(
        destination=f"{socket.inet_ntop(family, destination)}/{bits}",
        device=device,
        gateway=socket.inet_ntop(family, gateway) if gateway else None,
        metric=int.from_bytes(found.get(RTA_PRIORITY, b""), sys.byteorder),
        protocol=protocol,
    )


def parse_proxy(body: bytes) -> tuple[int, str] | None:
    """Index of the device and address of an answer to RTM_GETNEIGH, if it is one of ours."""
    family, _, _, index = struct.unpack_from("=BBHi", body)
    found = attributes(body, 12)
    if found.get(NDA_PROTOCOL) != bytes([PROTOCOL]):
        return None
    return index, socket.inet_ntop(family, found[NDA_DST])


def routes_request() -> bytes:
    """Ask for all routes."""
    return message(RTM_GETROUTE, REQUEST_DUMP, bytes(12))


def proxies_request() -> bytes:
    """Ask for all proxied neighbours."""
    return message(RTM_GETNEIGH, REQUEST_DUMP, struct.pack("=BBHiHBB", 0, 0, 0, 0, 0, NTF_PROXY, 0))


def dump(netns: str | None, request: bytes) -> list[bytes] | None:
    """The bodies of all that the kernel answers; None if they changed while it told them."""
    bodies: list[bytes] = []
    interrupted = False
    with _opened(netns) as netlink:
        netlink.send(request)
        while True:
            for kind, flags, body in _messages(netlink.recv(1 << 20)):
                interrupted |= bool(flags & DUMP_INTERRUPTED)
                if kind == NLMSG_DONE:
                    return None if interrupted else bodies
                if kind == NLMSG_ERROR:
                    code = -struct.unpack_from("=i", body)[0]
                    raise HostError(f"the kernel refused to list: {os.strerror(code)}")
                bodies.append(body)


def send(netns: str | None, messages: Sequence[bytes]) -> list[int]:
    """Send messages that ask for an acknowledgement; the errno each got, 0 for done.

    The kernel handles all messages of one datagram in the one call that sends it, so a process
    killed at any moment has sent a datagram wholly or not at all.
    """
    answers: list[int] = []
    with _opened(netns) as netlink:
        for start in range(0, len(messages), CHUNK):
            netlink.send(b"".join(messages[start : start + CHUNK]))
            while len(answers) < min(start + CHUNK, len(messages)):
                answers += [
                    -struct.unpack_from("=i", body)[0]
                    for kind, _, body in _messages(netlink.recv(1 << 20))
                    if kind == NLMSG_ERROR
                ]
    return answers


@contextmanager
def _opened(netns: str | None) -> Iterator[socket.socket]:
    with socket_in(netns, socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        # Refusals without a copy of what was refused: answers then have one size.
        netlink.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        netlink.bind((0, 0))
        yield netlink


def _messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    offset = 0
    while offset < len(data):
        length, kind, flags = struct.unpack_from("=IHH", data, offset)
        yield kind, flags, data[offset + 16 : offset + length]
        offset += (length + 3) & ~3
