"""Ports and fixed addresses: drawn before or after their NIC, reserved, and given back to rest."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.ethernet.served import ServedCloud, Service, address_of


@pytest.fixture
def project(service: Service) -> str:
    return service.new_project()


@pytest.fixture
def network(service: Service, project: str) -> dict[str, Any]:
    return service.network(project, cidr="10.1.0.0/24", cidr_v6="fd00:1::/64")


def make_port(
    service: Service, project: str, network: dict[str, Any], **wishes: Any
) -> dict[str, Any]:
    body = {"project_id": project, "network_id": network["id"], **wishes}
    port: dict[str, Any] = service.post("/ports", {"port": body})["port"]
    return port


def connect(service: Service, port: dict[str, Any], nic_id: str | None) -> dict[str, Any]:
    body = {"port": {"virtual_nic_id": nic_id}}
    changed: dict[str, Any] = service.put(f"/ports/{port['id']}", body)["port"]
    return changed


class TestPorts:
    def test_a_port_holds_an_address_before_there_is_a_nic(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        port = make_port(service, project, network)
        wished = make_port(service, project, network, address="10.1.0.50")
        assert (port["address"], wished["address"]) == ("10.1.0.2", "10.1.0.50")
        assert port["virtual_nic_id"] is None
        assert service.get(f"/ports/{port['id']}")["port"] == port

    def test_a_nic_joins_the_network_of_the_first_port_it_is_connected_to(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        port = make_port(service, project, network)
        nic = service.nic(project)
        assert connect(service, port, nic["id"])["virtual_nic_id"] == nic["id"]
        joined = service.get(f"/virtual_nics/{nic['id']}")["virtual_nic"]
        assert joined["network_id"] == network["id"]
        assert address_of(joined) == port["address"]
        assert address_of(joined, 6).startswith("fd00:1::")

    def test_a_nic_may_have_several_ports_of_its_network(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        nic = service.nic(project, network["id"])
        port = make_port(service, project, network, virtual_nic_id=nic["id"])
        found = service.get("/ports", virtual_nic_id=nic["id"])["ports"]
        versions = {(row["address"], row["version"]) for row in found}
        assert versions >= {("10.1.0.2", 4), (port["address"], 4)}
        assert len(found) == 3

    def test_disconnected_the_address_stays_with_the_project(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        port = make_port(service, project, network)
        nic = service.nic(project)
        connect(service, port, nic["id"])
        for _ in range(2):
            assert connect(service, port, None)["virtual_nic_id"] is None
        left = service.get(f"/virtual_nics/{nic['id']}")["virtual_nic"]
        assert (left["network_id"], left["fixed_ips"]) == (None, [])
        assert service.addresses() == [port["address"]]

    def test_a_deleted_ports_address_rests(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        port = make_port(service, project, network)
        service.delete(f"/ports/{port['id']}")
        assert service.refused("DELETE", f"/ports/{port['id']}").code == "port_not_found"
        assert make_port(service, project, network)["address"] == "10.1.0.3"

    def test_the_host_of_the_nic_is_prompted(
        self, cloud: ServedCloud, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        nic = service.nic(project, host="compute1")
        port = make_port(service, project, network)
        prompted = cloud.prompted[service.name].nics
        for change in (nic["id"], None, nic["id"]):
            prompted.clear()
            connect(service, port, change)
            assert prompted == [(nic["id"], network["id"], "compute1")]
        prompted.clear()
        service.delete(f"/ports/{port['id']}")
        assert prompted == [(nic["id"], network["id"], "compute1")]

    def test_an_ipv6_address_comes_and_goes_with_its_nic_only(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        nic = service.nic(project, network["id"])
        ports = service.get("/ports", virtual_nic_id=nic["id"])["ports"]
        [port] = [row for row in ports if row["version"] == 6]
        before = service.everything()
        for verb, body in (("DELETE", None), ("PUT", {"port": {"virtual_nic_id": None}})):
            refusal = service.refused(verb, f"/ports/{port['id']}", body)
            assert (refusal.status, refusal.field) == (400, "port_id")
            assert "goes with the NIC" in refusal.text
        assert service.everything() == before
        service.delete(f"/virtual_nics/{nic['id']}")
        assert service.addresses() == []

    def test_a_port_in_use_is_not_given_to_another_nic(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        nic, other = service.nic(project), service.nic(project)
        port = make_port(service, project, network, virtual_nic_id=nic["id"])
        body = {"port": {"virtual_nic_id": other["id"]}}
        refusal = service.refused("PUT", f"/ports/{port['id']}", body)
        assert refusal.status == 409
        assert f"virtual NIC {nic['id']} is connected; disconnect it first" in refusal.text

    def test_a_nic_of_another_network_is_refused(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        other = service.network(project, cidr="10.2.0.0/24")
        nic = service.nic(project, other["id"])
        port = make_port(service, project, network)
        body = {"port": {"virtual_nic_id": nic["id"]}}
        refusal = service.refused("PUT", f"/ports/{port['id']}", body)
        assert (refusal.status, refusal.code) == (409, "virtual_nic_on_other_network")
        assert other["id"] in refusal.text

    def test_a_nic_of_another_project_does_not_exist_for_it(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        nic = service.nic(service.new_project())
        before = service.everything()
        body = {"project_id": project, "network_id": network["id"], "virtual_nic_id": nic["id"]}
        refusal = service.refused("POST", "/ports", {"port": body})
        assert (refusal.status, refusal.code) == (404, "virtual_nic_not_found")
        assert service.everything() == before

    def test_a_network_of_ipv6_alone_has_no_ports_to_make(
        self, service: Service, project: str
    ) -> None:
        network = service.network(project, cidr_v6="fd00:2::/64")
        for wish in ({}, {"address": "10.0.0.1"}, {"address": "fd00:2::1"}):
            body = {"project_id": project, "network_id": network["id"], **wish}
            refusal = service.refused("POST", "/ports", {"port": body})
            assert refusal.status == 400
            assert "no IPv4 addresses" in refusal.text

    @pytest.mark.parametrize(
        ("wishes", "status", "code"),
        [
            ({"address": "10.1.0.1"}, 409, "fixed_ip_in_use"),
            ({"address": "10.2.0.1"}, 400, "address_out_of_range"),
            ({"address": "fd00:1::1"}, 400, "address_out_of_range"),
            ({"network_id": "none"}, 404, "network_not_found"),
            ({"virtual_nic_id": "none"}, 404, "virtual_nic_not_found"),
            ({"address": 7}, 400, "invalid_request"),
            ({"colour": "red"}, 400, "invalid_request"),
        ],
    )
    def test_a_bad_wish_has_its_error_and_draws_nothing(
        self, standing_cloud: ServedCloud, wishes: dict[str, Any], status: int, code: str
    ) -> None:
        vlan = standing_cloud.service("vlan")
        project = vlan.new_project()
        network = vlan.network(project)
        before = vlan.everything()
        body = {"project_id": project, "network_id": network["id"], **wishes}
        refusal = vlan.refused("POST", "/ports", {"port": body})
        assert (refusal.status, refusal.code) == (status, code), refusal.text
        assert vlan.everything() == before

    def test_pages_and_filters_narrow_the_list(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        ids = sorted(make_port(service, project, network)["id"] for _ in range(3))
        page = service.get("/ports", network_id=network["id"], limit=2)
        assert [port["id"] for port in page["ports"]] == ids[:2]
        assert f"marker={ids[1]}" in page["ports_links"][0]["href"]
        assert service.get("/ports", project_id="another")["ports"] == []


class TestReservations:
    def reserve(self, service: Service, address: str, network: dict[str, Any]) -> dict[str, Any]:
        body = {"reservation": {"network_id": network["id"]}}
        row: dict[str, Any] = service.put(f"/fixed_ips/{address}/reservation", body)["fixed_ip"]
        return row

    def test_a_reserved_address_is_not_drawn_until_it_is_unreserved(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        row = self.reserve(service, "10.1.0.2", network)
        assert (row["reserved"], row["project_id"]) == (True, None)
        assert service.get("/ports")["ports"] == []
        assert address_of(service.nic(project, network["id"])) == "10.1.0.3"
        service.delete("/fixed_ips/10.1.0.2/reservation")
        assert service.refused("DELETE", "/fixed_ips/10.1.0.2/reservation").status == 404
        assert make_port(service, project, network, address="10.1.0.2")["address"] == "10.1.0.2"

    @pytest.mark.parametrize(
        ("address", "status", "code"),
        [
            ("10.1.0.1", 409, "fixed_ip_in_use"),
            ("10.1.0.2", 409, "fixed_ip_in_use"),
            ("10.1.0.255", 409, "fixed_ip_in_use"),
            ("10.1.1.2", 400, "address_out_of_range"),
            ("fd00:1::1", 400, "address_out_of_range"),
            ("junk", 400, "invalid_address"),
        ],
    )
    def test_what_cannot_be_reserved_is_refused(
        self, standing_cloud: ServedCloud, address: str, status: int, code: str
    ) -> None:
        vlan = standing_cloud.service("vlan")
        project = vlan.new_project()
        network = vlan.network(project)
        vlan.nic(project, network["id"])
        body = {"reservation": {"network_id": network["id"]}}
        before = vlan.everything()
        refusal = vlan.refused("PUT", f"/fixed_ips/{address}/reservation", body)
        assert (refusal.status, refusal.code) == (status, code), refusal.text
        assert vlan.everything() == before

    def test_an_address_in_use_is_not_unreserved(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        service.nic(project, network["id"])
        refusal = service.refused("DELETE", "/fixed_ips/10.1.0.2/reservation")
        assert (refusal.status, refusal.code) == (400, "invalid_value")
        assert "it is not reserved, but in use" in refusal.text
        assert "10.1.0.2" in service.addresses()


class TestFixedIps:
    def test_filters_narrow_the_list(
        self, service: Service, project: str, network: dict[str, Any]
    ) -> None:
        nic = service.nic(project, network["id"])
        assert service.addresses(address="10.1.0.2") == ["10.1.0.2"]
        spelled = address_of(nic, 6).upper()
        assert service.addresses(address=spelled) == [address_of(nic, 6)]
        assert len(service.addresses(network_id=network["id"])) == 2
        assert service.addresses(reserved="true") == []
        assert service.addresses(host="compute1") == []

    def test_of_two_networks_with_one_address_the_network_is_named(self, vlan: Service) -> None:
        one, two = vlan.new_project(), vlan.new_project()
        networks = [vlan.network(one), vlan.network(two)]
        nics = [
            vlan.nic(project, network["id"])
            for project, network in zip((one, two), networks, strict=True)
        ]
        refusal = vlan.refused("GET", "/fixed_ips/10.1.0.2")
        assert refusal.status == 400
        assert "several networks have it; say which network" in refusal.text
        found = vlan.get("/fixed_ips/10.1.0.2", network_id=networks[1]["id"])["fixed_ip"]
        assert found["virtual_nic_id"] == nics[1]["id"]
        # A project knows but its own.
        mine = vlan.as_project(one).get("/fixed_ips/10.1.0.2")["fixed_ip"]
        assert mine["virtual_nic_id"] == nics[0]["id"]
