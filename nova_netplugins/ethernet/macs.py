"""MAC addresses as text and as integers (48 bits, IEEE 802)."""

from __future__ import annotations

from dataclasses import dataclass

import netaddr

from nova_netplugins import errors


def parse_mac(text: str, field: str) -> int:
    """Any common spelling. Refuses multicast and the zero address: no card may have them."""
    try:
        value = int(netaddr.EUI(text, version=48))
    except (netaddr.AddrFormatError, ValueError, TypeError):
        reason = "a MAC address is written like fa:16:3e:00:00:01"
        raise errors.InvalidOption(field=field, value=text, reason=reason) from None
    if value == 0 or value >> 40 & 1:
        reason = "a card needs a unicast MAC address"
        raise errors.InvalidOption(field=field, value=text, reason=reason)
    return value


def format_mac(value: int) -> str:
    """Lower case with colons, as Linux shows them."""
    return ":".join(f"{value:012x}"[index : index + 2] for index in range(0, 12, 2))


@dataclass(frozen=True)
class MacRange:
    """A block of MAC addresses: ``first`` to ``last``, both included."""

    first: int
    last: int
    text: str

    @classmethod
    def parse(cls, text: str) -> MacRange:
        """``fa:16:3e:40:00:00/26``: an address and the number of its fixed leading bits, of 48."""
        base, _, bits = text.partition("/")
        first = parse_mac(base, "mac_range")
        if not bits.isdigit() or not 8 <= int(bits) <= 47:
            reason = "write it as fa:16:3e:40:00:00/26, with 8 to 47 fixed bits"
            raise errors.InvalidOption(field="mac_range", value=text, reason=reason)
        size = 1 << (48 - int(bits))
        if first % size:
            reason = f"its first address is {format_mac(first - first % size)}"
            raise errors.InvalidOption(field="mac_range", value=text, reason=reason)
        return cls(first, first + size - 1, text)

    def __str__(self) -> str:
        return self.text
