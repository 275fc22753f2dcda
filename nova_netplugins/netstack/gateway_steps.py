"""What the steps of making a gateway do otherwise than those of other virtual NICs.

Its id follows from its network's, so an earlier gateway may have left something under that id: a
request that Melange did after everybody had given it up. That is taken over. What is another
deployment's stays as it is, also when all is undone.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import sqlalchemy as sa

from netkit import errors
from nova_netplugins.netstack import melange_errors, melange_reclaim, nic_steps, suspects
from nova_netplugins.netstack.flow import Work
from nova_netplugins.netstack.gateways import GatewayInMaking
from nova_netplugins.netstack.melange_reclaim import Looked
from nova_netplugins.netstack.model import Interface, NicPlan
from nova_netplugins.netstack.tables import INTENTS, PROJECTS, VIRTUAL_NICS

if TYPE_CHECKING:
    from nova_netplugins.netstack.base import Operations


class GatewayTaken(errors.Conflict):
    code = "gateway_taken"
    template = (
        "the gateway of network {network} has to be interface {interface} in Melange, where tenant "
        "{tenant} has that one, with {tags}: it is not ours; if no other netstack serves the "
        "network, delete it: openstack ipam interface delete {interface} --tenant {tenant}"
    )


def make_interface(ops: Operations, work: Work) -> None:
    """Raises GatewayTaken, GatewayInMaking."""
    try:
        nic_steps.make_interfaces(ops, work)
    except melange_errors.MelangeRefused:
        [nic] = nic_steps.nics(work)
        left = _left_behind(ops, nic)
        if left is None:
            raise
        _require_ours(ops, nic, left)
        if left.value.tenant_id == nic.tenant and left.value.mac_address is not None:
            work.made[nic.id] = _taken_over(ops, nic, left)
        else:
            _delete(ops, nic, left)
            nic_steps.make_interfaces(ops, work)


def _left_behind(ops: Operations, nic: NicPlan) -> Looked[Interface] | None:
    """The interface with the gateway's id, of whichever tenant that we know: the network may have
    been adopted for another one before."""
    known = {row["project_id"] for row in ops.rows(sa.select(PROJECTS))}
    known |= {ops.melange.tenant_of(None)}
    for tenant in [nic.tenant, *sorted(known - {nic.tenant})]:
        if (found := _look(ops, nic, tenant)) is not None:
            return found
    return None


def _look(ops: Operations, nic: NicPlan, tenant: str) -> Looked[Interface] | None:
    return melange_reclaim.look_at_interface(ops.melange, Interface(nic.id, None, tenant, None))


def _require_ours(ops: Operations, nic: NicPlan, left: Looked[Interface]) -> None:
    if not _is_ours(ops, left):
        tags = f"the tags {', '.join(left.tags)}" if left.tags else "no tag"
        raise GatewayTaken(
            value=nic.id,
            interface=nic.id,
            network=nic.network_id,
            tenant=left.value.tenant_id,
            tags=tags,
        )


def _is_ours(ops: Operations, found: Looked[Interface]) -> bool:
    late = ops.run(suspects.all_rolled_back)
    return melange_reclaim.is_ours(ops.deployment, found, late)


def _taken_over(ops: Operations, nic: NicPlan, left: Looked[Interface]) -> Interface:
    """It changes by that, so that nobody who looked at it before deletes it."""
    taken = melange_reclaim.take_interface(ops.melange, left, nic.device_id)
    if taken is None:
        raise GatewayInMaking(field="network_id", value=nic.network_id)
    if ops.deployment.tag not in left.tags:
        melange_reclaim.tag_interface(ops.melange, taken, ops.deployment.tag)
    return taken


def _delete(ops: Operations, nic: NicPlan, seen: Looked[Interface]) -> None:
    if not melange_reclaim.delete_interface(ops.melange, seen):
        raise GatewayInMaking(field="network_id", value=nic.network_id)


def allocate_addresses(ops: Operations, work: Work) -> None:
    """Of each block that has no address of its own for it, and is not full: the one that it was
    left, or another."""
    for nic in nic_steps.nics(work):
        interface: Interface = work.made[nic.id]
        left = {address.block_id: address for address in interface.addresses}
        got = []
        for block in ops.melange.blocks(nic.network_tenant, nic.network_id):
            if block.gateway is not None and work.document["routed"]:
                continue
            if block.id in left:
                got.append(left[block.id])
                continue
            key = work.key("addresses", block.id)
            with contextlib.suppress(melange_errors.NoMoreAddresses):
                got.append(ops.melange.allocate_of_block(block, interface, key))
        work.made[nic.id, "addresses"] = got


# -- Undone


def delete_interface(ops: Operations, work: Work) -> None:
    """With its addresses."""
    for nic in nic_steps.nics(work):
        found = _look(ops, nic, nic.tenant)
        if found is not None and _is_ours(ops, found) and not _is_later_ones(ops, work, nic):
            _delete(ops, nic, found)


def delete_port(ops: Operations, work: Work) -> None:
    if not any(_is_later_ones(ops, work, nic) for nic in nic_steps.nics(work)):
        nic_steps.delete_ports(ops, work)


def _is_later_ones(ops: Operations, work: Work, nic: NicPlan) -> bool:
    """Whether the gateway is that of another intent by now, because ours was taken for dead."""
    ours = sa.select(INTENTS.c.id).where(INTENTS.c.id == work.intent.id)
    there = sa.select(VIRTUAL_NICS.c.id).where(VIRTUAL_NICS.c.id == nic.id)
    return not ops.rows(ours) and bool(ops.rows(there))
