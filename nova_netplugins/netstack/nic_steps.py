"""What each step of making and deleting virtual NICs does. Their order is in ``steps``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from netkit import errors
from nova_netplugins import errors as plugin_errors
from nova_netplugins import plugin
from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack import intents, melange_errors, nic_rows, pairs, peers, suspects
from nova_netplugins.netstack.flow import Work
from nova_netplugins.netstack.intents import FORWARD
from nova_netplugins.netstack.l2 import GATEWAY_OWNER, NIC_OWNER, L2Port, NewPort
from nova_netplugins.netstack.model import ACTIVE, BUILDING, GATEWAY, Address, Interface, NicPlan
from nova_netplugins.netstack.tables import VIRTUAL_NICS

if TYPE_CHECKING:
    from nova_netplugins.netstack.base import Operations


class BindingFailed(errors.Conflict):
    code = "binding_failed"
    template = (
        "Quantum has nothing on host {value} that would wire port {port} of network {network}; "
        "look whether its layer 2 agent runs there, or choose another host"
    )


def nics(work: Work) -> list[NicPlan]:
    return [NicPlan.of_json(one) for one in work.document["nics"]]


# -- The interface, and its MAC address


def make_interfaces(ops: Operations, work: Work) -> None:
    for nic in nics(work):
        work.made[nic.id] = ops.melange.create_interface(
            nic.id,
            nic.tenant,
            nic.device_id,
            nic.mac_address,
            ops.deployment.tag,
            work.key("interface", nic.id),
        )


def delete_interfaces(ops: Operations, work: Work) -> None:
    for nic in nics(work):
        ops.melange.delete_interface(nic.id)


# -- Its addresses


def allocate_addresses(ops: Operations, work: Work) -> None:
    for nic in nics(work):
        work.made[nic.id, "addresses"] = _allocated(ops, work, nic)


def _allocated(ops: Operations, work: Work, nic: NicPlan) -> Sequence[Address]:
    tenant, network_id = nic.network_tenant, nic.network_id
    if not nic.versions and not ops.melange.blocks(tenant, network_id):
        return []
    interface: Interface = work.made[nic.id]
    key = work.key("addresses", nic.id)
    try:
        got = ops.melange.allocate(tenant, network_id, interface, nic.addresses, key)
    except melange_errors.MelangeNotFound:
        # Its last block has gone since we looked: pure layer 2.
        if nic.addresses or ops.melange.blocks(tenant, network_id):
            raise
        return []
    _require_all(ops, nic, got)
    return got


def _require_all(ops: Operations, nic: NicPlan, got: Sequence[Address]) -> None:
    """Melange leaves out what is not to be had."""
    call = "allocate addresses"
    have = {address.address for address in got}
    for wanted in nic.addresses:
        if wanted not in have:
            raise melange_errors.AddressTaken(
                call, field="address", value=wanted, reason="somebody was faster"
            )
    versions = {address.version for address in got}
    if nic.addresses or versions.issuperset(nic.versions):
        return
    for block in ops.melange.blocks(nic.network_tenant, nic.network_id):
        if block.version not in versions:
            what = f"every IPv{block.version} block"
            raise melange_errors.NoMoreAddresses(call, value=nic.network_id, what=what)


def release_addresses(ops: Operations, work: Work) -> None:
    for nic in nics(work):
        if work.intent.direction == FORWARD and not nic.addresses:
            continue
        ops.melange.deallocate(nic.network_tenant, nic.network_id, nic.id)


# -- The port


def make_ports(ops: Operations, work: Work) -> None:
    for nic in nics(work):
        interface: Interface = work.made[nic.id]
        port = ops.l2.create_port(new_port(ops, work, nic, str(interface.mac_address)))
        if port.host != nic.host:
            # Layer 2 had it already: an earlier gateway's.
            port = ops.l2.update_port(port.id, host=nic.host)
        if nic.host is not None and port.binding_failed:
            raise BindingFailed(field="host", value=nic.host, port=port.id, network=nic.network_id)
        work.made[nic.id, "port"] = port


def new_port(ops: Operations, work: Work, nic: NicPlan, mac_address: str) -> NewPort:
    # A router forwards what others have sent. Neutron takes no pairs for such a port.
    is_gateway = nic.purpose == GATEWAY
    addresses = [one.address for one in work.made[nic.id, "addresses"] if not is_gateway]
    return NewPort(
        network_id=nic.network_id,
        mac_address=mac_address,
        device_id=nic.device_id,
        device_owner=GATEWAY_OWNER if is_gateway else NIC_OWNER,
        project_id=nic.tenant,
        name=ops.deployment.port_name(nic.id),
        host=nic.host,
        pairs=pairs.of_nic(ops.options, mac_address, addresses),
        port_security=None if addresses else False,
    )


def delete_ports(ops: Operations, work: Work) -> None:
    for nic in nics(work):
        for port_id in {nic.port_id} if nic.port_id else _found_ports(ops, nic):
            ops.l2.delete_port(port_id)


def _found_ports(ops: Operations, nic: NicPlan) -> set[str]:
    """Ours of that NIC, whatever its MAC address."""
    name = ops.deployment.port_name(nic.id)
    found = ops.l2.list_ports(network_id=nic.network_id, device_id=nic.device_id)
    return {port.id for port in found if port.name == name}


# -- The rows


def activate(ops: Operations, work: Work) -> None:
    """Everybody sees them, and they are their instance's."""
    prompt(ops, work, ops.run(_activate, ops, work))


_ACTIVATE = VIRTUAL_NICS.update().where(
    VIRTUAL_NICS.c.id == sa.bindparam("nic_id"), VIRTUAL_NICS.c.state == BUILDING
)


def _activate(connection: sa.Connection, ops: Operations, work: Work) -> list[str]:
    """The networks whose other hosts have to know."""
    intents.finish(connection, work.intent)
    for nic in nics(work):
        values = _active_values(work, nic)
        if connection.execute(_ACTIVATE, {**values, "nic_id": nic.id}).rowcount == 0:
            # Its network is being deleted.
            raise plugin_errors.NetworkNotFound(field="network_id", value=nic.network_id)
        work.made[nic.id, "row"] = {**nic_rows.new_row(nic), **values}
        if nic.purpose != GATEWAY:
            # The project may have got another service meanwhile.
            ops.associations.pin_and_attach(
                connection, nic.instance_id, nic.id, nic.tenant, ops.name
            )
    return peers.changed(connection, ops, _places(work))


def _places(work: Work) -> list[tuple[str, str | None]]:
    return [(nic.network_id, nic.host) for nic in nics(work)]


def _active_values(work: Work, nic: NicPlan) -> dict[str, Any]:
    interface: Interface = work.made[nic.id]
    port: L2Port = work.made[nic.id, "port"]
    addresses: Sequence[Address] = work.made[nic.id, "addresses"]
    return {
        "state": ACTIVE,
        "status": plugin.DOWN,
        "mac_address": interface.mac_address,
        "port_id": port.id,
        "port_security": port.port_security is not False,
        "addresses": [address.to_json() for address in addresses],
        "updated_at": utcnow(),
    }


def forget(ops: Operations, work: Work) -> None:
    """Their rows and the intent go."""

    def forget_and_ask(connection: sa.Connection) -> list[str]:
        _forget(connection, work)
        return peers.changed(connection, ops, _places(work))

    prompt(ops, work, ops.run(forget_and_ask))


def _forget(connection: sa.Connection, work: Work) -> None:
    intents.finish(connection, work.intent)
    nic_rows.delete(connection, [nic.id for nic in nics(work)])


def forget_unfinished(ops: Operations, work: Work) -> None:
    """The same, and audits know what never became a NIC."""

    def forget_and_note(connection: sa.Connection) -> None:
        _forget(connection, work)
        suspects.rolled_back(connection, [nic.id for nic in nics(work)])

    ops.run(forget_and_note)
    prompt(ops, work)


def prompt(ops: Operations, work: Work, networks: Sequence[str] = ()) -> None:
    """``networks``: whose other hosts have to know, too."""
    for nic in nics(work):
        ops.prompts.nic_changed(nic.id, nic.network_id, nic.host)
    for network_id in networks:
        ops.prompts.network_changed(network_id)


def are_made(ops: Operations, work: Work) -> bool:
    c = VIRTUAL_NICS.c
    ids = [nic.id for nic in nics(work)]
    return bool(ops.rows(sa.select(c.id).where(c.id.in_(ids), c.state == ACTIVE)))
