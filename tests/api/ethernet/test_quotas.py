"""How many addresses a project may have, when the operator says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.ethernet.served import ServedCloud, Service, at_once


@pytest.fixture
def settings() -> str:
    limits = "quota_fixed_ips = 3\n"
    floating = "quota_floating_ips = 2\n"
    return f"[flat]\n{limits}[flat_dhcp]\n{limits}{floating}[vlan]\n{limits}{floating}"


@pytest.fixture
def project(service: Service) -> str:
    return service.new_project()


@pytest.fixture
def network(service: Service, project: str) -> dict[str, Any]:
    return service.network(project, cidr="10.1.0.0/24", cidr_v6="fd00:1::/64")


def test_the_limit_holds_for_nics_instances_and_ports_alike(
    service: Service, project: str, network: dict[str, Any]
) -> None:
    service.nic(project, network["id"])
    port = service.post("/ports", {"port": {"project_id": project, "network_id": network["id"]}})
    before = service.everything()
    both = {"project_id": project, "networks": [{"network_id": network["id"]}] * 2}
    refusal = service.refused("POST", "/instances/i1/virtual_nics", {"virtual_nics": both})
    assert (refusal.status, refusal.code, refusal.value) == (403, "over_quota", project)
    assert refusal.text == (f"project '{project}' may have 3 fixed addresses; this would make it 4")
    assert service.everything() == before
    service.boot(project, "i1", network)
    for path, body in (
        ("/virtual_nics", {"virtual_nic": {"project_id": project, "network_id": network["id"]}}),
        ("/ports", {"port": {"project_id": project, "network_id": network["id"]}}),
    ):
        assert service.refused("POST", path, body).code == "over_quota"
    service.delete(f"/ports/{port['port']['id']}")
    service.nic(project, network["id"])


def test_ipv6_reserved_and_other_projects_addresses_do_not_count(
    service: Service, project: str, network: dict[str, Any]
) -> None:
    for last in (10, 11, 12, 13):
        body = {"reservation": {"network_id": network["id"]}}
        service.put(f"/fixed_ips/10.1.0.{last}/reservation", body)
    v6 = service.network(project, cidr_v6="fd00:2::/64")
    for _ in range(4):
        service.nic(project, v6["id"])
    service.boot(project, "i1", network, network, network)
    other = service.new_project()
    service.boot(other, "i2", service.network(other, cidr="10.2.0.0/24"))


def test_floating_addresses_have_a_limit_of_their_own(serving: Service) -> None:
    project = serving.new_project()
    serving.post("/floating_ranges", {"floating_range": {"ip_range": "203.0.113.0/28"}})
    body = {"floating_ip": {"project_id": project}}
    lent = [serving.post("/floating_ips", body)["floating_ip"] for _ in range(2)]
    refusal = serving.refused("POST", "/floating_ips", body)
    assert (refusal.status, refusal.code) == (403, "over_quota")
    assert "may have 2 floating addresses; this would make it 3" in refusal.text
    serving.delete(f"/floating_ips/{lent[0]['address']}")
    serving.post("/floating_ips", body)
    serving.post("/floating_ips", {"floating_ip": {"project_id": serving.new_project()}})


def test_many_at_once_get_no_more_than_the_limit(cloud: ServedCloud) -> None:
    vlan = cloud.service("vlan")
    project = vlan.new_project()
    network = vlan.network(project)
    api = cloud.net_api("vlan")
    made = at_once(*[lambda: api.create_virtual_nic(project, network["id"])] * 8)
    refused = [result for result in made if isinstance(result, Exception)]
    assert {type(error).__name__ for error in refused} == {"QuotaExceeded"}
    assert (len(made) - len(refused), len(vlan.addresses())) == (3, 3)
