"""All that netstack does in several steps, and in which order.

Each plan begins by writing down what it is about to do, where everybody can find it after a crash,
and ends in the transaction that makes it true. Between any two steps a process may die, a service
may fail or answer nobody: ``flow`` undoes or finishes what was begun, the reconciler does it for
those who cannot any more. What a step does, and undoes, may be repeated.

        make a virtual NIC                       delete it
        ------------------                       ---------
        write the intent, reserve its row        write the intent, hide its row
        interface and MAC address  (Melange)     port                       (Quantum)
        addresses                  (Melange)     addresses                  (Melange)
        port                       (Quantum)     interface and MAC address  (Melange)
        association, row is seen                 row and intent go
"""

from __future__ import annotations

from nova_netplugins.netstack import (
    follow_steps,
    gateway_steps,
    gateways,
    network_steps,
    nic_plans,
    nic_steps,
    remake_steps,
)
from nova_netplugins.netstack.flow import Plan, Step

DATABASE = "database"
MELANGE = "melange"
QUANTUM = "quantum"

_INTERFACE = Step("interface", MELANGE, nic_steps.make_interfaces, nic_steps.delete_interfaces)
_ADDRESSES = Step("addresses", MELANGE, nic_steps.allocate_addresses, nic_steps.release_addresses)
_PORT = Step("port", QUANTUM, nic_steps.make_ports, nic_steps.delete_ports)

CREATE_NIC = (
    Step("intent", DATABASE, nic_plans.plan_nics, nic_steps.forget_unfinished),
    _INTERFACE,
    _ADDRESSES,
    _PORT,
    Step("association", DATABASE, nic_steps.activate),
)

CREATE_GATEWAY = (
    Step("intent", DATABASE, gateways.plan_gateway, nic_steps.forget_unfinished),
    Step("interface", MELANGE, gateway_steps.make_interface, gateway_steps.delete_interface),
    # They go with their interface.
    Step("addresses", MELANGE, gateway_steps.allocate_addresses),
    Step("port", QUANTUM, nic_steps.make_ports, gateway_steps.delete_port),
    Step("record", DATABASE, nic_steps.activate),
)

_PORT_GONE = Step("port", QUANTUM, nic_steps.delete_ports)
_ADDRESSES_GONE = Step("addresses", MELANGE, nic_steps.release_addresses)
_INTERFACE_GONE = Step("interface", MELANGE, nic_steps.delete_interfaces)

DELETE_NIC = (
    Step("intent", DATABASE, nic_plans.withdraw_nics),
    _PORT_GONE,
    _ADDRESSES_GONE,
    _INTERFACE_GONE,
    Step("record", DATABASE, nic_steps.forget),
)

# What a NIC's row says, its port and its interface have to say too; what Melange says of its
# addresses, its row and its port.
FOLLOW_NIC = (
    Step("intent", DATABASE, follow_steps.intend),
    Step("interface", MELANGE, follow_steps.ask_melange),
    Step("remember", DATABASE, follow_steps.remember),
    Step("port", QUANTUM, follow_steps.change_ports),
    Step("record", DATABASE, follow_steps.settle),
)

# What Melange or Quantum lost of a NIC; what is there stays, also when this is undone.
REMAKE_NIC = (
    Step("intent", DATABASE, remake_steps.intend, remake_steps.forget),
    Step("interface", MELANGE, remake_steps.make_interfaces),
    Step("addresses", MELANGE, remake_steps.allocate_addresses),
    Step("port", QUANTUM, remake_steps.make_ports),
    Step("record", DATABASE, remake_steps.record),
)

BIND_NIC = (
    Step("intent", DATABASE, follow_steps.bind, follow_steps.unbind),
    Step("port", QUANTUM, follow_steps.bind_port, follow_steps.unbind_port),
    Step("record", DATABASE, follow_steps.settle_binding),
)

CREATE_NETWORK = (
    Step("intent", DATABASE, network_steps.plan_network, network_steps.forget_plan),
    Step("l2 network", QUANTUM, network_steps.make_network, network_steps.unmake_network),
    Step("blocks", MELANGE, network_steps.make_blocks, network_steps.unmake_blocks),
    Step("record", DATABASE, network_steps.record),
)

DELETE_NETWORK = (
    Step("intent", DATABASE, network_steps.withdraw_network),
    _PORT_GONE,
    _ADDRESSES_GONE,
    _INTERFACE_GONE,
    Step("blocks", MELANGE, network_steps.delete_blocks),
    Step("l2 network", QUANTUM, network_steps.delete_network),
    Step("record", DATABASE, network_steps.forget_network),
)

PLANS = {
    "create_nic": Plan(CREATE_NIC, undone=True, is_done=nic_steps.are_made),
    "delete_nic": Plan(DELETE_NIC, undone=False),
    "create_gateway": Plan(CREATE_GATEWAY, undone=True, is_done=nic_steps.are_made),
    "follow": Plan(FOLLOW_NIC, undone=False),
    "remake_nic": Plan(REMAKE_NIC, undone=True),
    "bind_nic": Plan(BIND_NIC, undone=True),
    "create_network": Plan(CREATE_NETWORK, undone=True, is_done=network_steps.is_made),
    "delete_network": Plan(DELETE_NETWORK, undone=False),
}
