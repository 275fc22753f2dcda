"""What the instances of one project see of another's: nothing, were their addresses the same."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator

import pytest

from tests.dataplane import cloud as clouds
from tests.dataplane import openvswitch
from tests.dataplane.cloud import PATIENCE, Cloud
from tests.dataplane.instances import Instance
from tests.dataplane.topology import eventually, is_cut_off, reaches

pytestmark = pytest.mark.root

PROJECTS = ("red", "blue")


@pytest.fixture(scope="module", params=["linuxbridge", "openvswitch"])
def cloud(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    with contextlib.ExitStack() as stack:
        cloud = stack.enter_context(clouds.prepared())
        cloud.configure("vlan", interface_driver=request.param)
        if request.param == "openvswitch":
            cloud.configure("vlan", ovs_datapath_type="netdev")
            try:
                database = stack.enter_context(
                    openvswitch.running(cloud.node.machine.netns, cloud.directory)
                )
            except openvswitch.Missing as missing:
                pytest.skip(str(missing))
            cloud.configure("DEFAULT", ovs_database=database)
        cloud.start()
        yield cloud


@pytest.fixture(scope="module")
def instances(cloud: Cloud) -> dict[str, list[Instance]]:
    """Two of each project, with the same addresses as the other's two."""
    made: dict[str, list[Instance]] = {}
    for vlan, project in enumerate(PROJECTS, 100):
        network = cloud.make_network("vlan", cidr="10.0.0.0/24", project_id=project, vlan=vlan)
        made[project] = [
            cloud.boot(f"{project}{number}", "vlan", network, project=project)
            for number in range(2)
        ]
        for instance in made[project]:
            instance.ask_dhcp()
    return made


def test_projects_with_the_same_addresses_do_not_see_each_other(
    instances: dict[str, list[Instance]],
) -> None:
    red, blue = (instances[project] for project in PROJECTS)
    assert [one.address for one in red] == [one.address for one in blue]
    for pair in (red, blue):
        assert reaches(pair[0].netns, pair[1].address)
        neighbours = pair[0].shell("ip neighbour show")
        assert pair[1].nics[0]["mac_address"] in neighbours
    # With its neighbour silent, a project hears nothing where the other's neighbour still answers.
    red[1].shell("ip link set eth0 down")
    red[0].shell("ip neighbour flush all")
    assert is_cut_off(red[0].netns, red[1].address)
    assert reaches(blue[0].netns, blue[1].address)
    red[1].shell("ip link set eth0 up")
    assert eventually(lambda: reaches(red[0].netns, red[1].address), PATIENCE)


def test_each_has_a_floating_address_at_the_same_time(
    cloud: Cloud, instances: dict[str, list[Instance]]
) -> None:
    floating = {project: cloud.make_floating("vlan", project) for project in PROJECTS}
    for project in PROJECTS:
        cloud.associate("vlan", floating[project], instances[project][0])
    for project, address in floating.items():
        assert eventually(functools.partial(reaches, cloud.world, address), PATIENCE), project
    instances["red"][0].shell("ip link set eth0 down")
    assert is_cut_off(cloud.world, floating["red"])
    assert reaches(cloud.world, floating["blue"])
    instances["red"][0].shell("ip link set eth0 up")


def test_an_instance_that_takes_its_neighbours_address_is_not_heard(
    cloud: Cloud, instances: dict[str, list[Instance]]
) -> None:
    thief, victim = instances["red"]
    gateway = cloud.api.get(f"/vlan/networks/{thief.nics[0]['network_id']}")["network"]["gateway"]
    assert reaches(thief.netns, gateway)
    thief.shell(f"ip address flush dev eth0; ip address add {victim.address}/24 dev eth0")
    assert is_cut_off(thief.netns, gateway)
    assert reaches(victim.netns, gateway)
    thief.shell(f"ip address flush dev eth0; ip address add {thief.address}/24 dev eth0")
    assert reaches(thief.netns, gateway)
    thief.shell("ip link set eth0 address fa:16:3e:00:00:01")
    assert is_cut_off(thief.netns, gateway)
