"""Neutron 29 as PyPI has it, on SQLite and a free port of 127.0.0.1, for the time of a test.

::

    with neutron(tmp_path) as server:
        requests.get(f"{server.url}/v2.0/networks")

It is ML2 with the Open vSwitch driver and VXLAN, without authentication. Without a message bus
``HOST`` has, as far as Neutron knows, a living Open vSwitch agent; no other host has one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import requests

from tests.eventually import eventually
from tests.functional.installed import ROOT, alone, python_with
from tests.servers import free_port

NAME = "neutron-29"
HOST = "compute-1"

_START_SECONDS = 60.0

_CONF = """
[DEFAULT]
auth_strategy = noauth
core_plugin = ml2
service_plugins =
transport_url = {transport}
api_paste_config = {paste}
state_path = {home}
log_file = {home}/neutron.log
agent_down_time = {agent_down_time}
rpc_workers = 1
rpc_state_report_workers = 0
dhcp_agent_notification = false
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
[oslo_concurrency]
lock_path = {home}/locks
[database]
connection = {database}
[ml2]
type_drivers = vxlan
tenant_network_types = vxlan
mechanism_drivers = openvswitch
extension_drivers = port_security
[ml2_type_vxlan]
vni_ranges = 1:4000
"""

# Migrations do not run on SQLite, and take their time elsewhere; the models make the same tables,
# but not what the migrations write there: the rules of a new security group.
_PREPARE = """
import datetime, json, pathlib, runpy, sys
import sqlalchemy as sa
from neutron.db import migration
from neutron.db.migration.models import head
metadata = head.get_metadata()
engine = sa.create_engine(sys.argv[1])
metadata.create_all(engine)
[script] = pathlib.Path(migration.__file__).parent.rglob("*_security_group_default_rules.py")
written = runpy.run_path(str(script))
with engine.begin() as connection:
    for rule in written["default_template_rules"]:
        rules, attributes = written["table_name"], metadata.tables["standardattributes"]
        described = {"resource_type": rules, "description": rule.pop("description")}
        made = connection.execute(attributes.insert(), described).inserted_primary_key[0]
        connection.execute(metadata.tables[rules].insert(), {**rule, "standard_attr_id": made})
now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
agent = {
    "id": "4a1b7c0e-0000-4000-8000-000000000001",
    "agent_type": "Open vSwitch agent", "binary": "neutron-openvswitch-agent",
    "topic": "N/A", "host": sys.argv[2], "admin_state_up": True,
    "created_at": now, "started_at": now, "heartbeat_timestamp": now,
    "configurations": json.dumps(
        {"tunnel_types": ["vxlan"], "bridge_mappings": {}, "tunneling_ip": "127.0.0.1",
         "ovs_capabilities": {"datapath_types": [], "iface_types": []}}),
    "load": 0,
}
if sys.argv[2]:
    with engine.begin() as connection:
        connection.execute(metadata.tables["agents"].insert().values(agent))
"""

_SERVE = """
import os, waitress
from neutron.wsgi.api import application
waitress.serve(application, host="127.0.0.1", port=int(os.environ["PORT"]), threads=4)
"""


class Neutron:
    """A server that can be killed and started again; its data and its address stay."""

    def __init__(self, python: Path, home: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._python = python
        self._home = home
        self._port = port
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers. The server ends with the thread that calls this."""
        settings = {"OS_NEUTRON_CONFIG_DIR": str(self._home), "PORT": str(self._port)}
        settings["OS_NEUTRON_CONFIG_FILES"] = "neutron.conf"
        with (self._home / "output").open("ab") as output:
            # The death signal ends it even when the tests are killed.
            self._server = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", self._python, "-c", _SERVE],
                env={**os.environ, **settings},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        eventually(self._answers, "Neutron answers", _START_SECONDS)

    def kill(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def _answers(self) -> bool:
        assert self._server is not None
        if self._server.poll() is not None:
            raise AssertionError(f"Neutron ended: {(self._home / 'output').read_text()[-3000:]}")
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.url}/v2.0/networks", timeout=10).ok
        return False


@contextlib.contextmanager
def neutron(
    home: Path, database: str | None = None, transport: str | None = None
) -> Iterator[Neutron]:
    """``home``: an empty directory. ``database``: an empty one, instead of SQLite's. ``transport``:
    where its agents are heard. Skips the test where Neutron cannot be installed."""
    python = installed()
    host = HOST if transport is None else ""
    if database is None:
        assert transport is None, "SQLite tells a second process that it is locked"
        with alone(NAME):
            prepared = _prepared(python)
        shutil.copytree(prepared, home, dirs_exist_ok=True)
    else:
        _make_tables(python, database, host)
    text = _CONF.format(
        home=home,
        paste=python.parents[1] / "etc/neutron/api-paste.ini",
        transport=transport or "fake://",
        database=database or f"sqlite:///{home}/neutron.sqlite",
        agent_down_time=1000000 if host else 75,
    )
    (home / "neutron.conf").write_text(text)
    server = Neutron(python, home, free_port())
    try:
        server.start()
        yield server
    finally:
        server.kill()


def installed() -> Path:
    """The Python that has Neutron. Skips the test where it cannot be installed."""
    return python_with(NAME, "neutron==29.0.0", "PyMySQL", "waitress")


def _prepared(python: Path) -> Path:
    """A directory with the tables of a new Neutron, made once."""
    version = hashlib.sha256(_PREPARE.encode()).hexdigest()[:8]
    done = ROOT / ".cache" / NAME / f"prepared-{version}"
    if not done.exists():
        home = done.with_name("preparing")
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        _make_tables(python, f"sqlite:///{home}/neutron.sqlite", HOST)
        home.rename(done)
    return done


def _make_tables(python: Path, database: str, host: str) -> None:
    """``host``: has an agent already; empty: none has."""
    command = [str(python), "-c", _PREPARE, database, host]
    made = subprocess.run(command, capture_output=True, text=True, timeout=_START_SECONDS)
    assert made.returncode == 0, f"Neutron's tables: {made.stderr[-2000:]}"
