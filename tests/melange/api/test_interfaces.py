"""Interfaces, through the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import webob
from defusedxml.ElementTree import fromstring

from tests.melange.service import Service, service

ACME = "/tenants/acme/interfaces"


@pytest.fixture
def melange(tmp_path: Path) -> Service:
    return service(tmp_path)


def plug(melange: Service, **fields: Any) -> dict[str, Any]:
    body = {"interface": {"tenant_id": "acme", **fields}}
    found: dict[str, Any] = melange.ok("POST", "/interfaces", body)["interface"]
    return found


def refusal(melange: Service, **fields: Any) -> tuple[int, str]:
    body = {"interface": {"tenant_id": "acme", **fields}}
    return melange.refused("POST", "/interfaces", body)


def on_net(**more: Any) -> dict[str, Any]:
    return {"network": {"id": "net", "tenant_id": "acme", **more}}


def test_an_interface_is_shown_to_its_tenant_only(melange: Service) -> None:
    made = plug(melange, id="vif", device_id="vm")
    assert (made["id"], made["device_id"], made["tenant_id"]) == ("vif", "vm", "acme")
    assert made["ip_addresses"] == [] and made["mac_address"] is None
    assert melange.ok("GET", f"{ACME}/vif")["interface"] == made
    assert melange.refused("GET", "/tenants/other/interfaces/vif") == (404, "Interface Not Found")


def test_without_an_id_it_gets_one(melange: Service) -> None:
    first, second = plug(melange), plug(melange)
    assert first["id"] != second["id"]
    assert melange.ok("GET", f"{ACME}/{first['id']}")["interface"] == first


def test_unknown_fields_are_ignored(melange: Service) -> None:
    assert plug(melange, id="vif", colour="red", created_at="never")["id"] == "vif"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (None, "tenant_id: tenant_id should be present"),
        ({"interface": {"id": "vif"}}, "tenant_id: tenant_id should be present"),
        (
            {"interface": {"tenant_id": "acme", "network": {"id": "net"}}},
            "network.tenant_id: network.tenant_id should be present",
        ),
    ],
)
def test_what_is_missing_is_told(melange: Service, body: Any, detail: str) -> None:
    told = melange.refused("POST", "/interfaces", body)
    assert told == (400, f"The following values are invalid: {detail}")


def test_an_id_is_had_once_whoever_has_it(melange: Service) -> None:
    plug(melange, id="vif")
    for tenant_id in ("acme", "other"):
        status, detail = refusal(melange, id="vif", tenant_id=tenant_id)
        assert status == 400
        assert "virtual_interface_id: Virtual Interface vif already exists" in detail


def test_with_a_network_it_has_addresses_of_all_its_versions_at_once(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net", gateway="10.0.0.1")
    melange.block("acme", "fe::/64", "net")
    made = plug(melange, id="vif", mac_address="00:ff:12:89:67:34", **on_net())
    addresses = [one["address"] for one in made["ip_addresses"]]
    assert addresses[0] == "10.0.0.0" and addresses[1].endswith(":ff89:6734")
    assert made["ip_addresses"][0]["ip_block"]["gateway"] == "10.0.0.1"


def test_with_addresses_it_has_these(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net")
    made = plug(melange, **on_net(addresses=["10.0.0.9", "10.0.0.7"]))
    assert [one["address"] for one in made["ip_addresses"]] == ["10.0.0.9", "10.0.0.7"]


def test_what_fails_leaves_nothing(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net")
    melange.block("acme", "fe::/64", "net")
    assert refusal(melange, id="v", network={"id": "no", "tenant_id": "acme"})[0] == 404
    told = refusal(melange, id="v", **on_net())
    assert told == (400, "Required params are missing: mac_address")
    assert melange.refused("GET", f"{ACME}/v")[0] == 404
    made = plug(melange, id="v", mac_address="00:ff:12:89:67:34", **on_net())
    assert made["ip_addresses"][0]["address"] == "10.0.0.0"


def test_many_are_made_together_or_not_at_all(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/30", "net")
    many = [{"id": f"v{n}", "tenant_id": "acme", **on_net()} for n in range(4)]
    made = melange.ok("POST", "/interfaces", {"interfaces": many[:2]})["interfaces"]
    assert [one["id"] for one in made] == ["v0", "v1"]
    status, _ = melange.refused("POST", "/interfaces", {"interfaces": many[2:]})
    assert status == 422
    assert len(melange.ok("GET", ACME)["interfaces"]) == 2


def test_a_deleted_interface_leaves_its_addresses_resting(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net")
    plug(melange, id="vif", mac_address="00:01:02:03:04:05", **on_net())
    melange.ok("DELETE", "/interfaces/vif")
    assert melange.refused("DELETE", "/interfaces/vif") == (404, "Interface Not Found")
    again = plug(melange, id="vif", mac_address="00:01:02:03:04:05", **on_net())
    assert again["ip_addresses"][0]["address"] == "10.0.0.1"


def test_its_device_can_be_changed(melange: Service) -> None:
    made = plug(melange, id="vif", device_id="vm1")
    body = {"interface": {"device_id": "vm2", "tenant_id": "other"}}
    changed = melange.ok("PUT", f"{ACME}/vif", body)["interface"]
    assert (changed["device_id"], changed["tenant_id"]) == ("vm2", "acme")
    assert melange.ok("PUT", f"{ACME}/vif", {})["interface"]["device_id"] == "vm2"
    tag = melange.call("GET", f"{ACME}/vif").headers["ETag"]
    melange.ok("PUT", f"{ACME}/vif", {"interface": {"device_id": made["device_id"]}})
    assert melange.call("DELETE", f"{ACME}/vif", If_Match=tag).status_int == 412
    tag = melange.call("GET", f"{ACME}/vif").headers["ETag"]
    assert melange.call("DELETE", f"{ACME}/vif", If_Match=tag).status_int == 200


def test_the_list_comes_in_pages(melange: Service) -> None:
    for n in (3, 1, 2):
        plug(melange, id=f"v{n}")
    first = melange.ok("GET", f"{ACME}?limit=2")
    assert [one["id"] for one in first["interfaces"]] == ["v3", "v1"]
    href = first["interfaces_links"][0]["href"]
    second = melange.ok("GET", href.partition("/v0.1/ipam")[2])
    assert [one["id"] for one in second["interfaces"]] == ["v2"]
    assert "interfaces_links" not in second


def test_the_list_can_be_narrowed(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net")
    plug(melange, id="v1", device_id="vm1", mac_address="00:01:02:03:04:05")
    plug(melange, id="v2", device_id="vm2", **on_net())
    plug(melange, id="v3", tenant_id="other", device_id="vm1")

    def ids(query: str) -> list[str]:
        return [one["id"] for one in melange.ok("GET", f"{ACME}?{query}")["interfaces"]]

    assert ids("") == ["v1", "v2"]
    assert ids("device_id=vm1") == ids("mac_address=0001.0203.0405") == ["v1"]
    assert ids("network_id=net") == ids("address=10.0.0.0") == ["v2"]
    assert ids("device_id=vm1&network_id=net") == ids("tags=red") == []
    assert melange.refused("GET", f"{ACME}?address=nowhere")[0] == 400


def test_new_interfaces_have_the_tags_they_were_made_with(melange: Service) -> None:
    plug(melange, id="v1", tags=["red", " blue ", "red"])
    others = [
        {"id": id, "tenant_id": "acme", "tags": tags} for id, tags in (("v2", []), ("v3", ["red"]))
    ]
    melange.ok("POST", "/interfaces", {"interfaces": others})
    assert melange.ok("GET", f"{ACME}/v1/tags") == {"tags": ["blue", "red"]}
    found = melange.ok("GET", f"{ACME}?tags=red")["interfaces"]
    assert [one["id"] for one in found] == ["v1", "v3"]


def test_with_a_tag_that_is_none_nothing_is_made(melange: Service) -> None:
    assert refusal(melange, id="vif", tags=["red", "a,b"])[0] == 400
    assert melange.refused("GET", f"{ACME}/vif")[0] == 404
    assert plug(melange, id="vif", tags=None)["id"] == "vif"
    assert melange.ok("GET", f"{ACME}/vif/tags") == {"tags": []}


def test_a_tenant_sees_and_changes_its_own_only(melange: Service) -> None:
    plug(melange, id="vif")
    acme, other = melange.as_tenant("acme"), melange.as_tenant("other")
    assert acme.ok("GET", f"{ACME}/vif")["interface"]["id"] == "vif"
    assert other.call("GET", f"{ACME}/vif").status_int == 403
    assert other.call("DELETE", "/tenants/other/interfaces/vif").status_int == 404
    assert other.call("DELETE", "/interfaces/vif").status_int == 403
    assert acme.call("DELETE", f"{ACME}/vif").status_int == 200


def test_changes_are_told_to_the_audit_log(melange: Service) -> None:
    plug(melange, id="vif")
    melange.ok("PUT", f"{ACME}/vif", {"interface": {"device_id": "vm"}})
    melange.ok("DELETE", f"{ACME}/vif")
    records = melange.ok("GET", "/tenants/acme/audit?resource=interface")["audit_records"]
    assert {record["action"] for record in records} == {"create", "update", "delete"}


def test_xml_does_the_same(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net")
    asked = (
        '<interface id="vif"><tenant_id>acme</tenant_id><network id="net" tenant_id="acme">'
        "<addresses><address>10.0.0.9</address></addresses></network></interface>"
    )
    request = webob.Request.blank("/v0.1/ipam/interfaces.xml", method="POST", body=asked.encode())
    request.content_type = "application/xml"
    told = fromstring(request.get_response(melange.app).body)
    assert (told.tag, told.findtext("id"), told.findtext("mac_address")) == (
        "interface",
        "vif",
        "None",
    )
    assert told.findtext("ip_addresses/ip_addresse/address") == "10.0.0.9"
    assert told.findtext("ip_addresses/ip_addresse/ip_block/cidr") == "10.0.0.0/24"


def test_an_id_that_is_too_long_is_refused(melange: Service) -> None:
    assert refusal(melange, id="v" * 256)[0] == 400
    melange.block("acme", "10.0.0.0/24", "net")
    path = f"/tenants/acme/networks/net/interfaces/{'v' * 256}/ip_allocations"
    status, detail = melange.refused("POST", path)
    assert (status, detail) == (400, "vif_id has 256 characters; give 255 at most")
