"""Living virtual NICs and networks that are not what Melange or layer 2 have of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from nova_netplugins.netstack import follow_steps, gateways, pairs
from nova_netplugins.netstack.audit import findings as kinds
from nova_netplugins.netstack.audit.findings import Finding
from nova_netplugins.netstack.audit.records import Row
from nova_netplugins.netstack.audit.seen import Seen
from nova_netplugins.netstack.l2 import AddressPair, L2Port, normal_pairs
from nova_netplugins.netstack.model import GATEWAY, Interface


def associations(seen: Seen) -> Iterator[Finding]:
    before, after = seen.span.before.attached, seen.span.after.attached
    for row in seen.span.steady_nics():
        known = row["id"] in before or row["id"] in after
        if row["purpose"] != GATEWAY and not known:
            why = f"no association says that instance {row['instance_id']} has it"
            yield _finding(kinds.NIC_WITHOUT_ASSOCIATION, row, why)


def interfaces(seen: Seen) -> Iterator[Finding]:
    """Of NICs and their interfaces."""
    for nic in seen.span.steady_nics():
        interface = seen.interfaces.get(nic["id"])
        if interface is None:
            yield from _no_interface(seen, nic)
        else:
            yield from _of_interface(seen, nic, interface)


def _no_interface(seen: Seen, nic: Row) -> Iterator[Finding]:
    untagged = seen.strays.get(nic["id"])
    if untagged is None:
        why = "Melange has no interface with its id"
        yield _finding(kinds.NIC_WITHOUT_INTERFACE, nic, why)
        yield from _addresses(seen, nic, ())
    else:
        why = "the interface with the id of a virtual NIC lacks it: nobody would know it for ours"
        yield _finding(kinds.INTERFACE_WITHOUT_TAG, nic, why)
        yield from _of_interface(seen, nic, untagged)


def _of_interface(seen: Seen, nic: Row, interface: Interface) -> Iterator[Finding]:
    if interface.mac_address != nic["mac_address"]:
        why = f"Melange says {interface.mac_address}, the virtual NIC has {nic['mac_address']}"
        yield _finding(kinds.INTERFACE_OF_OTHER_MAC, nic, why)
    if interface.device_id != _device(nic) and nic["purpose"] != GATEWAY:
        why = f"Melange says that {interface.device_id} has it, and {_device(nic)} does"
        yield _finding(kinds.INTERFACE_OF_OTHER_DEVICE, nic, why)
    network = seen.span.before.networks.get(nic["network_id"])
    # What a project gives its NIC from a block of its own is its own idea.
    blocks = {one["block_id"] for one in nic["addresses"]}
    blocks |= {block["id"] for block in network["blocks"]} if network else set()
    on_network = [one.address for one in interface.addresses if one.block_id in blocks]
    yield from _addresses(seen, nic, on_network)


def _addresses(seen: Seen, nic: Row, has: Sequence[str]) -> Iterator[Finding]:
    remembered = [one["address"] for one in nic["addresses"]]
    for text in remembered:
        if text in has:
            continue
        holder = seen.holder(nic["network_id"], text)
        if holder is None:
            why = f"Melange does not say that it has {text}"
            yield _finding(kinds.ADDRESS_GONE, nic, why)
        else:
            why = f"Melange gives {text} to interface {holder}"
            yield _finding(kinds.ADDRESS_TAKEN, nic, why)
    # A gateway's row follows when its network is served next.
    more = sorted(set(has) - set(remembered)) if nic["purpose"] != GATEWAY else []
    if more:
        yield _finding(kinds.NOT_FOLLOWED, nic, f"Melange says that it has {', '.join(more)} too")


def ports(seen: Seen) -> Iterator[Finding]:
    """Of NICs and their ports."""
    for nic in seen.span.steady_nics():
        port = seen.ports.get(nic["port_id"])
        if port is None:
            why = f"there is no port {nic['port_id']} on network {nic['network_id']}"
            yield _finding(kinds.NIC_WITHOUT_PORT, nic, why)
        elif port.mac_address != nic["mac_address"]:
            why = f"port {port.id} has {port.mac_address}, the virtual NIC {nic['mac_address']}"
            yield _finding(kinds.PORT_OF_OTHER_MAC, nic, why)
        elif differs := list(_differences(seen, nic, port)):
            why = f"port {port.id} has {'; '.join(differs)}"
            yield _finding(kinds.PORT_DIFFERS, nic, why)


def _differences(seen: Seen, nic: Row, port: L2Port) -> Iterator[str]:
    for what, has, right in (
        ("device", port.device_id, _device(nic)),
        ("host", port.host, nic["host"]),
    ):
        if has != right:
            yield f"{what} {has or 'none'} instead of {right or 'none'}"
    if nic["purpose"] == GATEWAY or not nic["port_security"]:
        return
    addresses = [one["address"] for one in nic["addresses"]]
    wanted = pairs.of_nic(seen.options, nic["mac_address"], addresses, nic["allowed"])
    right_pairs = normal_pairs(wanted, nic["mac_address"])
    if port.pairs != right_pairs:
        yield f"address pairs {_texts(port.pairs)} instead of {_texts(right_pairs)}"


def _device(nic: Row) -> str:
    if nic["purpose"] == GATEWAY:
        return gateways.device_name(nic["network_id"])
    return follow_steps.device_of(nic)


def _texts(found: Sequence[AddressPair]) -> str:
    return ", ".join(f"{pair.ip_address} with {pair.mac_address}" for pair in found) or "none"


def duplicates(seen: Seen) -> Iterator[Finding]:
    of_address: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for nic in seen.span.steady_nics():
        for one in nic["addresses"]:
            of_address[nic["network_id"], one["address"]].append(nic)
    for (network_id, address), nics in of_address.items():
        holder = seen.holder(network_id, address) or "nobody"
        for nic in nics if len(nics) > 1 else ():
            others = ", ".join(other["id"] for other in nics if other is not nic)
            why = f"{address} is that of {others} too; Melange gives it to {holder}"
            yield _finding(kinds.SAME_ADDRESS, nic, why)


def networks(seen: Seen) -> Iterator[Finding]:
    there = {network.id for network in seen.l2_networks}
    for row in seen.span.steady_networks():
        if row["id"] not in there:
            why = f"layer 2 has no network with its id ({row['label']})"
            yield Finding(kinds.NETWORK_WITHOUT_L2, row["id"], why, row["id"], row)


def _finding(kind: kinds.Kind, nic: Row, why: str) -> Finding:
    return Finding(kind, nic["id"], why, nic["network_id"], nic)
