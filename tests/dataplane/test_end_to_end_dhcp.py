"""What an instance of flat_dhcp gets: its address and options, IPv6, a gateway, metadata."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nova_netplugins.host import namespaces as netns_tools
from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import PATIENCE, Cloud
from tests.dataplane.fake_nova import SECRET, FakeNova
from tests.dataplane.net_api import Row, ask
from tests.dataplane.topology import reaches
from tests.eventually import eventually

pytestmark = pytest.mark.root

METADATA = "169.254.169.254"


@pytest.fixture(scope="module")
def nova() -> Iterator[FakeNova]:
    """Its port is known, but nobody listens there yet."""
    nova = FakeNova()
    nova.stop()
    yield nova
    nova.stop()


@pytest.fixture(scope="module")
def cloud(nova: FakeNova) -> Iterator[Cloud]:
    gateway = {
        "metadata_host": "127.0.0.1",
        "metadata_port": nova.port,
        "metadata_proxy_shared_secret": SECRET,
    }
    with clouds.running({"gateway": gateway}) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def network(cloud: Cloud) -> Row:
    return cloud.make_network(
        "flat_dhcp",
        cidr="10.0.0.0/24",
        cidr_v6="fd00:1::/64",
        mtu=1400,
        dhcp_options={"ntp-server": "192.0.2.9", "224": "hello"},
    )


def test_it_gets_the_address_reserved_for_it_and_reaches_gateway_and_neighbour(
    cloud: Cloud, network: Row
) -> None:
    one, two = (cloud.boot(name, "flat_dhcp", network) for name in ("one", "two"))
    for instance in (one, two):
        lease = instance.ask_dhcp()
        assert lease["ip"] == instance.address
        assert reaches(instance.netns, network["gateway"])
    assert reaches(one.netns, two.address)
    assert reaches(one.netns, clouds.WORLD_ADDRESS)


def test_it_gets_the_options_of_its_network(cloud: Cloud, network: Row) -> None:
    lease = cloud.boot("options", "flat_dhcp", network).ask_dhcp("eth0", 42, 224)
    assert lease["router"] == lease["dns"] == network["gateway"]
    assert lease["mtu"] == "1400"
    assert lease["ntpsrv"] == "192.0.2.9"
    assert bytes.fromhex(lease["opt224"]) == b"hello"
    assert lease["domain"] == "novalocal"


def test_it_forms_the_ipv6_address_that_net_api_told(cloud: Cloud, network: Row) -> None:
    instance = cloud.boot("six", "flat_dhcp", network)
    v6 = instance.addresses[1]
    eventually(
        lambda: f"{v6}/64" in instance.shell("ip -6 address show dev eth0 -tentative"), v6, PATIENCE
    )
    assert reaches(instance.netns, network["gateway_v6"])
    assert "default" not in instance.shell("ip -6 route"), "IPv6 ends at the gateway"
    # The network's router advertises itself to instances, not to the host whose bridge it uses.
    bridge = cloud.node.machine.run("ip", "-6", "address", "show", "dev", network["bridge"])
    assert bridge == ""


def test_with_two_nics_the_first_has_the_default_route(cloud: Cloud, network: Row) -> None:
    second = cloud.make_network("flat_dhcp", cidr="10.0.2.0/24", bridge="br-second")
    instance = cloud.boot("both", "flat_dhcp", network, second)
    assert "router" in instance.ask_dhcp("eth0")
    assert "router" not in instance.ask_dhcp("eth1")
    assert reaches(instance.netns, network["gateway"])
    assert reaches(instance.netns, second["gateway"])
    assert f"default via {network['gateway']} dev eth0" in instance.shell("ip route")


def test_its_lease_is_known_to_net_api_and_ends_with_it(cloud: Cloud, network: Row) -> None:
    instance = cloud.boot("leaver", "flat_dhcp", network)
    instance.ask_dhcp()
    path = f"/flat_dhcp/fixed_ips/{instance.address}?network_id={network['id']}"
    eventually(
        lambda: cloud.api.get(path)["fixed_ip"]["leased"], "net-api knows of the lease", PATIENCE
    )
    leases = cloud.node.config.parent / f"networks/flat_dhcp/networks/{network['id']}/leases"
    assert instance.address in leases.read_text()
    instance.delete()
    eventually(
        lambda: instance.address not in leases.read_text(), "dnsmasq ends the lease", PATIENCE
    )
    known = cloud.api.get(f"/flat_dhcp/fixed_ips?network_id={network['id']}")["fixed_ips"]
    assert instance.address not in [row["address"] for row in known]


def test_it_reaches_novas_metadata_as_itself(cloud: Cloud, network: Row, nova: FakeNova) -> None:
    instance = cloud.boot("curious", "flat_dhcp", network)
    instance.ask_dhcp()
    assert ask(instance.netns, METADATA, "/latest/meta-data/")[0] == 502
    with netns_tools.entered(cloud.node.machine.netns):
        nova.start()
    status, asked = ask(instance.netns, METADATA, "/latest/meta-data/")
    assert status == 201
    assert asked["path"] == "/latest/meta-data/"
    headers = dict(asked["headers"])
    assert headers["X-Instance-ID"] == instance.id
    assert headers["X-Tenant-ID"] == "flat_dhcp"
    assert headers["X-Forwarded-For"] == instance.address


def test_behind_a_gateway_that_is_not_ours_metadata_is_reached_through_us(cloud: Cloud) -> None:
    network = cloud.make_network(
        "flat_dhcp", cidr="10.0.4.0/24", bridge="br-foreign", dhcp_server="10.0.4.2"
    )
    lease = cloud.boot("foreign", "flat_dhcp", network).ask_dhcp("eth0", 121)
    assert lease["router"] == "10.0.4.1"
    assert lease["staticroutes"] == f"{METADATA}/32 10.0.4.2 0.0.0.0/0 10.0.4.1"
