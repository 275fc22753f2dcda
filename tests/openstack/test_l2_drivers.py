"""Which driver the configuration gives, and how it finds Neutron."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from oslo_config import cfg

import nova_netplugins
from netkit.db import Database
from nova_netplugins.netstack import conf as options
from nova_netplugins.netstack import l2_drivers, l2_errors
from nova_netplugins.netstack.l2 import NewNetwork
from nova_netplugins.netstack.local_l2 import LocalL2
from nova_netplugins.netstack.quantum import Quantum
from tests.functional.installed import INSTALL_AND_TEST_SECONDS
from tests.functional.keystone import PASSWORD, keystone
from tests.openstack.neutron import Neutron

pytestmark = pytest.mark.timeout(INSTALL_AND_TEST_SECONDS)

OF_KEYSTONE = """
[quantum]
auth_type = password
auth_url = {url}
username = ann
password = {password}
project_name = red
user_domain_id = default
project_domain_id = default
"""


@pytest.fixture
def database(sqlite_url: str) -> Database:
    return Database.from_url(sqlite_url)


def configured(tmp_path: Path, text: str) -> cfg.ConfigOpts:
    file = tmp_path / "netstack.conf"
    file.write_text(text)
    conf = cfg.ConfigOpts()
    options.register(conf)
    conf([], project="nova-netplugins", default_config_files=[str(file)])
    return conf


def test_the_driver_is_the_configured_one(tmp_path: Path, database: Database) -> None:
    local = configured(tmp_path, "[netstack]\nl2_driver = local\n")
    assert isinstance(l2_drivers.load(local, database), LocalL2)
    url = "http://127.0.0.1:9696"
    quantum = configured(tmp_path, f"[quantum]\nendpoint_override = {url}\n")
    assert isinstance(l2_drivers.load(quantum, database), Quantum)


def test_without_an_endpoint_one_is_told_that_there_is_none(
    tmp_path: Path, database: Database
) -> None:
    l2 = l2_drivers.load(configured(tmp_path, ""), database)
    with pytest.raises(l2_errors.L2Misconfigured, match=r"no endpoint of Neutron.*\[quantum\]"):
        l2.list_networks()


def test_neutron_is_found_in_the_catalogue_of_a_keystone(
    tmp_path: Path, database: Database, neutron_server: Neutron
) -> None:
    with keystone(tmp_path / "keystone") as identity:
        identity.add_user("ann", identity.add_project("red"), "member")
        text = OF_KEYSTONE.format(url=identity.url, password=PASSWORD)
        l2 = l2_drivers.load(configured(tmp_path, text), database)
        with pytest.raises(l2_errors.L2Misconfigured, match=r"list networks.*\[quantum\]"):
            l2.list_networks()
        identity.add_endpoint("network", neutron_server.url)
        l2 = l2_drivers.load(configured(tmp_path, text), database)
        made = l2.create_network(NewNetwork(str(uuid.uuid4()), "web", "red"))
        assert l2.get_network(made.id) == made

        wrong = configured(tmp_path, text.replace(PASSWORD, "wrong"))
        with pytest.raises(l2_errors.L2Misconfigured, match="Keystone refuses the credentials"):
            l2_drivers.load(wrong, database).list_networks()


def test_nothing_else_knows_openstacksdk() -> None:
    root = Path(nova_netplugins.__file__).parent
    knows = {
        file.relative_to(root).as_posix()
        for file in root.rglob("*.py")
        for line in file.read_text().splitlines()
        if line.startswith(("import openstack", "from openstack"))
    }
    assert knows == {"netstack/quantum_calls.py"}
