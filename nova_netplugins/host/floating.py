"""The floating IPs of one router, changed one by one while it runs."""

from __future__ import annotations

import ipaddress

from nova_netplugins.host.errors import NotFound
from nova_netplugins.host.nft import Transaction
from nova_netplugins.host.nft_apply import Nft
from nova_netplugins.host.ruleset_router import FIXED, FLOATING


def _number(address: str) -> int:
    return int(ipaddress.IPv4Address(address))


class FloatingMap:
    """The two maps of a router's table: floating -> fixed, and fixed -> lowest floating.

    A change costs the same however many there are, but for taking from a fixed address that has
    several floating IPs the one it was seen by.
    """

    def __init__(self, nft: Nft) -> None:
        self._nft = nft

    def associate(self, floating: str, fixed: str) -> bool:
        """``floating`` leads to ``fixed``; whether it led elsewhere before."""
        before = self._value(FLOATING, floating)
        if before == fixed:
            return False
        transaction = Transaction()
        if before is not None:
            self._take(transaction, floating, before)
        transaction.add_elements("inet", FLOATING, {(floating,): fixed})
        seen_by = self._value(FIXED, fixed)
        if seen_by is None or _number(floating) < _number(seen_by):
            if seen_by is not None:
                transaction.delete_elements("inet", FIXED, [(fixed,)])
            transaction.add_elements("inet", FIXED, {(fixed,): floating})
        self._nft.apply(transaction)
        return before is not None

    def disassociate(self, floating: str) -> bool:
        """``floating`` leads nowhere; whether it led somewhere."""
        before = self._value(FLOATING, floating)
        if before is None:
            return False
        transaction = Transaction()
        self._take(transaction, floating, before)
        self._nft.apply(transaction)
        return True

    def _take(self, transaction: Transaction, floating: str, fixed: str) -> None:
        transaction.delete_elements("inet", FLOATING, [(floating,)])
        if self._value(FIXED, fixed) != floating:
            return
        transaction.delete_elements("inet", FIXED, [(fixed,)])
        present = self._nft.elements("inet", FLOATING)
        others = [key[0] for key, value in present.items() if value == fixed and key[0] != floating]
        if others:
            transaction.add_elements("inet", FIXED, {(fixed,): min(others, key=_number)})

    def _value(self, collection: str, address: str) -> str | None:
        try:
            return self._nft.lookup("inet", collection, (address,))
        except NotFound:
            return None
