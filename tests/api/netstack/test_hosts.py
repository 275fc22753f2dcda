"""What network hosts and compute hosts ask and tell; and that anybody puts things right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.ethernet.served import ServedCloud, address_of
from tests.api.netstack.served import Netstack, net_api

NOTHING = {"count": 0, "examples": []}
REPORT = {
    "driver": "dnsmasq",
    "allocated": 2,
    "served": 1,
    "missing": {"count": 1, "examples": ["10.1.0.3"]},
    "extra": NOTHING,
    "wrong": NOTHING,
}


def test_a_host_takes_networks_and_is_told_all_of_them(netstack: Netstack) -> None:
    project = netstack.new_project()
    network = netstack.network(project)
    [nic] = netstack.boot(project, "i1", network, hostname="web")
    netstack.pool()
    lent = netstack.post("/floating_ips", {"floating_ip": {"project_id": project}})["floating_ip"]
    association = {"association": {"virtual_nic_id": nic["id"]}}
    netstack.put(f"/floating_ips/{lent['address']}/association", association)

    for _ in range(2):
        assert netstack.put("/hosts/net-1/networks")["network_ids"] == [network["id"]]
    assert netstack.put("/hosts/net-2/networks")["network_ids"] == []
    serving = netstack.get(f"/hosts/net-1/networks/{network['id']}")["serving"]
    assert (serving["here"], serving["network"]["host"]) == (True, "net-1")
    assert [(one["id"], one["addresses"]) for one in serving["nics"]] == [
        (nic["id"], [address_of(nic)])
    ]
    [subnet] = serving["subnets"]
    assert (subnet["cidr"], subnet["server"]) == ("10.1.0.0/24", "10.1.0.1")
    assert serving["floating_ips"] == [
        {"address": lent["address"], "fixed_address": address_of(nic)}
    ]
    one = netstack.get(f"/hosts/net-1/networks/{network['id']}", nic_id=nic["id"])["serving"]
    assert [found["id"] for found in one["nics"]] == [nic["id"]]
    elsewhere = netstack.get(f"/hosts/net-2/networks/{network['id']}")["serving"]
    assert elsewhere["here"] is False and "nics" not in elsewhere
    assert netstack.refused("GET", "/hosts/net-1/networks/nobody").code == "network_not_found"
    assert netstack.refused("PUT", f"/hosts/{'h' * 256}/networks").status == 400


def test_no_host_answers_for_what_a_project_calls_public_itself(netstack: Netstack) -> None:
    project = netstack.new_project()
    network = netstack.network(project)
    [nic] = netstack.boot(project, "i1", network)
    own = netstack.pool(tenant=project)
    lent = netstack.ipam.floating_ips.create(project, ip_block_id=own)
    block = network["subnets"][0]["id"]
    netstack.ipam.floating_ips.associate(
        project, lent["id"], {"ip_block_id": block, "address": address_of(nic)}
    )
    netstack.put("/hosts/net-1/networks")
    serving = netstack.get(f"/hosts/net-1/networks/{network['id']}")["serving"]
    assert serving["floating_ips"] == []


def test_what_a_dhcp_server_serves_is_reported(netstack: Netstack, cloud: ServedCloud) -> None:
    network = netstack.network()
    netstack.put("/hosts/net-1/networks")
    path = f"/hosts/net-1/networks/{network['id']}/dhcp"
    netstack.put(path, {"dhcp": REPORT})
    [found] = net_api(cloud).dhcp_reports()
    assert found["report"]["missing"] == REPORT["missing"]
    assert netstack.refused("PUT", "/hosts/n/networks/nobody/dhcp", {"dhcp": REPORT}).status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {**REPORT, "served": -1},
        {**REPORT, "served": 2**31},
        {**REPORT, "extra": ["10.1.0.3"]},
        {**REPORT, "more": 1},
    ],
)
def test_a_report_that_cannot_be_is_refused(standing: Netstack, wrong: dict[str, Any]) -> None:
    network = standing.network(standing.new_project())
    path = f"/hosts/net-1/networks/{network['id']}/dhcp"
    assert standing.refused("PUT", path, {"dhcp": wrong}).status == 400


def test_hosts_tell_where_their_tunnels_end(netstack: Netstack) -> None:
    for _ in range(2):
        netstack.put("/hosts/compute-1/tunnel", {"tunnel": {"address": "192.0.2.1"}})
    for wrong in ("nonsense", "0.0.0.0"):
        body = {"tunnel": {"address": wrong}}
        assert netstack.refused("PUT", "/hosts/compute-1/tunnel", body).status == 400


def test_reconciling_finds_what_melange_was_told_by_others(netstack: Netstack) -> None:
    project = netstack.new_project()
    network = netstack.network(project)
    first, second = netstack.boot(project, "i1", network, network)
    netstack.put("/reconciliation")
    netstack.ipam.allowed_ips.create(project, second["id"], network["id"], address_of(first))
    netstack.ipam.ip_blocks.create(project, "10.7.0.0/24", network_id=network["id"])
    changed = netstack.put("/reconciliation")["reconciliation"]["changed"]
    assert any(network["id"] in line for line in changed)
    cidrs = [
        one["cidr"] for one in netstack.get(f"/networks/{network['id']}")["network"]["subnets"]
    ]
    assert cidrs == ["10.1.0.0/24", "10.7.0.0/24"]
    assert netstack.put("/reconciliation")["reconciliation"]["changed"] == []
