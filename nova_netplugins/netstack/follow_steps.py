"""What each step of following does: a NIC's row, its port and its interface say the same again."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from nova_netplugins import plugin
from nova_netplugins.ethernet.rows import Row, utcnow
from nova_netplugins.netstack import intents, network_rows, nic_rows, pairs, peers
from nova_netplugins.netstack.flow import Work
from nova_netplugins.netstack.l2 import KEEP, L2Port
from nova_netplugins.netstack.l2_errors import PortNotFound
from nova_netplugins.netstack.melange import Melange
from nova_netplugins.netstack.model import Address, Interface
from nova_netplugins.netstack.nic_steps import BindingFailed
from nova_netplugins.netstack.tables import NETWORKS, VIRTUAL_NICS

if TYPE_CHECKING:
    from nova_netplugins.netstack.base import Operations

# -- Whatever changed: ``nic_ids`` in the document


def intend(ops: Operations, work: Work) -> None:
    ops.run(intents.write, work.intent)


def device_of(row: Row) -> str:
    """As Melange and Quantum know whose the NIC is."""
    return str(row["instance_id"] or row["id"])


def rows(ops: Operations, work: Work) -> Sequence[Row]:
    """Of those that are left."""
    return ops.rows(nic_rows.select(VIRTUAL_NICS.c.id.in_(work.document["nic_ids"])))


def ask_melange(ops: Operations, work: Work) -> None:
    asked = rows(ops, work)
    blocks = _blocks(ops, {row["network_id"] for row in asked})
    for row in asked:
        # Whoever changes the row from now on may have asked after us.
        work.made[row["id"], "since"] = row["updated_at"]
        work.made[row["id"], "blocks"] = blocks.get(row["network_id"], set())
        found = interface_of(ops.melange, row)
        device_id = device_of(row)
        work.made[row["id"]] = found
        if found.device_id != device_id:
            ops.melange.change_device(row["project_id"], row["id"], device_id)


def interface_of(melange: Melange, row: Row) -> Interface:
    """Whatever its tags. Where somebody deleted it, what it was, without the addresses that others
    have by now: until an audit makes it again, nobody may send from what is another's."""
    found = melange.find_interface(row["project_id"], row["id"])
    if found is not None:
        return found
    remembered = [Address.of_json(one) for one in row["addresses"]]
    left = tuple(one for one in remembered if melange.user_of(one.block_id, one.address) is None)
    return Interface(row["id"], row["mac_address"], row["project_id"], device_of(row), left)


def _blocks(ops: Operations, network_ids: Collection[str]) -> dict[str, set[str]]:
    """The ids of each network's blocks, as Melange has them now."""
    found = ops.rows(network_rows.select(NETWORKS.c.id.in_(network_ids)))
    return {
        row["id"]: {
            block.id
            for block in ops.melange.blocks(ops.melange.tenant_of(row["project_id"]), row["id"])
        }
        for row in found
    }


def remember(ops: Operations, work: Work) -> None:
    """Addresses that a NIC had keep their order. Melange is asked again about those that somebody
    else has changed meanwhile: what he knows may be newer."""
    while ops.run(_overtaken, work):
        ask_melange(ops, work)


def _overtaken(connection: sa.Connection, work: Work) -> bool:
    """Whether some row was not written, because it has been changed."""
    overtaken = False
    for row in rows_of(connection, work):
        if (found := work.made.get(row["id"])) is None:
            continue
        values = remembered(row, found, work.made[row["id"], "blocks"])
        if all(row[name] == value for name, value in values.items()):
            continue
        if row["updated_at"] != work.made[row["id"], "since"]:
            overtaken = True
        else:
            nic_rows.update(connection, row["id"], **values)
    return overtaken


def rows_of(connection: sa.Connection, work: Work) -> list[Row]:
    query = nic_rows.select(VIRTUAL_NICS.c.id.in_(work.document["nic_ids"]))
    ordered = query.order_by(VIRTUAL_NICS.c.id).with_for_update()
    return list(connection.execute(ordered).mappings())


def remembered(row: Row, found: Interface, blocks: Collection[str]) -> dict[str, Any]:
    """The columns of a row that say what Melange says. ``allowed`` only where it was asked for.

    ``blocks``: the ids of those of the NIC's network. A project that may use Melange itself could
    else give its NIC the address of another one, or of the gateway, from a block of its own.
    """
    order = {one["address"]: number for number, one in enumerate(row["addresses"])}
    held = sorted(
        (address for address in found.addresses if address.block_id in blocks),
        key=lambda one: (order.get(one.address, len(order)), one.version),
    )
    values: dict[str, Any] = {"addresses": [address.to_json() for address in held]}
    if found.allowed is not None:
        own = {address.address for address in held}
        others = {one for one, block_id in found.allowed if block_id in blocks} - own
        values["allowed"] = [[one, None] for one in sorted(others)]
    return values


def change_ports(ops: Operations, work: Work) -> None:
    for row in rows(ops, work):
        with contextlib.suppress(BindingFailed):
            follow_row(ops, row)


def follow_row(ops: Operations, row: Row) -> None:
    """Until the row did not change while its port did: else an older one may have come later.
    Raises BindingFailed."""
    latest: Row | None = row
    while latest is not None:
        port = put_port(ops, latest)
        if port is not None and port.host is not None and port.binding_failed:
            raise BindingFailed(
                field="host", value=port.host, port=port.id, network=port.network_id
            )
        latest = _changed_since(ops, latest)


def _changed_since(ops: Operations, row: Row) -> Row | None:
    c = VIRTUAL_NICS.c
    here = c.id == row["id"], c.updated_at.is_distinct_from(row["updated_at"])
    return next(iter(ops.rows(nic_rows.select(*here))), None)


def put_port(ops: Operations, row: Row) -> L2Port | None:
    """The port as its row says; None: there is none any more, because the NIC is going."""
    addresses = [one["address"] for one in row["addresses"]]
    wanted = pairs.of_nic(ops.options, row["mac_address"], addresses, row["allowed"])
    with contextlib.suppress(PortNotFound):
        return ops.l2.update_port(
            row["port_id"],
            host=row["host"],
            # Without port security a port may send from anything, and Neutron takes no pairs.
            pairs=wanted if row["port_security"] else KEEP,
            device_id=device_of(row),
        )
    return None


def settle(ops: Operations, work: Work) -> None:
    ops.run(intents.finish, work.intent)
    for row in rows(ops, work):
        ops.prompts.nic_changed(row["id"], row["network_id"], row["host"])


# -- Another host: ``nic_id`` and ``host`` in the document


def bind(ops: Operations, work: Work) -> None:
    """Adds ``former``: the host until now. Raises VirtualNicNotFound."""

    def update(connection: sa.Connection) -> None:
        row = nic_rows.find(connection, work.document["nic_id"], lock=True)
        work.document["former"] = row["host"]
        nic_rows.update(connection, row["id"], host=work.document["host"], status=plugin.DOWN)
        intents.write(connection, work.intent)

    ops.run(update)


def unbind(ops: Operations, work: Work) -> None:
    """Back to the former host, if nobody chose another one meanwhile."""

    def update(connection: sa.Connection) -> None:
        intents.finish(connection, work.intent)
        _back_to_former(connection, work)

    ops.run(update)


def bind_port(ops: Operations, work: Work) -> None:
    """Raises BindingFailed."""
    for row in _bound(ops, work):
        follow_row(ops, row)


def unbind_port(ops: Operations, work: Work) -> None:
    """The row goes back first: the port follows it, wherever that is."""
    ops.run(_back_to_former, work)
    for row in _bound(ops, work):
        with contextlib.suppress(BindingFailed):
            follow_row(ops, row)


def _bound(ops: Operations, work: Work) -> Sequence[Row]:
    """The NIC's row, if it is still there."""
    return ops.rows(nic_rows.select(VIRTUAL_NICS.c.id == work.document["nic_id"]))


def _back_to_former(connection: sa.Connection, work: Work) -> None:
    c, document = VIRTUAL_NICS.c, work.document
    here = VIRTUAL_NICS.update().where(c.id == document["nic_id"], c.host == document["host"])
    if document["host"] is None:
        here = VIRTUAL_NICS.update().where(c.id == document["nic_id"], c.host.is_(None))
    connection.execute(here.values(host=document["former"], updated_at=utcnow()))


def settle_binding(ops: Operations, work: Work) -> None:
    bound = _bound(ops, work)
    former = work.document["former"]
    places = [(row["network_id"], host) for row in bound for host in {former, row["host"]} - {None}]

    def settle(connection: sa.Connection) -> list[str]:
        intents.finish(connection, work.intent)
        return peers.changed(connection, ops, places)

    told = ops.run(settle)
    for network_id, host in places:
        ops.prompts.nic_changed(work.document["nic_id"], network_id, host)
    for network_id in told:
        ops.prompts.network_changed(network_id)
