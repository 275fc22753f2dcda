"""What the clients need of an IPAM service, and how it says what became of a call.

An adapter is used by many threads at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class Refused(Exception):
    """The service has answered that it won't: the call has had no effect and never will."""


class Full(Refused):
    """Because the pool has not as many addresses now."""


class NotDone(Exception):
    """The call has had no effect and never will; it may be made again. Not connected, or told so
    by the service.
    """


class Unknown(Exception):
    """Nobody knows: the connection broke after the call was sent, or the service said so."""


class Ipam(Protocol):
    """``owner`` is any text that the service keeps with the address and shows again."""

    def allocate(
        self, pool: str, owner: str, *, count: int, address: str | None, key: str | None
    ) -> Sequence[str]:
        """``count`` addresses of the pool, all or none, or this very ``address``. The same ``key``
        again: the same call again.

        Raises Refused, Full, NotDone, Unknown.
        """

    def release(self, pool: str, address: str, owner: str) -> None:
        """Repeatable, and without effect when the address is not this owner's any more.

        Raises Refused, NotDone, Unknown.
        """

    def owner_of(self, pool: str, address: str) -> str | None:
        """None: nobody's. Raises NotDone, Unknown."""

    def list(self, pool: str) -> Iterable[tuple[str, str | None]]:
        """Every address that is held or rests, with its owner."""
