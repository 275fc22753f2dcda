"""What has to hold once the reconciler has done its work, whatever happened before."""

from __future__ import annotations

from nova_netplugins.netstack.audit import compare
from nova_netplugins.netstack.audit.seen import Seen, look
from tests.netstack_faults.world import World


def judge(world: World) -> None:
    """Nothing is left over, contradicts itself, is lost or given twice."""
    seen = look(world.outside)
    found = [f"{one.kind.name}: {one.why}" for one in compare(seen)]
    assert not found, "\n".join(found)
    assert not seen.span.after.intents, seen.span.after.intents
    _judge_again(seen)


def _judge_again(seen: Seen) -> None:
    """The rules might overlook what they should see: the same without them."""
    nics = seen.span.after.nics.values()
    remembered = [
        (nic["network_id"], one["address"], nic["id"]) for nic in nics for one in nic["addresses"]
    ]
    in_melange = [
        (network_id, address, one["interface_id"])
        for (network_id, address), one in seen.addresses.items()
    ]
    assert sorted(remembered) == sorted(in_melange)
    assert len({(network_id, address) for network_id, address, _ in remembered}) == len(remembered)
    assert seen.interfaces.keys() == {nic["id"] for nic in nics}
    ours = seen.deployment
    ports = {one.id for one in seen.ports.values() if ours.nic_of(one.name) is not None}
    assert ports == {nic["port_id"] for nic in nics}
    networks = {one.id for one in seen.l2_networks if ours.intent_of(one.key) is not None}
    assert networks == seen.span.after.networks.keys()
    assert {one.network_id for one in seen.blocks} == seen.span.after.networks.keys()
