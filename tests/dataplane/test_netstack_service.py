"""What netstack's net-service makes of what net-api tells it, and how it keeps DHCP in step."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netkit.errors import RemoteError
from nova_netplugins.host.dhcp.fake import FakeDhcp
from nova_netplugins.host.dhcp.kea.control import Control
from nova_netplugins.host.dhcp.kea.files import KeaFiles
from nova_netplugins.host.dhcp.model import DhcpHost
from nova_netplugins.host.driver import Host, LinuxHost
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.host.router import Names
from nova_netplugins.netstack.service import NetstackService
from tests.dataplane.topology import Namespaces
from tests.netstack.serving import (
    GATEWAY_MAC,
    PORT_ID,
    TUNNEL_ADDRESS,
    Network,
    mac,
    nic,
    service,
    subnet,
)

V4 = subnet("10.0.0.0/24", "10.0.0.1")
V6 = subnet("fd00:1::/64", "fd00:1::1")
SLAAC = subnet("fd00:2::/64", "fd00:2::1", slaac=True)
NOTHING = {"count": 0, "examples": []}


@pytest.fixture
def network() -> Network:
    return Network([V4, V6], [nic(1, "10.0.0.5", "fd00:1::5"), nic(2, "10.0.0.6")])


@pytest.fixture
def host() -> FakeHost:
    host = FakeHost()
    host.links.ensure_veth("eth0", "wire", owner="test")
    host.addresses.ensure_address("eth0", f"{TUNNEL_ADDRESS}/24")
    return host


@pytest.fixture
def served(network: Network, host: FakeHost, tmp_path: Path) -> Iterator[NetstackService]:
    with contextlib.closing(service(network, host, tmp_path)) as made:
        yield made


def dhcp_of(host: FakeHost) -> FakeDhcp:
    [dhcp] = host.recorded.dhcp.values()
    return dhcp


def router_of(network: Network, host: Host) -> Host:
    return host.inside(Names(network.id).netns)


def given(network: Network, host: FakeHost) -> dict[str, list[str]]:
    """Addresses by MAC."""
    served = dhcp_of(host).served(network.id)
    return {owner: list(addresses) for owner, addresses in served.items()}


def test_the_router_has_the_port_of_quantum_and_the_gateways_of_melange(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    assert served.check() == [f"serving network {network.id}"]
    router, names = router_of(network, host), Names(network.id)
    link = router.links.get(names.inside)
    assert link is not None and link.mac == GATEWAY_MAC and link.mtu == 1400
    addresses = router.addresses.get(names.inside)
    assert {"10.0.0.1/24", "fd00:1::1/64"} <= set(addresses)
    assert router.links.exists(names.outside)
    assert given(network, host) == {mac(1): ["10.0.0.5", "fd00:1::5"], mac(2): ["10.0.0.6"]}
    assert served.check() == []


def test_behind_a_gateway_that_is_not_ours_there_is_no_way_out(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    network.routed, network.subnets = False, [{**V4, "server": "10.0.0.2"}]
    served.check()
    router, names = router_of(network, host), Names(network.id)
    assert "10.0.0.2/24" in router.addresses.get(names.inside)
    assert not router.links.exists(names.outside)
    answer = dhcp_of(host).request(network.id, mac(2))
    assert answer is not None
    assert answer[2].gateway == "10.0.0.1"
    assert answer[2].routes == {"169.254.169.254/32": "10.0.0.2"}


def test_with_neutron_its_agent_finds_the_gateway_by_its_port(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    network.l2_driver = "quantum"
    host.switch.ensure_ovs_bridge("br-int", "neutron")
    served.check()
    port = Names(network.id).inside_port
    assert host.switch.ports[port][0] == "br-int"
    ids = host.switch.external_ids[port]
    assert (ids["iface-id"], ids["attached-mac"]) == (PORT_ID, GATEWAY_MAC)
    assert served.check() == []
    served.remove(network.id)
    assert host.switch.ports == {}


def test_a_network_without_addresses_needs_nothing(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    network.subnets, network.nics = [], [nic(1)]
    assert served.check() == served.check() == []
    assert host.list_netns() == []


def test_a_new_nic_is_served_without_asking_for_the_others(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    served.check()
    network.nics.append(nic(3, "10.0.0.7"))
    network.asked.clear()
    served.ensure(network.id, "nic-3")
    assert network.asked == [{"nic_id": "nic-3"}]
    assert given(network, host)[mac(3)] == ["10.0.0.7"]


def test_the_first_nic_of_a_new_subnet_has_the_subnet_served(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    served.check()
    network.subnets = [V4, V6, subnet("10.0.9.0/24", "10.0.9.1")]
    network.nics.append(nic(3, "10.0.9.7"))
    served.ensure(network.id, "nic-3")
    assert given(network, host)[mac(3)] == ["10.0.9.7"]
    assert "10.0.9.1/24" in router_of(network, host).addresses.get(Names(network.id).inside)


def test_another_host_that_takes_the_network_finds_nothing_in_its_way(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    before = host.list_netns()
    served.check()
    network.host = "h2"
    assert served.check() == [f"stopped serving network {network.id}"]
    assert host.list_netns() == before
    assert dhcp_of(host).networks() == []


def test_a_network_that_nobody_serves_is_taken_when_it_is_heard_of(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    network.host = None
    served.ensure(network.id, "nic-1")
    assert network.host == "h1"
    assert mac(1) in given(network, host)


def test_only_a_network_that_is_gone_is_given_up(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    served.check()
    network.gone_with = "melange_not_found"
    with pytest.raises(RemoteError):
        served.ensure(network.id)
    assert served.check() == []
    assert mac(1) in given(network, host)
    network.gone_with = "network_not_found"
    served.ensure(network.id)
    assert host.list_netns() == []


# -- drift


def test_what_is_served_is_reported_and_news_are_no_drift(
    network: Network, served: NetstackService
) -> None:
    served.check()
    network.nics = [network.nics[0], nic(3, "10.0.0.7")]
    assert served.check() == []
    step = {"driver": "dnsmasq", "missing": NOTHING, "extra": NOTHING, "wrong": NOTHING}
    assert network.reports == [{**step, "allocated": 3, "served": 3}] * 2
    served.check()
    assert network.reports[-1] == {**step, "allocated": 3, "served": 3}


def test_an_address_that_melange_released_is_drift(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    served.check()
    network.nics = [nic(1, "fd00:1::5"), network.nics[1]]
    [change] = served.check()
    assert change == (f"repaired DHCP of network {network.id}: 1 extra (10.0.0.5 to {mac(1)})")
    assert network.reports[-1]["extra"]["count"] == 1
    assert given(network, host) == {mac(1): ["fd00:1::5"], mac(2): ["10.0.0.6"]}
    assert served.check() == []


def test_whoever_asks_for_a_network_has_it_compared_at_once(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    served.check()
    dhcp_of(host).remove_host(network.id, "nic-2")
    served.ensure(network.id)
    assert network.reports[-1]["missing"] == {"count": 1, "examples": [f"10.0.0.6 of {mac(2)}"]}
    assert mac(2) in given(network, host)
    [change] = served.check()
    assert "1 missing" in change


def test_a_server_that_was_killed_serves_again_and_that_is_told(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    served.check()
    dhcp_of(host).kill(network.id)
    [change] = served.check()
    assert "3 missing" in change
    assert (network.reports[-1]["allocated"], network.reports[-1]["served"]) == (3, 0)
    assert mac(2) in given(network, host)


def test_without_dhcp_there_is_a_router_and_nothing_to_compare(
    network: Network, served: NetstackService, host: FakeHost
) -> None:
    served.check()
    network.enable_dhcp, network.reports = False, []
    assert served.check() == []
    assert dhcp_of(host).networks() == [] and network.reports == []
    assert router_of(network, host).links.exists(Names(network.id).inside)
    network.routed = False
    served.check()
    assert host.list_netns() == []


def test_a_process_that_was_started_anew_finds_what_the_server_does_not_serve(
    network: Network, served: NetstackService, host: FakeHost, tmp_path: Path
) -> None:
    served.check()
    served.close()
    dhcp_of(host).remove_host(network.id, "nic-2")
    dhcp_of(host).ensure_host(network.id, DhcpHost("nobody", mac(9), ["10.0.0.5"]))
    with contextlib.closing(service(network, host, tmp_path)) as again:
        again.check()
    assert network.reports[-1] == {
        "driver": "dnsmasq",
        "allocated": 3,
        "served": 1,
        "missing": {"count": 2, "examples": [f"10.0.0.6 of {mac(2)}", f"fd00:1::5 of {mac(1)}"]},
        "extra": NOTHING,
        "wrong": {"count": 1, "examples": [f"10.0.0.5 of {mac(1)} to {mac(9)}"]},
    }
    assert given(network, host) == {mac(1): ["10.0.0.5", "fd00:1::5"], mac(2): ["10.0.0.6"]}


def test_where_nics_make_their_addresses_melange_has_to_have_the_same(
    network: Network, served: NetstackService
) -> None:
    made = "fd00:2::f816:3eff:fe00:101"
    network.subnets, network.nics = [SLAAC], [nic(1, made), nic(2, "fd00:2::6")]
    assert served.check() == [f"serving network {network.id}"]
    assert served.check() == []
    wrong = f"fd00:2::6 of {mac(2)}, which makes fd00:2::f816:3eff:fe00:102"
    assert network.reports[-1]["wrong"] == {"count": 1, "examples": [wrong]}


def meddle_with_dnsmasq(network: Network, state: Path) -> None:
    hosts = state / "networks" / network.id / "hosts"
    changed = hosts.read_text().replace("10.0.0.6", "10.0.0.66").replace(mac(1), mac(9))
    hosts.write_text(changed)


def meddle_with_kea(network: Network, state: Path) -> None:
    control = Control(KeaFiles(state / "kea" / network.id, 4).socket)
    settings = control.ask("config-get")
    settings.pop("hash", None)
    for group in (settings["Dhcp4"], *settings["Dhcp4"].get("shared-networks", [])):
        for one in (group, *group.get("subnet4", [])):
            for host in one.get("reservations", []):
                if host["ip-address"] == "10.0.0.6":
                    host["ip-address"] = "10.0.0.66"
                else:
                    host["hw-address"] = mac(9)
    control.ask("config-set", **settings)


@pytest.mark.root
@pytest.mark.parametrize(
    ("driver", "program", "meddle"),
    [
        ("dnsmasq", "dnsmasq", meddle_with_dnsmasq),
        ("kea", "kea-dhcp4", meddle_with_kea),
    ],
)
def test_what_somebody_told_the_server_behind_our_back_is_named_and_repaired(
    driver: str,
    program: str,
    meddle: Callable[[Network, Path], None],
    namespaces: Namespaces,
    tmp_path: Path,
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    network = Network([V4], [nic(1, "10.0.0.5"), nic(2, "10.0.0.6")])
    host = LinuxHost(namespaces.make("root"))
    host.links.ensure_veth("eth0", "wire", owner="test")
    host.addresses.ensure_address("eth0", f"{TUNNEL_ADDRESS}/24")
    with contextlib.closing(service(network, host, tmp_path, driver)) as served:
        try:
            served.check()
            meddle(network, tmp_path / "netstack")
            [change] = served.check()
            assert "1 missing (10.0.0.6 of" in change
            assert f"1 wrong (10.0.0.5 of {mac(1)} to {mac(9)})" in change
            assert network.reports[-1]["driver"] == driver
            assert network.reports[-1]["extra"]["examples"] == [f"10.0.0.66 to {mac(2)}"]
            assert served.check() == []
            for kind in ("missing", "extra", "wrong"):
                assert network.reports[-1][kind] == NOTHING
        finally:
            served.remove(network.id)
