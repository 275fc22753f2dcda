"""What address generators propose."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melange import errors
from melange.ipam import generators
from melange.ipam.addressing import Span, cidr_of, parse_address, parse_cidr
from melange.ipam.generators import stable_private

EVERYTHING = {
    "mac_address": "00:ff:12:89:67:34",
    "used_by_tenant": "1234",
    "interface_id": "vif",
    "secret": "s" * 32,
}
NAMES = ["random", "rfc2462", "sequential", "stable_private", "tenant_based"]


def proposals(name: str, cidr: str, count: int = 1, **parameters: Any) -> list[int]:
    proposed = generators.load(name).propose(parse_cidr(cidr), EVERYTHING | parameters)
    return list(itertools.islice(proposed, count))


def values(*texts: str) -> list[int]:
    return [parse_address(text)[1] for text in texts]


@st.composite
def blocks(draw: st.DrawFn) -> Span:
    version, width = draw(st.sampled_from([(4, 32), (6, 128)]))
    prefix = draw(st.integers(0, width))
    value = draw(st.integers(0, 2**width - 1))
    return cidr_of(version, value, prefix)


def test_rfc2462_makes_the_address_of_the_mac_address() -> None:
    found = proposals("rfc2462", "fe::/64", 2, mac_address="12:ff:12:89:67:34")
    assert found == values("fe::10ff:12ff:fe89:6734", "fe::10ff:12ff:fe89:6735")


@pytest.mark.parametrize(
    ("cidr", "address"),
    [("fe::/64", "fe::7110:eda4:ff89:6734"), ("fe::/72", "fe::10:eda4:ff89:6734")],
)
def test_tenant_based_makes_it_of_tenant_and_mac_address(cidr: str, address: str) -> None:
    assert proposals("tenant_based", cidr) == values(address)


def test_after_the_last_mac_address_comes_the_first() -> None:
    found = proposals("rfc2462", "fe::/64", 2, mac_address="FF-FF-FF-FF-FF-FF")
    assert found == values("fe::fdff:ffff:feff:ffff", "fe::200:ff:fe00:0")


def test_a_mac_address_that_is_none_is_refused() -> None:
    with pytest.raises(errors.Invalid, match="zz is not a valid MAC address"):
        proposals("rfc2462", "fe::/64", mac_address="zz")


def test_a_stable_address_depends_on_the_prefix_the_interface_and_the_secret_alone() -> None:
    usual = proposals("stable_private", "fe::/64", 3)
    assert proposals("stable_private", "fe::/64", 3, mac_address="other") == usual
    assert len(set(usual)) == 3
    for other in (
        proposals("stable_private", "fe::/64", 3, interface_id="vif2"),
        proposals("stable_private", "fe::/64", 3, secret="t" * 32),
        [value - 2**64 for value in proposals("stable_private", "fe:0:0:1::/64", 3)],
    ):
        assert not set(usual) & set(other)


def test_a_stable_address_is_none_that_hosts_must_not_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = proposals("stable_private", "fe::/64", 2)
    low = first % 2**64
    monkeypatch.setattr(stable_private, "RESERVED", ((low, low),))
    assert proposals("stable_private", "fe::/64") == [second]


def test_random_proposes_each_address_of_a_small_block_once() -> None:
    found = proposals("random", "10.0.0.0/24", 1000)
    assert sorted(found) == list(range(*values("10.0.0.0", "10.0.1.0")))
    assert found != proposals("random", "10.0.0.0/24", 1000)


@pytest.mark.parametrize("name", NAMES)
@given(span=blocks())
def test_all_that_is_proposed_lies_in_the_block(name: str, span: Span) -> None:
    proposed = generators.load(name).propose(span, EVERYTHING)
    assert all(span.first <= value <= span.last for value in itertools.islice(proposed, 100))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cidr", ["fe::/112", "fe::1/128", "10.0.0.0/20"])
def test_proposals_come_to_an_end(name: str, cidr: str) -> None:
    assert len(proposals(name, cidr, 2**17)) <= 2**16


def test_a_generator_that_is_not_installed_is_told_with_those_that_are() -> None:
    with pytest.raises(errors.UnknownGenerator, match=f"'magic'; there are {', '.join(NAMES)}"):
        generators.load("magic")
