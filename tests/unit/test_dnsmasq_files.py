"""What is written for dnsmasq, what is refused, and what is read of its leases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nova_netplugins.host.dhcp import files as layout
from nova_netplugins.host.dhcp.files import NetworkFiles
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, DhcpSubnet
from nova_netplugins.host.dhcp.options import check_option
from nova_netplugins.host.dhcp.table import MOST_ADDED, HostTable
from nova_netplugins.host.errors import HostError

WEB = DhcpHost("nic-1", "FA:16:3E:00:00:01", ["10.0.0.5"], hostname="web")
DB = DhcpHost("nic-2", "fa:16:3e:00:00:02", ["10.0.0.6"])
WEB_LINE = "tag:!none,fa:16:3e:00:00:01,10.0.0.5,web # nic-1"
DB_LINE = "tag:!none,fa:16:3e:00:00:02,10.0.0.6,host-10-0-0-6 # nic-2"


V4 = DhcpSubnet("10.0.0.0/24", "10.0.0.1", gateway="10.0.0.1")
SLAAC = DhcpSubnet("2001:db8::/64", "2001:db8::1", slaac=True)
STATEFUL = DhcpSubnet("2001:db8:1::/64", "2001:db8:1::1", gateway="2001:db8:1::1")


def network(*subnets: DhcpSubnet, **changes: Any) -> DhcpNetwork:
    values = {"id": "net-1", "netns": "nnp-net-1", "device": "gw-net-1", "subnets": subnets or [V4]}
    return DhcpNetwork(**(values | changes))


def conf_lines(given: DhcpNetwork) -> list[str]:
    return layout.render_conf(given, NetworkFiles(Path("/n")), "nobody", "").splitlines()


# -- the settings ------------------------------------------------------------------------------


def test_addresses_come_from_the_hosts_alone() -> None:
    lines = conf_lines(network(lease_seconds=600))
    assert "dhcp-range=set:subnet-0,10.0.0.0,static,255.255.255.0,600s" in lines
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
    lines = conf_lines(network(V4, SLAAC, mtu=1450))
    assert "dhcp-range=set:subnet-1,2001:db8::,ra-stateless,64" in lines
    assert "ra-param=gw-net-1,mtu:1450,10,0" in lines
    assert "dhcp-ignore=tag:!known,tag:!dhcpv6" in lines, "all may ask for the DNS server"


def test_ipv6_addresses_are_given_to_hosts_alone() -> None:
    lines = conf_lines(network(STATEFUL, lease_seconds=600))
    assert "dhcp-range=set:subnet-0,2001:db8:1::,static,64,600s" in lines
    assert "ra-param=gw-net-1,10,1800" in lines, "the device is the router"
    assert "dhcp-ignore=tag:!known" in lines


def test_router_dns_and_mtu_are_told() -> None:
    lines = layout.render_options(network(mtu=1450)).splitlines()
    told = ["3,10.0.0.1", "6,10.0.0.1", "26,1450"]
    assert lines == ["tag:no-router,3", *(f"tag:subnet-0,{one}" for one in told)]


def test_each_subnet_has_options_of_its_own() -> None:
    own = {"ntp-server": "10.1.0.7"}
    other = DhcpSubnet("10.1.0.0/24", "10.1.0.1", dns=["10.1.0.8", "10.1.0.9"], options=own)
    stateful = replace(STATEFUL, dns=["2001:db8::53"])
    given = network(V4, other, stateful, options={"42": "10.0.0.7", "tzdb-timezone": "UTC"})
    assert layout.render_options(given).splitlines() == [
        "tag:no-router,3",
        "tag:subnet-0,3,10.0.0.1",
        "tag:subnet-0,6,10.0.0.1",
        "tag:subnet-0,42,10.0.0.7",
        "tag:subnet-0,option:tzdb-timezone,UTC",
        "tag:subnet-1,3",
        "tag:subnet-1,6,10.1.0.8,10.1.0.9",
        "tag:subnet-1,option:ntp-server,10.1.0.7",
        "tag:subnet-1,option:tzdb-timezone,UTC",
        "tag:subnet-2,option6:23,[2001:db8::53]",
    ]


def test_a_route_beside_the_default_one_keeps_the_default_one_for_the_first_nic() -> None:
    beside = network(replace(V4, routes={"169.254.169.254/32": "10.0.0.2"}))
    lines = layout.render_options(beside).splitlines()
    route = "121,169.254.169.254/32,10.0.0.2"
    assert f"tag:subnet-0,tag:!no-router,{route},0.0.0.0/0,10.0.0.1" in lines
    assert f"tag:subnet-0,tag:no-router,{route}" in lines


@pytest.mark.parametrize("name", ["dns-server", "6"])
def test_an_option_of_the_operator_wins(name: str) -> None:
    lines = layout.render_options(network(options={name: "192.0.2.1,192.0.2.2"})).splitlines()
    assert not [line for line in lines if ",6,10" in line]
    assert [line for line in lines if line.endswith(",192.0.2.1,192.0.2.2")]


def test_without_gateway_clients_are_told_that_there_is_no_router() -> None:
    assert "tag:subnet-0,3" in layout.render_options(network(replace(V4, gateway=None))).split()


# -- hosts -------------------------------------------------------------------------------------


def line_of(host: DhcpHost, *subnets: DhcpSubnet) -> str:
    return layout.render_host(host, network(*subnets).given(host))


def test_a_host_has_its_mac_address_name_and_the_id_of_its_nic() -> None:
    assert line_of(WEB) == WEB_LINE
    assert line_of(DB) == DB_LINE


def test_a_host_without_default_route_is_tagged() -> None:
    without = replace(WEB, default_route=False)
    assert line_of(without) == WEB_LINE.replace("none,", "none,set:no-router,")


def test_a_host_is_given_one_ipv4_address_and_what_it_does_not_make_itself() -> None:
    many = ["2001:db8::5", "192.0.2.9", "10.0.0.5", "10.0.0.6", "2001:db8:1::5", "2001:db8:1::6"]
    host = replace(WEB, addresses=many)
    given = ("10.0.0.5", "2001:db8:1::5", "2001:db8:1::6")
    assert network(V4, SLAAC, STATEFUL).given(host) == given
    line = line_of(host, V4, SLAAC, STATEFUL)
    assert line == WEB_LINE.replace(",web", ",[2001:db8:1::6],[2001:db8:1::5],web")
    assert layout.parse_host(line) == (host.mac, given)
    assert line_of(host, SLAAC) == ""


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
    both = replace(WEB, addresses=["10.0.0.5", "2001:db8::5"])
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
        ({"dns_servers": ["fe80::1%eth0\nuser=root"]}, "DNS server 'fe80::1%eth0"),
        ({"subnets": []}, "neither an IPv4 nor an IPv6"),
        ({"subnets": [V4, SLAAC, replace(V4, cidr="10.0.0.0/16")]}, "of network net-1 overlap"),
        ({"lease_seconds": 60}, "lease time 60"),
    ],
)
def test_a_network_that_cannot_be_served_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(HostError, match=message):
        network(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cidr": "10.0.0.1/24"}, "is not a network"),
        ({"cidr": "fe80::%a\n/64"}, "is not a network: it has a zone"),
        ({"server": "10.0.1.1"}, "DHCP server 10.0.1.1 is not an address of 10.0.0.0/24"),
        ({"gateway": "x"}, "gateway 'x' is not an IP address"),
        ({"gateway": "2001:db8::1"}, "gateway 2001:db8::1 of 10.0.0.0/24 is not IPv4"),
        ({"dns": ["2001:db8::53"]}, "DNS server 2001:db8::53 of 10.0.0.0/24 is not IPv4"),
        ({"routes": {"10.9.0.1/8": "10.0.0.2"}}, "is not a network"),
        ({"routes": {"10.9.0.0/16": "x"}}, "router 'x'"),
        ({"options": {"0": "1"}}, "DHCP option 0"),
        ({"slaac": True}, "must be an IPv6 /64"),
        ({"cidr": "2001:db8::/48", "server": "2001:db8::1", "slaac": True}, "must be an IPv6 /64"),
    ],
)
def test_a_subnet_that_cannot_be_served_is_refused(changes: dict[str, Any], message: str) -> None:
    values = {"cidr": "10.0.0.0/24", "server": "10.0.0.1"}
    with pytest.raises(HostError, match=message):
        DhcpSubnet(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mac": "fa:16:3e:00:00"}, "MAC address"),
        ({"mac": "fa:16:3e:00:00:01,ignore"}, "MAC address"),
        ({"addresses": ["10.0.0.5", "10.0.0.300"]}, "'10.0.0.300' is not an IP address"),
        ({"addresses": "10.0.0.5"}, "a list of them is wanted"),
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
    table.replace(network(), hosts)
    table.rewrite("novalocal")
    return table


def test_everything_is_written_for_a_start(files: NetworkFiles) -> None:
    table_of(files, WEB, DB)
    assert files.hosts.read_text().splitlines() == [WEB_LINE, DB_LINE]
    assert "host-10-0-0-6.novalocal" in files.names.read_text()


def test_nothing_is_told_if_nothing_changed(files: NetworkFiles) -> None:
    table = table_of(files, WEB, DB)
    table.replace(network(), [DB, WEB])
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
        lambda table: table.add(replace(WEB, addresses=["10.0.0.9"])),
        lambda table: table.add(replace(WEB, hostname="other")),
        lambda table: table.add(replace(DB, nic_id="nic-3", addresses=["10.0.0.9"])),
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
    wide = network(replace(V4, cidr="10.0.0.0/16"))
    table.replace(
        wide,
        (
            DhcpHost(
                f"n{i}", f"02:00:00:00:{i >> 8:02x}:{i & 255:02x}", [f"10.0.{i >> 8}.{i & 255}"]
            )
            for i in range(MOST_ADDED + 1)
        ),
    )
    assert table.additions() is None


def test_a_later_process_learns_what_dnsmasq_knows(files: NetworkFiles) -> None:
    table = table_of(files, WEB)
    table.add(DB)
    table.discard("nic-1")
    table.append(table.additions() or [])
    later = HostTable(files)
    later.load()
    later.replace(network(), [DB])
    assert later.additions() == [] and later.has_additions
    later.replace(network(), [DB, WEB])
    assert later.additions() is None, "dnsmasq still has a line with its address"
