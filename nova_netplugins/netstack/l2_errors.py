"""What may go wrong at layer 2. Each message names the service, the call, and what to do."""

from __future__ import annotations

import http
from typing import Any

from netkit import errors


class L2Error(errors.ServiceError):
    """``service``: who failed or refused ("Quantum", "local L2"). ``call``: what it was asked."""

    code = "l2_error"

    def __init__(
        self,
        service: str,
        call: str,
        *,
        value: Any = None,
        field: str | None = None,
        **details: Any,
    ) -> None:
        super().__init__(None, field=field, value=value, service=service, call=call, **details)
        self.service = service
        self.call = call


class NetworkNotFound(L2Error, errors.NotFound):
    code = "network_not_found"
    template = (
        "{service} cannot {call}: it has no network {value}; look which it has, and their ids"
    )


class PortNotFound(L2Error, errors.NotFound):
    code = "port_not_found"
    template = "{service} cannot {call}: it has no port {value}; somebody else may have deleted it"


class NetworkInUse(L2Error, errors.Conflict):
    code = "network_in_use"
    template = "{service} cannot {call} {value}: ports are on it; delete them first"


class MacInUse(L2Error, errors.Conflict):
    """Another device has it on this network, or the same device with another owner."""

    code = "mac_address_in_use"
    template = (
        "{service} cannot {call}: MAC address {value} is that of port {port}, of device {device}; "
        "delete that port or choose another address"
    )


class NetworkNotAdoptable(L2Error, errors.Conflict):
    code = "network_not_adoptable"
    template = "{service} network {value} cannot be used: {reason}"


class NoMoreSegments(L2Error, errors.Conflict):
    code = "no_more_segments"
    template = (
        "{service} cannot {call}: all segments from {first} to {last} are in use; delete networks "
        "that nobody needs"
    )


class L2Refused(L2Error):
    """Any other refusal. ``status`` is the service's own where it is about what was asked."""

    code = "l2_refused"
    template = "{service} refuses to {call}: {reason} ({answered}); correct what was asked for"

    def __init__(self, service: str, call: str, *, answered: int, reason: str) -> None:
        super().__init__(service, call, value=None, answered=answered, reason=reason)
        self.status = answered if answered in _ABOUT_THE_REQUEST else http.HTTPStatus.BAD_GATEWAY


_ABOUT_THE_REQUEST = (http.HTTPStatus.BAD_REQUEST, http.HTTPStatus.CONFLICT)


class InvalidPair(errors.BadRequest):
    code = "invalid_address_pair"
    template = "{field} {value} is not an IP address or CIDR that a port could be allowed to use"


class L2Unavailable(L2Error, errors.Unavailable):
    """No answer, or none of use. Repeating the call is safe: each call says so."""

    code = "l2_unavailable"
    template = (
        "{service} cannot {call} now: {reason} ({tries} tries); look whether it runs at {where}. "
        "The call may be repeated"
    )


class OutcomeUnknown(L2Unavailable):
    """The change was asked for, and may or may not have happened."""

    code = "l2_outcome_unknown"
    template = (
        "{service} may or may not have done this: {call}. {reason} ({tries} tries); look whether "
        "it runs at {where}, then repeat the call: it finds what was made"
    )


class L2Misconfigured(L2Error, errors.Unavailable):
    """The service cannot be reached or will not have us, and trying again does not help."""

    code = "l2_misconfigured"
    template = "{service} cannot {call}: {reason}; correct the options in [{group}]"
