"""MAC addresses and their ranges, between text and integers."""

from __future__ import annotations

import pytest

from melange import errors
from melange.ipam import eui


@pytest.mark.parametrize(
    "text",
    [
        "00:ff:12:89:67:34",
        "00-FF-12-89-67-34",
        "00ff.1289.6734",
        "00FF12896734",
        "0:ff:12:89:67:34",
    ],
)
def test_all_spellings_are_one_mac_address(text: str) -> None:
    assert eui.mac_text(eui.parse_mac(text)) == "00:FF:12:89:67:34"


@pytest.mark.parametrize("text", ["", "zz", "12:34", "10.0.0.1", "00:11:22:33:44:55:66:77", "-1"])
def test_what_is_no_mac_address_is_refused(text: str) -> None:
    with pytest.raises(errors.Invalid, match="is not a valid MAC address"):
        eui.parse_mac(text)


@pytest.mark.parametrize(
    ("cidr", "first", "size"),
    [
        ("AA:BB:CC:00:00:00/24", "AA:BB:CC:00:00:00", 2**24),
        ("AA:BB:CC:DD:EE:FF/24", "AA:BB:CC:00:00:00", 2**24),
        ("AA:BB:CC:DD:EE:FF/48", "AA:BB:CC:DD:EE:FF", 1),
        ("AA:BB:CC:DD:EE:FF/47", "AA:BB:CC:DD:EE:FE", 2),
        ("AA:BB:CC:DD:EE:FF", "AA:BB:CC:DD:EE:FF", 1),
        ("aabb.ccdd.eeff/0", "00:00:00:00:00:00", 2**48),
    ],
)
def test_a_prefix_counts_in_48_bits(cidr: str, first: str, size: int) -> None:
    span = eui.parse_span(cidr)
    assert (eui.mac_text(span.first), span.last - span.first + 1) == (first, size)


@pytest.mark.parametrize(
    "cidr", ["", "junk", "AA:BB:CC:00:00:00/", "AA:BB:CC:00:00:00/49", "AA:BB:CC:00:00:00/x", "/24"]
)
def test_what_is_no_range_is_refused(cidr: str) -> None:
    with pytest.raises(errors.Invalid, match="cidr is invalid"):
        eui.parse_span(cidr)
