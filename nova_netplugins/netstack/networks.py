"""Networks: of layer 2 from Quantum, with blocks of addresses from Melange."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from nova_netplugins import errors, plugin
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.netstack import network_rows, peers, requests
from nova_netplugins.netstack.floating import FloatingOperations
from nova_netplugins.netstack.gateways import gateway_id
from nova_netplugins.netstack.melange_errors import MelangeRefused
from nova_netplugins.netstack.model import COMPUTE, Block, BlockSpec, NetworkSpec
from nova_netplugins.netstack.tables import NETWORKS, VIRTUAL_NICS

CHANGEABLE = frozenset({"label", "priority", "routed", "enable_dhcp", "host"})

_SERVICES_OWN = ("network:dhcp", "network:distributed")
"""Device owners of ports that Neutron deletes with their network."""

_NAMED = 5
"""Floating IPs that an error names at most."""


class NetworkOperations(FloatingOperations):
    # -- reading

    def list_networks(self, project_id: str | None = None) -> Sequence[plugin.Network]:
        where = [] if project_id is None else [network_rows.usable_by(project_id)]
        query = network_rows.select(*where).order_by(NETWORKS.c.created_at, NETWORKS.c.id)
        return self.shown_networks(self.rows(query))

    def get_network(self, network_id: str) -> plugin.Network:
        return self.shown_networks([self.network_row(network_id)])[0]

    def shown_networks(self, rows: Sequence[Row]) -> list[plugin.Network]:
        driver = self.options.l2_driver
        reached = {}
        if driver == "local":
            reached = peers.of_networks(self, [row["id"] for row in rows])
        return [
            network_rows.view(row, {"l2_driver": driver, "peers": reached.get(row["id"], [])})
            for row in rows
        ]

    # -- making, changing, deleting

    def create_network(self, spec: NetworkSpec) -> Row:
        """All of it or nothing. Raises what is wrong with the spec, and what Quantum and Melange
        refuse."""
        asked = requests.of_network(spec)
        if spec.project_id is not None:
            self.know_project(spec.project_id)
        work = self.flow.start("create_network", {"spec": asked})
        return self.network_row(work.made["network"].id)

    def modify_network(self, network_id: str, changes: dict[str, Any]) -> Row:
        """``changes``: some of CHANGEABLE. Raises NetworkInUse where it shall lose a router that
        floating IPs need."""
        unknown = set(changes) - CHANGEABLE
        if unknown:
            reason = f"a network's {', '.join(sorted(CHANGEABLE))} can be changed"
            first = min(unknown)
            raise errors.InvalidOption(field=first, value=changes[first], reason=reason)
        before = self.network_row(network_id)
        loses_router = before["routed"] and changes.get("routed") is False
        if loses_router:
            self._refuse_floating_ips(before)
        row = self.run(network_rows.update, network_id, **changes)
        if loses_router:
            # From now on nobody associates one; who did since we looked can be seen.
            try:
                self._refuse_floating_ips(row)
            except Exception:
                former = {name: before[name] for name in changes}
                self.run(network_rows.update, network_id, **former)
                raise
        self.prompts.network_changed(network_id)
        return row

    def _refuse_floating_ips(self, network: Row) -> None:
        pairs = [
            f"{one.address} to {one.inside.address}"
            for one in self.floating_ips_on(network)
            if one.inside
        ]
        if pairs:
            named, more = ", ".join(pairs[:_NAMED]), len(pairs) - _NAMED
            others = f" and {more} more" if more > 0 else ""
            reason = (
                f"its router is needed by floating IPs ({named}{others}); disassociate them before "
                "it goes"
            )
            raise errors.NetworkInUse(field="network_id", value=network["id"], reason=reason)

    def delete_network(self, network_id: str) -> None:
        """With its gateway and the blocks that netstack made; an adopted one stays at layer 2.

        Raises NetworkInUse while anybody has a NIC, a port or an address on it.
        """
        network = self.network_row(network_id)
        self._refuse_addresses(network)
        self._refuse_ports(network)
        self.flow.start("delete_network", {"network_id": network_id})

    def _refuse_addresses(self, network: Row, block_id: str | None = None) -> None:
        allocated = self.melange.allocated(network["id"])
        self._refuse_used(
            network, (one for one in allocated if block_id in (None, one["ip_block_id"]))
        )

    def _refuse_used(self, network: Row, allocated: Iterable[Mapping[str, Any]]) -> None:
        gateway = gateway_id(network["id"])
        for one in allocated:
            if one["interface_id"] == gateway:
                continue
            reason = (
                f"{one['address']} is allocated to interface {one['interface_id']} of tenant "
                f"{one['used_by_tenant']}; release it first"
            )
            raise errors.NetworkInUse(field="network_id", value=network["id"], reason=reason)

    def _refuse_ports(self, network: Row) -> None:
        if network["adopted"]:
            return
        ours = self.deployment.port_name(gateway_id(network["id"]))
        for port in self.l2.list_ports(network_id=network["id"]):
            if port.name != ours and not port.device_owner.startswith(_SERVICES_OWN):
                reason = f"port {port.id} of device {port.device_id} is on it; delete it first"
                raise errors.NetworkInUse(field="network_id", value=network["id"], reason=reason)

    # -- its blocks

    def list_subnets(self, network_id: str) -> list[Block]:
        """As Melange has them now, and as they are remembered from now on."""
        network = self.network_row(network_id)
        tenant = self.melange.tenant_of(network["project_id"])
        blocks = self.melange.blocks(tenant, network_id)
        self.remember_blocks(network, blocks)
        return blocks

    def create_subnet(self, network_id: str, spec: BlockSpec) -> Block:
        """Raises NetworkInUse where instances of several projects would no longer be safe from
        each other, and what Melange refuses."""
        network = self.network_row(network_id)
        wanted = requests.of_block(spec)
        if network["project_id"] is None:
            self._refuse_unguarded(network_id)
        tenant = self.melange.tenant_of(network["project_id"])
        tags, key = (self.deployment.tag,), str(uuid.uuid4())
        made = self.melange.create_block(tenant, network_id, wanted, key, tags)
        self.list_subnets(network_id)
        return made

    def _refuse_unguarded(self, network_id: str) -> None:
        """NICs that were made on pure layer 2 may send what they like, in anybody's name."""
        c = VIRTUAL_NICS.c
        unguarded = (c.purpose == COMPUTE, c.port_security.is_(False))
        query = sa.select(c.id).where(c.network_id == network_id, *unguarded)
        if found := self.rows(query.order_by(c.id).limit(1)):
            reason = (
                f"virtual NIC {found[0]['id']} was made without addresses and is not kept from "
                "using those of other projects; delete it, and all like it, before the first subnet"
            )
            raise errors.NetworkInUse(field="network_id", value=network_id, reason=reason)

    def delete_subnet(self, network_id: str, block_id: str) -> None:
        """Raises SubnetNotFound, NetworkInUse while anybody has an address of it."""
        network = self.network_row(network_id)
        tenant = self.melange.tenant_of(network["project_id"])
        if block_id not in [block.id for block in self.melange.blocks(tenant, network_id)]:
            raise SubnetNotFound(field="subnet_id", value=block_id, network=network_id)
        self._refuse_addresses(network, block_id)
        # From now on nobody draws from it; who did since we looked can be seen. What was carved out
        # of another block cannot leave its network.
        with contextlib.suppress(MelangeRefused):
            self.melange.update_block(tenant, block_id, network_id=None)
        try:
            self._refuse_used(network, self.melange.used(block_id))
        except Exception:
            self.melange.update_block(tenant, block_id, network_id=network_id)
            raise
        self.melange.delete_block(tenant, block_id)
        self.list_subnets(network_id)

    def remember_blocks(self, network: Row, blocks: Sequence[Block]) -> bool:
        """Whether they are others than until now; then those who serve the network are told."""
        stored = [block.to_json() for block in blocks]
        if stored == [block.to_json() for block in network_rows.blocks_of(network)]:
            return False

        def update(connection: sa.Connection) -> None:
            network_rows.update(connection, network["id"], blocks=stored)

        self.run(update)
        self.prompts.network_changed(network["id"])
        return True


class SubnetNotFound(errors.NetworkNotFound):
    code = "subnet_not_found"
    template = "network {network} has no subnet {value}"
