"""A client of DHCPv6 (RFC 8415), with its frames written out."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

from nova_netplugins.host.namespaces import socket_in

SOLICIT, ADVERTISE, REQUEST, REPLY = 1, 2, 3, 7
_CLIENT_ID, _SERVER_ID, _IA_NA, _IA_ADDRESS, _WANTED, _DNS = 1, 2, 3, 5, 6, 23
_SERVERS = ("ff02::1:2", 547)
_RESEND_SECONDS = 1.0


@dataclass(frozen=True)
class Answer:
    addresses: list[str]
    dns: list[str]


def duid_of(mac: str) -> bytes:
    """What a client calls itself that has no name but its MAC (DUID-LL)."""
    return struct.pack("!HH", 3, 1) + bytes.fromhex(mac.replace(":", ""))


def request(netns: str, device: str, duid: bytes, patience: int = 5) -> Answer | None:
    """What a client is told; None if it is told nothing, or given no address, within some tries
    of a second. The device is up, and has a link-local address."""
    with socket_in(netns, socket.AF_INET6, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        asking.bind(("::", 546))
        ask = _option(_CLIENT_ID, duid) + _option(_WANTED, struct.pack("!H", _DNS))
        empty = _option(_IA_NA, struct.pack("!III", 1, 0, 0))
        for _ in range(patience):
            offer = _exchange(asking, SOLICIT, ADVERTISE, ask + empty)
            if offer is None or not _addresses(offer):
                continue
            wish = _option(_SERVER_ID, offer[_SERVER_ID]) + _option(_IA_NA, offer[_IA_NA])
            told = _exchange(asking, REQUEST, REPLY, ask + wish)
            if told is not None and _addresses(told):
                return Answer(_addresses(told), _split(told.get(_DNS, b"")))
    return None


def _exchange(
    asking: socket.socket, kind: int, wanted: int, options: bytes
) -> dict[int, bytes] | None:
    """The options of the answer, None if there is none within a second."""
    transaction = os.urandom(3)
    with contextlib.suppress(OSError):
        asking.sendto(bytes([kind]) + transaction + options, _SERVERS)
    deadline = time.monotonic() + _RESEND_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        asking.settimeout(left)
        with contextlib.suppress(TimeoutError):
            answer = asking.recv(2048)
            if answer[:4] == bytes([wanted]) + transaction:
                return dict(_parse(answer[4:]))
    return None


def _addresses(options: dict[int, bytes]) -> list[str]:
    """Those of the association for the client's one interface."""
    within = _parse(options.get(_IA_NA, b"")[12:])
    return [text for code, data in within if code == _IA_ADDRESS for text in _split(data[:16])]


def _option(code: int, data: bytes) -> bytes:
    return struct.pack("!HH", code, len(data)) + data


def _parse(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        code, length = struct.unpack("!HH", data[:4])
        yield code, data[4 : 4 + length]
        data = data[4 + length :]


def _split(data: bytes) -> list[str]:
    return [str(ipaddress.IPv6Address(data[at : at + 16])) for at in range(0, len(data), 16)]
