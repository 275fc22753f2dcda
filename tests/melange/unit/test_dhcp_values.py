"""What DHCP options may say, by their number."""

from __future__ import annotations

import pytest

from melange.ipam import dhcp_names


@pytest.mark.parametrize(
    ("version", "name", "number"),
    [
        (4, "ntp-server", 42),
        (4, "MTU", 26),
        (4, " domain-name ", 15),
        (6, "dns-server", 23),
        (4, "dns", 6),
        (4, "ntp", 42),
        (6, "domain", 24),
        (6, "bootfile-url", 59),
        (6, "mtu", None),
        (4, "no-such-option", None),
    ],
)
def test_a_name_stands_for_a_number(version: int, name: str, number: int | None) -> None:
    assert dhcp_names.number_of(version, name) == number


@pytest.mark.parametrize("version", [4, 6])
def test_every_name_leads_back_to_its_number(version: int) -> None:
    for number in range(1, dhcp_names.LARGEST[version] + 1):
        name = dhcp_names.name_of(version, number)
        assert name is None or dhcp_names.number_of(version, name) == number


@pytest.mark.parametrize(
    ("version", "number", "given", "kept"),
    [
        (4, 6, "10.0.0.1, 10.0.0.2", "10.0.0.1,10.0.0.2"),
        (4, 1, "255.255.255.0", "255.255.255.0"),
        (4, 26, " 01450", "1450"),
        (4, 2, "-3600", "-3600"),
        (4, 19, "1", "1"),
        (4, 15, "example.org", "example.org"),
        (4, 119, "example.org, lab.example.org.", "example.org,lab.example.org."),
        (4, 33, "10.1.0.0,10.0.0.1", "10.1.0.0,10.0.0.1"),
        (4, 121, "10.0.0.0/8, 10.0.0.1", "10.0.0.0/8,10.0.0.1"),
        (4, 224, "any text: ä", "any text: ä"),
        (6, 23, "FD00::1,fd00:0::2", "fd00::1,fd00::2"),
        (6, 32, "600", "600"),
        (6, 40000, "text", "text"),
    ],
)
def test_values_are_kept_in_one_spelling(version: int, number: int, given: str, kept: str) -> None:
    assert dhcp_names.reader_of(version, number)(given) == kept


@pytest.mark.parametrize(
    ("version", "number", "given", "wanted"),
    [
        (4, 6, "fd00::1", "1 to 63 IPv4 addresses with commas between them"),
        (4, 6, "10.0.0.1,", "1 to 63 IPv4 addresses with commas between them"),
        (4, 6, ",".join(["10.0.0.1"] * 64), "1 to 63 IPv4 addresses with commas between them"),
        (4, 1, "10.0.0.1,10.0.0.2", "one IPv4 address"),
        (4, 33, "10.1.0.0", "pairs of IPv4 addresses with commas between them"),
        (4, 26, "67", "an integer from 68 to 65535"),
        (4, 26, "1e3", "an integer from 68 to 65535"),
        (4, 19, "yes", "an integer from 0 to 1"),
        (4, 2, "2147483648", "an integer from -2147483648 to 2147483647"),
        (4, 15, "-example", "a domain name such as example.org"),
        (4, 121, "10.0.0.1/8,10.0.0.1", "an IPv4 CIDR and a gateway"),
        (4, 121, "10.0.0.0/8", "an IPv4 CIDR and a gateway"),
        (4, 66, "x" * 256, "text of 1 to 255 octets that prints"),
        (4, 224, "a\nb", "text of 1 to 255 octets that prints"),
        (6, 23, "fe80::1%eth0", "1 to 15 IPv6 addresses with commas between them"),
        (6, 23, "10.0.0.1", "1 to 15 IPv6 addresses with commas between them"),
    ],
)
def test_a_wrong_value_is_told_what_would_be_right(
    version: int, number: int, given: str, wanted: str
) -> None:
    with pytest.raises(ValueError) as refused:
        dhcp_names.reader_of(version, number)(given)
    assert str(refused.value).startswith(wanted)
