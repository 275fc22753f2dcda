"""How wishes for networks become CIDRs and pools: the rules of Nova's network managers."""

from __future__ import annotations

import pytest

from nova_netplugins import errors
from nova_netplugins.ethernet import planning
from nova_netplugins.ethernet.planning import IPv4, IPv6


def split(whole: str, count: int = 1, size: int | None = None, *taken: str) -> list[str]:
    existing = [(IPv4(cidr), f"id of {cidr}") for cidr in taken]
    return [str(net) for net in planning.split_v4(planning.parse_v4(whole), count, size, existing)]


class TestSplitting:
    @pytest.mark.parametrize(
        ("whole", "count", "size", "wanted"),
        [
            ("10.0.0.0/24", 1, None, ["10.0.0.0/24"]),
            ("10.0.0.0/24", 1, 256, ["10.0.0.0/24"]),
            ("10.0.0.0/24", 2, 128, ["10.0.0.0/25", "10.0.0.128/25"]),
            ("10.0.0.0/16", 2, 256, ["10.0.0.0/24", "10.0.1.0/24"]),
            ("10.0.0.0/24", 2, None, ["10.0.0.0/25", "10.0.0.128/25"]),
            ("10.0.0.0/24", 3, None, ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26"]),
            ("192.168.3.1/24", 2, 100, ["192.168.3.0/25", "192.168.3.128/25"]),
            ("10.0.0.0/8", 1, None, ["10.0.0.0/8"]),
        ],
    )
    def test_the_first_subnets_are_taken_in_sizes_of_a_power_of_two(
        self, whole: str, count: int, size: int | None, wanted: list[str]
    ) -> None:
        assert split(whole, count, size) == wanted

    @pytest.mark.parametrize("used", ["10.0.2.0/24", "10.0.2.0/25", "10.0.2.77/32"])
    def test_what_is_used_is_stepped_over(self, used: str) -> None:
        assert split("10.0.0.0/16", 4, 256, used) == [
            "10.0.0.0/24",
            "10.0.1.0/24",
            "10.0.3.0/24",
            "10.0.4.0/24",
        ]

    def test_a_small_used_network_costs_the_subnet_it_is_in(self) -> None:
        assert split("192.168.2.0/24", 3, 32, "192.168.2.8/29") == [
            "192.168.2.32/27",
            "192.168.2.64/27",
            "192.168.2.96/27",
        ]

    def test_two_used_networks_in_one_subnet_cost_it_once(self) -> None:
        assert split("10.0.0.0/24", 1, 64, "10.0.0.0/29", "10.0.0.8/29") == ["10.0.0.64/26"]

    @pytest.mark.parametrize(
        "taken",
        [["10.0.0.0/25"], ["10.0.0.0/24"], ["10.0.0.0/8"], ["10.0.0.0/25", "10.0.0.128/25"]],
    )
    def test_without_room_the_overlap_is_told(self, taken: list[str]) -> None:
        with pytest.raises(errors.CidrConflict) as refused:
            split("10.0.0.0/24", 1, None, *taken)
        assert str(refused.value) == (f"'10.0.0.0/24' overlaps with {taken[0]} of id of {taken[0]}")

    def test_all_subnets_taken_is_an_overlap_too(self) -> None:
        with pytest.raises(errors.CidrConflict):
            split("10.0.0.0/24", 1, 128, "10.0.0.0/25", "10.0.0.128/25")

    @pytest.mark.parametrize(("count", "size"), [(2, 256), (200, 256), (100, 100), (257, None)])
    def test_more_than_fits_is_refused(self, count: int, size: int | None) -> None:
        with pytest.raises(errors.InvalidCidr):
            split("10.0.0.0/24", count, size)

    def test_networks_too_small_for_two_hosts_are_refused(self) -> None:
        with pytest.raises(errors.InvalidCidr, match="networks of 2 addresses are too small"):
            split("10.0.0.0/24", 1, 2)

    def test_a_very_large_network_is_split_at_once(self) -> None:
        assert split("10.0.0.0/8", 1, 4, "10.0.0.0/9") == ["10.128.0.0/30"]

    def test_ipv6_is_split_into_networks_for_slaac(self) -> None:
        whole = planning.parse_v6("2001:db8::/48")
        assert planning.split_v6(whole, 1) == [IPv6("2001:db8::/64")]
        assert [str(net) for net in planning.split_v6(whole, 2)] == [
            "2001:db8::/64",
            "2001:db8:0:1::/64",
        ]
        with pytest.raises(errors.InvalidCidr, match="room for 1 networks of /64, not 2"):
            planning.split_v6(planning.parse_v6("2001:db8::/64"), 2)


class TestCidrs:
    def test_bits_of_the_host_are_cleared(self) -> None:
        assert planning.parse_v4("10.0.0.5/24") == IPv4("10.0.0.0/24")

    @pytest.mark.parametrize(
        "text",
        ["", "fake", "10.0.0.0/33", "10.0.0/24", "256.0.0.0/8", "10.0.0.0/-1", "2001:db8::/64"],
    )
    def test_what_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(errors.InvalidCidr):
            planning.parse_v4(text)

    @pytest.mark.parametrize(
        "text",
        [
            "10.0.0.0/31",
            "10.0.0.1",
            "0.0.0.0/0",
            "127.0.0.0/24",
            "169.254.169.0/24",
            "224.0.0.0/8",
            "255.255.255.0/24",
        ],
    )
    def test_what_no_hosts_could_use_is_refused(self, text: str) -> None:
        with pytest.raises(errors.InvalidCidr):
            planning.parse_v4(text)

    @pytest.mark.parametrize(
        "text", ["2001:db8::/65", "fe80::/64", "ff02::/16", "::/0", "::ffff:0:0/64", "10.0.0.0/24"]
    )
    def test_the_same_goes_for_ipv6(self, text: str) -> None:
        with pytest.raises(errors.InvalidCidr):
            planning.parse_v6(text)

    @pytest.mark.parametrize("text", ["10.0.0.0", "10.0.0.255"])
    def test_a_host_has_neither_the_networks_own_nor_the_broadcast_address(self, text: str) -> None:
        with pytest.raises(errors.InvalidOption, match="no host of 10.0.0.0/24 may have it"):
            planning.host_in(text, IPv4("10.0.0.0/24"), "gateway")

    def test_the_last_address_of_an_ipv6_network_is_like_any_other(self) -> None:
        net = IPv6("2001:db8::/64")
        last = "2001:db8::ffff:ffff:ffff:ffff"
        assert planning.host_in(last, net, "gateway_v6") == last
        with pytest.raises(errors.InvalidOption):
            planning.host_in("2001:db8::", net, "gateway_v6")

    @pytest.mark.parametrize("text", ["10.0.1.1", "2001:db8::1"])
    def test_an_address_outside_is_told_with_the_network(self, text: str) -> None:
        with pytest.raises(errors.AddressOutOfRange, match=f"'{text}' is outside 10.0.0.0/24"):
            planning.address_in(text, IPv4("10.0.0.0/24"), "gateway")

    @pytest.mark.parametrize("text", ["192.168.1.100.1", "", "junk"])
    def test_what_is_no_address_is_refused(self, text: str) -> None:
        with pytest.raises(errors.InvalidAddress):
            planning.parse_address(text, "address")


def bounds(start: str | None, end: str | None, *unusable: str) -> tuple[int, int, int]:
    """The last octets of the first and last address to draw, and how many between are not."""
    found = planning.pool_bounds(IPv4("10.0.0.0/24"), start, end, unusable)
    base = int(IPv4("10.0.0.0/24").network_address)
    return found.first - base, found.last - base, len(found.excluded)


class TestBounds:
    def test_the_networks_own_the_broadcast_and_the_gateways_address_are_never_drawn(self) -> None:
        assert bounds(None, None, "10.0.0.1") == (1, 254, 1)
        assert bounds("10.0.0.0", "10.0.0.255", "10.0.0.1") == (1, 254, 1)

    def test_a_part_may_be_given(self) -> None:
        assert bounds("10.0.0.10", "10.0.0.245", "10.0.0.10", "10.0.0.11") == (10, 245, 2)

    def test_an_unusable_address_outside_the_part_costs_nothing(self) -> None:
        assert bounds("10.0.0.10", None, "10.0.0.1") == (10, 254, 0)

    def test_a_part_without_addresses_is_refused(self) -> None:
        with pytest.raises(errors.InvalidOption, match="allowed_end '10.0.0.0' is not valid"):
            bounds(None, "10.0.0.0")


@pytest.mark.parametrize(
    ("cidr", "mac", "address"),
    [
        ("2001:db8::/64", "02:16:3e:33:44:55", "2001:db8::16:3eff:fe33:4455"),
        ("2001:db8::/64", "00:16:3e:33:44:55", "2001:db8::216:3eff:fe33:4455"),
        ("fd00:1::/48", "fa:16:3e:00:00:01", "fd00:1::f816:3eff:fe00:1"),
    ],
)
def test_an_instance_makes_its_ipv6_address_of_its_mac(cidr: str, mac: str, address: str) -> None:
    assert planning.eui64(IPv6(cidr), mac) == address
