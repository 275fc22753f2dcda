"""Networks whose addresses are Melange's."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from nova_netplugins.netstack.l2 import NewNetwork
from tests.api.ethernet.served import ServedCloud
from tests.api.netstack.served import Netstack, net_api

V6 = {"cidr": "fd00:1::/64"}


def test_a_network_is_made_listed_shown_changed_and_deleted(netstack: Netstack) -> None:
    made = netstack.network(label="blue", mtu=1400, subnets=[{"cidr": "10.1.0.5/24"}, V6])
    assert (made["label"], made["mtu"], made["project_id"]) == ("blue", 1400, None)
    assert [(one["cidr"], one["version"]) for one in made["subnets"]] == [
        ("10.1.0.0/24", 4),
        ("fd00:1::/64", 6),
    ]
    assert made["subnets"][0]["gateway"] == "10.1.0.1"
    one = f"/networks/{made['id']}"
    assert netstack.get(one)["network"] == made
    assert netstack.get("/networks", label="blue")["networks"] == [made]
    assert netstack.get("/networks", label="red")["networks"] == []

    changed = netstack.put(one, {"network": {"label": "red", "routed": False}})["network"]
    assert (changed["label"], changed["routed"]) == ("red", False)

    netstack.delete(one)
    assert netstack.refused("GET", one).code == "network_not_found"
    assert netstack.get("/networks")["networks"] == []


def test_its_subnets_are_blocks_of_melange_under_its_own_id(netstack: Netstack) -> None:
    project = netstack.new_project()
    owned, common = netstack.network(project), netstack.network(subnets=[{"cidr": "10.2.0.0/24"}])
    for tenant, network in ((project, owned), (netstack.default_tenant, common)):
        [block] = netstack.ipam.networks.ip_blocks(tenant, network["id"])
        assert (block["id"], block["cidr"]) == (
            network["subnets"][0]["id"],
            network["subnets"][0]["cidr"],
        )


def test_a_network_may_be_pure_layer_2(netstack: Netstack) -> None:
    project = netstack.new_project()
    network = netstack.network(project, subnets=[])
    [nic] = netstack.boot(project, "i1", network)
    assert (network["subnets"], nic["fixed_ips"]) == ([], [])
    assert nic["attributes"]["port_security"] is False


def test_pages_follow_each_other(netstack: Netstack) -> None:
    ids = {netstack.network(subnets=[])["id"] for _ in range(3)}
    first = netstack.get("/networks", limit=2)
    last = netstack.get("/networks", limit=2, marker=first["networks"][-1]["id"])
    assert {one["id"] for one in first["networks"] + last["networks"]} == ids
    assert "networks_links" in first and "networks_links" not in last


class TestAdoption:
    @pytest.fixture
    def existing(self, cloud: ServedCloud) -> str:
        """A network that layer 2 has, and netstack does not know."""
        made = net_api(cloud).l2.create_network(NewNetwork(key="theirs", name="theirs"))
        return made.id

    def test_an_existing_network_is_used_by_its_id_and_stays(
        self, netstack: Netstack, cloud: ServedCloud, existing: str
    ) -> None:
        project = netstack.new_project()
        network = netstack.network(project, id=existing)
        assert (network["id"], network["adopted"]) == (existing, True)
        [nic] = netstack.boot(project, "i1", network)
        assert nic["fixed_ips"][0]["address"].startswith("10.1.0.")
        netstack.delete("/instances/i1/virtual_nics")
        netstack.delete(f"/networks/{existing}")
        assert net_api(cloud).l2.get_network(existing).name == "theirs"

    def test_one_that_layer_2_has_not_is_refused(self, netstack: Netstack) -> None:
        before = netstack.everything()
        body = {"network": {"label": "x", "id": str(uuid.uuid4())}}
        refusal = netstack.refused("POST", "/networks", body)
        assert (refusal.status, refusal.code) == (404, "network_not_found")
        assert netstack.everything() == before


class TestSubnets:
    def test_one_is_added_used_and_deleted(self, netstack: Netstack) -> None:
        project = netstack.new_project()
        network = netstack.network(project, subnets=[])
        subnets = f"/networks/{network['id']}/subnets"
        body = {"cidr": "10.5.0.0/24", "gateway": "10.5.0.254", "dns": ["192.0.2.53"]}
        made = netstack.post(subnets, {"subnet": {**body, "priority": 5}})["subnet"]
        assert {**made, **body, "priority": 5} == made
        assert netstack.get(subnets)["subnets"] == [made]
        assert netstack.get(f"/networks/{network['id']}")["network"]["subnets"] == [made]

        [nic] = netstack.boot(project, "i1", network)
        assert nic["fixed_ips"][0]["address"].startswith("10.5.0.")
        refusal = netstack.refused("DELETE", f"{subnets}/{made['id']}")
        assert refusal.status == 409
        assert "10.5.0" in refusal.text

        netstack.delete("/instances/i1/virtual_nics")
        netstack.delete(f"{subnets}/{made['id']}")
        assert netstack.get(subnets)["subnets"] == []

    def test_the_lowest_priority_is_drawn_from_first(self, netstack: Netstack) -> None:
        project = netstack.new_project()
        last, first = {"cidr": "10.5.0.0/24", "priority": 9}, {"cidr": "10.6.0.0/24", "priority": 1}
        network = netstack.network(project, subnets=[last, first])
        [nic] = netstack.boot(project, "i1", network)
        assert nic["fixed_ips"][0]["address"].startswith("10.6.0.")

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ({"cidr": "10.1.0.128/25"}, "10.1.0.128/25"),
            ({"cidr": "10.5.0.0/33"}, "10.5.0.0/33"),
            ({"cidr": "10.5.0.0/24", "gateway": "10.6.0.1"}, "10.6.0.1"),
            ({"cidr": "10.5.0.0/24", "dns": ["nobody"]}, "nobody"),
            ({"gateway": "10.5.0.1"}, "cidr"),
        ],
    )
    def test_one_that_cannot_be_is_refused(
        self, standing: Netstack, wrong: dict[str, Any], named: str
    ) -> None:
        network = standing.network(standing.new_project())
        refusal = standing.refused("POST", f"/networks/{network['id']}/subnets", {"subnet": wrong})
        assert refusal.status in (400, 409)
        assert named in refusal.text
        assert standing.get(f"/networks/{network['id']}/subnets")["subnets"] == network["subnets"]

    def test_an_unknown_one_is_not_found(self, netstack: Netstack) -> None:
        network = netstack.network()
        refusal = netstack.refused("DELETE", f"/networks/{network['id']}/subnets/nobody")
        assert refusal.status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"label": ""},
        {"label": "x", "colour": "blue"},
        {"label": "x", "subnets": [{"cidr": "10.1.0.0"}]},
        {"label": "x", "subnets": [{"cidr": "10.1.0.0/24"}, {"cidr": "10.1.0.0/25"}]},
        {"label": "x", "id": "no-uuid"},
        {"label": "x", "mtu": 100},
        {"label": "x", "project_id": "a/b"},
        {"label": "x", "project_id": "green\u200b"},
    ],
)
def test_a_network_that_cannot_be_is_refused_and_leaves_nothing(
    standing: Netstack, wrong: dict[str, Any]
) -> None:
    before = standing.everything()
    assert standing.refused("POST", "/networks", {"network": wrong}).status in (400, 409)
    assert standing.everything() == before


def test_a_network_with_a_nic_is_not_deleted(netstack: Netstack) -> None:
    project = netstack.new_project()
    network = netstack.network(project)
    netstack.boot(project, "i1", network)
    before = netstack.everything()
    refusal = netstack.refused("DELETE", f"/networks/{network['id']}")
    assert (refusal.status, refusal.code) == (409, "network_in_use")
    assert netstack.everything() == before


def test_only_an_administrator_makes_networks_and_sees_how_they_are_made(
    netstack: Netstack,
) -> None:
    project = netstack.new_project()
    network = netstack.network(project)
    member = netstack.as_project(project)
    for method, path, body in (
        ("POST", "/networks", {"network": {"label": "x"}}),
        ("PUT", f"/networks/{network['id']}", {"network": {"label": "x"}}),
        ("DELETE", f"/networks/{network['id']}", None),
        ("POST", f"/networks/{network['id']}/subnets", {"subnet": {"cidr": "10.9.0.0/24"}}),
        ("DELETE", f"/networks/{network['id']}/subnets/{network['subnets'][0]['id']}", None),
    ):
        assert member.refused(method, path, body).code == "policy_denied", path
    shown = member.get(f"/networks/{network['id']}")["network"]
    assert network["segment"] and "segment" not in shown and "host" not in shown
