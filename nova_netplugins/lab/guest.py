"""An instance's inside: a network namespace, its NICs, and how they get their addresses."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import signal
import time
from collections.abc import Sequence

from nova_netplugins.host.commands import run
from nova_netplugins.host.driver import Host
from nova_netplugins.host.errors import HostError
from nova_netplugins.lab.files import Files
from nova_netplugins.plugin import Network, VirtualNic

PREFIX = "lab-"
DHCP = "DHCP"
INJECTED = "injected"
NONE = "-"

# udhcpc asks every second.
DHCP_ATTEMPTS = 15


def owner_prefix(host: Host) -> str:
    """What the links of the lab's instances on a host say before the instance's name."""
    return f"lab on {host.netns or 'the machine'}: "


class Guest:
    """``host``: where the instance's taps are. All verbs raise ``HostError``."""

    def __init__(self, host: Host, name: str) -> None:
        self._host = host
        self.name = name
        self.netns = PREFIX + name
        self.files = Files(self.netns)

    def create(self) -> None:
        self._host.ensure_netns(self.netns)
        self.files.make()

    def add_nic(self, index: int, nic: VirtualNic, network: Network) -> None:
        """A veth pair: the end on the host is named as Nova names a tap, ours is eth<index>."""
        self._host.links.ensure_veth(
            nic.device,
            f"eth{index}",
            f"{owner_prefix(self._host)}{self.name}",
            peer_netns=self.netns,
            mtu=network.mtu,
            peer_mac=nic.mac_address,
        )

    def configure(self, index: int, nic: VirtualNic, network: Network) -> str:
        """Give a plugged NIC its addresses; returns how: DHCP, INJECTED or NONE.

        With IPv6 the kernel configures itself by router advertisements meanwhile.
        """
        interface = f"eth{index}"
        if network.attributes.get("dhcp") and any(ip.version == 4 for ip in nic.fixed_ips):
            self._ask_dhcp(interface)
            return DHCP
        if not network.attributes.get("injected"):
            return NONE
        self._inject(interface, nic, network)
        return INJECTED

    def addresses(self, index: int) -> list[str]:
        """The addresses that the NIC has in fact, without prefix lengths."""
        inside = self._host.inside(self.netns)
        return [cidr.partition("/")[0] for cidr in inside.addresses.get(f"eth{index}")]

    def pings(self, address: str, seconds: float) -> bool:
        """Whether the address answers, tried over and over for that long."""
        deadline = time.monotonic() + seconds
        while True:
            answer = run(
                ["ping", "-n", "-q", "-c", "1", "-W", "1", address], self.netns, expected=(0, 1, 2)
            )
            if answer.status == 0:
                return True
            if time.monotonic() > deadline:
                return False

    def destroy(self) -> None:
        """Nothing of it is left: processes, links, namespace, files."""
        kill_all(self.netns)
        if self.netns in self._host.list_netns(self.netns):
            # The kernel would remove them with the namespace, but later, when it has time.
            inside = self._host.inside(self.netns).links
            for link in inside.owned():
                inside.delete(link)
        self._host.delete_netns(self.netns)
        self.files.remove()

    def _ask_dhcp(self, interface: str) -> None:
        attempts = ["-t", str(DHCP_ATTEMPTS), "-T", "1"]
        # 121: classless static routes; 26: MTU.
        options = ["-O", "121", "-O", "26", "-x", f"hostname:{self.name}"]
        script = ["-s", str(self.files.dhcp_script)]
        run(["udhcpc", "-i", interface, "-f", "-q", "-n", *attempts, *options, *script], self.netns)

    def _inject(self, interface: str, nic: VirtualNic, network: Network) -> None:
        inside = self._host.inside(self.netns)
        subnets = {subnet.version: subnet for subnet in network.subnets}
        for fixed in nic.fixed_ips:
            length = ipaddress.ip_network(subnets[fixed.version].cidr).prefixlen
            inside.addresses.ensure_address(interface, f"{fixed.address}/{length}")
        if nic.default_route:
            for subnet in network.subnets:
                if subnet.gateway:
                    everywhere = "0.0.0.0/0" if subnet.version == 4 else "::/0"
                    inside.routes.ensure_route(everywhere, interface, subnet.gateway)
        self.files.write_resolv_conf([dns for subnet in network.subnets for dns in subnet.dns])


def kill_all(netns: str) -> None:
    """End every process in a namespace: consoles, DHCP servers."""
    with contextlib.suppress(HostError):
        for pid in _pids(netns):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _pids(netns: str) -> Sequence[int]:
    return [int(pid) for pid in run(["ip", "netns", "pids", netns]).stdout.split()]
