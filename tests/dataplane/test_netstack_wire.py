"""netstack's networks between hosts: what passes from instance to instance, and what does not."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from nova_netplugins.host.driver import LinuxHost
from nova_netplugins.host.kernel import EVERYBODY, Remote
from nova_netplugins.host.netlink import NetlinkKernel
from tests.dataplane import openvswitch
from tests.dataplane.netstack_wire import Compute, WiredCloud, configured
from tests.dataplane.topology import Namespaces, is_cut_off, pinging, reaches, shell
from tests.eventually import eventually

pytestmark = pytest.mark.root

MakeCompute = Callable[..., Compute]


@pytest.fixture
def cloud() -> WiredCloud:
    return WiredCloud()


@pytest.fixture
def wire(namespaces: Namespaces) -> LinuxHost:
    """What hosts are plugged into."""
    wire = LinuxHost(namespaces.make("wire"))
    wire.links.ensure_bridge("br0", "test")
    return wire


@pytest.fixture
def compute(
    cloud: WiredCloud, wire: LinuxHost, namespaces: Namespaces, tmp_path: Path
) -> MakeCompute:
    """Makes a host on the wire, with Linux bridges."""

    def make(number: int, form: str = "192.0.2.{}/24") -> Compute:
        name = f"host{number}"
        host = LinuxHost(namespaces.make(name))
        host.links.ensure_veth("eth0", name, "test", peer_netns=wire.netns)
        wire.links.ensure_port("br0", name)
        address = form.format(number)
        host.addresses.ensure_address("eth0", address)
        directory = tmp_path / name
        directory.mkdir()
        conf = configured(directory, tunnel_address=address.partition("/")[0])
        return Compute(cloud, name, host, conf, namespaces.make)

    return make


@pytest.mark.parametrize(("form", "mtu"), [("192.0.2.{}/24", 1450), ("2001:db8::{}/64", 1430)])
def test_instances_of_two_hosts_talk_with_full_frames(
    cloud: WiredCloud, compute: MakeCompute, form: str, mtu: int
) -> None:
    network = cloud.network(5)
    one, two = compute(1, form), compute(2, form)
    first, second = one.boot(network, "10.0.0.1"), two.boot(network, "10.0.0.2")
    one.hear_of(network)
    assert reaches(first.netns, "10.0.0.2")
    for booted in (first, second):
        tap = booted.compute.host.links.get(booted.tap)
        assert tap is not None and tap.mtu == mtu
        booted.shell(f"ip link set eth0 mtu {mtu}")
    first.shell(f"ping -q -c1 -W5 -M do -s {mtu - 28} 10.0.0.2")


def test_networks_with_the_same_cidr_know_nothing_of_each_other(
    cloud: WiredCloud, compute: MakeCompute
) -> None:
    red, blue = cloud.network(5), cloud.network(16777215)
    one, two = compute(1), compute(2)
    here = {network: one.boot(network, "10.0.0.1") for network in (red, blue)}
    two.boot(red, "10.0.0.2")
    two.boot(blue, "10.0.0.3")
    for network in (red, blue):
        one.hear_of(network)
    assert reaches(here[red].netns, "10.0.0.2")
    assert reaches(here[blue].netns, "10.0.0.3")
    assert is_cut_off(here[red].netns, "10.0.0.3")
    assert is_cut_off(here[blue].netns, "10.0.0.2")


def test_a_host_that_joins_is_reached_and_one_that_leaves_is_forgotten(
    cloud: WiredCloud, compute: MakeCompute
) -> None:
    network = cloud.network(5)
    one, two = compute(1), compute(2)
    first, second = one.boot(network, "10.0.0.1"), two.boot(network, "10.0.0.2")
    # Nobody was told: the next comparison finds it.
    assert one.agent.check() == [f"put the tunnels of network {network} right"]
    assert one.agent.check() == []
    assert reaches(first.netns, "10.0.0.2")

    three = compute(3)
    third = three.boot(network, "10.0.0.3")
    for host in (one, two):
        host.hear_of(network)
    assert reaches(third.netns, "10.0.0.1")
    assert reaches(third.netns, "10.0.0.2")

    two.delete(second)
    assert "removed bridge br-vx5" in two.agent.check()
    assert not two.host.links.exists("vxlan5")
    one.hear_of(network)
    remotes = NetlinkKernel(one.host.netns).remotes("vxlan5")
    assert Remote(EVERYBODY, "192.0.2.3") in remotes
    assert {remote.host for remote in remotes} == {"192.0.2.3"}
    assert reaches(first.netns, "10.0.0.3")


def test_an_agent_that_is_killed_at_any_moment_leaves_traffic_flowing(
    cloud: WiredCloud, compute: MakeCompute
) -> None:
    network, others = cloud.network(5), cloud.network(6)
    one, two = compute(1), compute(2)
    first, restless = one.boot(network, "10.0.0.1"), one.boot(others, "10.0.0.1")
    two.boot(network, "10.0.0.2")
    two.boot(others, "10.0.0.2")
    one.hear_of(network)
    assert reaches(first.netns, "10.0.0.2")

    def work() -> None:
        agent = one.start_agent()
        while True:
            agent.unplug(cloud.nics[restless.nic_id])
            agent.check()
            one.plug(restless.nic_id)

    with pinging(first.netns, "10.0.0.2") as lost:
        for seconds in (0.05, 0.1, 0.17, 0.2, 0.33):
            killed = multiprocessing.get_context("fork").Process(target=work)
            killed.start()
            time.sleep(seconds)
            killed.kill()
            killed.join()
            one.start_agent().check()
            assert one.agent.check() == []
            assert reaches(restless.netns, "10.0.0.2")
        assert lost() == 0


def test_what_was_taken_away_by_hand_comes_back(cloud: WiredCloud, compute: MakeCompute) -> None:
    network = cloud.network(5)
    one, two = compute(1), compute(2)
    first = one.boot(network, "10.0.0.1")
    two.boot(network, "10.0.0.2")
    for damage in (
        f"ip link set {first.tap} nomaster",
        "ip link delete vxlan5",
        "ip link set vxlan5 nomaster",
        "ip link delete br-vx5",
        "bridge fdb del 00:00:00:00:00:00 dev vxlan5 dst 192.0.2.2",
    ):
        one.agent.check()
        shell(one.host.netns or "", damage)
        assert one.agent.check() != [], damage
        assert one.agent.check() == [], damage
        assert reaches(first.netns, "10.0.0.2"), damage


def test_an_instance_uses_its_own_addresses_and_those_that_it_is_allowed(
    cloud: WiredCloud, compute: MakeCompute
) -> None:
    network = cloud.network(5)
    one, two = compute(1), compute(2)
    first = one.boot(network, "10.0.0.1")
    two.boot(network, "10.0.0.2")
    one.hear_of(network)
    for address in ("10.0.0.50", "10.0.0.99"):
        first.shell(f"ip address add {address}/24 dev eth0")
    cloud.change(first.nic_id, allowed_address_pairs=[["10.0.0.50", None]])
    one.plug(first.nic_id)

    def answered(source: str) -> bool:
        command = f"ping -q -c1 -W1 -I {source} 10.0.0.2 || true"
        return " 1 received" in first.shell(command)

    eventually(lambda: answered("10.0.0.50"), "the allowed address is used")
    assert answered("10.0.0.1")
    assert not answered("10.0.0.99")
    first.shell("ip link set eth0 address fa:16:3e:00:00:77")
    assert not answered("10.0.0.1")


def test_a_pure_layer_2_network_carries_any_address_from_the_right_mac(
    cloud: WiredCloud, compute: MakeCompute
) -> None:
    network = cloud.network(5)
    one, two = compute(1), compute(2)
    first, second = one.boot(network), two.boot(network)
    one.hear_of(network)
    first.shell("ip address add 172.16.0.1/24 dev eth0")
    second.shell("ip address add 172.16.0.2/24 dev eth0")
    assert reaches(first.netns, "172.16.0.2")
    first.shell("ip link set eth0 address fa:16:3e:00:00:77")
    assert is_cut_off(first.netns, "172.16.0.2")


@pytest.fixture
def switched_pair(
    cloud: WiredCloud, namespaces: Namespaces, tmp_path: Path
) -> Iterator[list[Compute]]:
    """Two hosts with an Open vSwitch each, and a wire between them."""
    names = ["host1", "host2"]
    roots = [namespaces.make(name) for name in names]
    LinuxHost(roots[0]).links.ensure_veth("eth1", "eth1", "test", peer_netns=roots[1])
    with ExitStack() as stack:
        computes = []
        for name, root in zip(names, roots, strict=True):
            directory = tmp_path / name
            directory.mkdir()
            try:
                database = stack.enter_context(openvswitch.running(root, directory))
            except openvswitch.Missing as missing:
                pytest.skip(str(missing))
            conf = configured(
                directory,
                interface_driver="openvswitch",
                ovs_interface="eth1",
                ovs_datapath_type="netdev",
            )
            host = LinuxHost(root, database)
            computes.append(Compute(cloud, name, host, conf, namespaces.make))
        yield computes


def test_tags_of_open_vswitch_keep_networks_apart_on_the_wire(
    cloud: WiredCloud, switched_pair: list[Compute]
) -> None:
    one, two = switched_pair
    red, blue = cloud.network(5), cloud.network(4094)
    here = {network: one.boot(network, "10.0.0.1") for network in (red, blue)}
    two.boot(red, "10.0.0.2")
    two.boot(blue, "10.0.0.3")
    assert reaches(here[red].netns, "10.0.0.2")
    assert reaches(here[blue].netns, "10.0.0.3")
    assert is_cut_off(here[red].netns, "10.0.0.3")
    assert is_cut_off(here[blue].netns, "10.0.0.2")
    here[red].shell("ip address add 10.0.0.99/24 dev eth0")
    assert "100% packet loss" in here[red].shell("ping -q -c1 -W1 -I 10.0.0.99 10.0.0.2 || true")
    assert list(one.start_agent().check()) == []
    assert cloud.told.tunnels == {}


def test_a_port_of_neutron_is_attached_to_its_bridge_and_then_left_alone(
    cloud: WiredCloud, switched_pair: list[Compute]
) -> None:
    one, _ = switched_pair
    one.host.switch.ensure_ovs_bridge("br-int", "neutron", "netdev")
    network = cloud.network(5, mtu=1442, l2_driver="quantum")
    booted = one.boot(network, "10.0.0.1")
    assert one.host.switch.owned() == {booted.tap: f"netstack nic {booted.nic_id}"}
    assert list(one.agent.check()) == []
    # No rule of ours: guarding is the work of Neutron's agent.
    assert one.host.switch.converge_flows("br-int", "netstack antispoof", []) is False
    one.delete(booted)
    assert one.host.switch.owned() == {}
