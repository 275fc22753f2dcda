"""What is written for dnsmasq, what is refused, and what is read of its leases."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nova_netplugins.host.dhcp import files as layout
from nova_netplugins.host.dhcp.files import NetworkFiles
from nova_netplugins.host.dhcp.leases import LeaseChange, LeaseWatcher, parse
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, Lease, check_option
from nova_netplugins.host.dhcp.table import MOST_ADDED, HostTable
from nova_netplugins.host.errors import HostError

WEB = DhcpHost("nic-1", "FA:16:3E:00:00:01", "10.0.0.5", hostname="web")
DB = DhcpHost("nic-2", "fa:16:3e:00:00:02", "10.0.0.6")
WEB_LINE = "tag:!none,fa:16:3e:00:00:01,10.0.0.5,web # nic-1"
DB_LINE = "tag:!none,fa:16:3e:00:00:02,10.0.0.6,host-10-0-0-6 # nic-2"


def network(**changes: Any) -> DhcpNetwork:
    v4 = {"cidr": "10.0.0.0/24", "server": "10.0.0.1", "start": "10.0.0.2", "gateway": "10.0.0.1"}
    return DhcpNetwork(
        **({"id": "net-1", "netns": "nnp-net-1", "device": "gw-net-1"} | v4 | changes)
    )


def conf_lines(given: DhcpNetwork) -> list[str]:
    return layout.render_conf(given, NetworkFiles(Path("/n")), "nobody", "").splitlines()


# -- the settings ------------------------------------------------------------------------------


def test_addresses_come_from_the_hosts_alone() -> None:
    lines = conf_lines(network(lease_seconds=600))
    assert "dhcp-range=10.0.0.2,static,255.255.255.0,600s" in lines
    assert "dhcp-lease-max=256" in lines
    assert "interface=gw-net-1" in lines and "except-interface=lo" in lines


def test_given_dns_servers_replace_those_of_the_host() -> None:
    assert "no-resolv" not in conf_lines(network())
    lines = conf_lines(network(dns_servers=["192.0.2.1", "2001:db8::53"]))
    assert {"no-resolv", "server=192.0.2.1", "server=2001:db8::53"} <= set(lines)


def test_the_domain_is_left_out_if_empty() -> None:
    lines = conf_lines(network(domain="novalocal"))
    assert "domain=novalocal" in lines
    assert "local=/novalocal/" in lines, "what is not known here is not asked of others"
    assert not [line for line in conf_lines(network()) if line.startswith(("domain=", "local="))]


def test_ipv6_is_advertised_with_the_mtu() -> None:
    lines = conf_lines(network(cidr_v6="2001:db8::/64", server_v6="2001:db8::1", mtu=1450))
    assert "dhcp-range=2001:db8::,ra-stateless,64" in lines
    assert "ra-param=gw-net-1,mtu:1450,10,0" in lines


def test_router_dns_and_mtu_are_told() -> None:
    lines = layout.render_options(network(mtu=1450)).splitlines()
    assert lines == ["3,10.0.0.1", "6,10.0.0.1", "26,1450", "tag:no-router,3"]


def test_a_route_beside_the_default_one_keeps_the_default_one_for_the_first_nic() -> None:
    beside = network(routes={"169.254.169.254/32": "10.0.0.2"}, gateway="10.0.0.1")
    lines = layout.render_options(beside).splitlines()
    assert "121,169.254.169.254/32,10.0.0.2,0.0.0.0/0,10.0.0.1" in lines
    assert "tag:no-router,121,169.254.169.254/32,10.0.0.2" in lines


@pytest.mark.parametrize("name", ["dns-server", "6"])
def test_an_option_of_the_operator_wins(name: str) -> None:
    lines = layout.render_options(network(options={name: "192.0.2.1,192.0.2.2"})).splitlines()
    assert not [line for line in lines if line.startswith("6,10")]
    assert [line for line in lines if line.endswith(",192.0.2.1,192.0.2.2")]


def test_without_gateway_clients_are_told_that_there_is_no_router() -> None:
    assert layout.render_options(network(gateway=None)).splitlines()[0] == "3"


# -- hosts -------------------------------------------------------------------------------------


def test_a_host_has_its_mac_address_name_and_the_id_of_its_nic() -> None:
    assert layout.render_host(WEB) == WEB_LINE
    assert layout.render_host(DB) == DB_LINE


def test_a_host_without_default_route_is_tagged() -> None:
    assert layout.render_host(replace(WEB, default_route=False)) == WEB_LINE.replace(
        "none,", "none,set:no-router,"
    )


@pytest.mark.parametrize(
    ("hostname", "label"),
    [
        ("a" * 63, "a" * 63),
        ("ab" + "c" * 10 + "d" * 60, "ab-" + "d" * 60),
        ("web.example.org", "web"),
        ("fake_instance00", "fake_instance00"),
        (None, "host-10-0-0-5"),
        ("", "host-10-0-0-5"),
    ],
)
def test_names_are_cut_to_what_dns_allows(hostname: str | None, label: str) -> None:
    assert replace(WEB, hostname=hostname).label == label


def test_dns_knows_hosts_with_and_without_the_domain() -> None:
    both = replace(WEB, ipv6="2001:db8::5")
    assert layout.render_names([both], "novalocal").splitlines() == [
        "10.0.0.5 web.novalocal web",
        "2001:db8::5 web.novalocal web",
    ]


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hostname", ["web\ndhcp-host=x", "web,10.0.0.9", "-web", "web-", "web #", "wéb", ".", "a b"]
)
def test_a_name_that_is_more_than_a_name_is_refused(hostname: str) -> None:
    with pytest.raises(HostError, match="host name .* is not valid"):
        replace(WEB, hostname=hostname)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("6", "1.1.1.1\nconf-file=/etc/shadow", "value of DHCP option 6"),
        ("ntp-server", 'x"', "value of DHCP option ntp-server"),
        ("ntp-server", "x" * 256, "up to 255"),
        ("ntp server", "1", "DHCP option 'ntp server'"),
        ("tag:x,3", "1", "DHCP option"),
        ("0", "1", "DHCP option 0"),
        ("255", "1", "from 1 to 254"),
        ("53", "1", "part of the protocol"),
        ("²", "1", "DHCP option"),
    ],
)
def test_an_option_that_is_more_than_an_option_is_refused(
    name: str, value: str, message: str
) -> None:
    with pytest.raises(HostError, match=message):
        check_option(name, value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "../etc"}, "network id '../etc'"),
        ({"id": "a\nb"}, "network id"),
        ({"device": "gw,x"}, "device name 'gw,x'"),
        ({"domain": "nova\nlocal"}, "domain"),
        ({"domain": "a,b"}, "domain 'a,b'"),
        ({"dns_servers": ["1.1.1.1#53\n"]}, "DNS server"),
        ({"cidr": "10.0.0.1/24"}, "is not a network"),
        ({"cidr": "2001:db8::/64"}, "not an IPv4 network"),
        ({"server": "10.0.1.1"}, "DHCP server 10.0.1.1 is not an address of 10.0.0.0/24"),
        ({"start": None}, "first address None"),
        ({"gateway": "x"}, "gateway 'x' is not an IP address"),
        ({"cidr_v6": "2001:db8::/48", "server_v6": "2001:db8::1"}, "must be a /64"),
        ({"cidr_v6": "2001:db8::/64"}, "server None"),
        ({"cidr": None}, "neither an IPv4 nor an IPv6"),
        ({"lease_seconds": 60}, "lease time 60"),
    ],
)
def test_a_network_that_cannot_be_served_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(HostError, match=message):
        network(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mac": "fa:16:3e:00:00"}, "MAC address"),
        ({"mac": "fa:16:3e:00:00:01,ignore"}, "MAC address"),
        ({"ipv4": "2001:db8::1"}, "not IPv4"),
        ({"ipv4": "10.0.0.300"}, "not an IP address"),
        ({"ipv6": "10.0.0.1"}, "not IPv6"),
        ({"nic_id": "nic\n1"}, "virtual NIC id"),
    ],
)
def test_a_host_that_cannot_be_served_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(HostError, match=message):
        replace(WEB, **changes)


# -- what dnsmasq is told of a change ----------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> NetworkFiles:
    made = NetworkFiles(tmp_path / "net-1")
    made.make()
    return made


def table_of(files: NetworkFiles, *hosts: DhcpHost) -> HostTable:
    table = HostTable(files)
    table.replace(hosts)
    table.rewrite("novalocal")
    return table


def test_everything_is_written_for_a_start(files: NetworkFiles) -> None:
    table_of(files, WEB, DB)
    assert files.hosts.read_text().splitlines() == [WEB_LINE, DB_LINE]
    assert "host-10-0-0-6.novalocal" in files.names.read_text()


def test_nothing_is_told_if_nothing_changed(files: NetworkFiles) -> None:
    table = table_of(files, WEB, DB)
    table.replace([DB, WEB])
    table.add(WEB)
    assert table.additions() == []


def test_a_new_host_is_added(files: NetworkFiles) -> None:
    table = table_of(files, WEB)
    table.add(DB)
    lines = table.additions()
    assert lines == [DB_LINE]
    table.append(lines)
    assert [path.read_text() for path in files.additions()] == [DB_LINE + "\n"]
    assert files.hosts.read_text() == WEB_LINE + "\n"


def test_a_host_that_goes_is_added_as_ignored(files: NetworkFiles) -> None:
    table = table_of(files, WEB, DB)
    table.discard("nic-1")
    assert table.additions() == ["tag:!none,fa:16:3e:00:00:01,ignore # nic-1"]


Change = Callable[[HostTable], None]


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.add(replace(WEB, ipv4="10.0.0.9")),
        lambda table: table.add(replace(WEB, hostname="other")),
        lambda table: table.add(replace(DB, nic_id="nic-3", ipv4="10.0.0.9")),
        lambda table: table.add(replace(DB, nic_id="nic-3", mac="fa:16:3e:00:00:03")),
    ],
    ids=["its address", "its name", "a MAC that is known", "an address that is known"],
)
def test_what_cannot_be_added_needs_all_to_be_read_anew(
    files: NetworkFiles, change: Change
) -> None:
    table = table_of(files, WEB, DB)
    change(table)
    assert table.additions() is None


def test_a_host_that_comes_back_needs_all_to_be_read_anew(files: NetworkFiles) -> None:
    table = table_of(files, WEB)
    table.discard("nic-1")
    table.append(table.additions() or [])
    table.add(WEB)
    assert table.additions() is None


def test_many_additions_need_all_to_be_read_anew(files: NetworkFiles) -> None:
    table = table_of(files)
    table.replace(
        DhcpHost(f"n{i}", f"02:00:00:00:{i >> 8:02x}:{i & 255:02x}", f"10.0.{i >> 8}.{i & 255}")
        for i in range(MOST_ADDED + 1)
    )
    assert table.additions() is None


def test_a_later_process_learns_what_dnsmasq_knows(files: NetworkFiles) -> None:
    table = table_of(files, WEB)
    table.add(DB)
    table.discard("nic-1")
    table.append(table.additions() or [])
    later = HostTable(files)
    later.load()
    later.replace([DB])
    assert later.additions() == [] and later.has_additions
    later.replace([DB, WEB])
    assert later.additions() is None, "dnsmasq still has a line with its address"


# -- leases ------------------------------------------------------------------------------------

LEASES = """\
2000000000 fa:16:3e:00:00:01 10.0.0.5 web *
1000 fa:16:3e:00:00:02 10.0.0.6 ended *
0 fa:16:3e:00:00:03 10.0.0.7 * 01:02
rubbish
duid 00:01
2000000000 1 2001:db8::5 web 00:01
"""


def test_leases_that_have_ended_and_those_of_ipv6_are_left_out() -> None:
    assert parse(LEASES, now=2000) == [
        Lease("fa:16:3e:00:00:01", "10.0.0.5", "web", 2000000000),
        Lease("fa:16:3e:00:00:03", "10.0.0.7", None, 0),
    ]


def write_leases(path: Path, *macs: str) -> None:
    """As dnsmasq did a second ago, and at another moment than the last time."""
    path.write_text("".join(f"0 {mac} 10.0.0.{mac[-1]} * *\n" for mac in macs))
    moment = time.time_ns() - 10**9
    os.utime(path, ns=(moment, moment))


def test_the_watcher_tells_of_changes_alone(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    told: list[LeaseChange] = []
    watcher = LeaseWatcher(lambda: {"net-1": path}, told.append)
    watcher.look()
    write_leases(path, "mac-1", "mac-2")
    watcher.look()
    watcher.look()
    write_leases(path, "mac-2", "mac-3")
    watcher.look()
    seen = [([x.mac for x in one.leased], [x.mac for x in one.ended], one.first) for one in told]
    assert seen[0] == ([], [], True)
    assert (sorted(seen[1][0]), seen[1][1]) == (["mac-1", "mac-2"], [])
    assert seen[2:] == [(["mac-3"], ["mac-1"], False)]


def test_what_the_callback_failed_on_is_told_again(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    write_leases(path, "mac-1")
    told: list[LeaseChange] = []

    def callback(change: LeaseChange) -> None:
        told.append(change)
        if len(told) == 1:
            raise ConnectionError("net-api is away")

    watcher = LeaseWatcher(lambda: {"net-1": path}, callback)
    watcher.look()
    watcher.look()
    watcher.look()
    assert len(told) == 2 and told[0] == told[1]


def test_a_file_that_is_being_written_is_read_later(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text("0 mac-1 10.0.0.1 * *\n")
    told: list[LeaseChange] = []
    watcher = LeaseWatcher(lambda: {"net-1": path}, told.append)
    future = time.time_ns() + 10**9
    os.utime(path, ns=(future, future))
    watcher.look()
    assert not told
    write_leases(path, "mac-1")
    watcher.look()
    assert len(told) == 1
