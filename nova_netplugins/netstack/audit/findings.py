"""What an audit may find: each kind with where it is, and what ``--repair`` does about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

NETSTACK = "netstack"
LAYER_2 = "layer 2"
MELANGE = "Melange"


class Mend(enum.Enum):
    """RECLAIM: it belongs to nobody and goes, once it was seen for long enough. REMAKE: the steps
    that make a virtual NIC are done again. FOLLOW: what is remembered follows Melange, the port
    follows what is remembered. FINISH: the reconciler does it. NOTHING: a person has to decide.
    """

    RECLAIM = enum.auto()
    REMAKE = enum.auto()
    FOLLOW = enum.auto()
    ATTACH = enum.auto()
    TAG = enum.auto()
    FINISH = enum.auto()
    NOTHING = enum.auto()


@dataclass(frozen=True)
class Kind:
    """``name`` fits in a column of the table of suspects."""

    name: str
    where: str
    mend: Mend
    repair: str


@dataclass(frozen=True)
class Finding:
    """``id``: of the object that is wrong; ``subject``: the object as it was seen."""

    kind: Kind
    id: str
    why: str
    network_id: str | None = None
    subject: Any = None


PORT_WITHOUT_NIC = Kind("port without NIC", LAYER_2, Mend.RECLAIM, "delete the port")
SECOND_PORT = Kind("second port of a NIC", LAYER_2, Mend.RECLAIM, "delete the port")
INTERFACE_WITHOUT_NIC = Kind(
    "interface without NIC",
    MELANGE,
    Mend.RECLAIM,
    "delete the interface, which releases its addresses",
)
ADDRESS_OF_GONE_INTERFACE = Kind(
    "address without NIC",
    MELANGE,
    Mend.RECLAIM,
    "delete the interface that has it, which releases the address",
)
NETWORK_WITHOUT_ROW = Kind(
    "layer 2 network without network", LAYER_2, Mend.RECLAIM, "delete the layer 2 network"
)
BLOCK_OF_GONE_NETWORK = Kind(
    "block of a network that is gone", MELANGE, Mend.RECLAIM, "delete the block"
)
ASSOCIATION_WITHOUT_NIC = Kind(
    "association without NIC", NETSTACK, Mend.RECLAIM, "forget the association"
)

NIC_WITHOUT_ASSOCIATION = Kind(
    "NIC without association", NETSTACK, Mend.ATTACH, "associate the NIC with its instance"
)
NIC_WITHOUT_INTERFACE = Kind(
    "NIC without interface",
    MELANGE,
    Mend.REMAKE,
    "make the interface again, with the same id, MAC address and addresses",
)
INTERFACE_WITHOUT_TAG = Kind(
    "interface without our tag", MELANGE, Mend.TAG, "put the tag on the interface"
)
ADDRESS_GONE = Kind(
    "NIC without its address", MELANGE, Mend.REMAKE, "allocate the same address again"
)
NIC_WITHOUT_PORT = Kind(
    "NIC without port", LAYER_2, Mend.REMAKE, "make a port again, with the same MAC address"
)
PORT_OF_OTHER_MAC = Kind(
    "port with another MAC address",
    LAYER_2,
    Mend.REMAKE,
    "delete the port and make one with the NIC's MAC address",
)
PORT_DIFFERS = Kind("port differs from its NIC", LAYER_2, Mend.FOLLOW, "change the port")
INTERFACE_OF_OTHER_DEVICE = Kind(
    "interface of another device", MELANGE, Mend.FOLLOW, "give it to the NIC's instance"
)
NOT_FOLLOWED = Kind(
    "addresses are not remembered", NETSTACK, Mend.FOLLOW, "remember what Melange says"
)

INTERFACE_OF_OTHER_MAC = Kind(
    "interface with another MAC address",
    MELANGE,
    Mend.NOTHING,
    "nothing: the instance has the NIC's MAC address; delete the NIC and give the instance another",
)
ADDRESS_TAKEN = Kind(
    "NIC whose address is taken",
    MELANGE,
    Mend.NOTHING,
    "nothing: release the address there, or delete the NIC",
)
SAME_ADDRESS = Kind(
    "two NICs with one address",
    NETSTACK,
    Mend.NOTHING,
    "nothing: delete the NIC that Melange gives the address not to",
)
NETWORK_WITHOUT_L2 = Kind(
    "network without layer 2 network",
    LAYER_2,
    Mend.NOTHING,
    "nothing: delete the network's NICs and the network, and make another",
)
STUCK_INTENT = Kind(
    "work that is broken off", NETSTACK, Mend.FINISH, "finish it or undo it, as reconcile does"
)
HALF_NIC = Kind("half a NIC", NETSTACK, Mend.RECLAIM, "delete the NIC and what it has")
HALF_NETWORK = Kind(
    "half a network",
    NETSTACK,
    Mend.RECLAIM,
    "delete the network and what it has",
)
