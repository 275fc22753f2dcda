"""Where the demonstration happens: a directory, and a network namespace that it takes for its host.

Bridges, rules, routers and DHCP servers are made in there, so the machine's own network is left
alone, and removing everything is removing namespaces.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
from pathlib import Path

from nova_netplugins.host.driver import Host, LinuxHost
from nova_netplugins.host.router import Names, Routers
from nova_netplugins.host.ruleset_host import HostRules
from nova_netplugins.lab.guest import PREFIX, Guest, kill_all, owner_prefix

HOST_NETNS = "nova-lab-host"
HOST_NAME = "lab"
PORT = 9797

_CONFIGURATION = """\
# Made by nova-netplugins-lab demo, and removed with it.
[DEFAULT]
host = {host}
my_ip = 127.0.0.1
state_path = {directory}
network_service_conf = {directory}/nova-network.conf
default_network_service = nova_netplugins.vlan
{host_netns}
[api]
bind_port = {port}

[net_api]
endpoint_override = http://127.0.0.1:{port}

[gateway]
# The namespace has no way out.
public_interface =

[netstack]
l2_driver = local

[melange]
auth_type = none
endpoint_override = {melange}
"""


class Place:
    """``directory``: of the demonstration alone. ``packets`` False: no namespaces, only net-api."""

    def __init__(self, directory: Path, packets: bool) -> None:
        self.directory = directory
        self.packets = packets
        self.configuration = directory / "nova-netplugins.conf"

    def make(self, services: tuple[str, ...], melange: str) -> None:
        """``melange``: its URL. Raises ``OSError``, ``HostError``."""
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "nova-network.conf").write_text("\n".join(services) + "\n")
        text = _CONFIGURATION.format(
            host=HOST_NAME,
            directory=self.directory,
            port=_free_port(),
            melange=melange,
            host_netns=f"host_netns = {HOST_NETNS}\n" if self.packets else "",
        )
        self.configuration.write_text(text)
        if self.packets:
            LinuxHost().ensure_netns(HOST_NETNS)

    def sweep(self) -> None:
        """Nothing is left, not even of a demonstration that was killed."""
        if self.packets:
            self._sweep_namespaces()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _sweep_namespaces(self) -> None:
        machine = LinuxHost()
        if not machine.list_netns(HOST_NETNS):
            return
        host = LinuxHost(HOST_NETNS)
        for name in _guests(host):
            Guest(host, name).destroy()
        # What the rules say is of no matter here: the routers only look for what is theirs.
        rules = HostRules(owner="gateway", public_interface=None, transit="100.64.0.0/16")
        for network_id in Routers(host, rules).owned():
            kill_all(Names(network_id).netns)
            machine.delete_netns(Names(network_id).netns)
        kill_all(HOST_NETNS)
        machine.delete_netns(HOST_NETNS)


def _guests(host: Host) -> set[str]:
    """The instances on a host. Their links tell: their own ends, as net-agent makes the tap its
    own; and taps, of instances that were only half made.
    """
    prefix = owner_prefix(host)
    ends = [host, *(host.inside(netns) for netns in host.list_netns(PREFIX))]
    owners = [owner for end in ends for owner in end.links.owned().values()]
    return {owner.removeprefix(prefix) for owner in owners if owner.startswith(prefix)}


def _free_port() -> int:
    """The usual port of net-api, or any other if that is taken."""
    for port in (PORT, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            # As net-api does: connections that have ended do not keep a port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("there is no free TCP port on 127.0.0.1")
