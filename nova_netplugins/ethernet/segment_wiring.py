"""How a network's segment is made on a host: a Linux bridge, on a VLAN device where it has a VLAN,
or Open vSwitch.

Agent and service of one host share a segment: whoever comes first makes it, and a lock keeps one
from removing what the other is about to use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from oslo_concurrency import lockutils
from oslo_config import cfg

from nova_netplugins.host.driver import Attachment, BridgePort, Host, SwitchPort
from nova_netplugins.host.errors import HostError
from nova_netplugins.host.shared_gateway import SharedGateway, shared_gateway_table, table_name


class SegmentWiring:
    """``service``: whose segments, and the option group that says how they are made."""

    def __init__(self, service: str, conf: cfg.ConfigOpts, host: Host) -> None:
        self._owner = f"{service} segment"
        self._options = conf[service]
        self._locks = Path(conf.state_path) / "locks"
        self._host = host

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold it from making a segment until something is attached to it, and while removing empty
        ones."""
        with lockutils.lock(
            f"segments-{self._owner.split()[0]}", external=True, lock_path=str(self._locks)
        ):
            yield

    def ensure(self, segment: Mapping[str, Any], mtu: int | None) -> Attachment:
        """``segment``: a network's ``bridge``, ``vlan`` and ``bridge_interface``. Where its ports
        are attached."""
        if self._options.interface_driver == "openvswitch":
            return self._ensure_switch(segment)
        bridge, interface = segment["bridge"], segment["bridge_interface"]
        self._host.links.ensure_bridge(bridge, self._owner, mtu=mtu)
        if interface and segment["vlan"] is not None:
            device = _vlan_device(segment)
            self._host.links.ensure_vlan(interface, segment["vlan"], device, self._owner, mtu=mtu)
            self._host.links.ensure_port(bridge, device)
        elif interface:
            self._host.enslave_physical(interface, bridge)
        self._host.stay_out(bridge)
        return BridgePort(bridge)

    def _ensure_switch(self, segment: Mapping[str, Any]) -> Attachment:
        """A VLAN is a tag on the ports of one bridge; a network without one has its own bridge."""
        switch, interface = self._host.switch, segment["bridge_interface"]
        tag = segment["vlan"]
        bridge = segment["bridge"] if tag is None else self._options.ovs_bridge
        switch.ensure_ovs_bridge(bridge, self._owner, self._options.ovs_datapath_type)
        if interface:
            switch.ensure_ovs_port(bridge, interface, self._owner)
        return SwitchPort(bridge, tag)

    def uplink(self, segment: Mapping[str, Any]) -> str | None:
        """The port of the segment's bridge that leads to other hosts; None if there is none."""
        interface: str = segment["bridge_interface"]
        if interface and segment["vlan"] is not None:
            return _vlan_device(segment)
        return interface or None

    def keep_gateway_apart(self, segment: Mapping[str, Any], mac: str, address: str | None) -> None:
        """Each host of the wire may have a gateway of this address and MAC. Raises HostError where
        that cannot be: frames of an Open vSwitch bridge do not pass nftables."""
        if self._options.interface_driver == "openvswitch":
            raise HostError(
                f"network {segment['id']} has share_address, which needs interface_driver = "
                f"linuxbridge; on this host it is openvswitch"
            )
        if uplink := self.uplink(segment):
            gateway = SharedGateway(segment["id"], uplink, mac, address)
            self._host.nft.converge(shared_gateway_table(gateway))

    def forget_gateway(self, network_id: str) -> None:
        """What ``keep_gateway_apart`` made is gone."""
        self._host.nft.remove("bridge", table_name(network_id))

    def attachment(self, segment: Mapping[str, Any]) -> Attachment:
        """Where the segment's ports belong, without making it."""
        if self._options.interface_driver == "openvswitch":
            tag = segment["vlan"]
            return SwitchPort(segment["bridge"] if tag is None else self._options.ovs_bridge, tag)
        return BridgePort(segment["bridge"])

    def remove_unused(self, used: Sequence[str]) -> list[str]:
        """Delete our bridges without any port but an uplink; their VLAN devices too. Says which are
        gone.

        ``used``: bridges that are kept all the same.
        """
        links = self._host.links.links()
        owned = {link.name: link.owner for link in links}
        removed = []
        for link in links:
            if link.kind != "bridge" or owned.get(link.name) != self._owner or link.name in used:
                continue
            ports = [port.name for port in links if port.master == link.name]
            uplinks = [name for name in ports if owned.get(name) == self._owner]
            if len(uplinks) == len(ports):
                for name in (link.name, *uplinks):
                    self._host.links.delete(name)
                removed.append(link.name)
        return removed


def _vlan_device(segment: Mapping[str, Any]) -> str:
    return f"vlan{segment['vlan']}"
