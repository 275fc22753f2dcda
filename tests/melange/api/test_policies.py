"""Policies, their ranges and their octets over HTTP, as Melange v0.1 has them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.melange.everywhere import TENANT, Melange

POLICIES = f"/tenants/{TENANT}/policies"
INTEGER = "{0}: {0} should be of type integer"
NEGATIVE = "length should be a positive integer"


def new_policy(melange: Melange, **fields: Any) -> str:
    made = melange.post(POLICIES, {"policy": {"name": "p", **fields}})["policy"]
    return f"{POLICIES}/{made['id']}"


def wrong(melange: Melange, method: str, path: str, body: Any) -> str:
    status, text = melange.refused(method, path, body)
    assert status == 400
    return text.removeprefix("The following values are invalid: ")


def test_a_policy_is_made_shown_changed_and_deleted(melange: Melange) -> None:
    body = {"policy": {"name": "p", "description": "d", "tenant_id": "other", "id": "x"}}
    made = melange.post(POLICIES, body)["policy"]
    path = f"{POLICIES}/{made['id']}"
    assert {key: made[key] for key in ("name", "description", "tenant_id")} == {
        "name": "p",
        "description": "d",
        "tenant_id": TENANT,
    }
    assert melange.get(path) == {"policy": made}
    changed = melange.put(path, {"policy": {"keep_deallocated_ips_for_days": 0}})["policy"]
    assert (changed["name"], changed["keep_deallocated_ips_for_days"]) == ("p", 0)
    assert melange.get(POLICIES) == {"policies": [changed]}
    melange.delete(path)
    assert melange.refused("GET", path) == (404, "Policy Not Found")
    assert melange.refused("DELETE", path) == (404, "Policy Not Found")


def test_a_policy_needs_a_name_that_need_not_be_its_own(melange: Melange) -> None:
    for body in (None, {"policy": {}}, {"policy": {"name": ""}}, {"policy": {"name": None}}):
        assert wrong(melange, "POST", POLICIES, body) == "name: name should be present"
    path = new_policy(melange)
    new_policy(melange)
    told = wrong(melange, "PUT", path, {"policy": {"name": ""}})
    assert told == "name: name should be present"


def test_a_policy_names_only_generators_that_there_are(melange: Melange) -> None:
    told = wrong(melange, "POST", POLICIES, {"policy": {"name": "p", "ipv4_generator": "dice"}})
    assert told.startswith("ipv4_generator: ipv4_generator should be one among random, rfc2462, ")
    path = new_policy(melange, ipv4_generator="random")
    changed = melange.put(path, {"policy": {"ipv4_generator": None}})["policy"]
    assert changed["ipv4_generator"] is None


def test_policies_come_in_pages(melange: Melange) -> None:
    made = [new_policy(melange) for _ in range(3)]
    first = melange.get(f"{POLICIES}?limit=2")
    assert [f"{POLICIES}/{one['id']}" for one in first["policies"]] == made[:2]
    (link,) = first["policies_links"]
    assert link["href"].endswith(f"limit=2&marker={first['policies'][1]['id']}")


def test_others_do_not_see_a_policy_nor_its_rules(melange: Melange) -> None:
    path = new_policy(melange)
    elsewhere = path.replace(f"/{TENANT}/", "/other/")
    for below in ("", "/unusable_ip_ranges", "/unusable_ip_octets", "/unusable_ip_ranges/x"):
        assert melange.refused("GET", elsewhere + below) == (404, "Policy Not Found")
    for below, name in (("unusable_ip_ranges", "IpRange"), ("unusable_ip_octets", "IpOctet")):
        for method in ("GET", "PUT", "DELETE"):
            refused = melange.refused(method, f"{path}/{below}/x")
            assert refused == (404, f"{name} Not Found")


def test_a_policys_xml_says_policie_for_each_of_a_list(melange: Melange) -> None:
    new_policy(melange)
    text = melange.call("GET", f"{POLICIES}.xml").text
    assert text.startswith("<policies>\n    <policie>\n        <id>")


@pytest.mark.parametrize(
    ("kind", "given", "changed"),
    [
        ("ip_range", {"offset": -5, "length": 3}, {"length": 0}),
        ("ip_octet", {"octet": 255}, {"octet": 0}),
    ],
)
def test_rules_are_made_shown_changed_and_deleted(
    melange: Melange, kind: str, given: dict[str, int], changed: dict[str, int]
) -> None:
    policy = new_policy(melange)
    rules = f"{policy}/unusable_{kind}s"
    made = melange.post(rules, {kind: {**given, "policy_id": "other"}})[kind]
    assert {key: made[key] for key in given} == given
    assert policy.endswith(made["policy_id"])
    path = f"{rules}/{made['id']}"
    assert melange.get(path) == {kind: made}
    assert melange.put(path, {kind: {"policy_id": "other"}}) == {kind: made}
    after = melange.put(path, {kind: changed})[kind]
    assert {key: after[key] for key in given} == {**given, **changed}
    assert melange.get(rules) == {f"{kind}s": [after]}
    melange.post(rules, {kind: given})
    assert f"{kind}s_links" in melange.get(f"{rules}?limit=1")
    melange.delete(path)
    assert melange.refused("GET", path)[0] == 404


def test_numbers_may_be_texts_floats_and_booleans(melange: Melange) -> None:
    policy = new_policy(melange)
    body = {"ip_range": {"offset": "-12", "length": 1.9}}
    made = melange.post(f"{policy}/unusable_ip_ranges", body)["ip_range"]
    assert (made["offset"], made["length"]) == (-12, 1)
    made = melange.post(f"{policy}/unusable_ip_octets", {"ip_octet": {"octet": True}})["ip_octet"]
    assert made["octet"] == 1


def test_what_is_no_number_is_refused(melange: Melange) -> None:
    policy = new_policy(melange)
    ranges, octets = f"{policy}/unusable_ip_ranges", f"{policy}/unusable_ip_octets"
    for given, told in (
        ({"offset": "x", "length": 1}, INTEGER.format("offset")),
        ({"offset": 1, "length": "1.5"}, f"{INTEGER.format('length')}, {NEGATIVE}"),
        ({"offset": 1, "length": -1}, f"length: {NEGATIVE}"),
        ({"offset": 1}, f"{INTEGER.format('length')}, {NEGATIVE}"),
        ({"offset": 1, "length": 2**128 + 1}, f"length: length should be from -{2**128}"),
    ):
        assert wrong(melange, "POST", ranges, {"ip_range": given}).startswith(told)
    for octet in (None, "", "ten", "1.5"):
        told = wrong(melange, "POST", octets, {"ip_octet": {"octet": octet}})
        assert told == INTEGER.format("octet")


def test_a_range_may_be_as_long_as_all_of_ipv6(melange: Melange) -> None:
    policy = new_policy(melange)
    body = {"ip_range": {"offset": -(2**128), "length": 2**128}}
    made = melange.post(f"{policy}/unusable_ip_ranges", body)["ip_range"]
    assert melange.get(f"{policy}/unusable_ip_ranges/{made['id']}") == {"ip_range": made}
    block = melange.new_block("fd00::/8", policy_id=policy.rpartition("/")[2])
    assert block.reserved == 2**120
