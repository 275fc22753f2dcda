"""What is left of networks that are gone, and what comes back after a reboot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import DAEMONS, PATIENCE, SERVICES, Cloud
from tests.dataplane.footprint import comes_back, footprint, lasting
from tests.dataplane.instances import Instance
from tests.dataplane.topology import reaches
from tests.eventually import eventually

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with clouds.running() as cloud:
        yield cloud


def test_nothing_is_left_of_networks_and_instances(cloud: Cloud) -> None:
    # Rules of the host itself and empty tables of guards are there from the start.
    eventually(
        lambda: tables(cloud) == len(SERVICES) + 1, "the daemons have set up their host", PATIENCE
    )
    before = footprint(cloud.node.machine)
    instances: list[Instance] = []
    paths: list[str] = []
    for number, service in enumerate(SERVICES):
        cidrs = {"cidr": f"10.0.{number}.0/24", "cidr_v6": f"fd00:{number}::/64"}
        network = cloud.make_network(service, **cidrs, project_id=service)
        paths.append(f"/{service}/networks/{network['id']}?disassociate=true")
        instances += [cloud.boot(f"{service}{n}".replace("_", "-"), service, network) for n in "12"]
    for instance in instances[2:]:
        instance.ask_dhcp()
    floating = cloud.make_floating("vlan")
    cloud.associate("vlan", floating, instances[-1])
    eventually(
        lambda: reaches(cloud.world, floating), f"{floating} leads to its instance", PATIENCE
    )
    for instance in instances:
        instance.delete()
    for path in paths:
        cloud.api.delete(path)
    assert not comes_back(cloud.node.machine, before)


def tables(cloud: Cloud) -> int:
    return len(cloud.node.machine.run("nft", "list", "tables").splitlines())


def test_everything_comes_back_after_a_reboot(cloud: Cloud) -> None:
    network = cloud.make_network("vlan", cidr="10.7.0.0/24", project_id="vlan")
    pair = [cloud.boot(name, "vlan", network) for name in ("one", "two")]
    for instance in pair:
        instance.ask_dhcp()
    floating = cloud.make_floating("vlan")
    cloud.associate("vlan", floating, pair[0])
    eventually(
        lambda: reaches(cloud.world, floating), f"{floating} leads to its instance", PATIENCE
    )
    before = lasting(footprint(cloud.node.machine))

    cloud.node.machine.power_off()
    cloud.node.machine.power_on()
    clouds.join_world(cloud, cloud.node)
    cloud.node.start("api", *DAEMONS)
    eventually(cloud.api.answers, "net-api answers", PATIENCE)
    for instance in pair:
        instance.make_taps()
        assert instance.ask_dhcp()["ip"] == instance.address

    assert reaches(pair[0].netns, pair[1].address)
    eventually(
        lambda: reaches(cloud.world, floating), f"{floating} leads to its instance", PATIENCE
    )
    eventually(
        lambda: lasting(footprint(cloud.node.machine)) == before, "all is as before", PATIENCE
    )
