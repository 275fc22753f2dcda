"""What a network host asks of net-api to serve networks, and tells it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.ethernet.served import ServedCloud, Service, address_of, at_once


@pytest.fixture
def project(serving: Service) -> str:
    return serving.new_project()


def claim(service: Service, host: str) -> list[str]:
    ids: list[str] = service.put(f"/hosts/{host}/networks")["network_ids"]
    return ids


def describe(service: Service, host: str, network: dict[str, Any], **query: str) -> dict[str, Any]:
    path = f"/hosts/{host}/networks/{network['id']}"
    serving: dict[str, Any] = service.get(path, **query)["serving"]
    return serving


def test_the_first_host_serves_a_network_and_keeps_it(serving: Service, project: str) -> None:
    network = serving.network(project)
    assert claim(serving, "net1") == [network["id"]]
    assert claim(serving, "net2") == []
    assert claim(serving, "net1") == [network["id"]]
    serving.put(f"/networks/{network['id']}", {"network": {"host": "net2"}})
    assert (claim(serving, "net1"), claim(serving, "net2")) == ([], [network["id"]])
    assert not describe(serving, "net1", network)["here"]
    assert describe(serving, "net2", network)["here"]


def test_many_hosts_at_once_share_the_networks_without_overlap(
    cloud: ServedCloud, serving: Service, project: str
) -> None:
    networks = [serving.network(project, cidr=f"10.{number}.0.0/24") for number in range(1, 9)]
    api = cloud.net_api(serving.name)
    claims = at_once(*[lambda name=name: api.claim_networks(name) for name in "abcd"])
    assert sorted(sum(claims, [])) == sorted(network["id"] for network in networks)


def test_a_host_is_told_the_nics_and_floating_addresses_of_its_network(
    serving: Service, project: str
) -> None:
    network = serving.network(project, cidr="10.1.0.0/24", cidr_v6="fd00:1::/64")
    nic = serving.nic(project, network["id"], hostname="web")
    serving.nic(project, serving.network(project, cidr="10.2.0.0/24")["id"])
    serving.post("/floating_ranges", {"floating_range": {"ip_range": "198.51.100.7"}})
    serving.post("/floating_ips", {"floating_ip": {"project_id": project}})
    association = {"association": {"virtual_nic_id": nic["id"]}}
    serving.put("/floating_ips/198.51.100.7/association", association)
    claim(serving, "net1")
    told = describe(serving, "net1", network)
    assert told["network"]["cidr"] == "10.1.0.0/24"
    assert told["address"] == "10.1.0.1"
    assert told["nics"] == [
        {
            "id": nic["id"],
            "mac_address": nic["mac_address"],
            "hostname": "web",
            "default_route": True,
            "ipv4": "10.1.0.2",
            "ipv6": address_of(nic, 6),
        }
    ]
    assert [(row["address"], row["fixed_address"]) for row in told["floating_ips"]] == [
        ("198.51.100.7", "10.1.0.2")
    ]


def test_a_multi_host_network_is_served_where_its_nics_are_from_an_address_of_each_host(
    serving: Service, project: str
) -> None:
    network = serving.network(project, multi_host=True)
    assert claim(serving, "compute1") == []
    one = serving.nic(project, network["id"], host="compute1")
    serving.nic(project, network["id"], host="compute2")
    assert claim(serving, "compute1") == claim(serving, "compute2") == [network["id"]]
    first, second = (describe(serving, f"compute{n}", network) for n in (1, 2))
    assert (first["address"], second["address"]) == ("10.1.0.4", "10.1.0.5")
    assert [nic["id"] for nic in first["nics"]] == [one["id"]]
    assert describe(serving, "compute1", network)["address"] == "10.1.0.4"
    assert serving.addresses(host="compute1") == ["10.1.0.4"]


def test_a_host_that_asks_twice_at_once_has_one_address(
    cloud: ServedCloud, serving: Service, project: str
) -> None:
    network = serving.network(project, multi_host=True)
    serving.nic(project, network["id"], host="compute1")
    api = cloud.net_api(serving.name)
    told = at_once(*[lambda: api.describe_serving("compute1", network["id"])] * 8)
    assert {row["address"] for row in told} == {"10.1.0.3"}
    assert sorted(serving.addresses()) == ["10.1.0.2", "10.1.0.3"]


def test_a_host_without_nics_of_a_multi_host_network_takes_nothing_of_it(
    serving: Service, project: str
) -> None:
    network = serving.network(project, multi_host=True)
    serving.nic(project, network["id"], host="compute1")
    told = describe(serving, "compute2", network)
    assert not told["here"] and "nics" not in told
    assert serving.addresses() == ["10.1.0.2"]


def test_a_host_gives_its_own_address_back_after_its_last_nic(
    serving: Service, project: str
) -> None:
    network = serving.network(project, multi_host=True)
    nics = [serving.nic(project, network["id"], host=f"compute{n}") for n in (1, 2)]
    for host in ("compute1", "compute2"):
        describe(serving, host, network)
    serving.delete(f"/virtual_nics/{nics[0]['id']}")
    serving.put(f"/virtual_nics/{nics[1]['id']}/binding", {"binding": {"host": "compute3"}})
    for number in (1, 2, 3):
        claim(serving, f"compute{number}")
    assert serving.addresses() == [address_of(nics[1])]


def test_a_shared_address_is_the_gateways_on_every_host(serving: Service, project: str) -> None:
    network = serving.network(project, multi_host=True, share_address=True)
    nics = [serving.nic(project, network["id"], host=host) for host in "ab"]
    assert {describe(serving, host, network)["address"] for host in "ab"} == {"10.1.0.1"}
    assert sorted(serving.addresses()) == [address_of(nic) for nic in nics]


def test_leases_are_noted_and_those_of_nobody_ignored(serving: Service, project: str) -> None:
    network = serving.network(project)
    serving.nic(project, network["id"])
    path = f"/hosts/net1/networks/{network['id']}/leases"
    for leases, leased in (
        ({"leased": ["10.1.0.2", "10.1.0.99"]}, True),
        ({"released": ["10.1.0.2"]}, False),
        ({}, False),
    ):
        serving.put(path, {"leases": leases})
        assert serving.get("/fixed_ips/10.1.0.2")["fixed_ip"]["leased"] is leased
    assert serving.refused("PUT", path, {"leases": {"leased": ["x"]}}).status == 400


def test_a_lease_is_no_reason_to_look_at_the_network_again(serving: Service, project: str) -> None:
    network = serving.network(project)
    serving.nic(project, network["id"])
    claim(serving, "net1")
    state = describe(serving, "net1", network)["state"]
    path = f"/hosts/net1/networks/{network['id']}/leases"
    serving.put(path, {"leases": {"leased": ["10.1.0.2"]}})
    assert describe(serving, "net1", network, unless_state=state) == {"state": state}
    serving.nic(project, network["id"])
    assert len(describe(serving, "net1", network, unless_state=state)["nics"]) == 2


def test_what_is_not_there_is_not_described(serving: Service) -> None:
    leases = {"leases": {"leased": [], "complete": True}}
    for verb, below, body in (("GET", "", None), ("PUT", "/leases", leases)):
        refusal = serving.refused(verb, f"/hosts/net1/networks/none{below}", body)
        assert (refusal.status, refusal.code) == (404, "network_not_found")


def test_a_host_name_that_no_row_can_hold_is_refused(serving: Service) -> None:
    refusal = serving.refused("PUT", f"/hosts/{'h' * 256}/networks")
    assert (refusal.status, refusal.field) == (400, "host")
