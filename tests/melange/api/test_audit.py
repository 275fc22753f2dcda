"""Who changed what."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from melange.ipam import audit
from melange.ipam.unit import Unit
from tests.melange.everywhere import Melange, path_of, serve


def records(melange: Melange, query: str = "", tenant_id: str = "acme") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = melange.get(f"/tenants/{tenant_id}/audit?{query}")[
        "audit_records"
    ]
    return found


@pytest.fixture
def path(melange: Melange) -> str:
    block = melange.post(
        "/tenants/acme/ip_blocks", {"ip_block": {"type": "private", "cidr": "10.0.0.0/24"}}
    )["ip_block"]
    return f"/tenants/acme/ip_blocks/{block['id']}"


def test_a_change_is_told_with_who_and_when_and_from_what_to_what(
    melange_everywhere: Melange,
) -> None:
    melange = melange_everywhere
    path = path_of(melange.new_block("10.0.0.0/24"))
    ann = {"X_Project_Id": "acme", "X_User_Id": "ann", "X_Roles": "member"}
    start = datetime.datetime.now(datetime.UTC).replace(microsecond=0, tzinfo=None)
    answer = melange.call("PUT", path, {"ip_block": {"dns1": "9.9.9.9"}}, **ann)
    (record,) = records(melange, "resource=ip_block&action=update")
    assert (record["user_id"], record["caller_tenant_id"]) == ("ann", "acme")
    assert record["request_id"] == answer.headers["X-Openstack-Request-Id"]
    assert start <= datetime.datetime.fromisoformat(record["at"])
    assert (record["before"]["dns1"], record["after"]["dns1"]) == ("8.8.8.8", "9.9.9.9")


def test_an_address_leaves_its_whole_life(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    melange.post(path)
    melange.post(path)
    melange.delete(f"{path}/10.0.0.1")
    melange.put(f"{path}/10.0.0.1/restore")
    made = melange.get(f"{path}/10.0.0.1")["ip_address"]
    life = records(melange, f"resource_id={made['id']}")
    assert [one["action"] for one in life] == ["allocate", "release", "restore"]
    assert life[0]["before"] is None
    # On some databases allocations are quicker, and their records shorter.
    for one in life:
        assert one["after"]["address"] == "10.0.0.1"


def test_what_fails_leaves_no_record(melange: Melange, path: str) -> None:
    before = records(melange)
    melange.refusal("POST", f"{path}/ip_addresses", {"ip_address": {"address": "10.1.0.0"}})
    melange.refusal("DELETE", path, If_Match='"other"')
    assert records(melange) == before


def test_records_come_in_pages_from_either_end(melange: Melange, path: str) -> None:
    melange.post(f"{path}/ip_addresses", {"ip_address": {"count": 5}})
    for order in ("oldest", "newest"):
        everything = [one["id"] for one in records(melange, f"order={order}")]
        assert everything == sorted(everything, reverse=order == "newest")
        found, where = [], f"/tenants/acme/audit?order={order}&limit=2"
        while where:
            page = melange.get(where)
            found += [one["id"] for one in page["audit_records"]]
            links = page.get("audit_records_links", [])
            where = links[0]["href"].partition("/v0.1/ipam")[2] if links else ""
        assert found == everything


def test_records_are_narrowed_by_filters(melange: Melange, path: str) -> None:
    melange.post(f"{path}/ip_addresses", {"ip_address": {"interface_id": "vif"}})
    assert {one["resource"] for one in records(melange)} == {"ip_block", "interface", "ip_address"}
    assert [one["resource_id"] for one in records(melange, "resource=interface")] == ["vif"]
    assert records(melange, "user_id=nobody") == []
    assert records(melange, "until=2020-01-01T00:00:00Z") == []
    assert records(melange, "since=2020-01-01T00:00:00%2B02:00") == records(melange)
    for query in ("since=yesterday", "marker=x", "order=odd"):
        assert melange.call("GET", f"/tenants/acme/audit?{query}").status_int == 400


def test_a_tenant_sees_what_happened_to_its_own(melange: Melange, path: str) -> None:
    melange.new_block("10.9.0.0/24", "other")
    melange.put("/quotas/other", {"quota": {"ip_blocks": 4}})
    acme = melange.as_tenant("acme")
    assert {one["tenant_id"] for one in records(acme, "tenant_id=other")} == {"acme"}
    assert acme.call("GET", "/tenants/other/audit").status_int == 403
    assert acme.call("GET", "/audit").status_int == 403
    everybody = melange.get("/audit?tenant_id=other")["audit_records"]
    assert [one["resource"] for one in everybody][-1] == "quota"


def test_records_are_kept_as_long_as_configured(sqlite_url: str) -> None:
    with serve(sqlite_url, "[ipam]\naudit_keep_days = 30\n") as melange:
        for cidr in ("10.0.0.0/24", "10.1.0.0/24", "10.2.0.0/24"):
            melange.new_block(cidr)

        def purge_after(days: int, limit: int) -> int:
            def work(unit: Unit) -> int:
                unit.now += datetime.timedelta(days=days)
                return audit.purge(unit, limit)

            return melange.within(work)

        assert purge_after(29, 10) == 0
        assert purge_after(31, 2) == 2
        assert len(records(melange)) == 1


@pytest.mark.parametrize("marker", ["-1", str(-(2**70)), str(2**70)])
def test_a_marker_may_be_any_number(melange: Melange, path: str, marker: str) -> None:
    found = records(melange, f"marker={marker}")
    assert [one["action"] for one in found] == ([] if marker == str(2**70) else ["create"])
