"""Hosts on one wire with netstack's net-agent, and instances on them; what net-api would say of
them is said here."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from oslo_config import cfg

from nova_netplugins import conf as configuration
from nova_netplugins import plugin
from nova_netplugins.host.driver import Host
from nova_netplugins.netstack import conf as options
from nova_netplugins.netstack.agent import NetstackAgent
from tests.dataplane.topology import shell

MAC_PREFIX = "fa:16:3e:00:00:"


def configured(directory: Path, **values: Any) -> cfg.ConfigOpts:
    """``values``: of ``[netstack]``."""
    conf = configuration.load([f"--config-dir={directory}"])
    options.register(conf)
    conf.set_override("state_path", str(directory))
    for name, value in values.items():
        conf.set_override(name, value, options.GROUP)
    return conf


@dataclass
class Told:
    """A ``NetApiClient`` that takes tunnel addresses, and a ``ServedNetworks``."""

    tunnels: dict[str, str] = field(default_factory=dict)
    served: list[tuple[str, str | None]] = field(default_factory=list)
    refusing: Exception | None = None

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        if self.refusing is not None:
            raise self.refusing
        _, hosts, host, what = path.split("/")
        assert (hosts, what) == ("hosts", "tunnel")
        self.tunnels[host] = body["tunnel"]["address"]

    def ensure(self, network: plugin.Network, nic_id: str | None = None) -> None:
        self.served.append((network.id, nic_id))

    def get(self, path: str, **query: Any) -> Any:
        raise AssertionError(f"nobody asks for {path}")

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        raise AssertionError(f"nothing is made at {path}")

    def delete(self, path: str) -> None:
        raise AssertionError(f"nothing is deleted at {path}")


class WiredCloud:
    """``nics``: by id, each bound to a host; networks know each other's hosts as net-api tells."""

    def __init__(self) -> None:
        self.told = Told()
        self.nics: dict[str, plugin.VirtualNic] = {}
        self._networks: dict[str, plugin.Network] = {}
        self._numbers = itertools.count(1)

    def network(self, segment: int, *, mtu: int | None = None, **attributes: Any) -> str:
        """A network of its id; ``attributes`` besides those of the built-in layer 2."""
        made = {"l2_driver": "local", "segment": segment, "peers": [], "dhcp": False, **attributes}
        network_id = str(uuid.uuid4())
        self._networks[network_id] = plugin.Network(
            network_id, f"net-{segment}", mtu=mtu, attributes=made
        )
        return network_id

    def nic(self, network_id: str, host: str, *addresses: str, **attributes: Any) -> str:
        """The id of a NIC with these addresses."""
        nic_id = str(uuid.uuid4())
        secured = {"port_security": bool(addresses), "allowed_address_pairs": []}
        self.nics[nic_id] = plugin.VirtualNic(
            id=nic_id,
            network_id=network_id,
            project_id="red",
            mac_address=f"{MAC_PREFIX}{next(self._numbers):02x}",
            instance_id=f"instance-{nic_id[:4]}",
            host=host,
            device=plugin.device_name(nic_id),
            fixed_ips=tuple(
                plugin.FixedIp(address, 6 if ":" in address else 4) for address in addresses
            ),
            attributes={"port_id": f"port-{nic_id[:4]}", **secured, **attributes},
        )
        return nic_id

    def described(self, network_id: str) -> plugin.Network:
        hosts = {nic.host or "" for nic in self.nics.values() if nic.network_id == network_id}
        peers = sorted(self.told.tunnels[host] for host in hosts if host in self.told.tunnels)
        network = self._networks[network_id]
        return replace(network, attributes={**network.attributes, "peers": peers})

    def wirings(self, host: str) -> Sequence[plugin.Wiring]:
        return [
            plugin.Wiring(nic, self.described(str(nic.network_id)))
            for nic in self.nics.values()
            if nic.host == host
        ]

    def report(self, nic_id: str, status: str) -> None:
        self.nics[nic_id] = replace(self.nics[nic_id], status=status)

    def change(self, nic_id: str, **values: Any) -> None:
        """Attributes of a NIC."""
        nic = self.nics[nic_id]
        self.nics[nic_id] = replace(nic, attributes={**nic.attributes, **values})


class Compute:
    """A compute host: its agent, and the instances that it runs."""

    def __init__(
        self,
        cloud: WiredCloud,
        name: str,
        host: Host,
        conf: cfg.ConfigOpts,
        make_netns: Callable[[str], str],
    ) -> None:
        self.name = name
        self.host = host
        self._cloud = cloud
        self._conf = conf
        self._make_netns = make_netns
        self.agent = self.start_agent()

    def start_agent(self) -> NetstackAgent:
        self.agent = NetstackAgent(
            plugin.AgentContext(
                conf=self._conf,
                host_name=self.name,
                host=self.host,
                client=self._cloud.told,
                wirings=lambda: self._cloud.wirings(self.name),
                report=lambda nic_id, status: None,
                served=self._cloud.told,
            )
        )
        return self.agent

    def plug(self, nic_id: str) -> None:
        """As the daemon does; then net-api hears that the NIC is ACTIVE."""
        nic = self._cloud.nics[nic_id]
        self.agent.plug(nic, self._cloud.described(str(nic.network_id)))
        self._cloud.report(nic_id, plugin.ACTIVE)

    def boot(self, network_id: str, *addresses: str, **attributes: Any) -> Booted:
        """An instance with a NIC that has the addresses, plugged."""
        nic_id = self._cloud.nic(network_id, self.name, *addresses, **attributes)
        nic = self._cloud.nics[nic_id]
        netns = self._make_netns(f"vm-{nic_id[:4]}")
        self.host.links.ensure_veth(
            nic.device, "eth0", "hypervisor", netns, peer_mac=nic.mac_address
        )
        booted = Booted(nic_id, nic.device, netns, self)
        for address in addresses:
            booted.shell(f"ip address add {address}/{64 if ':' in address else 24} dev eth0 nodad")
        self.plug(nic_id)
        return booted

    def delete(self, booted: Booted) -> None:
        """The instance and its NIC."""
        self.host.links.delete(booted.tap)
        self.agent.unplug(self._cloud.nics.pop(booted.nic_id))

    def hear_of(self, network_id: str) -> None:
        """A prompt for the network."""
        self.agent.setup_network(self._cloud.described(network_id))


@dataclass(frozen=True)
class Booted:
    """An instance: its NIC, its tap on ``compute``, its namespace."""

    nic_id: str
    tap: str
    netns: str
    compute: Compute

    def shell(self, command: str) -> str:
        return shell(self.netns, command)
