"""A cloud with real daemons on machines of its own, and instances with real packets."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.dataplane.instances import Instance
from tests.dataplane.machine import Daemon, Machine, powered
from tests.dataplane.net_api import PORT, Api, Row
from tests.dataplane.topology import Namespaces, capturing, reaches, shell
from tests.eventually import eventually

Settings = Mapping[str, Mapping[str, object]]

# Seconds that anything may take on a machine that is busy with other things.
PATIENCE = 30.0

BIN = Path(sys.executable).parent
SERVICES = ("flat", "flat_dhcp", "vlan")
DAEMONS = ("service", "agent")

# The outside of hosts, where floating addresses are too, and what hosts of a cloud talk over.
HOST_ADDRESSES = ("192.0.2.1", "192.0.2.3")
WORLD_ADDRESS = "192.0.2.2"
FLOATING_RANGE = "192.0.2.128/28"


@dataclass
class Node:
    """A host of the cloud: a machine with daemons. ``name`` is what the cloud calls it."""

    name: str
    machine: Machine
    config: Path
    daemons: dict[str, Daemon] = field(default_factory=dict)

    def start(self, *daemons: str) -> None:
        for daemon in daemons:
            program = str(BIN / f"nova-netplugins-{daemon}")
            log = self.config.with_name(f"{daemon}.log")
            self.daemons[daemon] = self.machine.start(
                log, program, "--config-file", str(self.config)
            )

    def stop(self, *daemons: str) -> None:
        for daemon in daemons:
            self.daemons.pop(daemon).terminate()

    def kill(self, *daemons: str) -> None:
        for daemon in daemons:
            self.daemons.pop(daemon).kill()


@dataclass
class Cloud:
    """``nodes``: the first one has net-api. ``world``: a namespace beyond the hosts' eth0."""

    namespaces: Namespaces
    directory: Path
    settings: Settings
    services: Sequence[str] = SERVICES
    api: Api = field(init=False)
    nodes: list[Node] = field(default_factory=list)
    world: str = ""

    @property
    def node(self) -> Node:
        return self.nodes[0]

    def address_of(self, node: Node) -> str:
        """The host's address outside."""
        return HOST_ADDRESSES[self.nodes.index(node)]

    def add_node(self, name: str, machine: Machine) -> Node:
        state = self.directory / name
        state.mkdir()
        node = Node(name, machine, state / "nova-netplugins.conf")
        self.nodes.append(node)
        return node

    def configure(self, group: str, **options: object) -> None:
        """Further settings of all nodes, before ``start``."""
        self.settings = {**self.settings, group: {**self.settings.get(group, {}), **options}}

    def _write_settings(self, node: Node) -> None:
        listed = node.config.with_name("nova-network.conf")
        listed.write_text("".join(f"nova_netplugins.{one}\n" for one in self.services))
        usual: Settings = {
            "DEFAULT": {
                "host": node.name,
                "my_ip": self.address_of(node),
                "state_path": node.config.parent,
                "network_service_conf": listed,
                "default_network_service": f"nova_netplugins.{self.services[-1]}",
            },
            "api": {"bind_host": "0.0.0.0"},
            "net_api": {"endpoint_override": f"http://{HOST_ADDRESSES[0]}:{PORT}"},
            "agent": {"sync_interval": 1},
            "service": {"sync_interval": 0.5},
        }
        lines = []
        for group in {**usual, **self.settings}:
            options = {**usual.get(group, {}), **self.settings.get(group, {})}
            lines += [f"[{group}]", *(f"{key} = {value}" for key, value in options.items())]
        node.config.write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """net-api with its database on the first node, the daemons on each."""
        for node in self.nodes:
            self._write_settings(node)
        self.api = Api(self.node.machine.netns)
        manage = str(BIN / "nova-netplugins-manage")
        self.node.machine.run(manage, "--config-file", str(self.node.config), "db", "upgrade")
        self.node.start("api")
        for node in self.nodes:
            node.start(*DAEMONS)
        eventually(self.api.answers, "net-api answers", 3 * PATIENCE, pause=0.1)
        for service in self.services:
            self.associate_project(service, service)

    def associate_project(self, project: str, service: str) -> None:
        body = {"network_service": {"service": service}}
        self.api.put(f"/projects/{project}/network_service", body)

    def make_network(self, service: str, **wishes: Any) -> Row:
        row: Row = self.api.post(f"/{service}/networks", {"network": {"label": "net", **wishes}})
        network: Row = row["network"]
        return network

    def allocate(
        self, service: str, *networks: Row, project: str | None = None, node: Node | None = None
    ) -> list[Row]:
        """The NICs of a new instance, one on each network. The default project of a service has
        its name."""
        where = node or self.node
        instance_id = str(uuid.uuid4())
        body = {
            "project_id": project or service,
            "host": where.name,
            "networks": [{"network_id": network["id"]} for network in networks],
        }
        path = f"/{service}/instances/{instance_id}/virtual_nics"
        nics = self.api.post(path, {"virtual_nics": body})["virtual_nics"]
        return [{**nic, "service": service} for nic in nics]

    def boot(
        self,
        name: str,
        service: str,
        *networks: Row,
        project: str | None = None,
        node: Node | None = None,
    ) -> Instance:
        """An instance with its NICs plugged, but without addresses inside."""
        where = node or self.node
        nics = self.allocate(service, *networks, project=project, node=where)
        instance = self.make_instance(name, nics, where)
        instance.make_taps()
        instance.wait_until_active()
        return instance

    def make_instance(self, name: str, nics: list[Row], node: Node) -> Instance:
        """An instance that has its NICs, but no taps yet."""
        netns = self.namespaces.make(name)
        return Instance(netns, nics, node.machine, self.api, self.directory)

    def make_floating(self, service: str, project: str | None = None) -> str:
        """A floating address of the project."""
        if not self.api.get(f"/{service}/floating_ranges")["floating_ranges"]:
            body = {"floating_range": {"ip_range": FLOATING_RANGE}}
            self.api.post(f"/{service}/floating_ranges", body)
        asked = {"floating_ip": {"project_id": project or service}}
        lent = self.api.post(f"/{service}/floating_ips", asked)["floating_ip"]
        return str(lent["address"])

    def associate(self, service: str, floating: str, instance: Instance) -> None:
        body = {"association": {"virtual_nic_id": instance.nics[0]["id"]}}
        self.api.put(f"/{service}/floating_ips/{floating}/association", body)

    def disassociate(self, service: str, floating: str) -> None:
        self.api.delete(f"/{service}/floating_ips/{floating}/association")

    def source_of(self, instance: Instance) -> str:
        """The address that an instance has for the outside."""
        with capturing(self.world, "eth0", f"icmp and dst {WORLD_ADDRESS}") as first_line:
            assert reaches(instance.netns, WORLD_ADDRESS)
            found = re.search(rf"([0-9.]+) > {WORLD_ADDRESS}", first_line())
        assert found is not None
        return found[1]


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    """As /var/lib is, open to dnsmasq, which does not stay root."""
    path = Path(tempfile.mkdtemp(prefix="nova-netplugins-test-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def prepared(
    settings: Settings | None = None, hosts: int = 1, services: Sequence[str] = SERVICES
) -> Iterator[Cloud]:
    """A cloud of hosts ``h1``, ``h2`` ... with an outside. Nothing runs yet."""
    if os.geteuid() != 0:
        pytest.skip("needs root: makes network namespaces")
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(contextlib.closing(Namespaces()))
        cloud = Cloud(made, stack.enter_context(directory()), settings or {}, services)
        cloud.world = made.make("world")
        shell(cloud.world, "ip link add eth0 type bridge && ip link set eth0 up")
        shell(cloud.world, f"ip address add {WORLD_ADDRESS}/24 dev eth0")
        for number in range(hosts):
            name = f"h{number + 1}"
            node = cloud.add_node(name, stack.enter_context(powered(made.make(name))))
            join_world(cloud, node)
        yield cloud


@contextlib.contextmanager
def running(settings: Settings | None = None, hosts: int = 1) -> Iterator[Cloud]:
    """``prepared``, with all daemons at work."""
    with prepared(settings, hosts) as cloud:
        cloud.start()
        yield cloud


def join_world(cloud: Cloud, node: Node) -> None:
    """The host's eth0 leads outside."""
    netns, name = node.machine.netns, node.name
    shell(netns, f"ip link add eth0 type veth peer name {name} netns {cloud.world}")
    shell(netns, f"ip address add {cloud.address_of(node)}/24 dev eth0; ip link set eth0 up")
    shell(cloud.world, f"ip link set {name} master eth0 up")
