"""Daemons that are killed, stopped and started again, while instances talk."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import DAEMONS, PATIENCE, Cloud
from tests.dataplane.footprint import comes_back, footprint
from tests.dataplane.instances import Instance
from tests.dataplane.net_api import Row
from tests.dataplane.topology import pinging, reaches
from tests.eventually import eventually

pytestmark = pytest.mark.root

# Who is killed, and how many seconds into its work.
KILLS: Sequence[tuple[tuple[str, ...], float]] = [
    (DAEMONS, 0.0),
    (("agent",), 0.1),
    (("service",), 0.2),
    (DAEMONS, 0.3),
    (DAEMONS, 0.5),
]
INSTANCES_PER_KILL = 4
_serial = itertools.count()


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with clouds.running() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def network(cloud: Cloud) -> Row:
    return cloud.make_network("flat_dhcp", cidr="10.0.0.0/24", cidr_v6="fd00:1::/64")


@pytest.fixture(scope="module")
def pair(cloud: Cloud, network: Row) -> list[Instance]:
    pair = [cloud.boot(name, "flat_dhcp", network) for name in ("one", "two")]
    for instance in pair:
        instance.ask_dhcp()
    return pair


@pytest.fixture(scope="module")
def floating(cloud: Cloud, pair: list[Instance]) -> str:
    """Leads to the first of the pair."""
    address = cloud.make_floating("flat_dhcp")
    cloud.associate("flat_dhcp", address, pair[0])
    eventually(lambda: reaches(cloud.world, address), f"{address} leads to its instance", PATIENCE)
    return address


def come_and_go(cloud: Cloud, network: Row) -> None:
    """Both daemons are at work: they serve a new instance, and forget it again."""
    instance = cloud.boot(f"passing{next(_serial)}", "flat_dhcp", network)
    instance.ask_dhcp()
    instance.delete()


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_nothing_changes_when_daemons_end_and_start_again(
    end: str, cloud: Cloud, network: Row, pair: list[Instance], floating: str
) -> None:
    before = footprint(cloud.node.machine)
    with pinging(pair[0].netns, pair[1].address) as lost, pinging(cloud.world, floating) as missed:
        getattr(cloud.node, end)(*DAEMONS)
        assert not comes_back(cloud.node.machine, before)
        cloud.node.start(*DAEMONS)
        come_and_go(cloud, network)
        assert not comes_back(cloud.node.machine, before)
        assert (lost(), missed()) == (0, 0)


def test_killed_at_any_moment_they_still_serve_all_who_come_and_forget_all_who_go(
    cloud: Cloud, network: Row, pair: list[Instance], floating: str
) -> None:
    before = footprint(cloud.node.machine)
    with pinging(pair[0].netns, pair[1].address) as lost, pinging(cloud.world, floating) as missed:
        came: list[Instance] = []
        for daemons, moment in KILLS:
            came += [come(cloud, network, len(came) + n) for n in range(INSTANCES_PER_KILL)]
            kill_and_start(cloud, daemons, moment)
        for instance in came:
            instance.wait_until_active()
        with ThreadPoolExecutor(8) as pool:
            leases = list(pool.map(Instance.ask_dhcp, came))
        assert [lease["ip"] for lease in leases] == [instance.address for instance in came]
        for daemons, moment in KILLS:
            for _ in range(INSTANCES_PER_KILL):
                came.pop().delete()
            kill_and_start(cloud, daemons, moment)
        assert not comes_back(cloud.node.machine, before)
        assert (lost(), missed()) == (0, 0)


def come(cloud: Cloud, network: Row, number: int) -> Instance:
    nics = cloud.allocate("flat_dhcp", network)
    instance = cloud.make_instance(f"storm{number}", nics, cloud.node)
    instance.make_taps()
    return instance


def kill_and_start(cloud: Cloud, daemons: Sequence[str], moment: float) -> None:
    for daemon in daemons:
        at_work = functools.partial(cloud.node.daemons[daemon].has_said, "works on host")
        eventually(at_work, f"{daemon} is at work", PATIENCE)
    # Not a wait for anything: the moments are to fall all over the work.
    time.sleep(moment)
    cloud.node.kill(*daemons)
    cloud.node.start(*daemons)


def test_what_was_deleted_while_they_were_away_is_gone_afterwards(
    cloud: Cloud, network: Row, pair: list[Instance]
) -> None:
    before = footprint(cloud.node.machine)
    other = cloud.make_network("flat_dhcp", cidr="10.0.9.0/24", bridge="br-gone")
    gone = cloud.boot("gone", "flat_dhcp", network)
    on_other = cloud.boot("on-other", "flat_dhcp", other)
    for instance in (gone, on_other):
        instance.ask_dhcp()
    floating = cloud.make_floating("flat_dhcp")
    cloud.associate("flat_dhcp", floating, on_other)
    eventually(
        lambda: reaches(cloud.world, floating), f"{floating} leads to its instance", PATIENCE
    )
    cloud.node.kill(*DAEMONS)
    cloud.disassociate("flat_dhcp", floating)
    for instance in (gone, on_other):
        instance.delete()
    cloud.api.delete(f"/flat_dhcp/networks/{other['id']}")
    cloud.node.start(*DAEMONS)
    assert not comes_back(cloud.node.machine, before)
