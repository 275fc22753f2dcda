"""MAC addresses as text, as integers and in ranges."""

from __future__ import annotations

import pytest

from nova_netplugins import errors
from nova_netplugins.ethernet.macs import MacRange, format_mac, parse_mac


@pytest.mark.parametrize("text", ["FA:16:3E:00:00:0A", "fa-16-3e-00-00-0a", "fa163e00000a"])
def test_any_common_spelling_is_one_address(text: str) -> None:
    assert format_mac(parse_mac(text, "mac_address")) == "fa:16:3e:00:00:0a"


@pytest.mark.parametrize("text", ["", "fa:16:3e:00:00", "fa:16:3e:00:00:zz", "1" * 40])
def test_what_is_no_mac_is_refused(text: str) -> None:
    with pytest.raises(errors.InvalidOption, match="written like fa:16:3e:00:00:01"):
        parse_mac(text, "mac_address")


@pytest.mark.parametrize("text", ["01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"])
def test_no_card_has_a_multicast_or_zero_address(text: str) -> None:
    with pytest.raises(errors.InvalidOption, match="a card needs a unicast MAC address"):
        parse_mac(text, "mac_address")


def test_a_range_is_an_address_and_its_fixed_bits() -> None:
    found = MacRange.parse("fa:16:3e:40:00:00/26")
    assert format_mac(found.first) == "fa:16:3e:40:00:00"
    assert format_mac(found.last) == "fa:16:3e:7f:ff:ff"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fa:16:3e:40:00:00", "write it as"),
        ("fa:16:3e:40:00:00/48", "with 8 to 47 fixed bits"),
        ("fa:16:3e:40:00:00/x", "with 8 to 47 fixed bits"),
        ("fa:16:3e:41:00:00/26", "its first address is fa:16:3e:40:00:00"),
        ("01:00:00:00:00:00/8", "unicast"),
    ],
)
def test_a_range_written_wrongly_says_what_is_right(text: str, told: str) -> None:
    with pytest.raises(errors.InvalidOption, match=told):
        MacRange.parse(text)
