"""IP blocks over HTTP: what Melange v0.1 takes and answers, and the filters beyond it."""

from __future__ import annotations

from typing import Any

from tests.melange.everywhere import TENANT, Melange, path_of

BLOCKS = f"/tenants/{TENANT}/ip_blocks"


def create(melange: Melange, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = melange.post(BLOCKS, {"ip_block": {"type": "private", **fields}})
    return made["ip_block"]


def detail(melange: Melange, **fields: Any) -> str:
    """What is said to be wrong with a new block."""
    status, text = melange.refused("POST", BLOCKS, {"ip_block": {"type": "private", **fields}})
    assert status == 400
    return text.removeprefix("The following values are invalid: ")


def test_a_block_is_shown_as_it_always_was_and_a_little_more(melange: Melange) -> None:
    made = create(melange, cidr="10.0.0.0/29", network_id="n1")
    assert melange.get(f"{BLOCKS}/{made['id']}") == {"ip_block": made}
    assert made["created_at"] == made["updated_at"]
    assert {key: made[key] for key in made if key not in ("id", "created_at", "updated_at")} == {
        "cidr": "10.0.0.0/29",
        "network_id": "n1",
        "policy_id": None,
        "tenant_id": TENANT,
        "gateway": None,
        "parent_id": None,
        "type": "private",
        "dns1": "8.8.8.8",
        "dns2": "8.8.4.4",
        "broadcast": "10.0.0.7",
        "netmask": "255.255.255.248",
        "priority": 0,
        "shared": False,
        "tags": [],
    }


READ = [
    ("10.0.0.5/29", "10.0.0.0/29", "10.0.0.7", "255.255.255.248"),
    ("10.64", "10.64.0.0/32", "10.64.0.0", "255.255.255.255"),
    ("10.0.0.0/31", "10.0.0.0/31", "10.0.0.1", "255.255.255.254"),
    ("0.0.0.0/0", "0.0.0.0/0", "255.255.255.255", "0.0.0.0"),
    ("fd00::1/64", "fd00::/64", "fd00:0000:0000:0000:ffff:ffff:ffff:ffff", "64"),
    ("fd00::1", "fd00::1/128", "fd00:0000:0000:0000:0000:0000:0000:0001", "128"),
]


def test_a_cidr_is_taken_for_the_network_it_lies_in(melange: Melange) -> None:
    for given, *read in READ:
        made = create(melange, cidr=given)
        assert [made["cidr"], made["broadcast"], made["netmask"]] == read


def test_what_is_no_cidr_is_refused(melange: Melange) -> None:
    for cidr in ("", None, "10.0.0.0/99", "abc", "fe80::1%eth0/64", "10.0.0.0/"):
        assert detail(melange, cidr=cidr) == "cidr: cidr is invalid"


def test_all_that_is_wrong_is_told_at_once(melange: Melange) -> None:
    text = detail(melange, type="shared", gateway="x", policy_id="p")
    assert text == (
        "cidr: cidr is invalid; type: type should be one among public, private;"
        " policy_id: Policy with id = 'p' doesn't exist; gateway: Gateway is not a valid address"
    )


def test_a_body_without_fields_is_an_empty_one(melange: Melange) -> None:
    for body in (None, {}, {"ip_block": {}}, {"other": {"cidr": "10.0.0.0/8"}}):
        status, text = melange.refused("POST", BLOCKS, body)
        assert status == 400
        assert "cidr is invalid" in text
        assert "type should be one among public, private" in text


def test_whose_block_it_is_the_url_says_and_no_internals_can_be_set(melange: Melange) -> None:
    internals = {"tenant_id": "other", "parent_id": "p", "pool_id": 7, "reserved": 0, "id": "me"}
    made = create(melange, cidr="10.0.0.0/29", **internals)
    assert (made["tenant_id"], made["parent_id"]) == (TENANT, None)
    assert made["id"] != "me"
    assert melange.refusal("GET", f"/tenants/other/ip_blocks/{made['id']}") == (
        404,
        "ip_block_not_found",
    )


def test_public_blocks_never_overlap_and_private_ones_only_elsewhere(melange: Melange) -> None:
    melange.new_block("10.0.0.0/24", tenant_id="other", type="public")
    melange.new_block("10.1.0.0/24", tenant_id="other", network_id="n1")
    told = detail(melange, type="public", cidr="10.0.0.128/30")
    assert told == "cidr: cidr overlaps with public block 10.0.0.0/24"
    told = detail(melange, cidr="10.1.0.0/16", network_id="n1")
    assert told == "cidr: cidr overlaps with block 10.1.0.0/24 in same network"
    told = detail(melange, type="public", cidr="10.2.0.0/24", network_id="n1")
    assert told == "type: type should be same within a network"
    create(melange, cidr="10.1.0.0/16", network_id="n2")
    create(melange, cidr="10.1.0.0/16")
    create(melange, cidr="10.0.0.0/16")


def test_an_update_changes_what_may_change(melange: Melange) -> None:
    made = create(melange, cidr="10.0.0.0/29", dns1="1.1.1.1")
    path = f"{BLOCKS}/{made['id']}"
    assert melange.put(path) == {"ip_block": made}
    body = {"cidr": "10.9.0.0/29", "type": "public", "tenant_id": "x", "parent_id": "y"}
    assert melange.put(path, {"ip_block": body}) == {"ip_block": made}
    body = {"network_id": "n1", "gateway": "10.0.0.1", "dns1": None, "priority": 3, "tags": ["b"]}
    changed = melange.put(path, {"ip_block": body})["ip_block"]
    assert {key for key in changed if changed[key] != made[key]} - {"updated_at"} == set(body)
    assert changed["dns1"] == "8.8.8.8"
    assert changed["tags"] == ["b"]
    assert melange.refused("PUT", path, {"ip_block": {"gateway": "fd00::1"}})[0] == 400


def test_a_change_is_refused_to_whoever_has_not_seen_the_last_one(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/29"))
    seen = melange.call("GET", path).headers["ETag"]
    melange.put(path, {"ip_block": {"priority": 1}}, If_Match=seen)
    assert melange.refusal("PUT", path, {"ip_block": {}}, If_Match=seen) == (412, "stale")
    assert melange.refusal("DELETE", path, If_Match=seen) == (412, "stale")
    melange.delete(path, If_Match=melange.call("GET", path).headers["ETag"])
    assert melange.refusal("DELETE", path) == (404, "ip_block_not_found")


def test_lists_come_in_pages_in_the_order_of_creation(melange: Melange) -> None:
    made = [melange.new_block(f"10.0.{number}.0/24").id for number in range(5)]
    first = melange.get(f"{BLOCKS}?limit=2&type=private")
    assert [one["id"] for one in first["ip_blocks"]] == made[:2]
    (link,) = first["ip_blocks_links"]
    assert link["rel"] == "next"
    assert f"limit=2&type=private&marker={made[1]}" in link["href"]
    last = melange.get(f"{BLOCKS}?marker={made[2]}&limit=2")
    assert [one["id"] for one in last["ip_blocks"]] == made[3:]
    assert "ip_blocks_links" not in last
    assert melange.refused("GET", f"{BLOCKS}?limit=0")[0] == 400


FILTERED = [
    ("type=public", ["8.8.0.0/16"]),
    ("type=none", []),
    ("network_id=n1", ["10.0.0.0/24"]),
    ("cidr=10.0.0.0/24", ["10.0.0.0/24"]),
    ("contains=10.0.0.9", ["10.0.0.0/24", "10.0.0.0/8"]),
    ("contains=10.0.0.0/16", ["10.0.0.0/8"]),
    ("contains=::a00:9", []),
    ("within=10.0.0.0/8", ["10.0.0.0/24", "10.0.0.0/8"]),
    ("within=fd00::/8", ["fd00::/64"]),
    ("tags=a", ["10.0.0.0/24", "fd00::/64"]),
    ("tags=a,b", ["fd00::/64"]),
    ("tags=a&within=10.0.0.0/8", ["10.0.0.0/24"]),
    ("unknown=1", ["10.0.0.0/24", "10.0.0.0/8", "8.8.0.0/16", "fd00::/64"]),
]


def test_lists_can_be_narrowed(melange: Melange) -> None:
    create(melange, cidr="10.0.0.0/24", network_id="n1", tags=["a"])
    create(melange, cidr="10.0.0.0/8")
    create(melange, cidr="8.8.0.0/16", type="public")
    create(melange, cidr="fd00::/64", tags=["a", "b"])
    melange.new_block("10.0.0.0/24", tenant_id="other")
    for query, found in FILTERED:
        listed = melange.get(f"{BLOCKS}?{query}")["ip_blocks"]
        assert [one["cidr"] for one in listed] == found, query


def test_a_filter_that_is_no_cidr_is_refused(melange: Melange) -> None:
    status, text = melange.refused("GET", f"{BLOCKS}?within=here")
    assert (status, "within should be an address or a CIDR" in text) == (400, True)


def test_a_network_has_the_blocks_of_its_tenant_as_they_are_drawn_from(melange: Melange) -> None:
    melange.new_block("10.2.0.0/24", network_id="n1", priority=2)
    melange.new_block("10.1.0.0/24", network_id="n1", priority=1)
    melange.new_block("10.3.0.0/24", network_id="n1", priority=1)
    melange.new_block("10.4.0.0/24", network_id="n1", tenant_id="other")
    path = f"/tenants/{TENANT}/networks/n1"
    listed = melange.get(f"{path}.json")["ip_blocks"]
    assert [one["cidr"] for one in listed] == ["10.1.0.0/24", "10.3.0.0/24", "10.2.0.0/24"]
    refused = melange.refused("GET", f"/tenants/{TENANT}/networks/n2")
    assert refused == (404, "Network n2 not found")


def test_ids_that_no_block_can_have_are_not_found(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    for text in ("%C3%A4", "%F0%9F%98%80", "a'b", "x" * 255):
        for method, below in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/ip_addresses")):
            refused = melange.refused(method, f"{BLOCKS}/{text}{below}")
            assert refused == (404, "IpBlock Not Found")
        assert melange.get(f"{BLOCKS}?marker={text}&network_id={text}") == {"ip_blocks": []}
    body = {"ip_block": {"type": "private", "cidr": "10.0.0.0/8", "policy_id": "ä"}}
    assert melange.refusal("POST", BLOCKS, body) == (400, "invalid_values")
    body["ip_block"].pop("policy_id")
    too_long = f"/tenants/{'t' * 256}/ip_blocks"
    assert melange.refusal("POST", too_long, body) == (400, "bad_request")
