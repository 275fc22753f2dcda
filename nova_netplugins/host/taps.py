"""Persistent tap devices, which are made through /dev/net/tun and not through netlink."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from nova_netplugins.host.errors import HostError, NotSupported
from nova_netplugins.host.namespaces import entered

TUNSETIFF, TUNSETPERSIST = 0x400454CA, 0x400454CB
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000


@contextmanager
def new_tap(netns: str | None, name: str) -> Iterator[None]:
    """Make a tap that outlives this process once the block has ended well.

    Until then it goes with us: whoever is killed inside the block leaves nothing.
    """
    try:
        # The tap appears in the namespace in which this file was opened.
        with entered(netns):
            descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotSupported("kernel has no tun driver, which taps need: modprobe tun") from None
    try:
        request = struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)
        try:
            fcntl.ioctl(descriptor, TUNSETIFF, request)
            yield
            fcntl.ioctl(descriptor, TUNSETPERSIST, 1)
        except OSError as error:
            raise HostError(f"cannot make tap {name}: {error.strerror}") from None
    finally:
        os.close(descriptor)
