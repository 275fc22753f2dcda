"""A floating range on an interface of its own, as ``floating create --interface`` makes it."""

from __future__ import annotations

import pytest

from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import PATIENCE
from tests.dataplane.topology import is_cut_off, reaches, shell
from tests.eventually import eventually


@pytest.mark.root
def test_a_floating_ip_is_reached_on_the_interface_of_its_range() -> None:
    with clouds.running() as cloud:
        partner, host = cloud.namespaces.make("partner"), cloud.node.machine.netns
        shell(host, f"ip link add partner type veth peer name eth0 netns {partner}")
        shell(host, "ip address add 198.51.100.1/24 dev partner; ip link set partner up")
        shell(partner, "ip address add 198.51.100.2/24 dev eth0; ip link set eth0 up")
        asked = {"ip_range": "198.51.100.128/28", "interface": "partner"}
        cloud.api.post("/flat_dhcp/floating_ranges", {"floating_range": asked})
        network = cloud.make_network("flat_dhcp", cidr="10.0.0.0/24")
        instance = cloud.boot("one", "flat_dhcp", network)
        instance.ask_dhcp()
        floating = cloud.make_floating("flat_dhcp")
        cloud.associate("flat_dhcp", floating, instance)
        eventually(lambda: reaches(partner, floating), "it leads to the instance", PATIENCE)
        assert reaches(instance.netns, "198.51.100.2")
        cloud.disassociate("flat_dhcp", floating)
        eventually(lambda: is_cut_off(partner, floating), "it leads nowhere", PATIENCE)
        assert is_cut_off(instance.netns, "198.51.100.2")
