"""Floating addresses: the operator's ranges, and what projects do with the addresses of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.ethernet.served import ServedCloud, Service, address_of


def add_range(service: Service, ip_range: str = "203.0.113.0/29", **wishes: Any) -> dict[str, Any]:
    body = {"floating_range": {"ip_range": ip_range, **wishes}}
    made: dict[str, Any] = service.post("/floating_ranges", body)["floating_range"]
    return made


def borrow(service: Service, project: str, **wishes: Any) -> str:
    body = {"floating_ip": {"project_id": project, **wishes}}
    return str(service.post("/floating_ips", body)["floating_ip"]["address"])


def associate(service: Service, address: str, nic: dict[str, Any], **more: str) -> dict[str, Any]:
    body = {"association": {"virtual_nic_id": nic["id"], **more}}
    done = service.put(f"/floating_ips/{address}/association", body)["floating_ip"]
    found: dict[str, Any] = done
    return found


@pytest.fixture
def project(serving: Service) -> str:
    return serving.new_project()


@pytest.fixture
def nic(serving: Service, project: str) -> dict[str, Any]:
    network = serving.network(project, cidr="10.1.0.0/24", cidr_v6="fd00:1::/64")
    return serving.nic(project, network["id"], instance_id="i1")


class TestRanges:
    def test_a_range_lends_its_hosts_from_the_lowest_on(
        self, serving: Service, project: str
    ) -> None:
        made = add_range(serving, "203.0.113.9/29", pool="public", interface="eth1")
        assert made.items() >= {
            ("pool", "public"),
            ("cidr", "203.0.113.8/29"),
            ("interface", "eth1"),
        }
        lent = [borrow(serving, project, pool="public") for _ in range(6)]
        assert lent == [f"203.0.113.{last}" for last in range(9, 15)]
        body = {"floating_ip": {"project_id": project, "pool": "public"}}
        refusal = serving.refused("POST", "/floating_ips", body)
        assert (refusal.status, refusal.code) == (409, "no_more_floating_ips")

    def test_a_range_may_be_a_single_address(self, serving: Service, project: str) -> None:
        add_range(serving, "198.51.100.7")
        assert borrow(serving, project) == "198.51.100.7"

    def test_a_pool_goes_on_with_its_next_range(self, serving: Service, project: str) -> None:
        add_range(serving, "198.51.100.7")
        add_range(serving, "203.0.113.7")
        lent = [borrow(serving, project) for _ in range(2)]
        assert lent == ["198.51.100.7", "203.0.113.7"]

    def test_pools_are_listed(self, serving: Service, project: str) -> None:
        add_range(serving, "198.51.100.7", pool="b")
        add_range(serving, "203.0.113.7", pool="a")
        pools = serving.as_project(project).get("/floating_ip_pools")["floating_ip_pools"]
        assert [pool["name"] for pool in pools] == ["a", "b"]

    @pytest.mark.parametrize(
        ("ip_range", "status", "code"),
        [
            ("203.0.113.0/28", 409, "floating_range_conflict"),
            ("203.0.113.4", 409, "floating_range_conflict"),
            ("10.0.0.0/8", 400, "invalid_cidr"),
            ("224.0.0.0/24", 400, "invalid_cidr"),
            ("127.0.0.1", 400, "invalid_cidr"),
            ("junk", 400, "invalid_cidr"),
            ("fd00::/64", 400, "invalid_cidr"),
            ("", 400, "invalid_request"),
        ],
    )
    def test_a_bad_range_is_refused(
        self, standing_cloud: ServedCloud, ip_range: str, status: int, code: str
    ) -> None:
        vlan = standing_cloud.service("vlan")
        if not vlan.get("/floating_ranges")["floating_ranges"]:
            add_range(vlan, "203.0.113.0/29", pool="public")
        before = vlan.everything()
        body = {"floating_range": {"ip_range": ip_range}}
        refusal = vlan.refused("POST", "/floating_ranges", body)
        assert (refusal.status, refusal.code) == (status, code), refusal.text
        if status == 409:
            assert "overlaps with the floating range 203.0.113.0/29 of pool public" in refusal.text
        assert vlan.everything() == before

    def test_a_range_is_deleted_when_nothing_of_it_is_lent(
        self, serving: Service, project: str
    ) -> None:
        made = add_range(serving)
        lent = borrow(serving, project)
        path = f"/floating_ranges/{made['id']}"
        refusal = serving.refused("DELETE", path)
        assert (refusal.status, refusal.code) == (409, "floating_ip_in_use")
        serving.delete(f"/floating_ips/{lent}")
        serving.delete(path)
        assert serving.refused("DELETE", path).code == "floating_range_not_found"
        add_range(serving)


class TestBorrowing:
    def test_a_certain_address_is_lent(self, serving: Service, project: str) -> None:
        add_range(serving)
        assert borrow(serving, project, address="203.0.113.4") == "203.0.113.4"
        assert borrow(serving, project) == "203.0.113.1"

    @pytest.mark.parametrize(
        ("wishes", "status", "code", "told"),
        [
            ({"pool": "none"}, 404, "floating_pool_not_found", "the pools are: nova"),
            ({"address": "203.0.113.1"}, 409, "floating_ip_in_use", "it is lent already"),
            ({"address": "203.0.113.7"}, 409, "floating_ip_in_use", "no host address"),
            ({"address": "203.0.113.8"}, 400, "address_out_of_range", "203.0.113.0/29"),
            ({"address": "fd00::1"}, 400, "address_out_of_range", "203.0.113.0/29"),
            ({"address": "x"}, 400, "invalid_request", "an IPv4 or IPv6 address"),
            ({"colour": "red"}, 400, "invalid_request", "is not known here"),
        ],
    )
    def test_what_cannot_be_lent_is_refused(
        self, flat_dhcp: Service, wishes: dict[str, Any], status: int, code: str, told: str
    ) -> None:
        add_range(flat_dhcp)
        project = flat_dhcp.new_project()
        borrow(flat_dhcp, project)
        before = flat_dhcp.everything()
        body = {"floating_ip": {"project_id": project, **wishes}}
        refusal = flat_dhcp.refused("POST", "/floating_ips", body)
        assert (refusal.status, refusal.code) == (status, code), refusal.text
        assert told in refusal.text
        assert flat_dhcp.everything() == before

    def test_a_released_address_can_be_lent_again(self, serving: Service, project: str) -> None:
        add_range(serving, "198.51.100.7")
        for _ in range(2):
            serving.delete(f"/floating_ips/{borrow(serving, project)}")
        assert serving.refused("DELETE", "/floating_ips/198.51.100.7").status == 404

    def test_filters_narrow_the_list(
        self, serving: Service, project: str, nic: dict[str, Any]
    ) -> None:
        add_range(serving)
        add_range(serving, "198.51.100.7", pool="other")
        one, two = borrow(serving, project), borrow(serving, project, pool="other")
        associate(serving, one, nic)
        for filters, wanted in (
            ({}, {one, two}),
            ({"pool": "other"}, {two}),
            ({"address": one}, {one}),
            ({"fixed_address": address_of(nic)}, {one}),
            ({"virtual_nic_id": nic["id"]}, {one}),
            ({"project_id": "another"}, set()),
        ):
            found = serving.get("/floating_ips", **filters)["floating_ips"]
            assert {row["address"] for row in found} == wanted, filters


class TestAssociating:
    def test_it_is_put_before_the_first_address_of_a_nic(
        self, cloud: ServedCloud, serving: Service, project: str, nic: dict[str, Any]
    ) -> None:
        add_range(serving)
        address = borrow(serving, project)
        cloud.prompted[serving.name].networks.clear()
        done = associate(serving, address, nic)
        assert (done["virtual_nic_id"], done["fixed_address"]) == (nic["id"], address_of(nic))
        assert cloud.prompted[serving.name].networks == [nic["network_id"]]
        assert associate(serving, address, nic, fixed_address=address_of(nic)) == done

    def test_from_one_nic_it_is_moved_to_another_and_both_networks_are_prompted(
        self, cloud: ServedCloud, serving: Service, project: str, nic: dict[str, Any]
    ) -> None:
        add_range(serving)
        address = borrow(serving, project)
        network = serving.network(project, cidr="10.2.0.0/24")
        other = serving.nic(project, network["id"])
        associate(serving, address, nic)
        cloud.prompted[serving.name].networks.clear()
        assert associate(serving, address, other)["fixed_address"] == "10.2.0.2"
        assert cloud.prompted[serving.name].networks == [nic["network_id"], network["id"]]

    def test_it_is_disassociated_and_stays_with_its_project(
        self, serving: Service, project: str, nic: dict[str, Any]
    ) -> None:
        add_range(serving)
        address = borrow(serving, project)
        associate(serving, address, nic)
        path = f"/floating_ips/{address}/association"
        done = serving.call("DELETE", path).json()["floating_ip"]
        assert (done["virtual_nic_id"], done["fixed_address"]) == (None, None)
        refusal = serving.refused("DELETE", path)
        assert (refusal.status, refusal.code) == (409, "floating_ip_not_associated")
        assert serving.get(f"/floating_ips/{address}")["floating_ip"]["project_id"] == project

    def test_one_in_use_is_not_released(
        self, serving: Service, project: str, nic: dict[str, Any]
    ) -> None:
        add_range(serving)
        address = borrow(serving, project)
        associate(serving, address, nic)
        before = serving.everything()
        refusal = serving.refused("DELETE", f"/floating_ips/{address}")
        assert (refusal.status, refusal.code) == (409, "floating_ip_in_use")
        assert f"associated with {address_of(nic)}; disassociate it first" in refusal.text
        assert serving.everything() == before

    @pytest.mark.parametrize("gone", ["the NIC", "its instance", "its port"])
    def test_when_the_fixed_address_goes_the_floating_one_stays_and_the_host_is_prompted(
        self, cloud: ServedCloud, serving: Service, project: str, nic: dict[str, Any], gone: str
    ) -> None:
        add_range(serving)
        address = borrow(serving, project)
        associate(serving, address, nic)
        ports = serving.get("/ports", virtual_nic_id=nic["id"])["ports"]
        [port] = [row for row in ports if row["version"] == 4]
        cloud.prompted[serving.name].networks.clear()
        serving.delete(
            {
                "the NIC": f"/virtual_nics/{nic['id']}",
                "its instance": "/instances/i1/virtual_nics",
                "its port": f"/ports/{port['id']}",
            }[gone]
        )
        left = serving.get(f"/floating_ips/{address}")["floating_ip"]
        assert (left["project_id"], left["fixed_address"]) == (project, None)
        assert cloud.prompted[serving.name].networks == [nic["network_id"]]

    def test_what_it_cannot_be_put_before_is_refused(
        self, serving: Service, project: str, nic: dict[str, Any]
    ) -> None:
        add_range(serving)
        address = borrow(serving, project)
        path = f"/floating_ips/{address}/association"
        bare = serving.nic(project)
        stranger = serving.nic(serving.new_project())
        before = serving.everything()
        for wish, status, code in (
            ({"virtual_nic_id": "none"}, 404, "virtual_nic_not_found"),
            ({"virtual_nic_id": bare["id"]}, 404, "fixed_ip_not_found"),
            ({"virtual_nic_id": nic["id"], "fixed_address": "10.1.0.9"}, 404, "fixed_ip_not_found"),
            (
                {"virtual_nic_id": nic["id"], "fixed_address": address_of(nic, 6)},
                400,
                "invalid_value",
            ),
            (
                {"virtual_nic_id": stranger["id"], "fixed_address": address_of(nic)},
                404,
                "floating_ip_not_found",
            ),
            ({}, 400, "invalid_request"),
        ):
            refusal = serving.refused("PUT", path, {"association": wish})
            assert (refusal.status, refusal.code) == (status, code), refusal.text
        unknown = "/floating_ips/192.0.2.1/association"
        wish = {"association": {"virtual_nic_id": nic["id"]}}
        assert serving.refused("PUT", unknown, wish).code == "floating_ip_not_found"
        assert serving.everything() == before


class TestAutomaticAssignment:
    @pytest.fixture
    def settings(self) -> str:
        return "[flat_dhcp]\nauto_assign_floating_ip = true\nquota_floating_ips = 0\n" + (
            "[vlan]\nauto_assign_floating_ip = true\nquota_floating_ips = 0\n"
        )

    def test_it_comes_and_goes_with_its_instance_and_costs_no_quota(
        self, serving: Service, project: str
    ) -> None:
        add_range(serving, "198.51.100.7")
        network = serving.network(project)
        for _ in range(2):
            [nic] = serving.boot(project, "i1", network)
            [lent] = serving.get("/floating_ips")["floating_ips"]
            assert (lent["virtual_nic_id"], lent["address"]) == (nic["id"], "198.51.100.7")
            serving.delete("/instances/i1/virtual_nics")
            assert serving.get("/floating_ips")["floating_ips"] == []

    def test_further_nics_of_the_instance_bring_no_further_one(
        self, serving: Service, project: str
    ) -> None:
        add_range(serving, "198.51.100.0/28")
        network = serving.network(project)
        serving.boot(project, "i1", network)
        serving.boot(project, "i1", network)
        assert len(serving.get("/floating_ips")["floating_ips"]) == 1

    def test_nobody_takes_it_off_before(self, serving: Service, project: str) -> None:
        add_range(serving, "198.51.100.7")
        network = serving.network(project)
        [nic] = serving.boot(project, "i1", network)
        other = serving.nic(project, network["id"])
        before = serving.everything()
        path = "/floating_ips/198.51.100.7/association"
        for verb, wish in (
            ("DELETE", None),
            ("PUT", {"association": {"virtual_nic_id": other["id"]}}),
        ):
            refusal = serving.refused(verb, path, wish)
            assert (refusal.status, refusal.code) == (409, "floating_ip_in_use")
            assert "it was assigned with its instance, and goes with it" in refusal.text
        assert serving.refused("DELETE", "/floating_ips/198.51.100.7").status == 409
        assert serving.everything() == before

    def test_without_one_left_the_instance_gets_nothing_at_all(
        self, serving: Service, project: str
    ) -> None:
        add_range(serving, "198.51.100.7")
        network = serving.network(project)
        serving.boot(project, "i1", network)
        before = serving.everything()
        body = {"virtual_nics": {"project_id": project}}
        refusal = serving.refused("POST", "/instances/i2/virtual_nics", body)
        assert (refusal.status, refusal.code) == (409, "no_more_floating_ips")
        assert serving.everything() == before


def test_flat_has_no_floating_addresses(standing_cloud: ServedCloud) -> None:
    flat = standing_cloud.service("flat")
    floating_range = {"floating_range": {"ip_range": "198.51.100.7"}}
    association = {"association": {"virtual_nic_id": "n"}}
    for verb, path, body in (
        ("GET", "/floating_ips", None),
        ("GET", "/floating_ips/198.51.100.7", None),
        ("POST", "/floating_ips", {"floating_ip": {"project_id": "p"}}),
        ("DELETE", "/floating_ips/198.51.100.7", None),
        ("PUT", "/floating_ips/198.51.100.7/association", association),
        ("DELETE", "/floating_ips/198.51.100.7/association", None),
        ("GET", "/floating_ip_pools", None),
        ("GET", "/floating_ranges", None),
        ("POST", "/floating_ranges", floating_range),
        ("DELETE", "/floating_ranges/r", None),
    ):
        refusal = flat.refused(verb, path, body)
        assert (refusal.status, refusal.code) == (501, "not_supported"), (verb, path)
        assert "not supported by network service flat" in refusal.text
