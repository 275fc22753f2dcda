"""How much of blocks is used."""

from __future__ import annotations

from melange.ipam import utilization
from tests.melange.everywhere import Melange, path_of


def use(melange: Melange, path: str) -> dict[str, int]:
    found: dict[str, int] = melange.get(f"{path}/utilization")["utilization"]
    return found


def numbers(size: int, carved: int, *others: int) -> dict[str, int]:
    names = ("allocated", "quarantined", "reserved", "free")
    return {"size": size, "carved": carved, **dict(zip(names, others, strict=True))}


def test_every_address_of_a_block_is_in_one_of_four_states(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    path = path_of(melange.new_block("10.0.0.0/28", gateway="10.0.0.1"))
    assert use(melange, path) == numbers(16, 0, 0, 0, 2, 14)
    melange.post(f"{path}/ip_addresses", {"ip_address": {"count": 5}})
    melange.post(f"{path}/ip_addresses", {"ip_address": {"tenant_id": "other"}})
    melange.delete(f"{path}/ip_addresses/10.0.0.0")
    assert use(melange, path) == numbers(16, 0, 5, 1, 2, 8)
    melange.put(f"{path}/ip_addresses/10.0.0.0/restore")
    assert use(melange, path) == numbers(16, 0, 6, 0, 2, 8)


def test_a_large_block_is_counted_exactly(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    path = path_of(melange.new_block("fd00::/48"))
    body = {"ip_address": {"address": "fd00::7", "interface_id": "vif"}}
    melange.post(f"{path}/ip_addresses", body)
    assert use(melange, path) == numbers(2**80, 0, 1, 0, 1, 2**80 - 2)


def test_what_a_policy_keeps_is_reserved(melange: Melange) -> None:
    policy = melange.post("/tenants/acme/policies", {"policy": {"name": "p"}})["policy"]["id"]
    path = path_of(melange.new_block("10.0.0.0/24", policy_id=policy))
    rules = f"/tenants/acme/policies/{policy}"
    melange.post(f"{rules}/unusable_ip_ranges", {"ip_range": {"offset": 0, "length": 10}})
    melange.post(f"{rules}/unusable_ip_octets", {"ip_octet": {"octet": 77}})
    assert use(melange, path) == numbers(256, 0, 0, 0, 12, 244)


def test_of_a_subnetted_block_its_subnets_are_summed_up(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"))
    for cidr in ("10.0.0.0/28", "10.0.0.64/26"):
        subnet = melange.post(f"{path}/subnets", {"subnet": {"cidr": cidr}})["subnet"]["id"]
    below = f"/tenants/acme/ip_blocks/{subnet}"
    melange.post(f"{below}/subnets", {"subnet": {"cidr": "10.0.0.64/30"}})
    melange.post(f"{path.rpartition('/')[0]}/{subnet}/subnets", {"subnet": {"cidr": "/30"}})
    (low, high) = melange.get(f"{below}/subnets")["subnets"]
    melange.post(f"/tenants/acme/ip_blocks/{low['id']}/ip_addresses")
    melange.post(f"/tenants/acme/ip_blocks/{high['id']}/ip_addresses")
    assert use(melange, below) == numbers(64, 8, 2, 0, 2, 4)
    assert use(melange, path) == numbers(256, 16 + 64, 2, 0, 2 + 1, 4 + 15)


def test_a_tenants_blocks_are_summed_up_and_nothing_counts_twice(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"))
    melange.post(f"{path}/subnets", {"subnet": {"cidr": "10.0.0.0/26"}})
    theirs = {"subnet": {"cidr": "10.0.0.64/26", "tenant_id": "other"}}
    melange.post(f"{path}/subnets", theirs)
    melange.new_block("fd00::/64")
    acme = melange.as_tenant("acme").get("/tenants/acme/utilization")["utilization"]
    assert acme["ipv4"] == numbers(256 - 64, 0, 0, 0, 1, 63)
    assert acme["ipv6"]["size"] == 2**64
    assert acme["size"] == 256 - 64 + 2**64
    other = melange.get("/tenants/other/utilization")["utilization"]
    assert other["ipv4"] == numbers(64, 0, 0, 0, 1, 63)
    assert melange.get("/tenants/nobody/utilization")["utilization"]["size"] == 0


def test_all_blocks_are_told_with_what_is_below_them(melange: Melange) -> None:
    block = melange.new_block("10.0.0.0/24")
    melange.post(path_of(block, "subnets"), {"subnet": {"cidr": "10.0.0.0/26"}})
    lone = melange.new_block("10.1.0.0/30", "other")
    melange.post(path_of(lone, "ip_addresses"))
    with melange.database.reading() as connection:
        found = {one.cidr: one for one in utilization.all_blocks(connection)}
    assert found["10.0.0.0/24"].utilization == utilization.Utilization(256, 64, 0, 0, 1, 63)
    assert found["10.0.0.0/26"].parent_id == block.id
    assert found["10.1.0.0/30"].utilization == utilization.Utilization(4, 0, 1, 0, 1, 2)


def test_nobody_looks_into_blocks_of_others(melange: Melange) -> None:
    block = melange.new_block("10.0.0.0/24")
    other = melange.as_tenant("other")
    assert other.call("GET", path_of(block, "utilization")).status_int == 403
    gone = other.refusal("GET", f"/tenants/other/ip_blocks/{block.id}/utilization")
    assert gone == (404, "ip_block_not_found")
