"""What a network host is told: from Melange as it is now, with a port of Quantum of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from melange.client import Patience, connect
from nova_netplugins.errors import NetworkNotFound
from nova_netplugins.netstack.gateways import GatewayInMaking, gateway_id
from nova_netplugins.netstack.l2 import GATEWAY_OWNER, L2Port
from nova_netplugins.netstack.melange import Melange, block_of
from nova_netplugins.netstack.melange_errors import MelangeUnavailable, NoMoreAddresses
from nova_netplugins.netstack.model import BlockSpec
from nova_netplugins.netstack.serving import SLAAC_TAG
from nova_netplugins.netstack.tables import VIRTUAL_NICS
from nova_netplugins.plugin import InstanceRequest, RequestedNic, VirtualNic
from nova_netplugins.testing.bench import Bench
from tests.netstack.cloud import PROJECT, NetApi, network_of
from tests.netstack.melange_server import MelangeServer


def nic_on(net_api: NetApi, network_id: str, *addresses: str) -> VirtualNic:
    wanted = (RequestedNic(network_id, addresses),)
    [nic] = net_api.allocate_for_instance(InstanceRequest("i-1", PROJECT, nics=wanted))
    return nic


def described(net_api: NetApi, network_id: str, host: str = "net-1") -> dict[str, Any]:
    net_api.claim_networks(host)
    serving = net_api.describe_serving(host, network_id)
    assert serving["here"]
    return serving


def servers(serving: dict[str, Any]) -> list[str | None]:
    return [subnet["server"] for subnet in serving["subnets"]]


def gateway_port(net_api: NetApi, network_id: str) -> L2Port:
    [port] = net_api.l2.list_ports(network_id=network_id, device_owner=GATEWAY_OWNER)
    return port


def held_by_gateway(melange: MelangeServer, network_id: str) -> list[str]:
    found = melange.client.allocated_ip_addresses.list(
        network_id=network_id, interface_id=gateway_id(network_id)
    )
    return [one["address"] for one in found]


def test_the_first_host_that_offers_takes_a_network_and_its_hosts_are_told(
    net_api: NetApi, bench: Bench
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    assert net_api.claim_networks("net-1") == [network_id]
    assert bench.told.networks == [network_id]
    assert net_api.claim_networks("net-2") == []
    assert net_api.claim_networks("net-1") == [network_id]
    assert bench.told.networks == [network_id], "once"
    assert net_api.describe_serving("net-2", network_id)["here"] is False


def test_a_routed_network_is_served_at_the_gateways_of_its_blocks(
    net_api: NetApi, melange: MelangeServer
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", "fd00:1::/64")
    first, again = (described(net_api, network_id) for _ in range(2))
    assert servers(first) == ["10.0.0.1", "fd00:1::1"]
    assert first["gateway"] == again["gateway"]
    port = gateway_port(net_api, network_id)
    assert first["gateway"]["port_id"] == port.id
    assert (port.host, port.mac_address) == ("net-1", first["gateway"]["mac_address"])
    assert held_by_gateway(melange, network_id) == []


def test_where_the_gateway_is_not_ours_melange_gives_the_server_an_address(
    net_api: NetApi, melange: MelangeServer
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", routed=False)
    tenant = net_api.melange.tenant_of(None)
    [block] = net_api.list_subnets(network_id)
    net_api.melange.update_block(tenant, block.id, gateway="10.0.0.254")
    [address] = servers(described(net_api, network_id))
    assert held_by_gateway(melange, network_id) == [address]
    net_api.create_subnet(network_id, BlockSpec("10.0.9.0/24"))
    both = servers(described(net_api, network_id))
    assert both == held_by_gateway(melange, network_id) and both[0] == address
    assert servers(described(net_api, network_id)) == both


def test_a_block_that_is_full_has_no_server_and_the_others_have(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/30", routed=False)
    with pytest.raises(NoMoreAddresses):
        while True:
            nic_on(net_api, network_id)
    net_api.create_subnet(network_id, BlockSpec("10.0.9.0/24"))
    full, other = servers(described(net_api, network_id))
    assert full is None and other is not None


def test_another_host_that_serves_the_network_has_the_same_port(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    before = described(net_api, network_id)
    net_api.modify_network(network_id, {"host": "net-2"})
    after = described(net_api, network_id, "net-2")
    assert after["gateway"] == before["gateway"]
    assert gateway_port(net_api, network_id).host == "net-2"
    assert net_api.describe_serving("net-1", network_id)["here"] is False


def test_a_gateway_that_is_being_made_is_nobodys_to_use(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    described(net_api, network_id)
    net_api.run(lambda conn: conn.execute(VIRTUAL_NICS.update().values(state="building")))
    with pytest.raises(GatewayInMaking, match=network_id):
        net_api.describe_serving("net-1", network_id)


def test_a_network_goes_with_all_that_its_host_was_given(
    net_api: NetApi, melange: MelangeServer
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", routed=False)
    described(net_api, network_id)
    net_api.delete_network(network_id)
    assert net_api.l2.list_ports(network_id=network_id) == []
    assert held_by_gateway(melange, network_id) == []
    with pytest.raises(NetworkNotFound):
        net_api.describe_serving("net-1", network_id)


def test_pure_layer_2_has_nothing_to_serve(net_api: NetApi) -> None:
    network_id = network_of(net_api)
    nic = nic_on(net_api, network_id)
    serving = described(net_api, network_id)
    assert (serving["gateway"], serving["subnets"]) == (None, [])
    assert [(one["id"], one["addresses"]) for one in serving["nics"]] == [(nic.id, [])]
    assert net_api.l2.list_ports(device_owner=GATEWAY_OWNER) == []


def test_what_hangs_on_a_block_is_told_with_it(net_api: NetApi, melange: MelangeServer) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", "fd00:1::/64")
    v4, v6 = net_api.list_subnets(network_id)
    melange.client.ip_routes.create(v4.tenant_id, v4.id, "192.0.2.0", "10.0.0.9", "255.255.255.0")
    melange.client.dhcp_options.create(v4.tenant_id, v4.id, "ntp-server", "10.0.0.8")
    melange.client.ip_blocks.update(v6.tenant_id, v6.id, tags=[*v6.tags, SLAAC_TAG])
    first, second = described(net_api, network_id)["subnets"]
    assert first["routes"] == [{"destination": "192.0.2.0/24", "gateway": "10.0.0.9"}]
    assert first["options"] == {"ntp-server": "10.0.0.8"}
    assert (first["slaac"], second["slaac"]) == (False, True)


def test_nics_are_told_as_melange_has_them_now(net_api: NetApi, melange: MelangeServer) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", project_id=PROJECT)
    nic = nic_on(net_api, network_id, "10.0.0.9", "10.0.0.7")
    [told] = described(net_api, network_id)["nics"]
    assert told["addresses"] == ["10.0.0.9", "10.0.0.7"], "in the order asked for"
    [block] = net_api.list_subnets(network_id)
    melange.client.ip_addresses.release(PROJECT, block.id, "10.0.0.9")
    [told] = described(net_api, network_id)["nics"]
    assert told["addresses"] == ["10.0.0.7"]
    alone = net_api.describe_serving("net-1", network_id, nic.id)
    assert [one["addresses"] for one in alone["nics"]] == [["10.0.0.7"]]
    assert "subnets" not in alone


def test_a_nic_that_comes_while_melange_is_asked_is_not_told_without_its_addresses(
    net_api: NetApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    first = nic_on(net_api, network_id)
    ask = net_api.melange.allocated

    def ask_and_be_late(*asked: Any, **more: Any) -> list[Mapping[str, Any]]:
        found = list(ask(*asked, **more))
        nic_on(net_api, network_id)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(net_api.melange, "allocated", ask_and_be_late)
        assert [one["id"] for one in described(net_api, network_id)["nics"]] == [first.id]
    told = described(net_api, network_id)["nics"]
    assert [len(one["addresses"]) for one in told] == [1, 1]


def test_while_melange_is_away_single_nics_are_told_as_remembered(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    nic = nic_on(net_api, network_id, "10.0.0.9")
    described(net_api, network_id)
    nobody = connect("http://127.0.0.1:1", patience=Patience(retries=0))
    net_api.melange = Melange(nobody, net_api.options.default_tenant)
    [told] = net_api.describe_serving("net-1", network_id, nic.id)["nics"]
    assert told["addresses"] == ["10.0.0.9"]
    with pytest.raises(MelangeUnavailable):
        net_api.describe_serving("net-1", network_id)


def test_what_is_no_dns_server_route_or_gateway_costs_nobody_his_address(
    net_api: NetApi, melange: MelangeServer, caplog: pytest.LogCaptureFixture
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", project_id=PROJECT)
    nic = nic_on(net_api, network_id)
    [block] = net_api.melange.blocks(PROJECT, network_id)
    texts = {"dns1": "fe80::53%x\nlog-queries", "dns2": "192.0.2.53"}
    melange.client.ip_blocks.update(PROJECT, block.id, **texts)
    wrong = [
        ("nope", "x", "10.0.0.9"),
        ("192.0.2.0", "255.255.255.0", "y"),
        ("2001:db8::", "32", "10.0.0.9"),
        ("198.51.100.0/24", None, "fd00::9"),
    ]
    for destination, netmask, gateway in [*wrong, ("203.0.113.0", "255.255.255.0", "10.0.0.9")]:
        melange.client.ip_routes.create(
            PROJECT, block.id, destination=destination, netmask=netmask, gateway=gateway
        )
    serving = described(net_api, network_id)
    [subnet] = serving["subnets"]
    assert subnet["dns"] == ["192.0.2.53"]
    assert subnet["routes"] == [{"destination": "203.0.113.0/24", "gateway": "10.0.0.9"}]
    assert [one["id"] for one in serving["nics"]] == [nic.id]
    for said in (
        "dns1 'fe80::53%x\\nlog-queries', which is not an IP address",
        "route's destination 'nope/x', which is not an IPv4 network",
        "route's gateway 'y', which is not an IPv4 address",
        "route's destination '2001:db8::/32', which is not an IPv4 network",
        "route's gateway 'fd00::9', which is not an IPv4 address",
    ):
        assert f"block {block.id} is used without its {said}" in caplog.text


@pytest.mark.parametrize("gateway", ["nowhere", "fd00::1"])
def test_a_gateway_of_no_use_is_none(caplog: pytest.LogCaptureFixture, gateway: str) -> None:
    """As Melange v0.1 may have kept it; ours takes none."""
    shown: dict[str, Any] = dict.fromkeys(("dns1", "dns2", "network_id", "tenant_id"))
    id_ = f"block-with-{gateway}"
    block = block_of({**shown, "id": id_, "cidr": "10.0.0.0/24", "gateway": gateway, "priority": 0})
    assert block.gateway is None
    assert f"block {id_} is used without its gateway '{gateway}', which is not" in caplog.text
