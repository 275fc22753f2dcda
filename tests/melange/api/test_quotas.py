"""What a tenant may have at most."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.melange.everywhere import Melange, path_of, serve

QUOTA = "/quotas/acme"
OVER = (409, "over_quota")


def limits(melange: Melange) -> dict[str, int | None]:
    found = melange.get(QUOTA)["quota"]
    return {name: one["limit"] for name, one in found.items()}


def test_nobody_is_limited_at_first(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    melange.post(path, {"ip_address": {"interface_id": "vif", "count": 3}})
    assert melange.as_tenant("acme").get("/tenants/acme/quota")["quota"] == {
        "ip_blocks": {"limit": None, "used": 1},
        "ip_addresses": {"limit": None, "used": 3},
        "interfaces": {"limit": None, "used": 1},
    }


def test_a_limit_of_addresses_counts_those_of_all_blocks(melange: Melange) -> None:
    one = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    other = path_of(melange.new_block("10.0.1.0/24", "provider"), "ip_addresses")
    melange.put(QUOTA, {"quota": {"ip_addresses": 3}})
    melange.post(one)
    melange.post(other, {"ip_address": {"tenant_id": "acme", "count": 2}})
    assert melange.refusal("POST", one) == OVER
    assert melange.refusal("POST", other, {"ip_address": {"tenant_id": "acme"}}) == OVER
    melange.post(other)


def test_a_released_address_counts_no_more_until_it_is_restored(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    melange.put(QUOTA, {"quota": {"ip_addresses": 1}})
    first = melange.post(path)["ip_address"]["address"]
    melange.delete(f"{path}/{first}")
    melange.post(path)
    assert melange.refusal("PUT", f"{path}/{first}/restore") == OVER


def test_a_bulk_call_over_the_limit_gives_nothing(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    melange.put(QUOTA, {"quota": {"ip_addresses": 3}})
    assert melange.refusal("POST", path, {"ip_address": {"count": 4}}) == OVER
    assert melange.refusal("POST", path, {"ip_addresses": [{}, {"interface_id": "a"}] * 2}) == OVER
    assert melange.get(path)["ip_addresses"] == []


def test_interfaces_are_limited_but_not_the_nameless_one(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    melange.put(QUOTA, {"quota": {"interfaces": 1}})
    melange.post(path)
    melange.post(path, {"ip_address": {"interface_id": "a"}})
    melange.post(path, {"ip_address": {"interface_id": "a"}})
    assert melange.refusal("POST", path, {"ip_address": {"interface_id": "b"}}) == OVER


def test_rivals_do_not_go_over_a_limit_together(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    paths = [path_of(melange.new_block(f"10.0.{n}.0/24"), "ip_addresses") for n in range(4)]
    melange.put(QUOTA, {"quota": {"ip_addresses": 10}})
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(melange.call, "POST", paths[n % 4]) for n in range(32)]
        statuses = [call.result().status_int for call in calls]
    assert sorted(statuses) == [201] * 10 + [409] * 22
    assert melange.get(QUOTA)["quota"]["ip_addresses"] == {"limit": 10, "used": 10}


def test_rivals_do_not_go_over_a_configured_limit_together(sqlite_url: str, tmp_path: Path) -> None:
    with serve(sqlite_url, "[quota]\nip_addresses = 5\n") as melange:
        path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
        with ThreadPoolExecutor(4) as threads:
            calls = [threads.submit(melange.call, "POST", path) for _ in range(12)]
            statuses = [call.result().status_int for call in calls]
        assert sorted(statuses) == [201] * 5 + [409] * 7
        melange.put(QUOTA, {"quota": {"ip_addresses": -1}})
        melange.post(path)


def test_limits_are_set_one_by_one_and_go_back_to_the_configured(sqlite_url: str) -> None:
    with serve(sqlite_url, "[quota]\nip_blocks = 7\n") as melange:
        assert limits(melange) == {"ip_blocks": 7, "ip_addresses": None, "interfaces": None}
        melange.put(QUOTA, {"quota": {"ip_blocks": {"limit": 2}, "interfaces": 0}})
        melange.put(QUOTA, {"quota": {"ip_addresses": 5, "interfaces": None}})
        assert limits(melange) == {"ip_blocks": 2, "ip_addresses": 5, "interfaces": None}
        melange.delete(QUOTA)
        assert limits(melange) == {"ip_blocks": 7, "ip_addresses": None, "interfaces": None}


def test_limits_below_minus_one_and_other_than_numbers_are_refused(melange: Melange) -> None:
    for bad in (-2, "many", {"limit": -2}, 2**70):
        status, _ = melange.refusal("PUT", QUOTA, {"quota": {"ip_blocks": bad}})
        assert status == 400


def test_a_tenant_sees_its_quota_and_sets_none(melange: Melange) -> None:
    acme = melange.as_tenant("acme")
    acme.get("/tenants/acme/quota")
    assert acme.call("PUT", QUOTA, {"quota": {"ip_blocks": 9}}).status_int == 403
    assert acme.call("GET", "/tenants/other/quota").status_int == 403


def test_a_stale_quota_is_not_written(melange: Melange) -> None:
    tag = melange.call("GET", QUOTA).headers["ETag"]
    melange.put(QUOTA, {"quota": {"ip_blocks": 1}}, If_Match=tag)
    stale = melange.refusal("PUT", QUOTA, {"quota": {"ip_blocks": 2}}, If_Match=tag)
    assert stale == (412, "stale")
