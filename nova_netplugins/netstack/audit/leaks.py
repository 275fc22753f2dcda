"""What is ours at layer 2, in Melange, or among the associations, and belongs to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack.audit import findings as kinds
from nova_netplugins.netstack.audit.findings import Finding, Kind
from nova_netplugins.netstack.audit.seen import Seen
from nova_netplugins.netstack.model import ACTIVE, Interface


def ports(seen: Seen) -> Iterator[Finding]:
    steady = {row["id"]: row for row in seen.span.steady_nics()}
    for port in seen.ports.values():
        nic_id = seen.deployment.nic_of(port.name)
        if nic_id is None:
            continue
        told = f"its name says that it is of virtual NIC {nic_id}, "
        if not seen.span.knows_nic(nic_id):
            kind, why = kinds.PORT_WITHOUT_NIC, f"{told}which does not exist"
        elif nic_id in steady and steady[nic_id]["port_id"] != port.id:
            kind, why = kinds.SECOND_PORT, f"{told}which has port {steady[nic_id]['port_id']}"
        else:
            continue
        yield Finding(kind, port.id, why, port.network_id, port)


def interfaces(seen: Seen) -> Iterator[Finding]:
    for interface in seen.interfaces.values():
        if not seen.span.knows_nic(interface.id):
            why = "it has our tag, and no virtual NIC has its id"
            yield _interface(kinds.INTERFACE_WITHOUT_NIC, interface, why)
    late = seen.span.after.rolled_back
    found = {}
    for address in seen.addresses.values():
        id_ = address["interface_id"]
        if id_ in late and id_ not in seen.interfaces and not seen.span.knows_nic(id_):
            found[id_] = Interface(id_, None, address["used_by_tenant"], address["used_by_device"])
    for interface in found.values():
        why = "it has an address, and the virtual NIC with its id was never finished"
        yield _interface(kinds.ADDRESS_OF_GONE_INTERFACE, interface, why)


def _interface(kind: Kind, interface: Interface, why: str) -> Finding:
    has = ", ".join(address.address for address in interface.addresses)
    told = f"{why}; it has {has}" if has else why
    return Finding(kind, interface.id, told, subject=interface)


def l2_networks(seen: Seen) -> Iterator[Finding]:
    for network in seen.l2_networks:
        key = seen.deployment.intent_of(network.key)
        if key is None or seen.span.speaks_of(key) or seen.span.knows_network(network.id):
            continue
        why = f"we made it (as {network.name}), and there is no network with its id"
        yield Finding(kinds.NETWORK_WITHOUT_ROW, network.id, why, network.id, network)


def blocks(seen: Seen) -> Iterator[Finding]:
    for block in seen.blocks:
        network = block.network_id
        if network is not None and seen.span.knows_network(network):
            continue
        why = f"{block.cidr} has our tag, and is of network {network}, which does not exist"
        yield Finding(kinds.BLOCK_OF_GONE_NETWORK, block.id, why, network, block)


def associations(seen: Seen) -> Iterator[Finding]:
    for nic_id, attachment in seen.span.after.attached.items():
        if nic_id in seen.span.before.attached and not seen.span.knows_nic(nic_id):
            why = f"it says that instance {attachment.instance_id} has virtual NIC {nic_id}"
            told = f"{why}, which does not exist"
            yield Finding(kinds.ASSOCIATION_WITHOUT_NIC, nic_id, told, subject=attachment)


def halves(seen: Seen) -> Iterator[Finding]:
    """Rows that are not active, though no intent is going to change that."""
    for kind, before, after in (
        (kinds.HALF_NIC, seen.span.before.nics, seen.span.after.nics),
        (kinds.HALF_NETWORK, seen.span.before.networks, seen.span.after.networks),
    ):
        for id_, row in after.items():
            if row["state"] != ACTIVE and id_ in before and not seen.span.speaks_of(id_):
                why = f"it is {row['state']}, and no intent speaks of it"
                yield Finding(kind, id_, why, row.get("network_id", id_), row)


def intents(seen: Seen) -> Iterator[Finding]:
    for row in seen.span.abandoned(utcnow()):
        failed = f"; the last error was: {row['error']}" if row["error"] else ""
        tries = f"tried {row['attempts']} times, " if row["attempts"] else ""
        why = (
            f"{row['kind']} stands before step {row['step']} ({row['direction']}), {tries}and "
            f"nobody works on it since {row['claimed_until']:%Y-%m-%dT%H:%M:%S}{failed}"
        )
        yield Finding(kinds.STUCK_INTENT, row["id"], why, subject=row)
