"""What each step of making and deleting networks does. Their order is in ``steps``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa
from oslo_db import exception

from netkit import errors
from nova_netplugins import errors as plugin_errors
from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack import gateways, intents, melange_reclaim, network_rows, nic_rows
from nova_netplugins.netstack.flow import Work
from nova_netplugins.netstack.l2 import L2Network, NewNetwork
from nova_netplugins.netstack.model import ACTIVE, DELETING, GATEWAY, Block
from nova_netplugins.netstack.tables import NETWORKS, VIRTUAL_NICS

if TYPE_CHECKING:
    from nova_netplugins.netstack.base import Operations


class NetworkInUseAlready(errors.Conflict):
    code = "network_known"
    template = "network {value} is one of netstack's already"


# -- Making one: ``spec`` (of NetworkSpec, its blocks as Block) in the document


def plan_network(ops: Operations, work: Work) -> None:
    """Raises NetworkInUseAlready for one to adopt."""

    def plan(connection: sa.Connection) -> None:
        adopt = work.document["spec"]["adopt"]
        if adopt is not None:
            known = sa.select(NETWORKS.c.id).where(NETWORKS.c.id == adopt)
            if connection.scalar(known) is not None:
                raise NetworkInUseAlready(field="id", value=adopt)
        intents.write(connection, work.intent)

    ops.run(plan)


def forget_plan(ops: Operations, work: Work) -> None:
    ops.run(intents.finish, work.intent)


def make_network(ops: Operations, work: Work) -> None:
    spec = work.document["spec"]
    if spec["adopt"] is not None:
        work.made["network"] = ops.l2.adopt_network(spec["adopt"])
        return
    wanted = NewNetwork(_key(ops, work), spec["label"], spec["project_id"], spec["mtu"])
    work.made["network"] = ops.l2.create_network(wanted)


def unmake_network(ops: Operations, work: Work) -> None:
    for network_id in _of_intent(ops, work):
        ops.l2.delete_network(network_id)


def _key(ops: Operations, work: Work) -> str:
    return ops.deployment.network_key(work.intent.id)


def _of_intent(ops: Operations, work: Work) -> list[str]:
    """What this intent made at layer 2, though nobody may have heard of it."""
    return [one.id for one in ops.l2.list_networks() if one.key == _key(ops, work)]


def make_blocks(ops: Operations, work: Work) -> None:
    network: L2Network = work.made["network"]
    spec = work.document["spec"]
    tenant = ops.melange.tenant_of(spec["project_id"])
    for number, wanted in enumerate(spec["blocks"]):
        key = work.key("blocks", str(number))
        tags = (ops.deployment.tag, _tag(work))
        ops.melange.create_block(tenant, network.id, Block.of_json(wanted), key, tags)
    # Those too that the network had already, if it was adopted.
    work.made["blocks"] = ops.melange.blocks(tenant, network.id)


def unmake_blocks(ops: Operations, work: Work) -> None:
    """By their tag: their network may be gone, if the reconciler was faster than we."""
    tenant = ops.melange.tenant_of(work.document["spec"]["project_id"])
    for block in melange_reclaim.blocks_tagged(ops.melange, tenant, _tag(work)):
        ops.melange.delete_block(tenant, block.id)


def _tag(work: Work) -> str:
    """Tells the blocks of this intent from others that the network has."""
    return f"intent:{work.intent.id}"


def record(ops: Operations, work: Work) -> None:
    try:
        ops.run(_record, work)
    except exception.DBDuplicateEntry:
        network: L2Network = work.made["network"]
        raise NetworkInUseAlready(field="id", value=network.id) from None


def _record(connection: sa.Connection, work: Work) -> None:
    intents.finish(connection, work.intent)
    network: L2Network = work.made["network"]
    blocks: Sequence[Block] = work.made["blocks"]
    spec = work.document["spec"]
    connection.execute(
        NETWORKS.insert().values(
            id=network.id,
            label=spec["label"],
            project_id=spec["project_id"],
            mtu=network.mtu if spec["mtu"] is None else spec["mtu"],
            priority=spec["priority"],
            routed=spec["routed"],
            enable_dhcp=spec["enable_dhcp"],
            adopted=spec["adopt"] is not None,
            l2={
                "network_type": network.network_type,
                "physical_network": network.physical_network,
                "segment": network.segment,
            },
            blocks=[block.to_json() for block in blocks],
            state=ACTIVE,
            created_at=utcnow(),
        )
    )


def is_made(ops: Operations, work: Work) -> bool:
    network: L2Network | None = work.made.get("network")
    if network is None:
        return False
    return bool(ops.rows(network_rows.select(NETWORKS.c.id == network.id)))


# -- Deleting one: ``network_id`` in the document


def withdraw_network(ops: Operations, work: Work) -> None:
    """Adds ``nics`` (its gateway), ``tenant``, ``adopted``. Raises NetworkNotFound,
    NetworkInUse."""
    ops.run(_withdraw, ops, work)


def _withdraw(connection: sa.Connection, ops: Operations, work: Work) -> None:
    network_id = work.document["network_id"]
    network = network_rows.find(connection, network_id, lock=True)
    if users := network_rows.users(connection, network_id):
        reason = f"virtual NICs are on it ({users}); delete them first"
        raise plugin_errors.NetworkInUse(field="network_id", value=network_id, reason=reason)
    n = VIRTUAL_NICS.c
    of_gateway = sa.select(VIRTUAL_NICS).where(n.network_id == network_id, n.purpose == GATEWAY)
    rows = list(connection.execute(of_gateway.with_for_update()).mappings())
    if any(row["state"] != ACTIVE for row in rows):
        raise gateways.GatewayInMaking(field="network_id", value=network_id)
    tenant = ops.melange.tenant_of(network["project_id"])
    plans = [gateways.plan_of(row, tenant) for row in rows]
    work.document.update(
        {
            "nics": [plan.to_json() for plan in plans],
            "tenant": tenant,
            "adopted": network["adopted"],
        }
    )
    if rows:
        nic_rows.hide(connection, rows)
    values = {"state": DELETING, "updated_at": utcnow()}
    connection.execute(NETWORKS.update().where(NETWORKS.c.id == network_id).values(values))
    intents.write(connection, work.intent)


def delete_blocks(ops: Operations, work: Work) -> None:
    """Those that netstack made, with what was carved out of them; others are somebody else's."""
    tenant, tag = work.document["tenant"], ops.deployment.tag
    network_id = work.document["network_id"]
    for block in melange_reclaim.blocks_tagged(ops.melange, tenant, tag, network_id):
        ops.melange.delete_block(tenant, block.id)


def delete_network(ops: Operations, work: Work) -> None:
    if not work.document["adopted"]:
        ops.l2.delete_network(work.document["network_id"])


def forget_network(ops: Operations, work: Work) -> None:
    network_id = work.document["network_id"]

    def forget(connection: sa.Connection) -> None:
        intents.finish(connection, work.intent)
        here = VIRTUAL_NICS.c.network_id == network_id
        connection.execute(VIRTUAL_NICS.delete().where(here))
        connection.execute(NETWORKS.delete().where(NETWORKS.c.id == network_id))

    ops.run(forget)
    ops.prompts.network_changed(network_id)
