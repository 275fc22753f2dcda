"""What clients of a network get from its DHCP server, whichever it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nova_netplugins.host.dhcp.model import DhcpHost
from nova_netplugins.host.errors import BadSettings, HostError, NotFound
from nova_netplugins.host.namespaces import delete_netns, ensure_netns
from tests.dataplane import dhcp6_client, dhcp_wire
from tests.dataplane.dhcp_wire import (
    DEVICE,
    HOST,
    ID,
    MACS,
    MANAGED,
    OTHER,
    OTHER_V4,
    SLAAC,
    STATEFUL,
    V4,
    FakeWire,
    LinuxWire,
    Wire,
    leased,
    network_on,
)
from tests.dataplane.topology import Namespaces, shell
from tests.eventually import eventually

REAL = [
    pytest.param("dnsmasq", marks=pytest.mark.root),
    pytest.param("kea", marks=pytest.mark.root),
]


@pytest.fixture(params=REAL)
def real_wire(
    request: pytest.FixtureRequest, namespaces: Namespaces, tmp_path: Path
) -> Iterator[LinuxWire]:
    with dhcp_wire.real(namespaces, tmp_path, request.param) as made:
        yield made


@pytest.fixture(params=["fake", *REAL])
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wire]:
    if request.param == "fake":
        yield FakeWire()
        return
    namespaces: Namespaces = request.getfixturevalue("namespaces")
    with dhcp_wire.real(namespaces, tmp_path, request.param) as made:
        yield made


def test_a_nic_gets_its_address_its_name_and_the_gateway(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    said = wire.request(MACS[0])
    assert said is not None
    assert said["ip"] == "10.9.1.5"
    assert said["hostname"] == "web"
    assert said["domain"] == "novalocal"
    assert said["router"] == "10.9.0.1"
    assert leased(wire) == {(MACS[0], "10.9.1.5")}
    assert wire.dhcp.leases(ID)[0].hostname == "web"


def test_an_unknown_nic_gets_nothing(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert wire.request(MACS[7], patience=1) is None


def test_a_further_nic_is_served_by_the_same_process(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    before = wire.dhcp.running()
    wire.dhcp.ensure_host(ID, OTHER)
    said = wire.request(MACS[1], patience=1)
    assert said is not None and said["ip"] == "10.9.1.6"
    assert said["hostname"] == "host-10-9-1-6"
    assert wire.dhcp.running() == before


def test_a_removed_nic_is_not_served_and_may_come_back(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST, OTHER])
    wire.dhcp.remove_host(ID, "nic-1")
    wire.dhcp.remove_host(ID, "nic-1")
    assert wire.request(MACS[1], patience=1) is None
    wire.dhcp.ensure_host(ID, OTHER)
    assert wire.request(MACS[1], patience=1) is not None


def test_a_released_address_serves_another_nic_at_once(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert wire.request(MACS[0]) is not None
    heir = DhcpHost("nic-2", MACS[2], HOST.addresses)
    wire.dhcp.remove_host(ID, HOST.nic_id)
    wire.dhcp.ensure_host(ID, heir)
    assert wire.request(MACS[2], patience=1) is None, "the lease of the one before has not ended"
    wire.dhcp.release_lease(ID, "10.9.1.5", MACS[0])
    assert leased(wire) == set()
    said = wire.request(MACS[2], patience=1)
    assert said is not None and said["ip"] == "10.9.1.5"


def test_an_address_goes_to_whom_it_was_given_last(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    wire.dhcp.ensure_host(ID, DhcpHost("nic-2", MACS[2], HOST.addresses))
    assert wire.request(MACS[0], patience=1) is None
    assert wire.request(MACS[2], patience=1) is not None


def test_a_nic_gets_the_address_it_was_changed_to(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    wire.dhcp.ensure_host(ID, replace(HOST, addresses=["10.9.7.7"], hostname="db"))
    said = wire.request(MACS[0], patience=1)
    assert said is not None and (said["ip"], said["hostname"]) == ("10.9.7.7", "db")


def test_only_a_nic_with_the_default_route_is_told_of_the_router(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST, replace(OTHER, default_route=False)])
    first, second = wire.request(MACS[0]), wire.request(MACS[1])
    assert first is not None and first["router"] == "10.9.0.1"
    assert second is not None and "router" not in second


def test_after_kill_9_ensure_serves_with_the_same_leases(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert wire.request(MACS[0]) is not None
    wire.kill_server()
    eventually(lambda: not wire.dhcp.running(), "the server is dead")
    wire.dhcp.ensure(network_on(wire), [HOST, OTHER])
    assert leased(wire) == {(MACS[0], "10.9.1.5")}
    assert wire.request(MACS[1]) is not None


def test_the_server_goes_on_without_net_service_and_is_taken_over(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    wire.dhcp.ensure_host(ID, OTHER)
    before = wire.dhcp.running()
    wire.dhcp.close()
    wire.dhcp = wire.after_restart()
    assert wire.dhcp.networks() == [ID]
    assert wire.request(MACS[1]) is not None
    added = DhcpHost("nic-3", MACS[3], ["10.9.1.9"])
    wire.dhcp.ensure(network_on(wire), [OTHER, added])
    assert wire.dhcp.running() == before
    assert wire.request(MACS[0], patience=1) is None
    assert wire.request(MACS[3]) is not None


def test_a_removed_network_leaves_nothing(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert wire.request(MACS[0]) is not None
    wire.dhcp.remove(ID)
    wire.dhcp.remove(ID)
    assert not wire.dhcp.running() and not wire.dhcp.networks() and not wire.dhcp.leases(ID)
    with pytest.raises(NotFound, match="ensure it first"):
        wire.dhcp.ensure_host(ID, HOST)


def test_two_nics_with_one_address_change_nothing(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    with pytest.raises(HostError, match=r"nic-0 and nic-9 both have 10\.9\.1\.5"):
        wire.dhcp.ensure(network_on(wire), [HOST, DhcpHost("nic-9", MACS[9], HOST.addresses)])
    assert wire.request(MACS[0]) is not None


# -- several subnets, IPv6, what is served -----------------------------------------------------


def test_each_nic_is_told_of_its_own_subnet(wire: Wire) -> None:
    elsewhere = DhcpHost("nic-2", MACS[2], ["10.10.3.4"])
    both = DhcpHost("nic-3", MACS[3], ["10.10.3.5", "10.9.1.7"])
    wire.dhcp.ensure(network_on(wire, V4, OTHER_V4), [HOST, elsewhere])
    wire.dhcp.ensure_host(ID, both)
    told = [wire.request(mac) or {} for mac in (MACS[0], MACS[2], MACS[3])]
    assert [one["ip"] for one in told] == ["10.9.1.5", "10.10.3.4", "10.10.3.5"]
    assert [one["router"] for one in told] == ["10.9.0.1", "10.10.0.1", "10.10.0.1"]


def test_a_nic_is_given_the_ipv6_address_that_was_decided(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire, V4, STATEFUL), [HOST])
    decided = ["10.9.1.6", "2001:db8:6::abc", "2001:db8:6::aaa", "2001:db8:6::bbb"]
    wire.dhcp.ensure_host(ID, replace(OTHER, addresses=decided))
    assert wire.request6(MACS[1]) == ["2001:db8:6::abc"], "the first of them"
    eventually(lambda: leased(wire) == {(MACS[1], "2001:db8:6::abc")}, "the lease")
    assert wire.request6(MACS[0], patience=1) is None
    said = wire.request(MACS[1])
    assert said is not None and said["ip"] == "10.9.1.6"
    wire.dhcp.release_lease(ID, "2001:db8:6::abc", MACS[1])
    assert leased(wire) == {(MACS[1], "10.9.1.6")}


def test_served_is_what_the_running_server_has(wire: Wire) -> None:
    assert wire.dhcp.served(ID) == {}
    network = network_on(wire, V4, SLAAC, STATEFUL)
    third = DhcpHost("nic-2", MACS[2], ["10.9.1.7", "2001:db8::7", "2001:db8:6::7"])
    wire.dhcp.ensure(network, [HOST, OTHER])
    wire.dhcp.ensure_host(ID, third)
    wire.dhcp.remove_host(ID, OTHER.nic_id)
    served = {MACS[0]: ("10.9.1.5",), MACS[2]: ("10.9.1.7", "2001:db8:6::7")}
    assert wire.dhcp.served(ID) == served
    assert served[MACS[2]] == network.given(third)
    assert wire.after_restart().served(ID) == served, "whoever asks"
    wire.kill_server()
    eventually(lambda: not wire.dhcp.running(), "the server is dead")
    assert wire.dhcp.served(ID).get(MACS[0]) is None


# -- what only the real ones can show ----------------------------------------------------------


def test_a_client_of_another_server_on_the_wire_is_left_alone(real_wire: LinuxWire) -> None:
    real_wire.dhcp.ensure(network_on(real_wire), [HOST])
    assert real_wire.request(MACS[0]) is not None
    assert real_wire.ask_to_keep(MACS[0], "10.9.1.5") == "ACK"
    assert real_wire.ask_to_keep(MACS[0], "10.9.1.6") == "NAK"
    for theirs in ("10.9.1.6", "192.168.1.6"):
        assert real_wire.ask_to_keep(MACS[1], theirs) is None


def test_options_are_given_by_name_and_by_number(real_wire: LinuxWire) -> None:
    options = {"ntp-server": "10.9.0.8,10.9.0.9", "6": "192.0.2.53", "17": "a#b, c d;e"}
    real_wire.dhcp.ensure(network_on(real_wire, mtu=1400, options=options), [HOST])
    said = real_wire.request(MACS[0])
    assert said is not None
    assert said["dns"] == "192.0.2.53"
    assert said["mtu"] == "1400"
    assert said["ntpsrv"] == "10.9.0.8 10.9.0.9"
    assert said["rootpath"] == "a#b, c d;e"


def test_ipv6_addresses_and_the_mtu_follow_from_advertisements(real_wire: LinuxWire) -> None:
    network = network_on(real_wire, V4, SLAAC, mtu=1400)
    real_wire.dhcp.ensure(network, [])
    shell(real_wire.client, "ip link set eth0 down && ip link set eth0 up")
    client = real_wire.client
    eventually(lambda: "2001:db8::" in shell(client, "ip -6 addr show scope global"), "an address")
    assert "default" not in shell(client, "ip -6 route"), "IPv6 ends at the gateway"
    assert shell(client, "cat /proc/sys/net/ipv6/conf/eth0/mtu").strip() == "1400"


def test_a_device_that_is_made_anew_is_served(real_wire: LinuxWire) -> None:
    network = network_on(real_wire, V4, STATEFUL)
    both = replace(HOST, addresses=["10.9.1.5", "2001:db8:6::abc"])
    real_wire.dhcp.ensure(network, [both])
    real_wire.plug()
    real_wire.dhcp.ensure(network, [both])
    assert real_wire.request(MACS[0]) is not None
    assert real_wire.request6(MACS[0]) == ["2001:db8:6::abc"]


def test_a_namespace_that_is_made_anew_gets_a_server_of_its_own(real_wire: LinuxWire) -> None:
    real_wire.dhcp.ensure(network_on(real_wire), [HOST])
    shell(real_wire.netns, f"ip link del {DEVICE}")
    delete_netns(real_wire.netns)
    ensure_netns(real_wire.netns)
    real_wire.plug()
    real_wire.dhcp.ensure(network_on(real_wire), [HOST])
    assert len(real_wire.dhcp.running()) == 1
    assert real_wire.request(MACS[0]) is not None


def test_many_threads_at_a_time_are_all_served(real_wire: LinuxWire) -> None:
    real_wire.dhcp.ensure(network_on(real_wire), [])
    hosts = [DhcpHost(f"nic-{n}", f"02:00:00:00:01:{n:02x}", [f"10.9.3.{n}"]) for n in range(64)]
    threads = [
        threading.Thread(target=real_wire.dhcp.ensure_host, args=(ID, host)) for host in hosts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for host in (hosts[0], hosts[31], hosts[63]):
        said = real_wire.request(host.mac, patience=1)
        assert said is not None and said["ip"] == host.addresses[0]


def test_changed_options_reach_clients_without_a_restart(real_wire: LinuxWire) -> None:
    real_wire.dhcp.ensure(network_on(real_wire), [HOST])
    before = real_wire.dhcp.running()
    real_wire.dhcp.ensure(network_on(real_wire, options={"dns-server": "192.0.2.1"}), [HOST])
    said = real_wire.request(MACS[0])
    assert said is not None and said["dns"] == "192.0.2.1"
    own = replace(V4, dns=["192.0.2.2"], options={"ntp-server": "192.0.2.3"})
    real_wire.dhcp.ensure(network_on(real_wire, own), [HOST])
    said = real_wire.request(MACS[0])
    assert said is not None and (said["dns"], said["ntpsrv"]) == ("192.0.2.2", "192.0.2.3")
    assert real_wire.dhcp.running() == before


def test_an_option_that_is_refused_is_named_and_changes_nothing(real_wire: LinuxWire) -> None:
    real_wire.dhcp.ensure(network_on(real_wire), [HOST])
    before = real_wire.dhcp.running()
    wrong = {"mtu": "1400", "ntp-server": "10.9.0.300"}
    with pytest.raises(BadSettings, match=r"10\.9\.0\.300"):
        real_wire.dhcp.ensure(network_on(real_wire, options=wrong), [])
    assert real_wire.dhcp.running() == before
    assert real_wire.request(MACS[0]) is not None


def test_routes_are_told_with_and_without_the_default_one(real_wire: LinuxWire) -> None:
    beside = replace(V4, routes={"169.254.169.254/32": "10.9.0.2", "10.64.0.0/10": "10.9.0.3"})
    hosts = [HOST, replace(OTHER, default_route=False)]
    real_wire.dhcp.ensure(network_on(real_wire, beside), hosts)
    told = [(real_wire.request(mac) or {})["staticroutes"] for mac in MACS[:2]]
    routes = "169.254.169.254/32 10.9.0.2 10.64.0.0/10 10.9.0.3"
    assert told == [f"{routes} 0.0.0.0/0 10.9.0.1", routes]


def test_hosts_are_sent_to_dhcpv6_and_to_the_router(real_wire: LinuxWire) -> None:
    real_wire.dhcp.ensure(network_on(real_wire, SLAAC, STATEFUL), [])
    assert real_wire.advertised() & MANAGED
    routes = "ip -6 route show default"
    eventually(lambda: "default via fe80:" in shell(real_wire.client, routes), "a router")
    addresses = shell(real_wire.client, "ip -6 addr show scope global")
    assert "2001:db8:6:" not in addresses, "those are given, not made"
    real_wire.dhcp.ensure(network_on(real_wire, SLAAC), [])
    eventually(lambda: not real_wire.advertised() & MANAGED, "no addresses are given any more")


def test_a_network_of_ipv6_alone_is_served(real_wire: LinuxWire) -> None:
    real_wire.dhcp.ensure(network_on(real_wire, SLAAC), [])
    real_wire.dhcp.ensure_host(ID, DhcpHost("nic-0", MACS[0], ["2001:db8::abc"]))
    client = real_wire.client
    shell(client, "ip link set eth0 down && ip link set eth0 up")
    eventually(lambda: "2001:db8::" in shell(client, "ip -6 addr show scope global"), "an address")
    real_wire.kill_server()
    eventually(lambda: not real_wire.dhcp.running(), "the server is dead")
    real_wire.dhcp.ensure(network_on(real_wire, SLAAC), [])
    assert list(real_wire.dhcp.running()) == [ID]


def test_a_client_is_known_by_its_mac_whatever_it_calls_itself(real_wire: LinuxWire) -> None:
    v6 = replace(HOST, addresses=["2001:db8:6::abc"])
    real_wire.dhcp.ensure(network_on(real_wire, STATEFUL), [v6])
    # Made of a UUID (RFC 6355), as systemd-networkd's are of the machine's: its MAC is no part.
    of_a_machine = b"\0\4" + bytes(16)
    assert real_wire.request6(MACS[0], duid=of_a_machine) == ["2001:db8:6::abc"]
    of_another = dhcp6_client.duid_of(MACS[0])
    assert real_wire.request6(MACS[1], patience=1, duid=of_another) is None
