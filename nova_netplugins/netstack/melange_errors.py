"""What may go wrong with Melange. Each message names the service, the call, and what to do."""

from __future__ import annotations

import http
from typing import Any

from melange.client import errors as client_errors
from netkit import errors

SERVICE = "Melange"


class MelangeError(errors.ServiceError):
    """``call``: what Melange was asked ("show block {}", with ``value`` in place of the braces)."""

    code = "melange_error"

    def __init__(
        self, call: str, *, value: Any = None, field: str | None = None, **details: Any
    ) -> None:
        said = call.replace("{}", errors.shorten(value))
        super().__init__(None, field=field, value=value, call=said, service=SERVICE, **details)


class MelangeUnavailable(MelangeError, errors.Unavailable):
    """No answer, or none of use. Each call may be repeated."""

    code = "melange_unavailable"
    template = (
        "{service} cannot {call} now: {reason}; look whether it runs, at endpoint_override in "
        "[melange] or where Keystone's catalogue says. The call may be repeated"
    )


class MelangeMisconfigured(MelangeError, errors.Unavailable):
    """It cannot be reached or will not have us, and trying again does not help."""

    code = "melange_misconfigured"
    template = "{service} cannot {call}: {reason}; correct the options in [melange]"


class MelangeNotFound(MelangeError, errors.NotFound):
    code = "melange_not_found"
    template = (
        "{service} cannot {call}: {reason}; somebody else may have deleted it, look what there is"
    )


class MelangeRefused(MelangeError):
    """Any other refusal. ``status`` is Melange's own where it is about what was asked."""

    code = "melange_refused"
    template = "{service} refuses to {call}: {reason} ({answered}); correct what was asked for"

    def __init__(self, call: str, *, answered: int, reason: str, value: Any = None) -> None:
        super().__init__(call, value=value, answered=answered, reason=reason)
        self.status = _STATUS.get(answered, http.HTTPStatus.BAD_GATEWAY)


_STATUS = {
    400: http.HTTPStatus.BAD_REQUEST,
    409: http.HTTPStatus.CONFLICT,
    412: http.HTTPStatus.CONFLICT,
    422: http.HTTPStatus.CONFLICT,
}


class MelangeGarbled(MelangeError):
    """``value``: what was read where ``wanted`` belongs."""

    status = http.HTTPStatus.BAD_GATEWAY
    code = "melange_garbled"
    template = (
        "{service} cannot be understood when asked to {call}: {value} is not {wanted}; look "
        "whether endpoint_override in [melange], or Keystone's catalogue, leads to a Melange"
    )


class NoMacRange(MelangeError, errors.Conflict):
    code = "no_mac_range"
    template = (
        "{service} cannot {call}: it has no range of MAC addresses; make one, such as with "
        "'openstack ipam mac range create FA:16:3E:C0:00:00/26'"
    )


class NoMoreMacs(MelangeError, errors.Conflict):
    code = "no_more_mac_addresses"
    template = (
        "{service} cannot {call}: its ranges have no more MAC addresses; make another with "
        "'openstack ipam mac range create'"
    )


class MacTaken(MelangeError, errors.Conflict):
    code = "mac_address_in_use"
    template = (
        "{service} cannot {call}: MAC address {value} belongs to another interface; choose another "
        "one, or none to get a free one"
    )


class NoMoreAddresses(MelangeError, errors.Conflict):
    code = "no_more_addresses"
    template = (
        "{service} cannot {call}: {what} of network {value} has no more addresses; add a block to "
        "the network"
    )


class AddressTaken(MelangeError, errors.Conflict):
    """``value``: the address."""

    code = "fixed_ip_in_use"
    template = (
        "{service} cannot {call}: address {value} is not to be had: {reason}; choose another one, "
        "or none to get a free one"
    )


_OF_CODE: dict[str, type[MelangeError]] = {
    "no_more_macs": NoMoreMacs,
    "mac_address_taken": MacTaken,
}


def told(error: client_errors.ClientError, call: str, value: Any) -> MelangeError:
    """A client's error in our words. ``value``: what the call was about, such as an id."""
    reason = error.detail or str(error)
    if isinstance(error, client_errors.Unauthorized | client_errors.Forbidden):
        return MelangeMisconfigured(call, value=value, reason=f"it refuses our user ({reason})")
    if isinstance(error, client_errors.Unreachable):
        return MelangeUnavailable(call, value=value, reason=str(error))
    if isinstance(error, client_errors.ServerError):
        return MelangeUnavailable(call, value=value, reason=f"it answered {error.status}: {reason}")
    if isinstance(error, client_errors.NotFound):
        return MelangeNotFound(call, value=value, reason=reason)
    if error.error_code in _OF_CODE:
        return _OF_CODE[error.error_code](call, value=value)
    if error.error_code in ("network_full", "ip_block_full"):
        return NoMoreAddresses(call, value=value, what="every block")
    if isinstance(error, client_errors.UnusableName):
        # Such as a project id with a slash.
        return MelangeRefused(call, answered=400, reason=reason, value=value)
    if error.status is None:
        return MelangeMisconfigured(call, value=value, reason=reason)
    return MelangeRefused(call, answered=error.status, reason=reason, value=value)
