"""Layer 2 by both drivers of netstack: a real Neutron, and our own tables; and netstack on one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from oslo_config import cfg

from netkit import migrations
from netkit.db import Database
from netkit.migrations import Lineage
from nova_netplugins.netstack import conf as options
from nova_netplugins.netstack import migrations as versions
from nova_netplugins.netstack.l2 import L2
from nova_netplugins.netstack.local_l2 import LocalL2, make_local
from nova_netplugins.netstack.quantum import Quantum, make_quantum
from nova_netplugins.netstack.tables import METADATA
from tests.netstack.melange_server import MelangeServer, melange_server
from tests.openstack.neutron import Neutron, neutron

LINEAGE = Lineage("netstack", str(Path(versions.__file__).parent), METADATA)


@pytest.fixture(scope="session")
def neutron_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neutron]:
    """One for all tests of this process: each has networks of its own."""
    with neutron(tmp_path_factory.mktemp("neutron")) as server:
        yield server


@pytest.fixture(scope="session")
def melange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MelangeServer]:
    with melange_server(tmp_path_factory.mktemp("melange")) as server:
        yield server


@pytest.fixture(params=["quantum", "local"])
def l2(request: pytest.FixtureRequest) -> L2:
    driver: L2 = request.getfixturevalue(request.param)
    return driver


@pytest.fixture
def quantum(neutron_server: Neutron) -> Quantum:
    return quantum_at(neutron_server.url)


@pytest.fixture
def local(sqlite_url: str) -> Iterator[LocalL2]:
    database = Database.from_url(sqlite_url)
    migrations.upgrade(database, LINEAGE)
    yield make_local(configuration(), database)
    database.close()


def quantum_at(url: str, **quantum: object) -> Quantum:
    return make_quantum(configuration(endpoint_override=url, auth_type="none", **quantum))


def configuration(**quantum: object) -> cfg.ConfigOpts:
    """Netstack's, with these options in [quantum]."""
    conf = cfg.ConfigOpts()
    options.register(conf)
    conf([], project="nova-netplugins", default_config_files=[])
    for name, value in quantum.items():
        conf.set_override(name, value, group=options.QUANTUM_GROUP)
    return conf


def on_quantum(file: Path, url: str, retries: int = 3) -> None:
    """In this configuration file netstack's layer 2 is that Neutron's from now on."""
    quantum = f"auth_type = none\nendpoint_override = {url}\nretries = {retries}"
    with file.open("a") as text:
        text.write(f"\n[netstack]\nl2_driver = quantum\n[quantum]\n{quantum}\n")
