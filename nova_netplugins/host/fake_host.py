"""A host for tests that have no root: it records what LinuxHost would have made so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nova_netplugins.host.dhcp.fake import FakeDhcp
from nova_netplugins.host.dhcp.settings import Settings
from nova_netplugins.host.driver import Host
from nova_netplugins.host.errors import AlreadyExists, HostError, NotFound
from nova_netplugins.host.fake_kernel import FakeKernel
from nova_netplugins.host.fake_metadata import FakeListeners
from nova_netplugins.host.fake_nft import FakeNft
from nova_netplugins.host.ovs import DEAD_VLAN


@dataclass
class FakeSwitch:
    """An Open vSwitch made of dictionaries: bridges, and per port (bridge, tag, owner)."""

    bridges: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    ports: dict[str, tuple[str, int | None, str]] = field(default_factory=dict)
    flows: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    external_ids: dict[str, dict[str, str]] = field(default_factory=dict)

    def ensure_ovs_bridge(self, name: str, owner: str, datapath_type: str | None = None) -> None:
        self.bridges.setdefault(name, (owner, datapath_type))

    def ensure_ovs_port(
        self,
        bridge: str,
        port: str,
        owner: str,
        tag: int | None = None,
        external_ids: Mapping[str, str] | None = None,
    ) -> None:
        if tag is not None and not 1 <= tag <= 4094:
            raise HostError(f"VLAN tag {tag} is outside 1-4094")
        self._has_port(bridge, port)
        self.ports[port] = (bridge, tag, owner)
        self.external_ids.setdefault(port, {}).update(external_ids or {})

    def ensure_integration_port(
        self,
        bridge: str,
        port: str,
        owner: str,
        external_ids: Mapping[str, str],
        isolated: bool = True,
    ) -> None:
        dead = DEAD_VLAN if isolated else None
        tag = self.ports[port][1] if self._has_port(bridge, port) else dead
        self.ports[port] = (bridge, tag, owner)
        self.external_ids.setdefault(port, {}).update(external_ids)

    def _has_port(self, bridge: str, port: str) -> bool:
        if bridge not in self.bridges:
            raise NotFound(f"there is no Open vSwitch bridge {bridge}")
        present = self.ports.get(port)
        if present is not None and present[0] != bridge:
            raise AlreadyExists(f"{port} is a port of {present[0]}, wanted in {bridge}")
        return present is not None

    def remove_port(self, port: str) -> bool:
        self.external_ids.pop(port, None)
        return self.ports.pop(port, None) is not None

    def owned(self, prefix: str = "") -> dict[str, str]:
        return {name: port[2] for name, port in self.ports.items() if name.startswith(prefix)}

    def numbers(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {bridge: {} for bridge in self.bridges}
        for number, (name, port) in enumerate(self.ports.items(), 1):
            found[port[0]][name] = number
        return found

    def converge_flows(self, bridge: str, owner: str, flows: Sequence[str]) -> bool:
        if bridge not in self.bridges:
            raise NotFound(f"there is no Open vSwitch bridge {bridge}")
        before = self.flows.get((bridge, owner), [])
        self.flows[bridge, owner] = list(flows)
        return before != list(flows)

    def available(self) -> bool:
        return True

    def is_userspace(self, bridge: str) -> bool:
        if bridge not in self.bridges:
            raise NotFound(f"there is no Open vSwitch bridge {bridge}")
        return self.bridges[bridge][1] == "netdev"


@dataclass
class Recorded:
    """What a fake host was told, for all its namespaces; None is the root."""

    nft: dict[str | None, FakeNft] = field(default_factory=dict)
    sysctl: dict[tuple[str | None, str], str] = field(default_factory=dict)
    announced: list[tuple[str | None, str, str]] = field(default_factory=list)
    flushed: list[tuple[str | None, str]] = field(default_factory=list)
    software_checksums: set[tuple[str | None, str]] = field(default_factory=set)
    dhcp: dict[Path, FakeDhcp] = field(default_factory=dict)


class FakeHost(Host):
    """Has the verbs of LinuxHost; ``recorded`` and ``kernel`` show what became of them."""

    kernel: FakeKernel
    switch: FakeSwitch
    nft: FakeNft

    def __init__(
        self,
        kernel: FakeKernel | None = None,
        recorded: Recorded | None = None,
        switch: FakeSwitch | None = None,
    ) -> None:
        self.kernel = kernel or FakeKernel()
        self.recorded = recorded or Recorded()
        nft = self.recorded.nft.setdefault(self.kernel.netns, FakeNft())
        super().__init__(self.kernel, nft, switch or FakeSwitch())

    def inside(self, netns: str) -> FakeHost:
        return FakeHost(self.kernel.inside(netns), self.recorded, self.switch)

    def ensure_netns(self, netns: str) -> None:
        self.kernel.add_namespace(netns)

    def delete_netns(self, netns: str) -> None:
        self.kernel.delete_namespace(netns)
        self.recorded.nft.pop(netns, None)

    def list_netns(self, prefix: str = "") -> list[str]:
        return [name for name in self.kernel.namespaces() if name.startswith(prefix)]

    def set_sysctl(self, key: str, value: int) -> None:
        self.recorded.sysctl[self.netns, key] = str(value)

    def get_sysctl(self, key: str) -> str:
        return self.recorded.sysctl.get((self.netns, key), "0")

    def send_gratuitous_arp(self, interface: str, addresses: Iterable[str], count: int) -> None:
        if not self.links.exists(interface):
            raise NotFound(f"there is no link {interface} to send ARP on")
        self.recorded.announced += [(self.netns, interface, one) for one in addresses] * count

    def flush_connections(self, floating: str) -> None:
        self.recorded.flushed.append((self.netns, floating))

    def disable_checksum_offload(self, interface: str) -> None:
        if not self.links.exists(interface):
            raise NotFound(f"there is no link {interface}")
        self.recorded.software_checksums.add((self.netns, interface))

    def dhcp_server(self, state_dir: Path, settings: Settings) -> FakeDhcp:
        return self.recorded.dhcp.setdefault(state_dir, FakeDhcp())

    def metadata_listeners(self) -> FakeListeners:
        return FakeListeners(self)
