"""A cloud with real daemons on machines of its own, and instances with real packets."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nova_netplugins.host import namespaces
from tests.dataplane.machine import Daemon, Machine, powered
from tests.dataplane.topology import Namespaces, capturing, reaches, shell
from tests.eventually import eventually

Row = dict[str, Any]
Settings = Mapping[str, Mapping[str, object]]

PORT = 9797
BIN = Path(sys.executable).parent
SERVICES = ("flat", "flat_dhcp", "vlan")
DAEMONS = ("service", "agent")

# The outside of hosts, where floating addresses are too, and what hosts of a cloud talk over.
HOST_ADDRESSES = ("192.0.2.1", "192.0.2.3")
WORLD_ADDRESS = "192.0.2.2"
FLOATING_RANGE = "192.0.2.128/28"

_DHCP_SCRIPT = """#!/bin/sh
[ "$1" = bound ] || exit 0
env > {lease}
ip address replace "$ip/$mask" dev "$interface"
[ -z "$mtu" ] || ip link set "$interface" mtu "$mtu"
for gateway in $router; do ip route replace default via "$gateway" dev "$interface"; done
"""


def ask(
    netns: str, server: str, path: str, method: str = "GET", body: Row | None = None
) -> tuple[int, Any]:
    """Status and content (of JSON: what it says) that a client in the namespace is answered."""
    connection = http.client.HTTPConnection(server, timeout=30)
    with namespaces.entered(netns), contextlib.closing(connection):
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read()
    is_json = text and "json" in response.headers["Content-Type"]
    return response.status, json.loads(text) if is_json else text


class Api:
    """net-api as its clients see it. What it refuses fails the test."""

    def __init__(self, netns: str) -> None:
        self._netns = netns

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            return self._call("GET", "/", None)[0] == 200
        return False

    def get(self, path: str) -> Any:
        return self._succeed("GET", path, None)

    def post(self, path: str, body: Row) -> Any:
        return self._succeed("POST", path, body)

    def put(self, path: str, body: Row) -> Any:
        return self._succeed("PUT", path, body)

    def delete(self, path: str) -> None:
        self._succeed("DELETE", path, None)

    def _succeed(self, method: str, path: str, body: Row | None) -> Any:
        status, answer = self._call(method, f"/v1.0{path}", body)
        assert status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def _call(self, method: str, path: str, body: Row | None) -> tuple[int, Any]:
        return ask(self._netns, f"127.0.0.1:{PORT}", path, method, body)


class Instance:
    """A network namespace whose NICs are plugged as a compute host's would be."""

    def __init__(self, cloud: Cloud, name: str, machine: Machine, nics: list[Row]) -> None:
        self._cloud = cloud
        self._machine = machine
        self.id = str(nics[0]["instance_id"])
        self.nics = nics
        self.netns = cloud.namespaces.make(name)

    @property
    def addresses(self) -> list[str]:
        """IPv4 and IPv6 addresses that net-api gave the first NIC."""
        return [str(fixed["address"]) for fixed in self.nics[0]["fixed_ips"]]

    @property
    def address(self) -> str:
        return self.addresses[0]

    def make_taps(self) -> None:
        for index, nic in enumerate(self.nics):
            peer = f"peer name eth{index} address {nic['mac_address']} netns {self.netns}"
            command = f"ip -n {self._machine.netns} link add {nic['device']} type veth {peer}"
            subprocess.run(command.split(), check=True)
            self.shell(f"ip link set eth{index} up")

    def is_active(self) -> bool:
        rows = self._cloud.api.get(f"/{self._service}/instances/{self.id}/virtual_nics")
        return all(nic["status"] == "ACTIVE" for nic in rows["virtual_nics"])

    def wait_until_active(self) -> None:
        eventually(self.is_active, f"the NICs of {self.netns} are ACTIVE", 20)

    def ask_dhcp(self, interface: str = "eth0", *options: int) -> dict[str, str]:
        """What udhcpc got and set: its script's variables."""
        lease = self._cloud.directory / f"{self.netns}-{interface}.lease"
        script = lease.with_suffix(".sh")
        script.write_text(_DHCP_SCRIPT.format(lease=lease))
        script.chmod(0o755)
        asked = " ".join(f"-O {option}" for option in (26, *options))
        self.shell(f"udhcpc -i {interface} -f -q -n -t 20 -T 1 -s {script} {asked}")
        return dict(line.split("=", 1) for line in lease.read_text().splitlines() if "=" in line)

    def configure(self, length: int = 24, gateway: str | None = None) -> None:
        """The address that net-api gave, without asking anybody."""
        self.shell(f"ip address replace {self.address}/{length} dev eth0")
        if gateway is not None:
            self.shell(f"ip route replace default via {gateway}")

    def shell(self, command: str) -> str:
        return shell(self.netns, command)

    def delete(self) -> None:
        """As Nova does: the NICs first, then their taps."""
        self._cloud.api.delete(f"/{self._service}/instances/{self.id}/virtual_nics")
        self.delete_taps()

    def delete_taps(self) -> None:
        for index in range(len(self.nics)):
            self.shell(f"ip link delete eth{index}")

    @property
    def _service(self) -> str:
        return str(self.nics[0]["service"])


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
        listed = state / "nova-network.conf"
        listed.write_text("".join(f"nova_netplugins.{service}\n" for service in SERVICES))
        settings: dict[str, dict[str, object]] = {
            "DEFAULT": {
                "host": name,
                "my_ip": HOST_ADDRESSES[len(self.nodes)],
                "state_path": state,
                "network_service_conf": listed,
            },
            "api": {"bind_host": "0.0.0.0"},
            "net_api": {"endpoint_override": f"http://{HOST_ADDRESSES[0]}:{PORT}"},
            "agent": {"sync_interval": 1},
            "service": {"sync_interval": 0.5},
        }
        for group, options in self.settings.items():
            settings[group] = {**settings.get(group, {}), **options}
        config = state / "nova-netplugins.conf"
        lines = []
        for group, values in settings.items():
            lines += [f"[{group}]", *(f"{key} = {value}" for key, value in values.items())]
        config.write_text("\n".join(lines) + "\n")
        node = Node(name, machine, config)
        self.nodes.append(node)
        return node

    def start(self) -> None:
        """net-api with its database on the first node, the daemons on each."""
        self.api = Api(self.node.machine.netns)
        manage = str(BIN / "nova-netplugins-manage")
        self.node.machine.run(manage, "--config-file", str(self.node.config), "db", "upgrade")
        self.node.start("api")
        for node in self.nodes:
            node.start(*DAEMONS)
        eventually(self.api.answers, "net-api answers", 30)
        for service in SERVICES:
            self.api.put(
                f"/projects/{service}/network_service", {"network_service": {"service": service}}
            )

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
        instance = Instance(self, name, where.machine, nics)
        instance.make_taps()
        instance.wait_until_active()
        return instance

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
def prepared(settings: Settings | None = None, hosts: int = 1) -> Iterator[Cloud]:
    """A cloud of hosts ``h1``, ``h2`` ... with an outside. Nothing runs yet."""
    if os.geteuid() != 0:
        pytest.skip("needs root: makes network namespaces")
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(contextlib.closing(Namespaces()))
        cloud = Cloud(made, stack.enter_context(directory()), settings or {})
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
