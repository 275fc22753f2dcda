"""What Kea is told, octet by octet."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nova_netplugins.host.dhcp.kea import config
from nova_netplugins.host.dhcp.kea.files import KeaFiles
from nova_netplugins.host.dhcp.kea.radvd import render as render_radvd
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, DhcpSubnet
from nova_netplugins.host.dhcp.octets import octets
from nova_netplugins.host.errors import BadSettings

V4 = DhcpSubnet("10.0.0.0/24", "10.0.0.1", gateway="10.0.0.1")
V6 = DhcpSubnet("2001:db8:1::/64", "2001:db8:1::1", dns=["2001:db8::53"])
SLAAC = DhcpSubnet("2001:db8::/64", "2001:db8::1", gateway="2001:db8::1", slaac=True)
HOST = DhcpHost("nic-1", "FA:16:3E:00:00:01", ["10.0.0.5", "2001:db8:1::5"], "web")

_TWO = f"20010db8{'0' * 22}5320010db8{'0' * 22}54"


@pytest.mark.parametrize(
    ("number", "value", "version", "told"),
    [
        (6, "10.0.0.1,10.0.0.2", 4, "0a0000010a000002"),
        (26, "1450", 4, "05aa"),
        (2, "-3600", 4, "fffff1f0"),
        (17, "a, b", 4, b"a, b".hex()),
        (119, "a.b,c.", 4, "0161016200016300"),
        (121, "10.64.0.0/10,10.0.0.3, 0.0.0.0/0,10.0.0.1", 4, "0a0a400a000003000a000001"),
        (23, "2001:db8::53,[2001:db8::54]", 6, _TWO),
        # Not known: as dnsmasq guesses.
        (224, "10.0.0.1,10.0.0.2", 4, "0a0000010a000002"),
        (224, "01:ab", 4, "01ab"),
        (224, "7", 4, "07"),
        (224, "300", 4, "012c"),
        (224, "70000", 4, "00011170"),
        (224, "seven", 4, b"seven".hex()),
    ],
)
def test_values_are_octets(number: int, value: str, version: int, told: str) -> None:
    assert octets(number, value, version).hex() == told


@pytest.mark.parametrize(
    ("number", "value", "message"),
    [
        (42, "10.0.0.300", "'10.0.0.300' is not valid: it must be addresses"),
        (26, "70000", "DHCP option 26: .* an integer from 0 to 65535"),
        (26, "many", "DHCP option 26: .* an integer from 0 to 65535"),
        (121, "10.0.0.0/8", "a CIDR and a router by turns"),
        (121, "10.0.0.1/8,10.0.0.3", "a CIDR and a router by turns"),
        (119, "a..b", "'a..b' is not valid: it must be domain names"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(number: int, value: str, message: str) -> None:
    with pytest.raises(BadSettings, match=message):
        octets(number, value, 4)


def network(*subnets: DhcpSubnet, **changes: Any) -> DhcpNetwork:
    return DhcpNetwork("net-1", "nnp-net-1", "gw-net-1", subnets, **changes)


def settings_of(given: DhcpNetwork, version: int, *hosts: DhcpHost, index: int = 7) -> Any:
    told = [(host, given.given(host)) for host in hosts]
    files = KeaFiles(Path("/n"), version)
    rendered = config.render(given, version, told, files, "/hook.so", index)
    return json.loads(rendered.text)[f"Dhcp{version}"]


def subnets_of(settings: Any, version: int) -> Any:
    return settings["shared-networks"][0][f"subnet{version}"]


def test_each_server_has_its_reservations() -> None:
    both = network(V4, SLAAC, V6)
    (v4,) = subnets_of(settings_of(both, 4, HOST), 4)
    (v6,) = subnets_of(settings_of(both, 6, HOST), 6)
    who = {"hw-address": "fa:16:3e:00:00:01", "hostname": "web"}
    assert v4["reservations"] == [who | {"ip-address": "10.0.0.5"}]
    assert v6["reservations"] == [who | {"ip-addresses": ["2001:db8:1::5"]}]
    assert config.reserved({"Dhcp4": settings_of(both, 4, HOST)}) == {HOST.mac: ("10.0.0.5",)}


def test_a_subnet_keeps_its_number_whatever_is_beside_it() -> None:
    other = DhcpSubnet("10.1.0.0/24", "10.1.0.1")
    (alone,) = subnets_of(settings_of(network(V4), 4), 4)
    _, second = subnets_of(settings_of(network(other, V4), 4), 4)
    assert alone["id"] == second["id"]


def test_the_same_settings_have_the_same_digest_and_others_another() -> None:
    first = settings_of(network(V4), 4, HOST)
    assert config.digest_of({"Dhcp4": first, "hash": 1}) is not None
    digests = [
        config.digest_of({"Dhcp4": one})
        for one in (
            first,
            settings_of(network(V4), 4, HOST),
            settings_of(network(V4), 4, replace(HOST, hostname="db")),
            settings_of(network(V4), 4, HOST, index=8),
        )
    ]
    assert digests[0] == digests[1] and len(set(digests)) == 3
    assert config.digest_of({"Dhcp4": {}}) is None, "settings of someone else"


def test_an_option_without_a_number_is_refused() -> None:
    with pytest.raises(BadSettings, match="no DHCP option 'sip-server': its number is wanted"):
        settings_of(network(V4, options={"sip-server": "10.0.0.9"}), 4)


def test_what_is_advertised() -> None:
    lines = render_radvd(network(V4, V6, SLAAC, mtu=1450, domain="novalocal"), 7).splitlines()
    assert lines[1:] == [
        "interface gw-net-1 {",
        "AdvSendAdvert on;",
        "MinRtrAdvInterval 3; MaxRtrAdvInterval 10;",
        "AdvDefaultLifetime 1800;",
        "AdvManagedFlag on; AdvOtherConfigFlag on;",
        "AdvLinkMTU 1450;",
        "prefix 2001:db8:1::/64 { AdvAutonomous off; };",
        "prefix 2001:db8::/64 { AdvAutonomous on; };",
        "RDNSS 2001:db8::53 { };",
        "DNSSL novalocal { };",
        "};",
    ]
