"""A host as agents are given it: all that may be changed of it, and nothing more general."""

from __future__ import annotations

import contextlib
import ipaddress
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nova_netplugins.host import frames, namespaces
from nova_netplugins.host.addressing import Addresses, Routes
from nova_netplugins.host.commands import run
from nova_netplugins.host.dhcp import drivers
from nova_netplugins.host.dhcp.server import DhcpServer
from nova_netplugins.host.dhcp.settings import Settings
from nova_netplugins.host.errors import NotFound
from nova_netplugins.host.kernel import Kernel
from nova_netplugins.host.links import Links
from nova_netplugins.host.metadata import Listeners, NamespaceListeners
from nova_netplugins.host.netlink import NetlinkKernel
from nova_netplugins.host.nft_apply import KernelNft, Nft
from nova_netplugins.host.ovs import OpenVSwitch, Switch


@dataclass(frozen=True)
class BridgePort:
    """Where a link is attached: a Linux bridge."""

    bridge: str


@dataclass(frozen=True)
class SwitchPort:
    """Where a link is attached: an Open vSwitch bridge, in VLAN ``tag`` (None: a trunk)."""

    bridge: str
    tag: int | None = None


@dataclass(frozen=True)
class IntegrationPort:
    """Where a link is attached: an Open vSwitch bridge whose VLANs are another program's, as
    Neutron's agent, which knows the port by its ``external_ids``.

    ``isolated``: until that program has seen it, the port reaches nothing.
    """

    bridge: str
    external_ids: Mapping[str, str]
    isolated: bool = True


Attachment = BridgePort | SwitchPort | IntegrationPort


class Host(ABC):
    """One network namespace of a host: its root, or one inside it (see ``inside``)."""

    def __init__(self, kernel: Kernel, nft: Nft, switch: Switch) -> None:
        self.netns = kernel.netns
        self.links = Links(kernel)
        self.addresses = Addresses(kernel)
        self.routes = Routes(kernel)
        self.nft = nft
        self.switch = switch

    @abstractmethod
    def inside(self, netns: str) -> Host:
        """The host seen from within a namespace."""

    @abstractmethod
    def ensure_netns(self, netns: str) -> None:
        """There is a network namespace of this name, its loopback up."""

    @abstractmethod
    def delete_netns(self, netns: str) -> None:
        """There is no namespace of this name."""

    @abstractmethod
    def list_netns(self, prefix: str = "") -> list[str]:
        """Names of namespaces that begin with ``prefix``, sorted."""

    @abstractmethod
    def set_sysctl(self, key: str, value: int) -> None:
        """Set ``net/ipv4/ip_forward`` and the like; raises NotFound if the kernel has it not."""

    @abstractmethod
    def get_sysctl(self, key: str) -> str:
        """The value of a kernel setting. Raises NotFound."""

    @abstractmethod
    def send_gratuitous_arp(self, interface: str, addresses: Iterable[str], count: int) -> None:
        """Tell all neighbours on ``interface``, ``count`` times, that the addresses are here."""

    @abstractmethod
    def flush_connections(self, floating: str) -> None:
        """Forget the connections that go through a floating IP, in either direction."""

    @abstractmethod
    def disable_checksum_offload(self, interface: str) -> None:
        """Frames that leave by the link carry finished checksums. Raises NotFound."""

    @abstractmethod
    def dhcp_server(self, state_dir: Path, settings: Settings) -> DhcpServer:
        """What serves DHCP in namespaces of this host; its files are below ``state_dir``. Raises
        HostError if it has no driver of the name in ``settings``."""

    @abstractmethod
    def metadata_listeners(self) -> Listeners:
        """Where a metadata proxy's sockets come from, on this host."""

    def attach(self, link: str, attachment: Attachment, owner: str) -> None:
        """The link is the owner's port there, and nowhere else."""
        match attachment:
            case BridgePort(bridge):
                self.links.mark(link, owner)
                self.links.ensure_port(bridge, link)
            case SwitchPort(bridge, tag):
                self.switch.ensure_ovs_port(bridge, link, owner, tag)
            case IntegrationPort(bridge, external_ids, isolated):
                self.switch.ensure_integration_port(bridge, link, owner, external_ids, isolated)

    def enslave_physical(self, interface: str, bridge: str) -> None:
        """A physical interface is a port of the bridge, and the host still has its addresses.

        The bridge takes the interface's IPv4 addresses and gateway routes, as nova-network did,
        and its MAC if the bridge is ours. At no step is the host without them, so whoever is
        killed in between can repeat it.
        Raises NotFound, or AlreadyExists if the interface is in another bridge.
        """
        link = self.links.get(interface)
        if link is None:
            raise NotFound(f"there is no link {interface} to put into {bridge}")
        if bridge in self.links.owned(bridge):
            self.links.set_mac(bridge, link.mac)
        self.links.set_up(interface)
        moved = self.addresses.move(interface, bridge)
        self.links.ensure_port(bridge, interface)
        self.routes.move(interface, bridge)
        self.addresses.forget(interface, moved)

    def stay_out(self, bridge: str) -> None:
        """The host takes no part in what goes over a bridge of ours.

        With IPv6 it would: by its link-local address instances would reach it, and it would take
        an address and a default route from the router of the network. A bridge that has the host's
        IPv4 address, from a physical interface in it, stands for that interface and is left alone.
        """
        link = self.links.get(bridge)
        if link is None or link.owner is None:
            return
        if any(ipaddress.ip_interface(cidr).version == 4 for cidr in self.addresses.get(bridge)):
            return
        # A kernel without IPv6 has nothing to turn off.
        with contextlib.suppress(NotFound):
            self.set_sysctl(f"net/ipv6/conf/{bridge}/disable_ipv6", 1)

    def detach(self, link: str, attachment: Attachment) -> None:
        """The link is no longer a port there; neither need exist."""
        match attachment:
            case BridgePort():
                self.links.release_port(link)
            case SwitchPort() | IntegrationPort():
                self.switch.remove_port(link)

    def needs_checksums(self, attachment: Attachment) -> bool:
        """Whether frames to this attachment must carry finished checksums."""
        return not isinstance(attachment, BridgePort) and self.switch.is_userspace(
            attachment.bridge
        )


class LinuxHost(Host):
    """The real host. ``root`` is the namespace that it takes for its root, None for the caller's;
    ``ovs_database`` is where Open vSwitch's database listens, None for the usual place."""

    def __init__(self, root: str | None = None, ovs_database: str | None = None) -> None:
        super().__init__(NetlinkKernel(root), KernelNft(root), OpenVSwitch(ovs_database))
        self._ovs_database = ovs_database

    def inside(self, netns: str) -> LinuxHost:
        return LinuxHost(netns, self._ovs_database)

    def ensure_netns(self, netns: str) -> None:
        namespaces.ensure_netns(netns)

    def delete_netns(self, netns: str) -> None:
        namespaces.delete_netns(netns)

    def list_netns(self, prefix: str = "") -> list[str]:
        return namespaces.list_netns(prefix)

    def set_sysctl(self, key: str, value: int) -> None:
        namespaces.set_sysctl(self.netns, key, value)

    def get_sysctl(self, key: str) -> str:
        return namespaces.get_sysctl(self.netns, key)

    def send_gratuitous_arp(self, interface: str, addresses: Iterable[str], count: int) -> None:
        link = self.links.get(interface)
        if link is None:
            raise NotFound(f"there is no link {interface} to send ARP on")
        frames.send_gratuitous_arp(self.netns, interface, link.mac, addresses, count)

    def flush_connections(self, floating: str) -> None:
        for selector in ("--orig-dst", "--reply-dst"):
            # 1 means that there was none.
            run(["conntrack", "-D", selector, floating], self.netns, expected=(0, 1))

    def disable_checksum_offload(self, interface: str) -> None:
        frames.disable_checksum_offload(self.netns, interface)

    def dhcp_server(self, state_dir: Path, settings: Settings) -> DhcpServer:
        return drivers.dhcp_server(state_dir, settings)

    def metadata_listeners(self) -> Listeners:
        return NamespaceListeners()
