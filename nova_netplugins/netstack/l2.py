"""Layer 2 as netstack sees it: networks, and ports on them. Addresses are none of its business.

Two drivers have this interface: ``quantum`` (a Neutron server) and ``local_l2`` (tables of our
own). Which one, ``l2_driver`` in ``[netstack]`` says. Every call can be repeated after an error or
a crash, also when its answer was lost: then it finds what the first one made.
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypedDict, Unpack

from nova_netplugins.netstack.l2_errors import InvalidPair, MacInUse

NIC_OWNER = "compute:netstack"
"""Device owner of the ports of virtual NICs."""

GATEWAY_OWNER = "network:netstack"
"""Device owner of the ports that net-service has: Neutron trusts the addresses of ``network:``."""


class Keep(enum.Enum):
    """The type of ``KEEP``, for an argument whose None means something."""

    KEEP = enum.auto()


KEEP: Final = Keep.KEEP


@dataclass(frozen=True)
class AddressPair:
    """A port may send from this address (or CIDR) with this MAC; None: with the port's own.

    Of a port that was read, the MAC is always there, and the pairs are in order.
    """

    ip_address: str
    mac_address: str | None = None


@dataclass(frozen=True)
class NewNetwork:
    """What to make. ``key``: unique, and the caller's own, such as the id of its row: a network of
    that key is made once. ``project_id`` None: a network for all projects. ``mtu`` None: the
    service's own."""

    key: str
    name: str
    project_id: str | None = None
    mtu: int | None = None


@dataclass(frozen=True)
class L2Network:
    """A network. ``key`` is None if netstack has not made it. ``network_type``,
    ``physical_network`` and ``segment`` tell how it is on the wire, where that is known."""

    id: str
    name: str
    project_id: str | None
    key: str | None = None
    network_type: str | None = None
    physical_network: str | None = None
    segment: int | None = None
    mtu: int | None = None


@dataclass(frozen=True)
class NewPort:
    """What to make. A network has one port with that MAC: it is what tells ports apart.

    ``host``: where to bind it, None for later. ``pairs``: all addresses that it may send from, the
    NIC's own among them, because the service knows none. ``port_security`` False: it may send what
    it likes, as a NIC without addresses has to; None: as the network has it.
    """

    network_id: str
    mac_address: str
    device_id: str
    device_owner: str = NIC_OWNER
    project_id: str | None = None
    name: str = ""
    host: str | None = None
    pairs: Sequence[AddressPair] = ()
    admin_state_up: bool = True
    port_security: bool | None = None


@dataclass(frozen=True)
class L2Port:
    """A port. ``status`` (ACTIVE, DOWN, BUILD), ``vif_type`` and ``port_security`` are None where
    the service does not tell; a ``vif_type`` of ``binding_failed`` means that nothing on ``host``
    will wire the port."""

    id: str
    network_id: str
    mac_address: str
    device_id: str
    device_owner: str
    project_id: str | None
    name: str
    host: str | None
    pairs: tuple[AddressPair, ...]
    admin_state_up: bool
    status: str | None = None
    vif_type: str | None = None
    port_security: bool | None = None

    @property
    def binding_failed(self) -> bool:
        return self.vif_type == "binding_failed"


class PortFilters(TypedDict, total=False):
    """What ports are listed by; None: by anything."""

    network_id: str | None
    device_id: str | None
    device_owner: str | None
    mac_address: str | None
    host: str | None


class L2(Protocol):
    """Every call raises ``L2Unavailable`` (``OutcomeUnknown`` where something may have changed)
    when the service does not answer in time, ``L2Misconfigured`` when it will not have us, and
    ``L2Refused`` for what it refuses besides the errors named. All are ``ServiceError``."""

    def create_network(self, wanted: NewNetwork) -> L2Network:
        """The network of this key, made if there is none; one that is there stays as it is.

        One caller at a time for each key. Raises NoMoreSegments.
        """

    def adopt_network(self, network_id: str) -> L2Network:
        """A network that is there already, for netstack to use.

        Nothing is changed in it. Raises NetworkNotFound, and NetworkNotAdoptable if the service
        gives out addresses on it, because then two would.
        """

    def get_network(self, network_id: str) -> L2Network:
        """Raises NetworkNotFound."""

    def list_networks(self) -> Sequence[L2Network]:
        """All, those too that netstack has not made."""

    def delete_network(self, network_id: str) -> None:
        """It is not there afterwards; it need not have been. Raises NetworkInUse."""

    def create_port(self, wanted: NewPort) -> L2Port:
        """The device's port with this MAC on the network, made if there is none; one that is there
        stays as it is.

        Raises NetworkNotFound, MacInUse, InvalidPair. A host that cannot bind it is no error:
        see ``binding_failed``.
        """

    def get_port(self, port_id: str) -> L2Port:
        """Raises PortNotFound."""

    def find_port(self, network_id: str, mac_address: str) -> L2Port | None:
        """The port with this MAC on the network, whoever made it."""

    def list_ports(self, **filters: Unpack[PortFilters]) -> Sequence[L2Port]:
        """The ports to which all that is given applies."""

    def update_port(
        self,
        port_id: str,
        *,
        host: str | None | Keep = KEEP,
        pairs: Sequence[AddressPair] | Keep = KEEP,
        device_id: str | Keep = KEEP,
    ) -> L2Port:
        """Bind the port to a host (None: to none), replace its pairs, give it to another device.
        Raises PortNotFound, InvalidPair."""

    def delete_port(self, port_id: str) -> None:
        """It is not there afterwards; it need not have been."""


def of_device(service: str, port: L2Port, wanted: NewPort) -> L2Port:
    """The port that has the wanted one's MAC, if it is the wanted one. Raises MacInUse."""
    if (port.device_id, port.device_owner) != (wanted.device_id, wanted.device_owner):
        raise MacInUse(
            service,
            "create a port",
            field="mac_address",
            value=port.mac_address,
            port=port.id,
            device=port.device_id,
        )
    return port


def normal_filters(filters: PortFilters) -> dict[str, str]:
    """Those that filter, with the MAC as it is kept."""
    given = {name: str(value) for name, value in filters.items() if value is not None}
    if "mac_address" in given:
        given["mac_address"] = normal_mac(given["mac_address"])
    return given


def normal_mac(mac_address: str) -> str:
    """As both drivers keep and compare it: lower case, with colons."""
    return mac_address.lower().replace("-", ":")


def normal_pairs(
    pairs: Iterable[AddressPair], port_mac: str | None = None
) -> tuple[AddressPair, ...]:
    """Each once, in order, addresses in their shortest form; with ``port_mac`` where a pair has no
    MAC. Raises InvalidPair."""
    normal = {
        AddressPair(_normal_ip(pair.ip_address), normal_mac(mac) if mac else None)
        for pair in pairs
        for mac in [pair.mac_address or port_mac]
    }
    return tuple(sorted(normal, key=lambda pair: (pair.ip_address, pair.mac_address or "")))


def _normal_ip(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InvalidPair(field="ip_address", value=text) from None
    alone = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if alone else str(network)
