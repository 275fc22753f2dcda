"""Networks: made, split and listed, on flat, flat_dhcp and vlan alike."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.api.ethernet.served import ServedCloud, Service


def make(service: Service, **wishes: Any) -> list[dict[str, Any]]:
    made = service.post("/networks", {"network": {"label": "net", **wishes}})
    found: list[dict[str, Any]] = made.get("networks") or [made["network"]]
    return found


class TestCreating:
    def test_the_rest_follows_from_the_cidr(self, service: Service) -> None:
        network = service.network(cidr="10.1.0.7/24", cidr_v6="2001:DB8::/64")
        assert network["cidr"] == "10.1.0.0/24"
        assert network["netmask"] == "255.255.255.0"
        assert network["broadcast"] == "10.1.0.255"
        assert network["gateway"] == network["dhcp_server"] == "10.1.0.1"
        assert network["cidr_v6"] == "2001:db8::/64"
        assert network["gateway_v6"] == "2001:db8::1"
        assert service.get(f"/networks/{network['id']}")["network"] == network

    def test_wishes_are_kept(self, service: Service) -> None:
        wishes = {
            "id": "8e2e3a4b-57c8-4c3c-9a39-1d1f0c1f6f2e",
            "cidr": "10.1.0.0/24",
            "gateway": "10.1.0.254",
            "allowed_start": "10.1.0.10",
            "allowed_end": "10.1.0.245",
            "dns1": "192.0.2.53",
            "dns2": "2001:db8::53",
            "mtu": 1450,
            "priority": 5,
        }
        network = service.network(**wishes)
        assert network.items() >= wishes.items()

    def test_a_gateway_that_is_not_named_is_the_first_allowed_address(
        self, service: Service
    ) -> None:
        network = service.network(allowed_start="10.1.0.10")
        assert network["gateway"] == "10.1.0.10"
        network = service.network(cidr="10.2.0.0/24", allowed_start="10.2.0.0")
        assert network["gateway"] == "10.2.0.1"

    def test_of_a_larger_ipv6_cidr_the_first_network_for_slaac_is_taken(
        self, service: Service
    ) -> None:
        assert service.network(cidr_v6="fd00:1::/48")["cidr_v6"] == "fd00:1::/64"

    def test_one_wish_makes_several_networks(self, service: Service) -> None:
        made = make(service, cidr="192.168.3.0/24", num_networks=2, network_size=100)
        assert [network["label"] for network in made] == ["net_0", "net_1"]
        assert [network["cidr"] for network in made] == ["192.168.3.0/25", "192.168.3.128/25"]
        assert [network["dhcp_server"] for network in made] == ["192.168.3.1", "192.168.3.129"]

    def test_a_used_subnet_is_stepped_over(self, service: Service) -> None:
        make(service, cidr="10.0.2.0/25")
        made = make(service, cidr="10.0.0.0/16", num_networks=4, network_size=256)
        wanted = ["10.0.0.0/24", "10.0.1.0/24", "10.0.3.0/24", "10.0.4.0/24"]
        assert [network["cidr"] for network in made] == wanted

    def test_a_long_label_is_cut_for_its_number(self, service: Service) -> None:
        made = make(service, label="x" * 255, cidr="10.0.0.0/24", num_networks=2)
        assert [len(network["label"]) for network in made] == [255, 255]

    def test_an_address_server_of_its_own_is_not_drawn(self, serving: Service) -> None:
        project = serving.new_project()
        network = serving.network(project, dhcp_server="10.1.0.2")
        assert network["gateway"] == "10.1.0.1"
        serving.nic(project, network["id"])
        assert serving.addresses() == ["10.1.0.3"]


BAD = [
    ({}, 400, "invalid_value", "cidr"),
    ({"cidr": "10.0.0.0"}, 400, "invalid_request", "network.cidr"),
    ({"cidr": "10.0.0.0/33"}, 400, "invalid_request", "network.cidr"),
    ({"cidr": 10}, 400, "invalid_request", "network.cidr"),
    ({"cidr": "10.0.0.0/31"}, 400, "invalid_cidr", "cidr"),
    ({"cidr": "127.0.0.0/24"}, 400, "invalid_cidr", "cidr"),
    ({"cidr_v6": "2001:db8::/80"}, 400, "invalid_cidr", "cidr_v6"),
    ({"cidr_v6": "ff02::/64"}, 400, "invalid_cidr", "cidr_v6"),
    (
        {"cidr": "10.0.0.0/24", "num_networks": 200, "network_size": 256},
        400,
        "invalid_cidr",
        "cidr",
    ),
    ({"cidr": "10.0.0.0/24", "num_networks": 2, "network_size": 256}, 400, "invalid_cidr", "cidr"),
    ({"cidr": "10.0.0.0/24", "num_networks": 0}, 400, "invalid_request", "network.num_networks"),
    ({"cidr": "10.0.0.0/24", "network_size": 2}, 400, "invalid_request", "network.network_size"),
    ({"cidr": "10.0.0.0/24", "network_size": "9"}, 400, "invalid_request", "network.network_size"),
    ({"cidr": "10.0.0.0/24", "gateway": "10.0.1.1"}, 400, "address_out_of_range", "gateway"),
    ({"cidr": "10.0.0.0/24", "gateway": "10.0.0.255"}, 400, "invalid_value", "gateway"),
    ({"cidr": "10.0.0.0/24", "gateway": "fd00::1"}, 400, "address_out_of_range", "gateway"),
    ({"cidr": "10.0.0.0/24", "gateway": "x"}, 400, "invalid_request", "network.gateway"),
    ({"cidr": "10.0.0.0/24", "gateway_v6": "fd00::1"}, 400, "invalid_value", "gateway_v6"),
    ({"cidr_v6": "fd00::/64", "gateway": "10.0.0.1"}, 400, "invalid_value", "gateway"),
    (
        {"cidr": "10.0.0.0/24", "allowed_start": "9.0.0.1"},
        400,
        "address_out_of_range",
        "allowed_start",
    ),
    (
        {"cidr": "10.0.0.0/24", "allowed_start": "10.0.0.9", "allowed_end": "10.0.0.8"},
        400,
        "invalid_value",
        "allowed_start",
    ),
    (
        {"cidr": "10.0.0.0/24", "fixed_cidr": "10.0.1.0/28"},
        400,
        "address_out_of_range",
        "fixed_cidr",
    ),
    ({"cidr": "10.0.0.0/24", "label": ""}, 400, "invalid_request", "network.label"),
    ({"cidr": "10.0.0.0/24", "label": "x" * 256}, 400, "invalid_request", "network.label"),
    ({"cidr": "10.0.0.0/24", "id": "x"}, 400, "invalid_request", "network.id"),
    ({"cidr": "10.0.0.0/24", "mtu": 20}, 400, "invalid_request", "network.mtu"),
    ({"cidr_v6": "fd00:1::/64", "mtu": 1279}, 400, "invalid_value", "mtu"),
    (
        {"cidr": "10.0.0.0/30", "gateway": "10.0.0.1", "dhcp_server": "10.0.0.2"},
        400,
        "invalid_cidr",
        "cidr",
    ),
    ({"cidr": "10.0.0.0/24", "colour": "red"}, 400, "invalid_request", "network.colour"),
    ({"cidr": "10.0.0.0/24", "label": "a\x1b[2J"}, 400, "invalid_request", "network.label"),
    ({"cidr": "10.0.0.0/24", "project_id": "a\nb"}, 400, "invalid_request", "network.project_id"),
    ({"cidr": "10.0.0.0/24", "bridge_interface": "e 0"}, 400, "invalid_request", None),
    ({"cidr": "10.0.0.0/24", "bridge_interface": "eth0\n"}, 400, "invalid_request", None),
    ({"cidr": "10.0.0.0/24", "dhcp_options": {"42": "a\nb"}}, 400, "invalid_value", "dhcp_options"),
    ({"cidr": "10.0.0.0/24", "dhcp_options": {"N,o": "a"}}, 400, "invalid_value", "dhcp_options"),
    ({"cidr": "10.0.0.0/24", "dhcp_options": {"42": 'a"b'}}, 400, "invalid_value", "dhcp_options"),
    ({"cidr": "10.0.0.0/24", "dhcp_options": {"51": "60"}}, 400, "invalid_value", "dhcp_options"),
]


class TestBadWishes:
    @pytest.mark.parametrize(("wishes", "status", "code", "field"), BAD)
    def test_each_has_its_error_and_nothing_is_made(
        self,
        standing_cloud: ServedCloud,
        wishes: dict[str, Any],
        status: int,
        code: str,
        field: str | None,
    ) -> None:
        flat_dhcp = standing_cloud.service("flat_dhcp")
        before = flat_dhcp.everything()
        body = {"network": {"label": "net", **wishes}}
        refusal = flat_dhcp.refused("POST", "/networks", body)
        assert (refusal.status, refusal.code) == (status, code), refusal.text
        assert field in (None, refusal.field), refusal.text
        assert flat_dhcp.everything() == before

    def test_a_network_that_its_router_could_not_leave_is_refused(self, vlan: Service) -> None:
        body = {"network": {"label": "net", "cidr": "100.64.7.0/24"}}
        refusal = vlan.refused("POST", "/networks", body)
        assert (refusal.status, refusal.code) == (409, "cidr_conflict")
        assert "100.64.0.0/16 of the option transit_range" in refusal.text

    def test_an_overlap_names_the_other_network(self, service: Service) -> None:
        network = service.network(cidr="10.0.0.0/24", cidr_v6="fd00::/64")
        before = service.everything()
        for cidr in ("10.0.0.0/24", "10.0.0.0/25", "10.0.0.128/30"):
            body = {"network": {"label": "net", "cidr": cidr}}
            refusal = service.refused("POST", "/networks", body)
            assert (refusal.status, refusal.code) == (409, "cidr_conflict")
            assert refusal.text == (
                f"'{cidr}' overlaps with 10.0.0.0/24 of network {network['id']}"
            )
        body = {"network": {"label": "net", "cidr_v6": "fd00::/48"}}
        assert service.refused("POST", "/networks", body).code == "cidr_conflict"
        assert service.everything() == before

    def test_an_id_that_exists_is_refused_also_after_its_networks_end(
        self, service: Service
    ) -> None:
        network = service.network()
        body = {"network": {"label": "net", "cidr": "10.7.0.0/24", "id": network["id"]}}
        for _ in range(2):
            refusal = service.refused("POST", "/networks", body)
            assert (refusal.status, refusal.code, refusal.field) == (409, "network_in_use", "id")
            service.call("DELETE", f"/networks/{network['id']}")
        assert service.get("/networks")["networks"] == []

    def test_of_several_networks_all_are_made_or_none(self, vlan: Service) -> None:
        body = {
            "network": {"label": "n", "cidr": "10.0.0.0/16", "num_networks": 5, "network_size": 8}
        }
        body["network"]["vlan"] = 4092
        refusal = vlan.refused("POST", "/networks", body)
        assert (refusal.status, refusal.code, refusal.value) == (400, "invalid_vlan", 4095)
        assert vlan.get("/networks")["networks"] == []
        del body["network"]["vlan"]
        assert len(vlan.post("/networks", body)["networks"]) == 5

    @pytest.mark.parametrize("field", ["vlan", "vlan_start"])
    def test_only_vlan_networks_have_a_vlan(self, flat: Service, field: str) -> None:
        body = {"network": {"label": "n", "cidr": "10.0.0.0/24", field: 100}}
        assert flat.refused("POST", "/networks", body).field == field

    def test_a_vlan_network_names_its_bridge_itself(self, vlan: Service) -> None:
        body = {"network": {"label": "n", "cidr": "10.0.0.0/24", "bridge": "br0"}}
        assert vlan.refused("POST", "/networks", body).field == "bridge"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("dhcp_server", "10.0.0.9"),
            ("multi_host", True),
            ("share_address", True),
        ],
    )
    def test_flat_serves_nothing(self, flat: Service, field: str, value: Any) -> None:
        body = {"network": {"label": "n", "cidr": "10.0.0.0/24", field: value}}
        assert flat.refused("POST", "/networks", body).field == field


class TestTogether:
    def test_hosts_share_an_address_only_where_each_has_a_gateway(self, serving: Service) -> None:
        wishes: dict[str, Any] = {"label": "n", "cidr": "10.0.0.0/24", "share_address": True}
        for more in ({}, {"multi_host": False}):
            refusal = serving.refused("POST", "/networks", {"network": wishes | more})
            assert (refusal.status, refusal.field) == (400, "share_address")
            assert "it needs multi_host" in refusal.text
        assert make(serving, **wishes, multi_host=True)[0]["share_address"]

    def test_a_vlan_and_where_to_look_for_one_is_too_much(self, vlan: Service) -> None:
        wishes = {"label": "n", "cidr": "10.0.0.0/24", "vlan": 300, "vlan_start": 400}
        refusal = vlan.refused("POST", "/networks", {"network": wishes})
        assert (refusal.status, refusal.field) == (400, "vlan_start")
        assert "vlan 300 is given too" in refusal.text

    def test_an_id_in_capitals_is_the_same_id(self, service: Service) -> None:
        id_ = "c19f5bda-0000-4000-8000-00000000abcd"
        assert make(service, id=id_.upper(), cidr="10.0.0.0/24")[0]["id"] == id_
        wishes = {"label": "n", "cidr": "10.0.1.0/24", "id": id_}
        refusal = service.refused("POST", "/networks", {"network": wishes})
        assert (refusal.status, refusal.field) == (409, "id")


class TestVlans:
    def vlans(self, service: Service, cidr: str, **wishes: Any) -> list[int]:
        return [network["vlan"] for network in make(service, cidr=cidr, **wishes)]

    def test_the_next_free_one_is_taken(self, vlan: Service) -> None:
        assert self.vlans(vlan, "10.0.0.0/24") == [100]
        assert self.vlans(vlan, "10.0.1.0/24", vlan=101) == [101]
        assert self.vlans(vlan, "10.0.2.0/24", vlan_start=100) == [102]
        assert self.vlans(vlan, "10.0.3.0/24", vlan_start=99) == [99]
        assert self.vlans(vlan, "10.0.4.0/24", num_networks=2, network_size=8) == [103, 104]
        bridges = {network["bridge"] for network in vlan.get("/networks")["networks"]}
        assert bridges == {"br99", "br100", "br101", "br102", "br103", "br104"}

    @pytest.mark.parametrize("number", [0, 4095, -1, 65536])
    @pytest.mark.parametrize("field", ["vlan", "vlan_start"])
    def test_what_is_no_vlan_is_refused(self, vlan: Service, field: str, number: int) -> None:
        body = {"network": {"label": "n", "cidr": "10.0.0.0/24", field: number}}
        refusal = vlan.refused("POST", "/networks", body)
        assert (refusal.status, refusal.code, refusal.field) == (400, "invalid_vlan", field)
        assert "a whole number from 1 to 4094" in refusal.text

    def test_one_in_use_is_refused_until_its_network_is_deleted(self, vlan: Service) -> None:
        [first] = make(vlan, cidr="10.0.0.0/24", vlan=100)
        body = {"network": {"label": "n", "cidr": "10.0.1.0/24", "vlan": 100}}
        refusal = vlan.refused("POST", "/networks", body)
        assert (refusal.status, refusal.code, refusal.value) == (409, "vlan_in_use", 100)
        vlan.delete(f"/networks/{first['id']}")
        assert self.vlans(vlan, "10.0.1.0/24", vlan=100) == [100]

    def test_each_interface_has_vlans_of_its_own(self, vlan: Service) -> None:
        assert self.vlans(vlan, "10.0.0.0/24", vlan=7, bridge_interface="eth1") == [7]
        assert self.vlans(vlan, "10.0.1.0/24", vlan=7, bridge_interface="eth2") == [7]

    def test_the_last_one_is_followed_by_none(self, vlan: Service) -> None:
        make(vlan, cidr="10.0.0.0/24", vlan_start=4094)
        body = {"network": {"label": "n", "cidr": "10.0.1.0/24", "vlan_start": 4094}}
        refusal = vlan.refused("POST", "/networks", body)
        assert (refusal.status, refusal.code) == (409, "no_more_vlans")


class TestOverlapOfProjects:
    def test_two_projects_may_have_the_same_vlan_network(self, vlan: Service) -> None:
        for _ in range(2):
            vlan.network(vlan.new_project())

    def test_two_projects_may_not_on_one_bridge(self, flat_dhcp: Service) -> None:
        flat_dhcp.network(flat_dhcp.new_project())
        other = flat_dhcp.new_project()
        body = {"network": {"label": "n", "cidr": "10.1.0.0/24", "project_id": other}}
        assert flat_dhcp.refused("POST", "/networks", body).code == "cidr_conflict"
        flat_dhcp.network(other, bridge="br-other")

    def test_a_network_of_nobody_meets_those_of_all(self, service: Service) -> None:
        service.network(service.new_project(), **_bridge(service, "br-a"))
        body = {"network": {"label": "n", "cidr": "10.1.0.0/24", **_bridge(service, "br-b")}}
        assert service.refused("POST", "/networks", body).code == "cidr_conflict"


def _bridge(service: Service, name: str) -> dict[str, str]:
    return {} if service.name == "vlan" else {"bridge": name}


class TestListing:
    def test_filters_narrow_the_list(self, service: Service) -> None:
        project = service.new_project()
        mine = service.network(project, label="mine")
        other = service.network(cidr="10.2.0.0/24", label="other")
        for filters, wanted in (
            ({}, [mine, other]),
            ({"label": "mine"}, [mine]),
            ({"project_id": project}, [mine]),
            ({"cidr": "10.2.0.9/24"}, [other]),
            ({"host": "nowhere"}, []),
        ):
            found = service.get("/networks", **filters)["networks"]
            assert {row["id"] for row in found} == {row["id"] for row in wanted}, filters

    def test_an_unknown_filter_is_refused(self, service: Service) -> None:
        assert service.refused("GET", "/networks", colour="red").field == "colour"
        assert service.refused("GET", "/networks", vlan=10**20).field == "vlan"

    def test_pages_make_up_the_whole_list(self, service: Service) -> None:
        made = make(service, cidr="10.0.0.0/24", num_networks=5, network_size=8)
        url = f"{service.url}/v1.0/{service.name}/networks?limit=2"
        sizes, seen = [], []
        while url:
            page = requests.get(url, timeout=30).json()
            sizes.append(len(page["networks"]))
            seen += [network["id"] for network in page["networks"]]
            url = page.get("networks_links", [{}])[0].get("href")
        assert sizes == [2, 2, 1]
        assert seen == sorted(network["id"] for network in made)

    def test_a_project_sees_what_it_may_use_and_nothing_of_the_hosts(
        self, service: Service
    ) -> None:
        mine, theirs = service.new_project(), service.new_project()
        own = service.network(mine)
        service.network(theirs, cidr="10.2.0.0/24")
        shared = service.network(cidr="10.3.0.0/24")
        seen = service.as_project(mine).get("/networks")["networks"]
        usable = {own["id"]} if service.name == "vlan" else {own["id"], shared["id"]}
        assert {network["id"] for network in seen} == usable
        assert not {"bridge", "vlan", "host", "dhcp_options"} & seen[0].keys()
