"""The floating IPs of one router, changed one by one while it runs."""

from __future__ import annotations

from collections.abc import Mapping

from nova_netplugins.host.errors import AlreadyExists, NotFound
from nova_netplugins.host.nft import Key, Transaction
from nova_netplugins.host.nft_apply import Nft
from nova_netplugins.host.ruleset_router import FIXED, FLOATING, fixed_elements

_Maps = tuple[dict[str, str], dict[str, str]]


class FloatingMap:
    """The two maps of a router's table: floating -> fixed, and fixed -> lowest floating.

    A floating IP that leads nowhere yet is added without a look at the others, of which there may
    be ten thousand. Whatever takes one away reads the maps first.
    """

    def __init__(self, nft: Nft) -> None:
        self._nft = nft

    def associate(self, floating: str, fixed: str) -> bool:
        """``floating`` leads to ``fixed``; whether it led elsewhere before."""
        simple = Transaction()
        simple.add_elements("inet", FLOATING, {(floating,): fixed})
        simple.add_elements("inet", FIXED, {(fixed,): floating})
        try:
            self._nft.apply(simple)
        except AlreadyExists:
            before = self._maps()
            self._become(before, {**before[0], floating: fixed})
            return before[0].get(floating, fixed) != fixed
        return False

    def disassociate(self, floating: str) -> bool:
        """``floating`` leads nowhere; whether it led somewhere. Raises NotFound (no rules)."""
        before = self._maps()
        after = {one: fixed for one, fixed in before[0].items() if one != floating}
        self._become(before, after)
        return after != before[0]

    def _become(self, before: _Maps, wanted: Mapping[str, str]) -> None:
        leads, seen_by = before
        inverse = {key[0]: value for key, value in fixed_elements(wanted).items() if value}
        transaction = Transaction()
        _difference(transaction, FLOATING, leads, wanted)
        _difference(transaction, FIXED, seen_by, inverse)
        if transaction.operations:
            self._nft.apply(transaction)

    def _maps(self) -> _Maps:
        table = self._nft.read("inet")
        if table is None:
            raise NotFound("the router has no rules")
        first, second = (
            {key[0]: value for key, value in table.elements[name].items() if value}
            for name in (FLOATING, FIXED)
        )
        return first, second


def _difference(
    transaction: Transaction, collection: str, present: Mapping[str, str], wanted: Mapping[str, str]
) -> None:
    gone = [(key,) for key, value in present.items() if wanted.get(key) != value]
    new: dict[Key, str | None] = {
        (key,): value for key, value in wanted.items() if present.get(key) != value
    }
    transaction.delete_elements("inet", collection, gone)
    transaction.add_elements("inet", collection, new)
