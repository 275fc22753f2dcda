"""What a network host must know to serve networks, from what Melange says now; and what it tells of
its DHCP."""

from __future__ import annotations

import ipaddress
import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from nova_netplugins import errors
from nova_netplugins.ethernet.rows import Row, utcnow
from nova_netplugins.netstack import nic_rows
from nova_netplugins.netstack.drift import in_words
from nova_netplugins.netstack.gateways import GatewayInMaking, gateway_id
from nova_netplugins.netstack.melange_errors import (
    MelangeRefused,
    MelangeUnavailable,
    NoMoreAddresses,
)
from nova_netplugins.netstack.model import ACTIVE, Address, Block, Interface
from nova_netplugins.netstack.networks import NetworkOperations
from nova_netplugins.netstack.nic_steps import BindingFailed
from nova_netplugins.netstack.tables import DHCP_REPORTS, NETWORKS, VIRTUAL_NICS

LOG = logging.getLogger(__name__)

SLAAC_TAG = "slaac"
"""In Melange, on an IPv6 block whose addresses NICs make themselves."""

_SHOWN = ("id", "label", "project_id", "mtu", "host", "routed", "enable_dhcp")

Allocated = Sequence[Mapping[str, Any]]
"""As ``Melange.allocated`` tells."""


class ServingOperations(NetworkOperations):
    def claim_networks(self, host: str) -> list[str]:
        """Ids of the networks that the host serves, after it took those that nobody did."""
        taken, served = self.run(_claim, host)
        for network_id in taken:
            # Where it is served, the network's other hosts have to reach from now on.
            self.prompts.network_changed(network_id)
        return served

    def describe_serving(
        self, host: str, network_id: str, nic_id: str | None = None
    ) -> dict[str, Any]:
        """``here``: whether the host is to serve the network; ``network``: what it is, and how to
        wire it; and only if it is here:

        ``nics``: ``id``, ``mac_address``, ``hostname``, ``default_route``, ``addresses``; with
        ``nic_id`` only that one, and nothing else. ``subnets``: ``id``, ``version``, ``cidr``,
        ``gateway``, ``server`` (what the host itself has of it; None: nothing), ``dns``,
        ``routes``, ``options``, ``slaac``. ``gateway``: ``nic_id``, ``port_id``, ``mac_address`` of
        the host's own port, None on a network without addresses. ``floating_ips``: ``address``,
        ``fixed_address``.

        Raises NetworkNotFound, and whatever keeps Melange and Quantum from answering.
        """
        network = self.network_row(network_id)
        serving: dict[str, Any] = {
            "network": self._network_shown(network),
            "here": network["host"] == host,
        }
        if not serving["here"]:
            return serving
        if nic_id is not None:
            return serving | {"nics": self._served_nic(network, nic_id)}
        tenant = self.melange.tenant_of(network["project_id"])
        blocks = self.melange.blocks(tenant, network_id, described=True)
        gateway = self._ensure_gateway(network) if blocks else None
        before = self._nics_on(network_id)
        allocated = list(self.melange.allocated(network_id, blocks=blocks))
        servers = {}
        if gateway is not None:
            servers = self._servers(network, gateway, blocks, allocated)
            self._follow_gateway(network, gateway, servers)
        return serving | {
            "gateway": gateway and _gateway(gateway),
            "subnets": [_subnet(block, servers.get(block.id)) for block in blocks],
            "nics": _served_nics(before, allocated, self._nics_on(network_id)),
            "floating_ips": self._served_floating_ips(network),
        }

    def _network_shown(self, network: Row) -> dict[str, Any]:
        attributes = self.shown_networks([network])[0].attributes
        return {**attributes, **{name: network[name] for name in _SHOWN}}

    def _nics_on(self, network_id: str) -> list[Row]:
        c = VIRTUAL_NICS.c
        on_network = nic_rows.select(c.network_id == network_id)
        return self.rows(on_network.order_by(c.created_at, c.id))

    def _served_nic(self, network: Row, nic_id: str) -> list[dict[str, Any]]:
        """While Melange is away, as it was remembered: a host that was started anew has to be told
        of its NICs one by one."""
        c = VIRTUAL_NICS.c
        rows = self.rows(nic_rows.select(c.network_id == network["id"], c.id == nic_id))
        try:
            tenant = self.melange.tenant_of(network["project_id"])
            blocks = self.melange.blocks(tenant, network["id"])
            allocated = list(self.melange.allocated(network["id"], nic_id, blocks))
        except MelangeUnavailable as error:
            LOG.warning("addresses of virtual NIC %s are told as remembered: %s", nic_id, error)
            allocated = [address for row in rows for address in row["addresses"]]
        return [_nic(row, [one["address"] for one in allocated]) for row in rows]

    def _served_floating_ips(self, network: Row) -> list[dict[str, str]]:
        """Those of IPv4: others would need another translation."""
        if not network["routed"]:
            return []
        found = [one for one in self.floating_ips_on(network) if one.version == 4 and one.inside]
        pairs = {one.address: one.inside.address for one in found if one.inside}
        return [{"address": one, "fixed_address": fixed} for one, fixed in pairs.items()]

    # -- the gateway

    def _ensure_gateway(self, network: Row) -> Row:
        """Its row. Raises GatewayInMaking, and what keeps it from being made."""
        row = self._gateway_row(network["id"])
        if row is None:
            document = {"network_id": network["id"], "host": network["host"]}
            self.flow.start("create_gateway", document)
            row = self._gateway_row(network["id"])
        if row is None or row["state"] != ACTIVE:
            raise GatewayInMaking(field="network_id", value=network["id"])
        return row

    def _gateway_row(self, network_id: str) -> Row | None:
        c = VIRTUAL_NICS.c
        found = self.rows(sa.select(VIRTUAL_NICS).where(c.id == gateway_id(network_id)))
        return found[0] if found else None

    def _servers(
        self, network: Row, gateway: Row, blocks: Sequence[Block], allocated: Allocated
    ) -> dict[str, Address]:
        """What the gateway has of each block: the block's own gateway, where that is us; else an
        address of Melange, which is allocated if it is not yet."""
        held = {
            one["ip_block_id"]: one["address"]
            for one in allocated
            if one["interface_id"] == gateway["id"]
        }
        servers = {}
        for block in blocks:
            own = block.gateway if network["routed"] and _is_within(block) else None
            address = own or held.get(block.id) or self._allocate_server(network, gateway, block)
            if address is not None:
                servers[block.id] = Address(
                    address, block.version, block.id, block.cidr, block.gateway
                )
        return servers

    def _allocate_server(self, network: Row, gateway: Row, block: Block) -> str | None:
        """None: the block is full, and cannot be served."""
        tenant = self.melange.tenant_of(network["project_id"])
        interface = Interface(gateway["id"], gateway["mac_address"], tenant, None)
        try:
            made = self.melange.allocate_of_block(block, interface, str(uuid.uuid4()))
        except (NoMoreAddresses, MelangeRefused) as error:
            LOG.error("block %s has no address for its DHCP server: %s", block.cidr, error)
            return None
        row = self._gateway_row(network["id"])
        if row is None or row["state"] != ACTIVE:
            # The network was deleted meanwhile, and Melange made the interface anew.
            self.melange.delete_interface(gateway["id"])
            raise errors.NetworkNotFound(field="network_id", value=network["id"])
        return made.address

    def _follow_gateway(self, network: Row, gateway: Row, servers: Mapping[str, Address]) -> None:
        """The gateway's row and its port are on the network's host, with these addresses."""
        ordered = [servers[block_id] for block_id in sorted(servers)]
        own = [one for one in ordered if network["routed"] and one.address == one.gateway]
        wanted = {
            "host": network["host"],
            "addresses": [one.to_json() for one in ordered if one not in own],
            "allowed": [[one.address, None] for one in own],
        }
        if all(gateway[name] == value for name, value in wanted.items()):
            return
        port = self.l2.update_port(gateway["port_id"], host=network["host"])
        if port.binding_failed:
            raise BindingFailed(
                field="host", value=network["host"], port=port.id, network=network["id"]
            )
        here = VIRTUAL_NICS.update().where(VIRTUAL_NICS.c.id == gateway["id"])
        self.run(lambda connection: connection.execute(here.values(wanted)))

    # -- what DHCP serves

    def report_dhcp(self, host: str, network_id: str, report: Mapping[str, Any]) -> None:
        """``report``: ``driver``, ``allocated``, ``served`` (numbers of addresses), ``missing``,
        ``extra``, ``wrong`` (each ``count`` and ``examples``). The one before goes; this one
        counts as long as the host serves the network. Raises NetworkNotFound.
        """
        self.network_row(network_id)
        self.run(_report, host, network_id, report)

    def dhcp_reports(self, network_id: str | None = None) -> list[dict[str, Any]]:
        """Of each network that has DHCP: ``network`` (its row) and ``report`` (that of its host;
        None: nobody reports). Raises NetworkNotFound."""
        if network_id is not None:
            networks = [self.network_row(network_id)]
        else:
            ordered = self.network_rows().order_by(NETWORKS.c.created_at, NETWORKS.c.id)
            networks = self.rows(ordered)
        found = self.rows(sa.select(DHCP_REPORTS))
        reports = {(row["network_id"], row["host"]): row for row in found}
        return [
            {"network": network, "report": reports.get((network["id"], network["host"]))}
            for network in networks
            if network["enable_dhcp"] and network["blocks"]
        ]


def _claim(connection: sa.Connection, host: str) -> tuple[list[str], list[str]]:
    """Those that it took now, and all that it serves."""
    c = NETWORKS.c
    active = c.state == ACTIVE
    taken = []
    for network_id in connection.scalars(sa.select(c.id).where(active, c.host.is_(None))).all():
        free = NETWORKS.update().where(c.id == network_id, active, c.host.is_(None))
        values = {"host": host, "updated_at": utcnow()}
        if connection.execute(free.values(values)).rowcount:
            taken.append(network_id)
    mine = sa.select(c.id).where(active, c.host == host).order_by(c.created_at, c.id)
    return taken, list(connection.scalars(mine))


def _report(
    connection: sa.Connection, host: str, network_id: str, report: Mapping[str, Any]
) -> None:
    c = DHCP_REPORTS.c
    served = sa.select(NETWORKS.c.id).where(NETWORKS.c.id == network_id, NETWORKS.c.host == host)
    # Nobody else takes the network before the commit.
    if connection.scalar(served.with_for_update()) is None:
        return
    here, now = c.network_id == network_id, utcnow()
    last = connection.execute(sa.select(c.drifted_at, c.drift).where(here, c.host == host)).first()
    found = in_words(report)
    drifted = {"drifted_at": now, "drift": found} if found else last and last._asdict()
    connection.execute(DHCP_REPORTS.delete().where(here))
    row = {"network_id": network_id, "host": host, **report, "checked_at": now, **(drifted or {})}
    connection.execute(DHCP_REPORTS.insert().values(row))


def _served_nics(
    before: Sequence[Row], allocated: Allocated, after: Sequence[Row]
) -> list[dict[str, Any]]:
    """Of those that came or went while Melange was asked nobody knows what they have: of them
    hosts are told one by one."""
    addresses: dict[str, list[str]] = {}
    for one in allocated:
        addresses.setdefault(one["interface_id"], []).append(one["address"])
    stayed = {row["id"] for row in before}
    return [_nic(row, addresses.get(row["id"], [])) for row in after if row["id"] in stayed]


def _gateway(row: Row) -> dict[str, Any]:
    return {"nic_id": row["id"], **{name: row[name] for name in ("port_id", "mac_address")}}


def _subnet(block: Block, server: Address | None) -> dict[str, Any]:
    is_64 = block.version == 6 and ipaddress.ip_network(block.cidr).prefixlen == 64
    return {
        "id": block.id,
        "version": block.version,
        "cidr": block.cidr,
        "gateway": block.gateway,
        "server": None if server is None else server.address,
        "dns": list(block.dns),
        "routes": [dict(route) for route in block.routes],
        "options": dict(block.options),
        "slaac": is_64 and SLAAC_TAG in block.tags,
    }


def _nic(row: Row, addresses: Sequence[str]) -> dict[str, Any]:
    """``addresses`` in the order in which they were asked for."""
    order = {one["address"]: number for number, one in enumerate(row["addresses"])}
    return {
        **{name: row[name] for name in ("id", "mac_address", "hostname", "default_route")},
        "addresses": sorted(addresses, key=lambda one: order.get(one, len(order))),
    }


def _is_within(block: Block) -> bool:
    return block.gateway is not None and (
        ipaddress.ip_address(block.gateway) in ipaddress.ip_network(block.cidr)
    )
