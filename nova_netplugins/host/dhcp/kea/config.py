"""What Kea is told to serve.

Kea knows a host by the MAC of its reservation. There are no pools: who has no reservation gets
nothing, nor an answer.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from nova_netplugins.host.dhcp.kea.files import KeaFiles
from nova_netplugins.host.dhcp.kea.relay import LISTENS
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, DhcpSubnet
from nova_netplugins.host.dhcp.octets import octets
from nova_netplugins.host.dhcp.options import (
    DNS_SERVER,
    DNS_SERVER_V6,
    DOMAIN,
    MTU,
    ROUTER,
    ROUTES,
    SEARCH_V6,
    option_number,
)
from nova_netplugins.host.errors import BadSettings

NO_ROUTER = "no-router"
# A client that finds its address taken says so, and could never have it again.
DECLINED_SECONDS = 600
_OURS = "nova-netplugins"
# The device may be made a moment later, or its own address may still be checked.
RETRIES, RETRY_MILLISECONDS = 1_000_000, 200

_STRANGERS = {"name": "DROP", "test": "member('UNKNOWN')"}

Hosts = Iterable[tuple[DhcpHost, tuple[str, ...]]]
Options = dict[int, str]


class Settings(NamedTuple):
    """``digest``: by which they are told apart, also in what Kea says that it has."""

    text: str
    digest: str


def render(
    network: DhcpNetwork, version: int, hosts: Hosts, files: KeaFiles, hook: str, index: int
) -> Settings:
    """The settings of kea-dhcp4 or kea-dhcp6. ``hosts``: each with the addresses it is given;
    ``hook``: the library with the commands about leases; ``index``: the device's number, for a
    device that is made anew is another to Kea. Raises BadSettings."""
    subnets = [subnet for subnet in network.of_version(version) if subnet.stateful]
    reservations = _reservations(subnets, hosts)
    settings = _settings(network, files, hook)
    settings["interfaces-config"] = _listening(network, subnets)
    shared: dict[str, Any] = {"name": network.id}
    if version == 4:
        routing = [one for subnet in subnets for one in _routing_classes(network, subnet)]
        shared["interface"] = network.device
        settings |= {"authoritative": True, "match-client-id": False}
        settings["client-classes"] = [{"name": NO_ROUTER}, *routing, _STRANGERS]
    else:
        settings["mac-sources"] = ["client-link-addr-option"]
        settings["preferred-lifetime"] = network.lease_seconds
        settings["server-id"] = _server_id(network)
        settings["client-classes"] = [_STRANGERS]
    shared[f"subnet{version}"] = [
        _subnet(network, subnet, reservations[subnet.cidr]) for subnet in subnets
    ]
    settings["shared-networks"] = [shared]
    body = json.dumps(settings)
    digest = hashlib.sha256(f"{index} {body}".encode()).hexdigest()
    context = json.dumps({_OURS: digest})
    text = f'{{"Dhcp{version}": {body[:-1]}, "user-context": {context}}}}}'
    return Settings(text.replace('{"hw-address"', '\n{"hw-address"') + "\n", digest)


def digest_of(settings: Mapping[str, Any]) -> str | None:
    """The digest in settings as Kea tells them."""
    inner = next(value for name, value in settings.items() if name.startswith("Dhcp"))
    context: dict[str, str] = inner.get("user-context", {})
    return context.get(_OURS)


def reserved(settings: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The addresses by MAC, in settings as Kea tells them."""
    found: dict[str, tuple[str, ...]] = {}
    for inner in settings.values():
        for shared in inner.get("shared-networks", []) if isinstance(inner, dict) else []:
            for subnet in (*shared.get("subnet4", []), *shared.get("subnet6", [])):
                for one in subnet["reservations"]:
                    addresses = one.get("ip-addresses") or [one["ip-address"]]
                    found[one["hw-address"]] = (*found.get(one["hw-address"], ()), *addresses)
    return found


def _settings(network: DhcpNetwork, files: KeaFiles, hook: str) -> dict[str, Any]:
    return {
        "control-socket": {"socket-type": "unix", "socket-name": files.socket.name},
        "lease-database": {"type": "memfile", "persist": True, "name": str(files.leases)},
        "hooks-libraries": [{"library": hook}],
        "host-reservation-identifiers": ["hw-address"],
        "reservations-global": False,
        "reservations-in-subnet": True,
        "reservations-out-of-pool": True,
        "valid-lifetime": network.lease_seconds,
        "decline-probation-period": DECLINED_SECONDS,
        "multi-threading": {"enable-multi-threading": False},
        "loggers": [
            {
                "name": files.program,
                "severity": "WARN",
                "output_options": [{"output": str(files.log), "maxsize": 1 << 20, "maxver": 2}],
            }
        ],
    }


def _listening(network: DhcpNetwork, subnets: list[DhcpSubnet]) -> dict[str, Any]:
    # With a socket for each of the device's IPv4 addresses it would answer each broadcast as often.
    is_v4 = subnets[0].version == 4
    return {
        "interfaces": [f"{network.device}/{subnets[0].server}" if is_v4 else f"lo/{LISTENS}"],
        "re-detect": True,
        "service-sockets-max-retries": RETRIES,
        "service-sockets-retry-wait-time": RETRY_MILLISECONDS,
    }


def _server_id(network: DhcpNetwork) -> dict[str, Any]:
    """The same whichever host serves the network: clients ask the server that they know."""
    mac = "02" + hashlib.sha256(network.id.encode()).hexdigest()[:10]
    return {"type": "LL", "htype": 1, "identifier": mac, "persist": False}


def _subnet(
    network: DhcpNetwork, subnet: DhcpSubnet, reservations: list[dict[str, Any]]
) -> dict[str, Any]:
    number = subnet_number(subnet)
    rendered: dict[str, Any] = {
        "id": number,
        "subnet": subnet.cidr,
        "option-data": _option_data(_options(network, subnet), subnet.version),
        "reservations": reservations,
    }
    if subnet.version == 4:
        rendered["require-client-classes"] = [f"router-{number}", f"no-router-{number}"]
    return rendered


def subnet_number(subnet: DhcpSubnet) -> int:
    """The same for as long as there is the subnet: Kea keeps it in each lease."""
    return int.from_bytes(hashlib.sha256(subnet.cidr.encode()).digest()[:4]) % 0xFFFFFFFE + 1


def _reservations(subnets: list[DhcpSubnet], hosts: Hosts) -> dict[str, list[dict[str, Any]]]:
    """By CIDR."""
    found: dict[str, list[dict[str, Any]]] = {subnet.cidr: [] for subnet in subnets}
    for host, given in hosts:
        by_subnet: dict[str, list[str]] = {}
        for address in given:
            cidr = _cidr_of(subnets, address)
            if cidr is not None:
                by_subnet.setdefault(cidr, []).append(address)
        for cidr, addresses in by_subnet.items():
            one: dict[str, Any] = {"hw-address": host.mac, "hostname": host.label}
            if ":" in addresses[0]:
                one["ip-addresses"] = addresses
            else:
                one["ip-address"] = addresses[0]
                if not host.default_route:
                    one["client-classes"] = [NO_ROUTER]
            found[cidr].append(one)
    return found


def _cidr_of(subnets: list[DhcpSubnet], address: str) -> str | None:
    version = 6 if ":" in address else 4
    fitting = [subnet for subnet in subnets if subnet.version == version]
    if len(fitting) > 1:
        wanted = ipaddress.ip_address(address)
        fitting = [subnet for subnet in fitting if wanted in subnet.net]
    return fitting[0].cidr if fitting else None


def _operator_options(network: DhcpNetwork, subnet: DhcpSubnet) -> Options:
    told = {}
    for name, value in network.options_of(subnet).items():
        number = option_number(name, subnet.version)
        if number is None:
            raise BadSettings(f"Kea has no DHCP option {name!r}: its number is wanted")
        told[number] = value
    return told


def _options(network: DhcpNetwork, subnet: DhcpSubnet) -> Options:
    """What every client of the subnet is told."""
    told: Options = {}
    general = [one for one in network.dns_servers if (":" in one) == (subnet.version == 6)]
    dns = ",".join(subnet.dns or general)
    if subnet.version == 6:
        told = {DNS_SERVER_V6: dns, SEARCH_V6: network.domain.strip(".")}
        return told | _operator_options(network, subnet)
    mtu = str(network.mtu) if network.mtu else ""
    told = {DNS_SERVER: dns, DOMAIN: network.domain, MTU: mtu}
    told |= _operator_options(network, subnet)
    # Those with a default route are told of it by their class.
    told.pop(ROUTER, None)
    return told


def _routing_classes(network: DhcpNetwork, subnet: DhcpSubnet) -> list[dict[str, Any]]:
    """What only hosts with a default route are told, and only those without one."""
    given = _operator_options(network, subnet)
    number = subnet_number(subnet)
    routed: Options = {ROUTER: given.get(ROUTER, subnet.gateway or "")}
    unrouted: Options = {}
    if subnet.routes and ROUTES not in given:
        # A client that takes routes from this option takes the default one from here too, and
        # only from here (RFC 3442).
        routes = ",".join(f"{one},{via}" for one, via in subnet.routes.items())
        default = f",0.0.0.0/0,{subnet.gateway}" if subnet.gateway else ""
        routed[ROUTES], unrouted[ROUTES] = routes + default, routes
    member = f"member('{NO_ROUTER}')"
    return [
        _late_class(f"router-{number}", f"not {member}", routed),
        _late_class(f"no-router-{number}", member, unrouted),
    ]


def _late_class(name: str, test: str, options: Options) -> dict[str, Any]:
    """One that is looked at when the client's subnet and reservation are known."""
    data = _option_data(options, 4)
    return {"name": name, "test": test, "only-if-required": True, "option-data": data}


def _option_data(options: Options, version: int) -> list[dict[str, Any]]:
    """An option with nothing in it is not told."""
    return [
        {"code": number, "csv-format": False, "data": octets(number, value, version).hex()}
        for number, value in sorted(options.items())
        if value
    ]
