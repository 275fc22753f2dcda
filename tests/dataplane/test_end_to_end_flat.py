"""flat: no DHCP and no router, only a wire and an address that is injected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import Cloud
from tests.dataplane.topology import is_cut_off, reaches

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with clouds.prepared() as cloud:
        cloud.start()
        yield cloud


def test_neighbours_reach_each_other_without_a_net_service(cloud: Cloud) -> None:
    cloud.node.stop("service")
    network = cloud.make_network("flat", cidr="10.0.0.0/24")
    one, two = (cloud.boot(name, "flat", network) for name in ("one", "two"))
    for instance in (one, two):
        instance.configure()
    assert reaches(one.netns, two.address)
    assert is_cut_off(one.netns, network["gateway"])
    assert cloud.node.machine.run("ip", "netns") == ""


def test_an_instance_is_not_heard_with_another_address(cloud: Cloud) -> None:
    network = cloud.make_network("flat", cidr="10.0.1.0/24", bridge="br-other")
    one, two = (cloud.boot(name, "flat", network) for name in ("three", "four"))
    two.configure()
    one.shell("ip address add 10.0.1.77/24 dev eth0")
    assert is_cut_off(one.netns, two.address)
