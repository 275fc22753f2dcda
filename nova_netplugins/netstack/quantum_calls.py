"""Calls of a Neutron server through openstacksdk: its errors told in our words, and repeated where
that is safe.

Neither openstacksdk nor keystoneauth1 repeats anything by itself here: only who makes a call knows
what may be repeated.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from keystoneauth1 import exceptions as auth_errors
from openstack import exceptions as sdk_errors
from openstack.connection import Connection
from openstack.network.network_service import NetworkService
from openstack.network.v2._proxy import Proxy
from urllib3.exceptions import NewConnectionError

from nova_netplugins.netstack import l2_errors
from nova_netplugins.netstack.conf import QUANTUM_GROUP

LOG = logging.getLogger(__name__)

SERVICE = "Quantum"

T = TypeVar("T")

_REFUSES_US = (401, 403)
_OF_TYPE: dict[str, type[l2_errors.L2Error]] = {
    "NetworkNotFound": l2_errors.NetworkNotFound,
    "PortNotFound": l2_errors.PortNotFound,
    "NetworkInUse": l2_errors.NetworkInUse,
}


@dataclass(frozen=True)
class Patience:
    """``retries``: further tries of a call; the first ``delay`` seconds after the failure, each
    following after twice as long, at most ``longest_delay``."""

    retries: int = 3
    delay: float = 0.25
    longest_delay: float = 5.0

    def wait(self, failures: int) -> float:
        """Seconds until the next try. Not all who met a failure shall come back at once."""
        doubled: float = self.delay * 2 ** (failures - 1) * random.uniform(0.75, 1.25)
        return min(doubled, self.longest_delay)


class _Network(Proxy):
    # The path is /v2.0 whatever a server says of itself; asking it would hide why it does not
    # answer.
    skip_discovery = True


class NetworkConnection(Connection):
    """openstacksdk's connection, which looks for no versions of the Networking API."""

    network = NetworkService("network", supported_versions={"2": _Network})


class Lost(Exception):
    """A try without an answer, or with one that does not tell what happened. ``sent``: the request
    may have reached Neutron."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.sent = sent


class MacTaken(Exception):
    """Neutron: the network has a port with this MAC already."""


class Tries:
    """How often one operation has failed, over all the calls that it is made of. ``changes``: it
    may have done something when its answer is lost."""

    def __init__(self, call: str, patience: Patience, where: str, changes: bool) -> None:
        self.call = call
        self.unsure = False
        """A change was asked for, and may have happened."""
        self._patience = patience
        self._where = where
        self._changes = changes
        self._failures = 0

    def failed(self, lost: Lost) -> None:
        """Waits before the next try. Raises L2Unavailable after the last one."""
        self._failures += 1
        self.unsure = self.unsure or (lost.sent and self._changes)
        if self._failures > self._patience.retries:
            kind = l2_errors.OutcomeUnknown if self.unsure else l2_errors.L2Unavailable
            raise kind(
                SERVICE, self.call, reason=lost, tries=self._failures, where=self._where
            ) from lost
        wait = self._patience.wait(self._failures)
        LOG.info("%s, %s: %s; trying again in %.1f s", SERVICE, self.call, lost, wait)
        time.sleep(wait)


class Calls:
    """Runs functions of openstacksdk's network proxy. ``where``: Neutron, as the operator knows
    it."""

    def __init__(self, connection: NetworkConnection, patience: Patience, where: str) -> None:
        self._connection = connection
        self._patience = patience
        self._where = where

    def tries(self, call: str, *, changes: bool) -> Tries:
        return Tries(call, self._patience, self._where, changes)

    def once(self, tries: Tries, about: str, function: Callable[[Any], T]) -> T:
        """``function(network proxy)``, one time. ``about``: the id of what is not found if it is
        not. Raises Lost, MacTaken, L2Error."""
        try:
            return function(self._network(tries.call))
        except (sdk_errors.SDKException, auth_errors.ClientException) as error:
            raise _told(error, tries.call, about) from error

    def repeated(self, tries: Tries, about: str, function: Callable[[Any], T]) -> T:
        """The same until it is answered: for what may be done twice. Raises L2Error."""
        while True:
            try:
                return self.once(tries, about, function)
            except Lost as lost:
                tries.failed(lost)

    def _network(self, call: str) -> Any:
        try:
            return self._connection.network
        except AssertionError as error:
            # All that openstacksdk has to say when it finds no endpoint.
            reason = (
                "no endpoint of Neutron is known: there is neither endpoint_override nor "
                f"{self._where}"
            )
            raise _misconfigured(call, reason) from error


def _told(error: Exception, call: str, about: str) -> Exception:
    if isinstance(error, sdk_errors.HttpException):
        return _told_answer(error, call, about)
    if isinstance(error, auth_errors.HttpError):
        if error.http_status >= 500:
            return Lost(f"Keystone answered {error.http_status}")
        return _misconfigured(call, f"Keystone refuses the credentials: {error}")
    if isinstance(error, auth_errors.ConnectionError) and not isinstance(
        error, auth_errors.SSLError
    ):
        return Lost(_brief(error), sent=not _never_sent(error))
    return _misconfigured(call, _brief(error))


def _told_answer(error: sdk_errors.HttpException, call: str, about: str) -> Exception:
    status = error.status_code or 0
    kind, reason = _neutron_error(error)
    if status >= 500:
        return Lost(f"it answered {status}: {reason}")
    if status in _REFUSES_US:
        return _misconfigured(call, f"it refuses our user ({status}): {reason}")
    if kind == "MacAddressInUse":
        return MacTaken()
    if kind in _OF_TYPE:
        return _OF_TYPE[kind](SERVICE, call, value=about)
    return l2_errors.L2Refused(SERVICE, call, answered=status, reason=reason)


def _neutron_error(error: sdk_errors.HttpException) -> tuple[str, str]:
    """The type and the text of Neutron's own error; none is what a proxy on the way says."""
    fallback = "", str(error.details or error)[:300]
    if error.response is None:
        return fallback
    try:
        told = error.response.json()["NeutronError"]
        return str(told["type"]), str(told["message"])
    except (ValueError, KeyError, TypeError):
        return fallback


def _misconfigured(call: str, reason: str) -> l2_errors.L2Misconfigured:
    return l2_errors.L2Misconfigured(SERVICE, call, reason=reason, group=QUANTUM_GROUP)


def _brief(error: Exception) -> str:
    """What happened, without the objects of requests and urllib3 that it happened in."""
    for reason in _reasons(error):
        if isinstance(reason, OSError) and reason.strerror:
            return reason.strerror.lower()
    return str(error).partition(": HTTP")[0].partition(": (")[0]


def _never_sent(error: Exception) -> bool:
    return any(isinstance(reason, NewConnectionError) for reason in _reasons(error))


def _reasons(error: BaseException) -> Iterator[BaseException]:
    reason: BaseException | None = error
    while reason is not None:
        yield reason
        reason = reason.__cause__ or reason.__context__
