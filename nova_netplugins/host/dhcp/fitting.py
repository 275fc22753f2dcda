"""Which of an operator's DHCP options there are, and whether their values fit them.

A server that finds one that does not refuses all of its settings.
"""

from __future__ import annotations

import difflib
import ipaddress
import logging
import re
from collections.abc import Mapping

from netkit.errors import shorten
from nova_netplugins.host.dhcp.octets import octets
from nova_netplugins.host.dhcp.options import check_option, option_kind, option_names, option_number
from nova_netplugins.host.errors import HostError

LOG = logging.getLogger(__name__)

# What looks like addresses, dnsmasq takes for such, but for options that it knows to be text.
_LIKE_ADDRESSES = re.compile(r"[0-9.,/]*[.,/][0-9.,/]*")
_NOT_KNOWN_TO_BE_TEXT = frozenset({47, 60, 77, 125})


def check_fit(name: str, value: str, version: int = 4) -> None:
    """Raises HostError, with what would be right, if there is no such DHCP option or its value
    does not fit it. An empty one fits: the option is then not told."""
    check_option(name, value, version)
    number = option_number(name, version)
    if number is None and name.lower() not in option_names(version):
        raise HostError(_unknown(name, version))
    if not value:
        return
    kind = number and option_kind(number, version)
    if kind is not None:
        octets(number or 0, value, version)
    if (kind is None or number in _NOT_KNOWN_TO_BE_TEXT) and _LIKE_ADDRESSES.fullmatch(value):
        _check_addresses(name, value)


def only_fitting(options: Mapping[str, str], version: int, where: str) -> dict[str, str]:
    """Those that can be served: the others must not cost anybody his address. Of them the log
    tells, with ``where`` they are missing."""
    kept = {}
    for name, value in options.items():
        try:
            check_fit(name, value, version)
        except HostError as error:
            LOG.error("%s is served without its DHCP option %s: %s", where, name, error)
        else:
            kept[name] = value
    return kept


def _unknown(name: str, version: int) -> str:
    near = difflib.get_close_matches(name.lower(), sorted(option_names(version)))
    like = f"; did you mean {' or '.join(near)}?" if near else ""
    return (
        f"DHCP option {shorten(name)} is not known: a name of dnsmasq's, such as dns-server, or a "
        f"number is wanted{like}"
    )


def _check_addresses(name: str, value: str) -> None:
    try:
        for item in value.split(","):
            ipaddress.IPv4Interface(item)
    except ValueError:
        raise HostError(
            f"value of DHCP option {name}: {value!r} is not valid: digits with dots, commas or "
            "slashes must be IPv4 addresses with commas between them"
        ) from None
