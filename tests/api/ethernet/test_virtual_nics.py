"""Virtual NICs, one by one: their MACs and addresses, where they are, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.ethernet.served import SERVICES, ServedCloud, Service, address_of
from tests.eventually import eventually


@pytest.fixture
def project(service: Service) -> str:
    return service.new_project()


@pytest.fixture
def network(service: Service, project: str) -> dict[str, Any]:
    """IPv4 and IPv6, of the project."""
    return service.network(project, cidr="10.1.0.0/24", cidr_v6="fd00:1::/64")


class TestCreating:
    def test_a_nic_gets_a_mac_the_next_address_and_the_one_it_will_make_itself(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        nic = service.nic(project, network["id"], hostname="web-1", host="compute1")
        assert nic["mac_address"].startswith("fa:16:3e:")
        assert nic["device"] == f"tap{nic['id'][:11]}"
        assert (nic["host"], nic["hostname"], nic["status"]) == ("compute1", "web-1", "DOWN")
        assert [ip["version"] for ip in nic["fixed_ips"]] == [4, 6]
        assert address_of(nic) == "10.1.0.2"
        assert address_of(nic, 6).startswith("fd00:1::f816:3eff:fe")
        assert service.get(f"/virtual_nics/{nic['id']}")["virtual_nic"] == nic

    def test_addresses_are_drawn_lowest_first(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        drawn = [address_of(service.nic(project, network["id"])) for _ in range(3)]
        assert drawn == ["10.1.0.2", "10.1.0.3", "10.1.0.4"]

    def test_wished_addresses_are_given(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        wished = ["10.1.0.77", "10.1.0.78", "fd00:1::fe:3eff:fe00:9"]
        nic = service.nic(project, network["id"], addresses=wished, mac_address="02:FE:3E:00:00:09")
        assert [ip["address"] for ip in nic["fixed_ips"]] == wished
        assert nic["mac_address"] == "02:fe:3e:00:00:09"

    def test_a_nic_may_have_no_network_yet(self, service: Service, project: str) -> None:
        nic = service.nic(project)
        assert (nic["network_id"], nic["fixed_ips"]) == (None, [])

    def test_a_network_of_ipv6_alone_gives_what_slaac_will(
        self, service: Service, project: str
    ) -> None:
        network = service.network(project, cidr_v6="fd00:2::/64")
        nic = service.nic(project, network["id"], mac_address="02:16:3e:33:44:55")
        assert [ip["address"] for ip in nic["fixed_ips"]] == ["fd00:2::16:3eff:fe33:4455"]

    def test_macs_and_addresses_given_back_are_drawn_again(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        mac = "fa:16:3e:00:00:01" if service.name == "flat" else "02:00:00:00:00:01"
        for _ in range(2):
            nic = service.nic(project, network["id"], mac_address=mac)
            service.delete(f"/virtual_nics/{nic['id']}")
        assert service.everything()["virtual_nics"]["virtual_nics"] == []


class TestBadWishes:
    @pytest.mark.parametrize(
        ("wishes", "status", "code"),
        [
            ({"addresses": ["10.2.0.5"]}, 400, "address_out_of_range"),
            ({"addresses": ["10.1.0.1"]}, 409, "fixed_ip_in_use"),
            ({"addresses": ["10.1.0.0"]}, 409, "fixed_ip_in_use"),
            ({"addresses": ["10.1.0.255"]}, 409, "fixed_ip_in_use"),
            ({"addresses": ["10.1.0.9"]}, 409, "fixed_ip_in_use"),
            ({"addresses": ["10.1.0.2"]}, 409, "fixed_ip_in_use"),
            ({"addresses": ["10.1.0.3", "10.1.0.9"]}, 409, "fixed_ip_in_use"),
            ({"addresses": ["fd00:1::5"]}, 400, "invalid_value"),
            ({"addresses": ["fd00:9::5"]}, 400, "address_out_of_range"),
            ({"addresses": ["10.1.0"]}, 400, "invalid_request"),
            ({"addresses": "10.1.0.5"}, 400, "invalid_request"),
            ({"addresses": ["10.1.0.5"] * 2}, 400, "invalid_request"),
            ({"network_id": "none"}, 404, "network_not_found"),
            ({"network_id": "x" * 37}, 400, "invalid_request"),
            ({"mac_address": "01:00:5e:00:00:01"}, 400, "invalid_value"),
            ({"mac_address": "00:00:00:00:00:00"}, 400, "invalid_value"),
            ({"mac_address": "02-00-00-00-00-01"}, 400, "invalid_request"),
            ({"mac_address": "02:00:00:00:00:07"}, 409, "mac_address_in_use"),
            ({"hostname": "no_such.name!"}, 400, "invalid_request"),
            ({"instance_id": "x" * 37}, 400, "invalid_request"),
            ({"project_id": ""}, 400, "invalid_request"),
            ({"colour": "red"}, 400, "invalid_request"),
        ],
    )
    def test_each_has_its_error_and_nothing_is_drawn(
        self, flat_dhcp: Service, wishes: dict[str, Any], status: int, code: str
    ) -> None:
        project = flat_dhcp.new_project()
        network = flat_dhcp.network(project, cidr="10.1.0.0/24", cidr_v6="fd00:1::/64")
        flat_dhcp.nic(project, network["id"], mac_address="02:00:00:00:00:07")
        reservation = {"reservation": {"network_id": network["id"]}}
        flat_dhcp.put("/fixed_ips/10.1.0.9/reservation", reservation)
        before = flat_dhcp.everything()
        body = {"project_id": project, "network_id": network["id"], **wishes}
        refusal = flat_dhcp.refused("POST", "/virtual_nics", {"virtual_nic": body})
        assert (refusal.status, refusal.code) == (status, code), refusal.text
        assert flat_dhcp.everything() == before
        assert address_of(flat_dhcp.nic(project, network["id"])) == "10.1.0.3"

    def test_an_ipv6_address_of_ones_own_is_refused_with_the_one_slaac_makes(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        body = {
            "project_id": project,
            "network_id": network["id"],
            "addresses": ["fd00:1::5"],
            "mac_address": "02:16:3e:33:44:55",
        }
        refusal = service.refused("POST", "/virtual_nics", {"virtual_nic": body})
        assert "for this MAC it is fd00:1::16:3eff:fe33:4455" in refusal.text

    def test_a_network_without_ipv4_gives_none(self, service: Service, project: str) -> None:
        network = service.network(project, cidr_v6="fd00:2::/64")
        body = {"project_id": project, "network_id": network["id"], "addresses": ["10.0.0.5"]}
        refusal = service.refused("POST", "/virtual_nics", {"virtual_nic": body})
        assert (refusal.status, refusal.field) == (400, "address")
        assert "has no IPv4 addresses" in refusal.text

    def test_addresses_without_a_network_are_refused(self, service: Service, project: str) -> None:
        body = {"project_id": project, "addresses": ["10.0.0.5"]}
        refusal = service.refused("POST", "/virtual_nics", {"virtual_nic": body})
        assert "addresses need a network_id" in refusal.text

    def test_a_released_address_rests_and_says_until_when(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        nic = service.nic(project, network["id"])
        service.delete(f"/virtual_nics/{nic['id']}")
        assert service.addresses() == []
        body = {"project_id": project, "network_id": network["id"], "addresses": ["10.1.0.2"]}
        refusal = service.refused("POST", "/virtual_nics", {"virtual_nic": body})
        assert (refusal.status, refusal.code) == (409, "fixed_ip_resting")
        assert "can be had again at 20" in refusal.text
        assert address_of(service.nic(project, network["id"])) == "10.1.0.3"

    def test_a_full_network_says_so(self, service: Service, project: str) -> None:
        network = service.network(project, cidr="10.5.0.0/30")
        assert address_of(service.nic(project, network["id"])) == "10.5.0.2"
        before = service.everything()
        body = {"project_id": project, "network_id": network["id"]}
        refusal = service.refused("POST", "/virtual_nics", {"virtual_nic": body})
        assert (refusal.status, refusal.code, refusal.value) == (
            409,
            "no_more_addresses",
            network["id"],
        )
        assert service.everything() == before

    def test_a_project_of_another_service_is_refused(self, cloud: ServedCloud) -> None:
        project = cloud.service("flat").new_project()
        body = {"virtual_nic": {"project_id": project}}
        refusal = cloud.service("vlan").refused("POST", "/virtual_nics", body)
        assert (refusal.status, refusal.code) == (409, "project_uses_other_service")
        assert refusal.text == f"project '{project}' uses the network service flat, not vlan"

    def test_a_network_of_nobody_is_for_nobody_on_vlan(self, vlan: Service) -> None:
        network = vlan.network()
        body = {"project_id": vlan.new_project(), "network_id": network["id"]}
        refusal = vlan.refused("POST", "/virtual_nics", {"virtual_nic": body})
        assert (refusal.status, refusal.code) == (404, "network_not_found")


class TestResting:
    @pytest.fixture
    def settings(self) -> str:
        return "".join(f"[{name}]\nfixed_ip_disassociate_timeout = 1\n" for name in SERVICES)

    def test_an_address_is_drawn_again_when_it_has_rested(
        self, service: Service, project: str
    ) -> None:
        network = service.network(project, cidr="10.5.0.0/30")
        nic = service.nic(project, network["id"])
        service.delete(f"/virtual_nics/{nic['id']}")
        body = {"virtual_nic": {"project_id": project, "network_id": network["id"]}}
        refusal = service.refused("POST", "/virtual_nics", body)
        assert refusal.code == "no_more_addresses"
        eventually(
            lambda: service.call("POST", "/virtual_nics", body).status_code == 201,
            "the address has rested and is drawn again",
        )
        assert service.addresses() == ["10.5.0.2"]


class TestListing:
    def test_filters_narrow_the_list(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        first = service.nic(
            project, network["id"], mac_address="02:00:00:00:0a:01", instance_id="i1"
        )
        second = service.nic(project, host="compute1")
        for filters, wanted in (
            ({}, [first, second]),
            ({"instance_id": "i1"}, [first]),
            ({"mac_address": "02:00:00:00:0A:01"}, [first]),
            ({"network_id": network["id"]}, [first]),
            ({"host": "compute1"}, [second]),
            ({"status": "ACTIVE"}, []),
            ({"project_id": project, "status": "DOWN"}, [first, second]),
        ):
            found = service.get("/virtual_nics", **filters)["virtual_nics"]
            assert {nic["id"] for nic in found} == {nic["id"] for nic in wanted}, filters

    def test_pages_follow_the_marker(self, service: Service, project: str) -> None:
        ids = sorted(service.nic(project)["id"] for _ in range(3))
        page = service.get("/virtual_nics", limit=2, marker=ids[0])
        assert [nic["id"] for nic in page["virtual_nics"]] == ids[1:]
        assert "virtual_nics_links" not in page


class TestChanging:
    def test_a_nic_is_renamed(self, service: Service, project: str) -> None:
        nic = service.nic(project, hostname="a")
        path = f"/virtual_nics/{nic['id']}"
        for name in ("b", None):
            changed = service.put(path, {"virtual_nic": {"hostname": name}})["virtual_nic"]
            assert changed == {**nic, "hostname": name}

    def test_a_change_that_says_nothing_changes_nothing(
        self, service: Service, project: str
    ) -> None:
        nic = service.nic(project, hostname="a")
        path = f"/virtual_nics/{nic['id']}"
        assert service.refused("PUT", path, {"virtual_nic": {}}).status == 400
        assert service.get(path)["virtual_nic"]["hostname"] == "a"

    def test_a_nic_is_bound_to_a_host_and_both_hosts_are_prompted(
        self, cloud: ServedCloud, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        nic = service.nic(project, network["id"])
        path = f"/virtual_nics/{nic['id']}/binding"
        service.put(path, {"binding": {"host": "compute1"}})
        moved = service.put(path, {"binding": {"host": "compute2"}})["virtual_nic"]
        assert moved["host"] == "compute2"
        hosts = [
            host for nic_id, _, host in cloud.prompted[service.name].nics if nic_id == nic["id"]
        ]
        assert hosts == [None, "compute1", "compute1", "compute2"]

    def test_its_agent_says_whether_it_is_wired(self, service: Service, project: str) -> None:
        path = f"/virtual_nics/{service.nic(project)['id']}"
        service.put(f"{path}/status", {"status": {"status": "ACTIVE"}})
        assert service.get(path)["virtual_nic"]["status"] == "ACTIVE"
        body = {"status": {"status": "FINE"}}
        assert service.refused("PUT", f"{path}/status", body).status == 400

    @pytest.mark.parametrize(
        ("verb", "path", "body"),
        [
            ("GET", "", None),
            ("PUT", "", {"virtual_nic": {"hostname": "a"}}),
            ("DELETE", "", None),
            ("PUT", "/binding", {"binding": {"host": "h"}}),
            ("PUT", "/status", {"status": {"status": "ACTIVE"}}),
        ],
    )
    def test_one_that_is_not_there_is_not_found(
        self, standing_cloud: ServedCloud, verb: str, path: str, body: Any
    ) -> None:
        for nic_id in ("none", "x" * 300, "a%00b"):
            refusal = standing_cloud.service("vlan").refused(
                verb, f"/virtual_nics/{nic_id}{path}", body
            )
            assert refusal.status in (400, 404), refusal
