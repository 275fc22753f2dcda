"""With a message bus nobody waits for the next comparison: it is an hour away here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nova_netplugins.host import namespaces as netns_tools
from tests import servers
from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import PATIENCE, Cloud
from tests.dataplane.net_api import Row
from tests.dataplane.topology import eventually, is_cut_off, reaches

pytestmark = pytest.mark.root

HOUR = 3600


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with clouds.prepared() as cloud:
        with netns_tools.entered(cloud.node.machine.netns):
            broker = servers.rabbitmq()
            try:
                url = broker.__enter__()
            except servers.ServerMissing as missing:
                pytest.skip(str(missing))
        try:
            cloud.configure("DEFAULT", transport_url=url)
            for daemon in clouds.DAEMONS:
                cloud.configure(daemon, sync_interval=HOUR)
            cloud.start()
            yield cloud
        finally:
            broker.__exit__(None, None, None)


@pytest.fixture(scope="module")
def network(cloud: Cloud) -> Row:
    return cloud.make_network("flat_dhcp", cidr="10.0.0.0/24")


def test_dhcp_knows_an_instance_before_its_nic_is_active(cloud: Cloud, network: Row) -> None:
    for number in range(3):
        instance = cloud.boot(f"first{number}", "flat_dhcp", network)
        # One question, no second one.
        assert instance.ask_dhcp(attempts=1)["ip"] == instance.address


def test_a_floating_address_comes_and_goes_at_once(cloud: Cloud, network: Row) -> None:
    instance = cloud.boot("public", "flat_dhcp", network)
    instance.ask_dhcp()
    floating = cloud.make_floating("flat_dhcp")
    cloud.associate("flat_dhcp", floating, instance)
    assert eventually(lambda: reaches(cloud.world, floating), PATIENCE)
    cloud.disassociate("flat_dhcp", floating)
    assert eventually(lambda: is_cut_off(cloud.world, floating), PATIENCE)
