"""What is said to the kernel over netlink to make a link, and how its answers are read."""

from __future__ import annotations

import ipaddress
from typing import Any

from pyroute2 import IPBatch

from nova_netplugins.host.kernel import Link, NewLink, Vxlan

IFF_UP = 1


def creation_messages(
    new: NewLink, parent_index: int | None, peer_netns: int | None
) -> tuple[bytes, bytes]:
    """The request that makes a link and the one that says whose it is.

    The kernel takes no alias with a new link. Sent in one datagram, the two are done together: no
    process can be killed between them and leave a link that nobody owns.
    """
    request: dict[str, Any] = {"ifname": new.name, "kind": new.kind}
    if new.mac:
        request["address"] = new.mac
    if new.mtu:
        request["mtu"] = new.mtu
    if new.kind == "bridge":
        request |= {"br_forward_delay": 0, "br_stp_state": 0}
    if new.kind == "vlan":
        request |= {"link": parent_index, "vlan_id": new.vlan}
    if new.vxlan is not None:
        six = ipaddress.ip_address(new.vxlan.local).version == 6
        request |= {
            "vxlan_id": new.vxlan.vni,
            "vxlan_local6" if six else "vxlan_local": new.vxlan.local,
            "vxlan_port": new.vxlan.port,
        }
    if new.kind == "veth":
        request["peer"] = {"ifname": new.peer}
        if new.mtu:
            request["peer"]["mtu"] = new.mtu
        if peer_netns is not None:
            request["peer"]["net_ns_fd"] = peer_netns
    with IPBatch() as batch:
        batch.link("add", **request)
        made = bytes(batch.batch)
        batch.reset()
        batch.link("set", ifname=new.name, ifalias=new.alias)
        return made, bytes(batch.batch)


def read_link(message: Any, master: str | None) -> Link:
    """A Link of an answer to RTM_GETLINK."""
    info = message.get("IFLA_LINKINFO")
    kind = (info.get("IFLA_INFO_KIND") if info else "") or ""
    data = info.get("IFLA_INFO_DATA") if info else None
    return Link(
        name=message.get("IFLA_IFNAME"),
        index=message["index"],
        kind="tap" if kind == "tun" else kind,
        mac=message.get("IFLA_ADDRESS") or "",
        mtu=message.get("IFLA_MTU"),
        up=bool(message["flags"] & IFF_UP),
        alias=message.get("IFLA_IFALIAS") or "",
        master=master,
        vlan=data.get("IFLA_VLAN_ID") if data and kind == "vlan" else None,
        parent_index=message.get("IFLA_LINK"),
        vxlan=_read_vxlan(data) if data and kind == "vxlan" else None,
    )


def _read_vxlan(data: Any) -> Vxlan:
    local = data.get("IFLA_VXLAN_LOCAL") or data.get("IFLA_VXLAN_LOCAL6") or ""
    return Vxlan(data.get("IFLA_VXLAN_ID"), local, data.get("IFLA_VXLAN_PORT"))
