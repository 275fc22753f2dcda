"""A DHCP client for any MAC, without an interface of its own for it (RFC 2131)."""

from __future__ import annotations

import random
import socket
import struct
import time
from dataclasses import dataclass

from nova_netplugins.host import namespaces

DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
_ETH_IP = 0x0800
_COOKIE = bytes.fromhex("63825363")
_HEADERS = 14 + 20 + 8
_OPTIONS_AT = _HEADERS + 240
RESEND_SECONDS = 1.0


@dataclass(frozen=True)
class Answer:
    kind: int
    address: str
    server: str


class RawClient:
    """Sends and reads whole frames, so that each request can have a MAC of its own.

    ``resend``: seconds until a question that was not answered is asked again.
    """

    def __init__(self, netns: str, device: str, resend: float = RESEND_SECONDS) -> None:
        self._resend = resend
        kind = socket.SOCK_RAW
        self._socket = namespaces.socket_in(netns, socket.AF_PACKET, kind, socket.htons(_ETH_IP))
        self._socket.bind((device, 0))

    def lease(self, mac: str, patience: float) -> str | None:
        """The address that the client has got, None if it got none within that many seconds."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            offer = self.discover(mac, self._resend)
            if offer is None:
                continue
            wish = _option(50, socket.inet_aton(offer.address))
            wish += _option(54, socket.inet_aton(offer.server))
            answer = self._ask(mac, REQUEST, wish, self._resend)
            if answer is not None and answer.kind == ACK:
                return answer.address
        return None

    def discover(self, mac: str, patience: float) -> Answer | None:
        """What is offered to that MAC within that many seconds."""
        return self._ask(mac, DISCOVER, b"", patience)

    def _ask(self, mac: str, kind: int, options: bytes, patience: float) -> Answer | None:
        hardware = bytes.fromhex(mac.replace(":", ""))
        transaction = random.getrandbits(32)
        self._socket.send(_frame(hardware, transaction, kind, options))
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                frame = self._socket.recv(2048)
            except TimeoutError:
                break
            answer = _parse(frame, transaction)
            if answer is not None:
                return answer
        return None


def _option(code: int, value: bytes) -> bytes:
    return bytes([code, len(value)]) + value


def _frame(mac: bytes, transaction: int, kind: int, options: bytes) -> bytes:
    # The broadcast flag: the answer must reach an interface that has another MAC.
    head = struct.pack("!BBBBIHH", 1, 1, 6, 0, transaction, 0, 0x8000)
    bootp = head + bytes(16) + mac + bytes(10 + 64 + 128)
    wanted = _option(55, bytes([1, 3, 6, 12, 15, 26]))
    bootp += _COOKIE + _option(53, bytes([kind])) + options + wanted + b"\xff"
    udp = struct.pack("!HHHH", 68, 67, 8 + len(bootp), 0) + bootp
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + bytes(4) + b"\xff" * 4
    ip = ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:]
    return b"\xff" * 6 + mac + struct.pack("!H", _ETH_IP) + ip + udp


def _checksum(header: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def _parse(frame: bytes, transaction: int) -> Answer | None:
    """The answer to that transaction, None for any other frame."""
    if len(frame) < _OPTIONS_AT or frame[23] != 17 or frame[36:38] != b"\x00\x44":
        return None
    bootp = frame[_HEADERS:]
    if int.from_bytes(bootp[4:8]) != transaction:
        return None
    options = _parse_options(frame[_OPTIONS_AT:])
    if 53 not in options or 54 not in options:
        return None
    return Answer(options[53][0], socket.inet_ntoa(bootp[16:20]), socket.inet_ntoa(options[54]))


def _parse_options(data: bytes) -> dict[int, bytes]:
    options = {}
    at = 0
    while at + 1 < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        length = data[at + 1]
        options[data[at]] = data[at + 2 : at + 2 + length]
        at += 2 + length
    return options
