"""What a host is on a network that it serves."""

from __future__ import annotations

from typing import Any

from nova_netplugins.ethernet import gateway


def serving(**network: Any) -> dict[str, Any]:
    described = {
        "id": "8e2e3a4b-57c8-4c3c-9a39-1d1f0c1f6f2e",
        "cidr": "10.0.0.0/24",
        "cidr_v6": "fd00::/64",
        "gateway_v6": "fd00::1",
        "multi_host": False,
        "share_address": False,
    }
    return {"network": described | network, "address": "10.0.0.1"}


def test_the_gateway_stays_who_it_is_when_another_host_serves_the_network() -> None:
    assert gateway.mac(serving(), "h1") == gateway.mac(serving(), "h2")
    for host in ("h1", "h2"):
        assert gateway.addresses(serving(), host) == ("10.0.0.1/24", "fd00::1/64")


def test_two_networks_have_two_gateways() -> None:
    assert gateway.mac(serving(), "h1") != gateway.mac(serving(id="another"), "h1")


def test_the_mac_is_locally_administered_and_of_one_station() -> None:
    assert int(gateway.mac(serving(), "h1")[:2], 16) & 0b11 == 0b10


def test_where_each_host_has_a_gateway_no_two_are_the_same_on_the_wire() -> None:
    each = serving(multi_host=True)
    assert gateway.mac(each, "h1") != gateway.mac(each, "h2")
    assert gateway.address_v6(each, "h1") != gateway.address_v6(each, "h2")


def test_hosts_that_share_the_address_share_the_mac_too() -> None:
    shared = serving(multi_host=True, share_address=True)
    assert gateway.mac(shared, "h1") == gateway.mac(shared, "h2")
    assert gateway.address_v6(shared, "h1") == "fd00::1"
