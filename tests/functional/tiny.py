"""The least network service that daemons can be tried on: it holds in memory what it is told."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Sequence

from netkit.errors import Unavailable
from netkit.wsgi import Mapper
from nova_netplugins import errors, plugin
from nova_netplugins.host.errors import HostError


class TinyApi:
    """As much of a net-api as daemons use, and what a test does as Nova would."""

    def __init__(self, name: str, context: plugin.ApiContext) -> None:
        self.prompts = context.prompts
        self.nics: dict[str, plugin.VirtualNic] = {}
        self.network = plugin.Network("net", "net", host="here", attributes={"bridge": "br-tiny"})
        self.away = False
        self.reports: list[tuple[str, str]] = []
        self.asked = 0

    def routes(self, mapper: Mapper) -> None:
        pass

    def wirings(self, host: str) -> Sequence[plugin.Wiring]:
        self.asked += 1
        if self.away:
            raise Unavailable("the database does not answer")
        return [plugin.Wiring(nic, self.network) for nic in self.nics.values() if nic.host == host]

    def report_virtual_nic(self, nic_id: str, status: str) -> None:
        if nic_id not in self.nics:
            raise errors.VirtualNicNotFound(value=nic_id)
        self.reports.append((nic_id, status))
        self.nics[nic_id] = dataclasses.replace(self.nics[nic_id], status=status)

    def status(self, nic_id: str) -> str:
        return self.nics[nic_id].status

    def create(self, nic_id: str, host: str = "here", *, prompt: bool = True) -> plugin.VirtualNic:
        nic = plugin.VirtualNic(
            nic_id, "net", "red", "fa:16:3e:00:00:01", "i", host, plugin.device_name(nic_id)
        )
        self.nics[nic_id] = nic
        if prompt:
            self.prompts.nic_changed(nic_id, "net", host)
        return nic

    def delete(self, nic_id: str, *, prompt: bool = True) -> None:
        nic = self.nics.pop(nic_id)
        if prompt:
            self.prompts.nic_changed(nic_id, nic.network_id, nic.host)


class TinyAgent:
    """Plugs into a bridge, and refuses the devices in ``refused``."""

    def __init__(self, context: plugin.AgentContext) -> None:
        self.context = context
        self.links = context.host.links
        self.plugged: list[str] = []
        self.set_up: list[str] = []
        self.refused: set[str] = set()
        self.check_fails = False

    def setup_network(self, network: plugin.Network) -> None:
        self.set_up.append(network.id)
        self.links.ensure_bridge(network.attributes["bridge"], "tiny")

    def plug(self, nic: plugin.VirtualNic, network: plugin.Network) -> None:
        if nic.device in self.refused:
            raise HostError(f"{nic.device} is refused")
        self.setup_network(network)
        self.links.ensure_port(network.attributes["bridge"], nic.device)
        self.plugged.append(nic.device)
        self.context.served.ensure(network, nic.id)

    def unplug(self, nic: plugin.VirtualNic) -> None:
        self.links.release_port(nic.device)

    def check(self) -> Sequence[str]:
        if self.check_fails:
            raise RuntimeError("this check always fails")
        wanted = {wiring.nic.device for wiring in self.context.wirings()}
        stale = [
            link.name
            for link in self.links.links()
            if link.master == "br-tiny" and link.name not in wanted
        ]
        for name in stale:
            self.links.release_port(name)
        return [f"unplugged {name}" for name in stale]

    def bridged(self) -> set[str]:
        return {link.name for link in self.links.links() if link.master == "br-tiny"}


class TinyService:
    """Notes what it is asked to serve. While ``hold`` is cleared, it takes its time."""

    def __init__(self, context: plugin.ServiceContext) -> None:
        self.context = context
        self.runs: list[tuple[str, str | None]] = []
        self.at_once: dict[str, int] = {}
        self.most_at_once: dict[str, int] = {}
        self.checks = 0
        self.closed = False
        self.fails = False
        self.hold = threading.Event()
        self.hold.set()
        self._lock = threading.Lock()

    def ensure(self, network_id: str, nic_id: str | None = None) -> None:
        with self._lock:
            self.at_once[network_id] = self.at_once.get(network_id, 0) + 1
            most = max(self.most_at_once.get(network_id, 0), self.at_once[network_id])
            self.most_at_once[network_id] = most
        self.hold.wait(30)
        with self._lock:
            self.at_once[network_id] -= 1
            self.runs.append((network_id, nic_id))
        if self.fails:
            raise RuntimeError("this network cannot be served")

    def remove(self, network_id: str) -> None:
        pass

    def check(self) -> Sequence[str]:
        self.checks += 1
        if self.fails:
            raise RuntimeError("this check fails")
        return []

    def close(self) -> None:
        self.closed = True


class Tiny:
    """A network service whose parts, once made, a test can look into."""

    def __init__(self, name: str = "tiny") -> None:
        self.name = name
        self.api: TinyApi
        self.agent: TinyAgent
        self.service: TinyService

    def descriptor(self) -> plugin.NetworkService:
        return plugin.NetworkService(
            self.name, net_api=self._net_api, net_agent=self._net_agent, net_service=self._service
        )

    def _net_api(self, context: plugin.ApiContext) -> TinyApi:
        self.api = TinyApi(self.name, context)
        return self.api

    def _net_agent(self, context: plugin.AgentContext) -> TinyAgent:
        self.agent = TinyAgent(context)
        return self.agent

    def _service(self, context: plugin.ServiceContext) -> TinyService:
        self.service = TinyService(context)
        return self.service
