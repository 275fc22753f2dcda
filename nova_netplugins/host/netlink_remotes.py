"""What a VXLAN device knows of other hosts, as it is asked and told over netlink.

A dump of pyroute2 has the entries of all bridges and devices, and reads each in 0.1 ms; asked by
hand, the kernel tells those of one device.
"""

from __future__ import annotations

import ipaddress
import socket
import struct

from nova_netplugins.host.kernel import Remote
from nova_netplugins.host.netlink_bulk import (
    NDA_DST,
    NUD_PERMANENT,
    REQUEST_ACK,
    REQUEST_DUMP,
    RTM_DELNEIGH,
    RTM_GETNEIGH,
    RTM_NEWNEIGH,
    attribute,
    attributes,
    message,
)

NDA_LLADDR = 2
NTF_SELF = 0x02
NUD_NOARP = 0x40
# One MAC address may have many hosts.
CREATE_APPEND = 0x400 | 0x800
MAC_LENGTH = 6


def remotes_request(device_index: int) -> bytes:
    """Ask for the entries of one device."""
    # The layout of a link's header, not of a neighbour's: only that one takes a device here.
    header = struct.pack("=BxHiII", socket.AF_BRIDGE, 0, device_index, 0, 0)
    return message(RTM_GETNEIGH, REQUEST_DUMP, header)


def remote_message(remote: Remote, device_index: int, delete: bool = False) -> bytes:
    """The netlink message that adds an entry, or deletes it."""
    header = struct.pack(
        "=BBHiHBB", socket.AF_BRIDGE, 0, 0, device_index, NUD_NOARP | NUD_PERMANENT, NTF_SELF, 0
    )
    body = attribute(NDA_LLADDR, bytes.fromhex(remote.mac.replace(":", "")))
    body += attribute(NDA_DST, ipaddress.ip_address(remote.host).packed)
    kind, flags = (RTM_DELNEIGH, 0) if delete else (RTM_NEWNEIGH, CREATE_APPEND)
    return message(kind, REQUEST_ACK | flags, header + body)


def parse_remote(body: bytes) -> Remote | None:
    """A Remote of an answer to RTM_GETNEIGH; None for what the device's bridge has learned."""
    found = attributes(body, 12)
    if NDA_DST not in found or len(found.get(NDA_LLADDR, b"")) != MAC_LENGTH:
        return None
    mac = ":".join(f"{octet:02x}" for octet in found[NDA_LLADDR])
    return Remote(mac, str(ipaddress.ip_address(found[NDA_DST])))
