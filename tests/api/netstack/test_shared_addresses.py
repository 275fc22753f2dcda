"""Addresses that several NICs may send from, and which of them has one now."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from nova_netplugins.netstack.l2 import L2Port
from tests.api.ethernet.served import ServedCloud, address_of, at_once
from tests.api.netstack.served import Netstack, net_api


@pytest.fixture
def project(netstack: Netstack) -> str:
    return netstack.new_project()


@pytest.fixture
def network(netstack: Netstack, project: str) -> dict[str, Any]:
    return netstack.network(project, subnets=[{"cidr": "10.1.0.0/24"}, {"cidr": "fd00:1::/64"}])


@pytest.fixture
def pair(netstack: Netstack, project: str, network: dict[str, Any]) -> list[str]:
    """Two NICs of two instances."""
    return netstack.nics(project, network, 2)


def port_of(cloud: ServedCloud, nic_id: str) -> L2Port:
    api = net_api(cloud)
    return api.l2.get_port(api.get_virtual_nic(nic_id).attributes["port_id"])


class TestShared:
    def test_one_is_allocated_for_several_nics_listed_and_released(
        self, netstack: Netstack, cloud: ServedCloud, project: str,
        network: dict[str, Any], pair: list[str],
    ) -> None:  # fmt: skip
        every = f"/networks/{network['id']}/shared_addresses"
        told = cloud.prompted["netstack"].nics
        told.clear()
        shared = netstack.share(network, pair, project_id=project)
        assert shared["virtual_nic_ids"] == sorted(pair)
        assert (shared["project_id"], shared["version"]) == (project, 4)
        assert netstack.get(every)["shared_addresses"] == [shared]
        one = f"{every}/{shared['address']}"
        assert netstack.get(one)["shared_address"] == shared
        for nic_id in pair:
            assert shared["address"] in netstack.pairs(nic_id)
            sent_from = [found.ip_address for found in port_of(cloud, nic_id).pairs]
            assert shared["address"] in sent_from
        assert {nic_id for nic_id, _, _ in told} == set(pair)

        netstack.delete(one)
        assert netstack.get(every)["shared_addresses"] == []
        assert netstack.refused("GET", one).code == "shared_address_not_found"
        for nic_id in pair:
            assert shared["address"] not in netstack.pairs(nic_id)
            sent_from = [found.ip_address for found in port_of(cloud, nic_id).pairs]
            assert shared["address"] not in sent_from
        interfaces = netstack.ipam.interfaces.list(project)
        assert {found["id"] for found in interfaces} == set(pair)

    def test_nobody_else_gets_it(
        self, netstack: Netstack, project: str, network: dict[str, Any], pair: list[str]
    ) -> None:
        shared = netstack.share(network, pair, project_id=project, address="10.1.0.100")
        assert shared["address"] == "10.1.0.100"
        wish = {"network_id": network["id"], "addresses": ["10.1.0.100"]}
        body: dict[str, Any] = {"virtual_nics": {"project_id": project, "networks": [wish]}}
        assert netstack.refused("POST", "/instances/i9/virtual_nics", body).status == 409
        again = {"shared_address": {"project_id": project, "virtual_nic_ids": pair}}
        again["shared_address"]["address"] = "10.1.0.100"
        path = f"/networks/{network['id']}/shared_addresses"
        refusal = netstack.refused("POST", path, again)
        assert refusal.status == 409 and "10.1.0.100" in refusal.text

    def test_it_outlives_the_nics_that_share_it(
        self, netstack: Netstack, project: str, network: dict[str, Any], pair: list[str]
    ) -> None:
        shared = netstack.share(network, pair, project_id=project)
        netstack.delete(f"/virtual_nics/{pair[0]}")
        one = f"/networks/{network['id']}/shared_addresses/{shared['address']}"
        assert netstack.get(one)["shared_address"]["virtual_nic_ids"] == [pair[1]]
        netstack.delete(f"/virtual_nics/{pair[1]}")
        [late] = netstack.nics(project, network)
        allowed = f"/virtual_nics/{late}/allowed_addresses/{shared['address']}"
        netstack.put(allowed)
        assert netstack.get(one)["shared_address"]["virtual_nic_ids"] == [late]
        netstack.delete(one)

    def test_it_may_be_of_ipv6(
        self, netstack: Netstack, project: str, network: dict[str, Any], pair: list[str]
    ) -> None:
        shared = netstack.share(network, pair, project_id=project, version=6)
        assert shared["version"] == 6
        assert shared["address"] in netstack.pairs(pair[0])
        one = f"/networks/{network['id']}/shared_addresses/{shared['address']}"
        netstack.put(f"{one}/holder", {"holder": {"virtual_nic_id": pair[0]}})
        netstack.delete(one)
        assert shared["address"] not in netstack.pairs(pair[0])

    def test_one_that_cannot_be_is_refused_and_leaves_nothing(
        self, netstack: Netstack, project: str, network: dict[str, Any], pair: list[str]
    ) -> None:
        path = f"/networks/{network['id']}/shared_addresses"
        before = netstack.everything()
        wrongs: list[tuple[dict[str, Any], int]] = [
            ({"virtual_nic_ids": []}, 400),
            ({"virtual_nic_ids": ["nobody"]}, 404),
            ({"address": "10.9.0.1"}, 400),
            ({"address": "10.1.0.7", "version": 6}, 400),
            ({"version": 5}, 400),
        ]
        for wrong, status in wrongs:
            wishes = {"project_id": project, "virtual_nic_ids": pair, **wrong}
            refusal = netstack.refused("POST", path, {"shared_address": wishes})
            assert refusal.status == status, wrong
        assert netstack.get(path)["shared_addresses"] == []
        assert netstack.everything() == before

    def test_not_for_nics_of_another_network_or_project(
        self, netstack: Netstack, project: str, network: dict[str, Any], pair: list[str]
    ) -> None:
        path = f"/networks/{network['id']}/shared_addresses"
        [elsewhere] = netstack.nics(project, netstack.network(project))
        wishes = {"project_id": project, "virtual_nic_ids": [pair[0], elsewhere]}
        refusal = netstack.refused("POST", path, {"shared_address": wishes})
        assert (refusal.code, refusal.value) == ("virtual_nic_on_other_network", elsewhere)
        shared_by_all = netstack.network(subnets=[{"cidr": "10.3.0.0/24"}])
        [mine] = netstack.nics(project, shared_by_all)
        [theirs] = netstack.nics(netstack.new_project(), shared_by_all)
        wishes = {"project_id": project, "virtual_nic_ids": [mine, theirs]}
        path = f"/networks/{shared_by_all['id']}/shared_addresses"
        refusal = netstack.refused("POST", path, {"shared_address": wishes})
        assert (refusal.status, refusal.value) == (404, theirs)


class TestHolder:
    def test_it_is_said_shown_moved_and_unsaid(
        self, netstack: Netstack, project: str, network: dict[str, Any], pair: list[str]
    ) -> None:
        address = netstack.share(network, pair, project_id=project)["address"]
        path = f"/networks/{network['id']}/shared_addresses/{address}/holder"
        assert netstack.get(path)["holder"] == {"address": address, "virtual_nic_id": None}
        for nic_id in pair:
            body = {"holder": {"virtual_nic_id": nic_id}}
            assert netstack.put(path, body)["holder"]["virtual_nic_id"] == nic_id
            assert netstack.get(path)["holder"]["virtual_nic_id"] == nic_id
        netstack.delete(path)
        assert netstack.get(path)["holder"]["virtual_nic_id"] is None

    def test_a_third_partys_claim_is_refused_with_melanges_reason(
        self, netstack: Netstack, project: str, network: dict[str, Any], pair: list[str]
    ) -> None:
        address = netstack.share(network, pair, project_id=project)["address"]
        path = f"/networks/{network['id']}/shared_addresses/{address}/holder"
        netstack.put(path, {"holder": {"virtual_nic_id": pair[0]}})
        [third] = netstack.nics(project, network)
        for stranger in (third, "nobody"):
            refusal = netstack.refused("PUT", path, {"holder": {"virtual_nic_id": stranger}})
            assert refusal.status == 409
            assert f"the holder of shared address '{address}': Ip {address} is" in refusal.text
            assert f"neither allocated to interface {stranger} nor allowed" in refusal.text
        assert netstack.get(path)["holder"]["virtual_nic_id"] == pair[0]

    def test_of_an_address_that_is_not_shared_there_is_none(
        self, netstack: Netstack, network: dict[str, Any], pair: list[str]
    ) -> None:
        own = address_of(netstack.get(f"/virtual_nics/{pair[0]}")["virtual_nic"])
        for address, status in ((own, 404), ("10.1.0.250", 404), ("nonsense", 400)):
            path = f"/networks/{network['id']}/shared_addresses/{address}/holder"
            assert netstack.refused("GET", path).status == status


class TestAllowed:
    def test_an_address_is_allowed_on_a_further_nic_and_forbidden_again(
        self, netstack: Netstack, cloud: ServedCloud, pair: list[str]
    ) -> None:
        first, second = pair
        address = address_of(netstack.get(f"/virtual_nics/{first}")["virtual_nic"])
        every = f"/virtual_nics/{second}/allowed_addresses"
        for _ in range(2):
            allowed = netstack.put(f"{every}/{address}")["allowed_addresses"]
            assert allowed == [{"address": address}]
        assert netstack.get(every)["allowed_addresses"] == allowed
        assert address in netstack.pairs(second)
        assert address in [found.ip_address for found in port_of(cloud, second).pairs]

        for _ in range(2):
            netstack.delete(f"{every}/{address}")
        assert netstack.get(every)["allowed_addresses"] == []
        assert address not in netstack.pairs(second)
        assert address not in [found.ip_address for found in port_of(cloud, second).pairs]

    def test_one_that_nobody_has_is_refused_with_melanges_reason(
        self, netstack: Netstack, pair: list[str]
    ) -> None:
        path = f"/virtual_nics/{pair[0]}/allowed_addresses/10.1.0.200"
        refusal = netstack.refused("PUT", path)
        assert refusal.status == 404 and "10.1.0.200" in refusal.text
        assert netstack.get(f"/virtual_nics/{pair[0]}/allowed_addresses") == {
            "allowed_addresses": []
        }

    def test_its_own_is_always_allowed(self, netstack: Netstack, pair: list[str]) -> None:
        own = address_of(netstack.get(f"/virtual_nics/{pair[0]}")["virtual_nic"])
        for method in ("PUT", "DELETE"):
            path = f"/virtual_nics/{pair[0]}/allowed_addresses/{own}"
            refusal = netstack.refused(method, path)
            assert refusal.status == 400 and own in refusal.text
        assert own in netstack.pairs(pair[0])

    def test_several_at_once_are_all_followed(
        self, netstack: Netstack, cloud: ServedCloud, project: str,
        network: dict[str, Any], pair: list[str],
    ) -> None:  # fmt: skip
        addresses = [
            netstack.share(network, [pair[0]], project_id=project)["address"] for _ in range(6)
        ]
        every = f"/virtual_nics/{pair[1]}/allowed_addresses"
        puts = [partial(netstack.put, f"{every}/{address}") for address in addresses]
        assert [type(one) for one in at_once(*puts)] == [dict] * 6
        assert set(netstack.pairs(pair[1])) >= set(addresses)
        assert {found.ip_address for found in port_of(cloud, pair[1]).pairs} >= set(addresses)
