"""What an instance is given and gives back: all its virtual NICs at once, or none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.ethernet.served import Service, address_of


@pytest.fixture
def project(service: Service) -> str:
    return service.new_project()


def defaults(nics: list[dict[str, Any]]) -> list[bool]:
    return [nic["default_route"] for nic in nics]


def nics_of(service: Service, instance_id: str) -> list[dict[str, Any]]:
    found = service.get(f"/instances/{instance_id}/virtual_nics")["virtual_nics"]
    nics: list[dict[str, Any]] = found
    return nics


class TestAllocating:
    def test_nics_come_in_the_order_of_the_networks_asked_for(
        self, service: Service, project: str
    ) -> None:
        networks = [service.network(project, cidr=f"10.{n}.0.0/24") for n in (3, 1, 2)]
        nics = service.boot(project, "i1", *networks, host="compute1", hostname="web")
        assert [nic["network_id"] for nic in nics] == [network["id"] for network in networks]
        assert [address_of(nic) for nic in nics] == ["10.3.0.2", "10.1.0.2", "10.2.0.2"]
        assert defaults(nics) == [True, False, False]
        assert {(nic["host"], nic["hostname"], nic["instance_id"]) for nic in nics} == {
            ("compute1", "web", "i1")
        }
        assert nics_of(service, "i1") == nics

    def test_without_a_wish_it_gets_every_network_of_its_project_by_priority(
        self, service: Service, project: str
    ) -> None:
        late = service.network(project, cidr="10.1.0.0/24", priority=5)
        soon = service.network(project, cidr="10.2.0.0/24", priority=-5)
        service.network(service.new_project(), cidr="10.3.0.0/24")
        nics = service.boot(project, "i1")
        assert [nic["network_id"] for nic in nics] == [soon["id"], late["id"]]

    def test_a_flat_service_without_a_network_says_what_to_do(self, flat_dhcp: Service) -> None:
        body = {"virtual_nics": {"project_id": flat_dhcp.new_project()}}
        refusal = flat_dhcp.refused("POST", "/instances/i1/virtual_nics", body)
        assert (refusal.status, refusal.code) == (409, "no_more_networks")
        assert "make one with: flat_dhcp network create" in refusal.text

    def test_a_vlan_project_gets_a_network_of_its_own_on_first_use(self, vlan: Service) -> None:
        one, two = vlan.new_project(), vlan.new_project()
        [first], [again], [other] = (
            vlan.boot(one, "i1"),
            vlan.boot(one, "i2"),
            vlan.boot(two, "i3"),
        )
        assert first["network_id"] == again["network_id"] != other["network_id"]
        networks = {row["id"]: row for row in vlan.get("/networks")["networks"]}
        mine, theirs = networks[first["network_id"]], networks[other["network_id"]]
        assert (mine["project_id"], theirs["project_id"]) == (one, two)
        assert mine["vlan"] != theirs["vlan"]
        assert mine["cidr"] == theirs["cidr"] == "10.0.0.0/24"

    def test_a_free_network_of_the_operator_is_taken_first(self, vlan: Service) -> None:
        made = vlan.network(cidr="172.16.0.0/24")
        [nic] = vlan.boot(vlan.new_project(), "i1")
        assert nic["network_id"] == made["id"]

    def test_asking_again_adds_nics(self, service: Service, project: str) -> None:
        network = service.network(project)
        first = service.boot(project, "i1", network)
        second = service.boot(project, "i1", network, network)
        assert nics_of(service, "i1") == first + second
        assert defaults(first + second) == [True, False, False]

    def test_addresses_and_macs_are_wished_for_each_network(
        self, service: Service, project: str
    ) -> None:
        one, two = (service.network(project, cidr=f"10.{n}.0.0/24") for n in (1, 2))
        wishes = [
            {"network_id": two["id"], "addresses": ["10.2.0.50"]},
            {"network_id": one["id"], "mac_address": "02:00:00:00:00:05"},
        ]
        body = {"virtual_nics": {"project_id": project, "networks": wishes}}
        nics = service.post("/instances/i1/virtual_nics", body)["virtual_nics"]
        assert [address_of(nic) for nic in nics] == ["10.2.0.50", "10.1.0.2"]
        assert nics[1]["mac_address"] == "02:00:00:00:00:05"

    def test_when_the_third_network_is_full_nothing_is_given(
        self, service: Service, project: str
    ) -> None:
        networks = [service.network(project, cidr=f"10.{n}.0.0/30") for n in (1, 2, 3)]
        service.nic(project, networks[2]["id"])
        before = service.everything()
        body = {"project_id": project, "networks": [{"network_id": n["id"]} for n in networks]}
        refusal = service.refused("POST", "/instances/i1/virtual_nics", {"virtual_nics": body})
        assert (refusal.status, refusal.code) == (409, "no_more_addresses")
        assert refusal.value == networks[2]["id"]
        assert service.everything() == before
        assert [address_of(nic) for nic in service.boot(project, "i1", *networks[:2])] == [
            "10.1.0.2",
            "10.2.0.2",
        ]

    @pytest.mark.parametrize(
        ("wishes", "status", "code"),
        [
            ({"networks": [{"network_id": "none"}]}, 404, "network_not_found"),
            ({"networks": [{"colour": "red"}]}, 400, "invalid_request"),
            ({"networks": {"network_id": "none"}}, 400, "invalid_request"),
            ({"networks": [{}] * 65}, 400, "invalid_request"),
            ({"host": ""}, 400, "invalid_request"),
            ({"hostname": "a b"}, 400, "invalid_request"),
            ({"colour": "red"}, 400, "invalid_request"),
        ],
    )
    def test_a_bad_wish_has_its_error(
        self, standing_cloud: Any, wishes: dict[str, Any], status: int, code: str
    ) -> None:
        vlan = standing_cloud.service("vlan")
        body = {"virtual_nics": {"project_id": vlan.new_project(), **wishes}}
        before = vlan.everything()
        refusal = vlan.refused("POST", "/instances/i1/virtual_nics", body)
        assert (refusal.status, refusal.code) == (status, code), refusal.text
        assert vlan.everything() == before

    def test_an_instance_id_that_no_row_can_hold_is_refused(
        self, service: Service, project: str
    ) -> None:
        service.network(project)
        long = "i" * 37
        body = {"virtual_nics": {"project_id": project}}
        refusal = service.refused("POST", f"/instances/{long}/virtual_nics", body)
        assert (refusal.status, refusal.field) == (400, "instance_id")
        nic = service.nic(project)
        refusal = service.refused("PUT", f"/instances/{long}/virtual_nics/{nic['id']}")
        assert (refusal.status, refusal.field) == (400, "instance_id")

    def test_an_instance_is_of_one_project(self, service: Service, project: str) -> None:
        service.boot(project, "i1", service.network(project))
        other = service.new_project()
        network = service.network(other, cidr="10.2.0.0/24")
        nic = service.nic(other, network["id"])
        before = service.everything()
        allocation = {"virtual_nics": {"project_id": other}}
        creation = {"virtual_nic": {"project_id": other, "instance_id": "i1"}}
        for verb, path, body in (
            ("POST", "/instances/i1/virtual_nics", allocation),
            ("POST", "/virtual_nics", creation),
            ("PUT", f"/instances/i1/virtual_nics/{nic['id']}", None),
        ):
            refusal = service.refused(verb, path, body)
            assert (refusal.status, refusal.code) == (404, "instance_not_found")
            assert refusal.text == f"project {other} has no instance 'i1'"
        assert service.everything() == before


class TestDeallocating:
    def test_all_is_given_back_and_twice_is_as_good_as_once(
        self, service: Service, project: str
    ) -> None:
        networks = [service.network(project, cidr=f"10.{n}.0.0/24") for n in (1, 2)]
        service.boot(project, "i1", *networks)
        kept = service.boot(project, "i2", networks[0])
        for _ in range(2):
            service.delete("/instances/i1/virtual_nics")
        assert nics_of(service, "i1") == []
        assert service.get("/virtual_nics")["virtual_nics"] == kept
        assert service.addresses() == [address_of(kept[0])]

    def test_only_then_its_project_may_have_another_network_service(
        self, service: Service, project: str
    ) -> None:
        other = "vlan" if service.name == "flat" else "flat"
        [nic] = service.boot(project, "i1", service.network(project))
        refusal = service.associate(project, other)
        assert refusal.status_code == 409
        assert f"{nic['id']} of instance i1" in refusal.text
        service.delete("/instances/i1/virtual_nics")
        assert service.associate(project, other).status_code == 200


class TestDefaultRoute:
    def test_the_oldest_that_remains_carries_it_when_the_first_goes(
        self, service: Service, project: str
    ) -> None:
        networks = [service.network(project, cidr=f"10.{n}.0.0/24") for n in (1, 2, 3)]
        first, second, third = service.boot(project, "i1", *networks)
        service.delete(f"/virtual_nics/{first['id']}")
        assert defaults(nics_of(service, "i1")) == [True, False]
        service.delete(f"/virtual_nics/{third['id']}")
        assert [(nic["id"], nic["default_route"]) for nic in nics_of(service, "i1")] == [
            (second["id"], True)
        ]

    def test_a_nic_that_joins_an_instance_does_not_bring_a_second_one(
        self, service: Service, project: str
    ) -> None:
        [first] = service.boot(project, "i1", service.network(project))
        free = service.nic(project)
        assert free["default_route"]
        joined = service.put(f"/instances/i1/virtual_nics/{free['id']}")["virtual_nic"]
        assert (joined["instance_id"], joined["default_route"]) == ("i1", False)
        service.delete(f"/instances/i1/virtual_nics/{first['id']}")
        assert [nic["id"] for nic in nics_of(service, "i1") if nic["default_route"]] == [free["id"]]


class TestAttaching:
    def test_a_nic_is_attached_and_detached_and_keeps_its_address(
        self, service: Service, project: str
    ) -> None:
        network = service.network(project)
        nic = service.nic(project, network["id"])
        path = f"/instances/i1/virtual_nics/{nic['id']}"
        for _ in range(2):
            assert service.put(path)["virtual_nic"] == {**nic, "instance_id": "i1"}
        service.put(f"/virtual_nics/{nic['id']}/binding", {"binding": {"host": "compute1"}})
        service.delete(path)
        assert service.get(f"/virtual_nics/{nic['id']}")["virtual_nic"] == nic
        refusal = service.refused("DELETE", path)
        assert (refusal.status, refusal.code) == (404, "virtual_nic_not_found")

    def test_one_of_another_instance_is_refused(self, service: Service, project: str) -> None:
        [nic] = service.boot(project, "i1", service.network(project))
        refusal = service.refused("PUT", f"/instances/i2/virtual_nics/{nic['id']}")
        assert (refusal.status, refusal.code) == (409, "virtual_nic_attached")
        assert "attached to instance i1, not i2; detach it first" in refusal.text
        assert nics_of(service, "i1") == [nic]
