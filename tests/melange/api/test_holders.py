"""Shared addresses: several interfaces may, one does answer."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.melange.everywhere import Melange, path_of

REFUSED = (409, "not_allowed_here")


@pytest.fixture
def shared(melange: Melange) -> str:
    return new_shared(melange)


def new_shared(melange: Melange) -> str:
    """The path of 10.0.0.3: of interface vip, and allowed on one and two."""
    path = path_of(melange.new_block("10.0.0.0/24", network_id="net"), "ip_addresses")
    for name in ("one", "two", "three"):
        melange.post(path, {"ip_address": {"interface_id": name}})
    wanted = {"interface_id": "vip", "allowed_interfaces": ["one", "two", "one"]}
    melange.post(path, {"ip_address": wanted})
    return f"{path}/10.0.0.3"


def claim(melange: Melange, shared: str, vif_id: str, **headers: str) -> str | None:
    """Who was the holder before."""
    body = {"holder": {"interface_id": vif_id}}
    holder = melange.put(f"{shared}/holder", body, **headers)["holder"]
    assert (holder["interface_id"], holder["address"]) == (vif_id, "10.0.0.3")
    previous: str | None = holder["previous"]
    return previous


def holder_of(melange: Melange, shared: str) -> str | None:
    holder: str | None = melange.get(f"{shared}/holder")["holder"]["interface_id"]
    return holder


def test_nobody_holds_an_address_before_it_is_claimed(melange: Melange, shared: str) -> None:
    assert holder_of(melange, shared) is None


def test_the_last_to_claim_holds_it(melange: Melange, shared: str) -> None:
    assert claim(melange, shared, "one") is None
    assert claim(melange, shared, "two") == "one"
    assert claim(melange, shared, "vip") == "two"
    assert holder_of(melange, shared) == "vip"
    melange.delete(f"{shared}/holder")
    assert holder_of(melange, shared) is None


def test_only_interfaces_that_may_have_it_can_claim_it(melange: Melange, shared: str) -> None:
    for vif_id in ("three", "nobody"):
        body = {"holder": {"interface_id": vif_id}}
        assert melange.refusal("PUT", f"{shared}/holder", body) == REFUSED
    assert melange.refusal("PUT", f"{shared}/holder") == (400, "invalid_values")
    assert holder_of(melange, shared) is None


def test_who_may_no_longer_have_it_does_not_hold_it(melange: Melange, shared: str) -> None:
    claim(melange, shared, "one")
    melange.delete("/tenants/acme/interfaces/one/allowed_ips/10.0.0.3")
    assert holder_of(melange, shared) is None
    claim(melange, shared, "two")
    melange.delete("/interfaces/two")
    assert holder_of(melange, shared) is None


def test_a_claim_may_be_for_one_state_only(melange: Melange, shared: str) -> None:
    tag = melange.call("GET", f"{shared}/holder").headers["ETag"]
    claim(melange, shared, "one", If_Match=tag)
    body = {"holder": {"interface_id": "two"}}
    assert melange.refusal("PUT", f"{shared}/holder", body, If_Match=tag) == (412, "stale")


def test_an_address_is_shared_on_its_network_only(melange: Melange, shared: str) -> None:
    elsewhere = path_of(melange.new_block("10.1.0.0/24", network_id="other"), "ip_addresses")
    wanted = {"ip_address": {"interface_id": "far", "allowed_interfaces": ["one"]}}
    assert melange.refusal("POST", elsewhere, wanted) == (422, "interface_not_on_network")
    wanted = {"ip_address": {"allowed_interfaces": ["nobody"]}}
    assert melange.refusal("POST", elsewhere, wanted) == (404, "interface_not_found")
    assert melange.get(elsewhere)["ip_addresses"] == []


def test_a_tenant_claims_what_it_uses_of_anothers_block(melange: Melange) -> None:
    block = melange.new_block("10.0.0.0/24", "provider")
    body = {"ip_address": {"tenant_id": "acme", "interface_id": "vif"}}
    melange.post(path_of(block, "ip_addresses"), body)
    melange.post(path_of(block, "ip_addresses"))
    acme, path = melange.as_tenant("acme"), f"/tenants/acme/ip_blocks/{block.id}/ip_addresses"
    acme.put(f"{path}/10.0.0.0/holder", {"holder": {"interface_id": "vif"}})
    for address in ("10.0.0.1", "10.0.0.9"):
        refusal = acme.refusal("GET", f"{path}/{address}/holder")
        assert refusal == (404, "ip_block_not_found")


def test_of_rivals_each_is_told_who_was_before_it(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    shared = new_shared(melange)
    names = ["one", "two"] * 6
    with ThreadPoolExecutor(4) as threads:
        previous = list(threads.map(lambda name: claim(melange, shared, name), names))
    # Each but the last holder is somebody's predecessor, once for each time that it claimed.
    told = [name for name in previous if name is not None]
    last = holder_of(melange, shared)
    assert previous.count(None) == 1
    assert Counter([*told, last]) == Counter(names)
