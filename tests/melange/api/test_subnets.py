"""Subnets over HTTP, as Melange v0.1 has them."""

from __future__ import annotations

from typing import Any

import pytest

from melange.ipam.blocks import Block
from tests.melange.everywhere import TENANT, Melange, path_of


def create(melange: Melange, parent: Block, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = melange.post(path_of(parent, "subnets"), {"subnet": fields})
    return made["subnet"]


def wrong(melange: Melange, parent: Block, **fields: Any) -> str:
    status, text = melange.refused("POST", path_of(parent, "subnets"), {"subnet": fields})
    assert status == 400
    return text.removeprefix("The following values are invalid: ")


def test_a_subnet_is_a_block_of_its_parents_network_tenant_and_type(melange: Melange) -> None:
    parent = melange.new_block("10.0.0.0/24", network_id="n1", type="public")
    ignored = {"gateway": "10.0.0.1", "policy_id": "p", "type": "private"}
    made = create(melange, parent, cidr="10.0.0.0/28", **ignored)
    assert melange.get(f"/tenants/{TENANT}/ip_blocks/{made['id']}") == {"ip_block": made}
    told = ("parent_id", "network_id", "tenant_id", "type", "gateway", "policy_id")
    assert [made[name] for name in told] == [parent.id, "n1", TENANT, "public", None, None]


def test_a_subnet_may_be_another_tenants_and_its_blocks_network_only_if_that_has_one(
    melange: Melange,
) -> None:
    loose = melange.new_block("10.0.0.0/24")
    made = create(melange, loose, cidr="10.0.0.0/28", network_id="n2", tenant_id="other")
    assert (made["network_id"], made["tenant_id"]) == ("n2", "other")
    bound = melange.new_block("10.1.0.0/24", network_id="n1")
    told = wrong(melange, bound, cidr="10.1.0.0/28", network_id="n2")
    assert told == "network_id: network_id should be same as that of parent"


def test_a_list_has_the_direct_subnets_only(melange: Melange) -> None:
    parent = melange.new_block("10.0.0.0/24")
    assert melange.get(path_of(parent, "subnets.json")) == {"subnets": []}
    child = create(melange, parent, cidr="10.0.0.0/25")
    below = f"/tenants/{TENANT}/ip_blocks/{child['id']}/subnets"
    melange.post(below, {"subnet": {"prefix": 26}})
    assert melange.get(path_of(parent, "subnets")) == {"subnets": [child]}
    listed = melange.get(f"/tenants/{TENANT}/ip_blocks?within=10.0.0.0/24")["ip_blocks"]
    assert [one["cidr"] for one in listed] == ["10.0.0.0/24", "10.0.0.0/25", "10.0.0.0/26"]


def test_a_cidr_has_to_fit(melange: Melange) -> None:
    parent = melange.new_block("10.0.0.0/24")
    create(melange, parent, cidr="10.0.0.64/26")
    outside = "cidr: cidr should be within parent block's cidr"
    assert wrong(melange, parent, cidr="10.0.1.0/26") == outside
    assert wrong(melange, parent, cidr="10.0.0.0/23").startswith(outside)
    assert wrong(melange, parent, cidr="fd00::/64") == outside
    assert wrong(melange, parent) == "cidr: cidr is invalid"
    assert wrong(melange, parent, cidr="/x") == "cidr: cidr is invalid"
    told = "cidr: cidr overlaps with sibling 10.0.0.64/26"
    assert wrong(melange, parent, cidr="10.0.0.0/24") == told
    assert wrong(melange, parent, cidr="10.0.0.80/32") == told
    told = "prefix: prefix should be from 24 to 32 in 10.0.0.0/24"
    assert wrong(melange, parent, prefix=23) == told
    assert wrong(melange, parent, cidr="/33") == told


def test_a_block_with_addresses_is_not_subnetted(melange: Melange) -> None:
    parent = melange.new_block("10.0.0.0/24")
    melange.post(path_of(parent, "ip_addresses"))
    told = "parent_id: parent is not subnettable since it has allocated ips"
    assert wrong(melange, parent, cidr="10.0.0.128/26") == told
    melange.delete(path_of(parent, "ip_addresses", "10.0.0.0"))
    assert wrong(melange, parent, prefix=26) == told
    assert melange.get(path_of(parent, "subnets")) == {"subnets": []}
    assert melange.post(path_of(parent, "ip_addresses"))["ip_address"]["address"] == "10.0.0.1"


def test_a_subnetted_block_gives_out_nothing_and_its_subnets_do(melange: Melange) -> None:
    parent = melange.new_block("10.0.0.0/24")
    child = create(melange, parent, cidr="10.0.0.128/26")
    refused = melange.refused("POST", path_of(parent, "ip_addresses"))
    assert refused == (422, "Subnetted block cannot allocate IPAddress")
    path = f"/tenants/{TENANT}/ip_blocks/{child['id']}/ip_addresses"
    assert melange.post(path)["ip_address"]["address"] == "10.0.0.128"


def test_subnets_of_others_blocks_are_not_to_be_seen(melange: Melange) -> None:
    parent = melange.new_block("10.0.0.0/24", tenant_id="other")
    path = f"/tenants/{TENANT}/ip_blocks/{parent.id}/subnets"
    for method in ("GET", "POST"):
        assert melange.refused(method, path) == (404, "IpBlock Not Found")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("network_id=n1", ["10.0.0.0/24"]),
        ("tenant_id=other", ["10.0.1.0/24"]),
        ("contains=10.0.1.7", ["10.0.1.0/24"]),
        ("within=10.0.0.0/23", ["10.0.0.0/24", "10.0.1.0/24"]),
        ("cidr=10.0.1.0/24&network_id=n1", []),
        ("tags=red", []),
    ],
)
def test_a_list_can_be_narrowed(melange: Melange, query: str, found: list[str]) -> None:
    parent = melange.new_block("10.0.0.0/16")
    create(melange, parent, cidr="10.0.0.0/24", network_id="n1")
    create(melange, parent, cidr="10.0.1.0/24", tenant_id="other")
    listed = melange.get(f"{path_of(parent, 'subnets')}?{query}")["subnets"]
    assert [one["cidr"] for one in listed] == found


def test_no_two_blocks_of_a_network_overlap_whosever_subnets_they_are(melange: Melange) -> None:
    told = "cidr: cidr overlaps with block {} in same network"
    melange.new_block("10.1.0.0/16", network_id="n1")
    parent = melange.new_block("10.0.0.0/8")
    found = wrong(melange, parent, cidr="10.1.2.0/24", network_id="n1")
    assert found == told.format("10.1.0.0/16")
    child = create(melange, parent, cidr="10.2.0.0/16", network_id="n1")
    fields = {"type": "private", "cidr": "10.2.3.0/24", "network_id": "n1"}
    path = f"/tenants/{TENANT}/ip_blocks"
    assert melange.refused("POST", path, {"ip_block": fields})[1].endswith(
        told.format("10.2.0.0/16")
    )
    # What is below a block of the network is a part of it.
    below = f"{path}/{child['id']}/subnets"
    melange.post(below, {"subnet": {"cidr": "10.2.3.0/24"}})
    loose = create(melange, parent, cidr="10.1.0.0/16")
    moved = {"ip_block": {"network_id": "n1"}}
    assert melange.refusal("PUT", f"{path}/{loose['id']}", moved) == (400, "invalid_values")
