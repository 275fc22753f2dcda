"""Neutron's Open vSwitch agent at work on a machine of a test: Neutron on MariaDB, RabbitMQ between
them, a userspace Open vSwitch.

::

    with switched(machine, "h1", "192.0.2.1", tmp_path) as quantum:
        quantum.url, quantum.database

All of it is in the machine's network, and only there.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from nova_netplugins.host import namespaces
from tests import servers
from tests.conftest import new_database
from tests.dataplane import openvswitch
from tests.dataplane.machine import Machine
from tests.eventually import eventually
from tests.openstack.neutron import installed, neutron

_START_SECONDS = 60.0

_AGENT = """
[DEFAULT]
host = {host}
transport_url = {transport}
state_path = {home}
log_file = {home}/agent.log
[oslo_concurrency]
lock_path = {home}/agent-locks
[ovs]
ovsdb_connection = {database}
datapath_type = netdev
local_ip = {local_ip}
[agent]
root_helper = env
root_helper_daemon =
tunnel_types = vxlan
polling_interval = 1
report_interval = 5
[securitygroup]
firewall_driver = openvswitch
"""


@dataclass(frozen=True)
class Switched:
    """``url``: Neutron's. ``database``: where Open vSwitch's listens, as in ``--db``."""

    url: str
    database: str

    def agents(self) -> dict[str, bool]:
        """Host -> whether its agent is alive, of all that Neutron ever heard of."""
        answer = requests.get(f"{self.url}/v2.0/agents", timeout=30)
        answer.raise_for_status()
        return {agent["host"]: agent["alive"] for agent in answer.json()["agents"]}

    def tag_of(self, port: str) -> int | None:
        """The VLAN that the agent gave to a port of its bridge."""
        told = self._ask("--if-exists", "get", "Port", port, "tag").strip()
        return int(told) if told.isdigit() else None

    def ports(self) -> list[str]:
        """All on the agent's bridge."""
        return self._ask("list-ports", "br-int").split()

    def _ask(self, *arguments: str) -> str:
        argv = ["ovs-vsctl", f"--db={self.database}", *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


@contextlib.contextmanager
def switched(machine: Machine, host: str, local_ip: str, home: Path) -> Iterator[Switched]:
    """``local_ip``: an address that the machine has, for VXLAN. ``home``: an empty directory.

    The calling thread is in the machine's network for the duration. Skips the test where Neutron or
    one of the servers cannot be had.
    """
    python = installed()
    # The agent runs ovs-vsctl without a word of where the database is.
    program = ["env", f"PATH={python.parent}:{os.environ['PATH']}", f"OVS_RUNDIR={home}"]
    with contextlib.ExitStack() as stack:
        stack.enter_context(namespaces.entered(machine.netns))
        try:
            database = stack.enter_context(openvswitch.running(machine.netns, home))
            transport = stack.enter_context(servers.rabbitmq())
            mariadb = stack.enter_context(servers.mariadb())
        except (openvswitch.Missing, servers.ServerMissing) as missing:
            pytest.skip(str(missing))
        tables = stack.enter_context(new_database(mariadb))
        (directory := home / "neutron").mkdir()
        server = stack.enter_context(neutron(directory, tables, transport))
        (directory / "agent.conf").write_text(
            _AGENT.format(
                host=host,
                transport=transport,
                home=directory,
                database=database,
                local_ip=local_ip,
            )
        )
        for name, conf in (("rpc-server", "neutron.conf"), ("openvswitch-agent", "agent.conf")):
            argv = [*program, f"neutron-{name}", f"--config-file={directory / conf}"]
            # They do not end when they are asked to.
            stack.callback(machine.start(directory / name, *argv).kill)
        quantum = Switched(server.url, database)
        eventually(lambda: quantum.agents().get(host), "the agent reports", _START_SECONDS)
        yield quantum
