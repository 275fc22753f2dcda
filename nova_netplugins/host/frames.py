"""Telling neighbours where an address is now, and making software checksums of a link."""

from __future__ import annotations

import ctypes
import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterable

from nova_netplugins.host.errors import HostError, NotFound
from nova_netplugins.host.namespaces import socket_in

ETH_P_ARP = 0x0806
BROADCAST = b"\xff" * 6
REQUEST, REPLY = 1, 2
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17


def gratuitous_arp(mac: bytes, address: str, operation: int) -> bytes:
    """The frame by which ``mac`` says that it has the IPv4 address (RFC 5227, section 3)."""
    packed = ipaddress.IPv4Address(address).packed
    # In a reply the target is the sender itself, in a request it is not known yet.
    target = mac if operation == REPLY else bytes(6)
    arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac + packed + target + packed
    return BROADCAST + mac + struct.pack("!H", ETH_P_ARP) + arp


def send_gratuitous_arp(
    netns: str | None, interface: str, mac: str, addresses: Iterable[str], count: int
) -> None:
    """Say ``count`` times, as request and as reply, that the addresses are at this interface.

    Both forms, because some hosts learn from the one and some from the other. Raises NotFound if
    there is no such interface, HostError if it cannot send.
    """
    hardware = bytes.fromhex(mac.replace(":", ""))
    frames = [
        gratuitous_arp(hardware, address, operation)
        for address in addresses
        for operation in (REQUEST, REPLY)
    ]
    with socket_in(netns, socket.AF_PACKET, socket.SOCK_RAW) as packet:
        try:
            packet.bind((interface, ETH_P_ARP))
            for _ in range(count):
                for frame in frames:
                    packet.send(frame)
        except OSError as error:
            raise HostError(f"cannot send ARP on {interface}: {error.strerror}") from None


def disable_checksum_offload(netns: str | None, interface: str) -> None:
    """What leaves by the link carries finished checksums.

    A veth end leaves them to hardware that does not exist, which is fine until a program, such as
    Open vSwitch's userspace datapath, reads the frames on the other end. Raises NotFound.
    """
    value = ctypes.create_string_buffer(struct.pack("=II", ETHTOOL_STXCSUM, 0))
    request = struct.pack("16sP16x", interface.encode(), ctypes.addressof(value))
    with socket_in(netns, socket.AF_INET, socket.SOCK_DGRAM) as control:
        try:
            fcntl.ioctl(control, SIOCETHTOOL, request)
        except OSError as error:
            raise NotFound(
                f"cannot turn off checksum offload of {interface}: {error.strerror}"
            ) from None
