"""What goes over the wire comes back the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nova_netplugins import plugin, wire

NETWORK = plugin.Network(
    id="n1",
    label="private",
    project_id="red",
    subnets=(
        plugin.Subnet(
            4, "10.0.0.0/24", gateway="10.0.0.1", dns=("9.9.9.9",), dhcp_server="10.0.0.1"
        ),
        plugin.Subnet(6, "fd00::/64", id="s6"),
    ),
    mtu=1450,
    host="net1",
    attributes={"bridge": "br100", "vlan": 100, "routes": [{"to": "10.1.0.0/16"}]},
)
NIC = plugin.VirtualNic(
    id="v1",
    network_id="n1",
    project_id="red",
    mac_address="fa:16:3e:00:00:01",
    device="tapv1",
    fixed_ips=(plugin.FixedIp("10.0.0.3", 4), plugin.FixedIp("fd00::3", 6, subnet_id="s6")),
    attributes={"port_id": "p1", "allowed_address_pairs": [["10.0.0.9", None]]},
)


@pytest.mark.parametrize(
    "value",
    [
        NETWORK,
        NIC,
        plugin.Wiring(NIC, NETWORK),
        plugin.FloatingIp("f1", "203.0.113.1", "public", "red"),
        plugin.InstanceRequest("i1", "red", nics=(plugin.RequestedNic("n1", ("10.0.0.9",)),)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_sent_is_what_is_received(value: Any) -> None:
    received = json.loads(json.dumps(wire.to_dict(value)))

    assert wire.from_dict(type(value), received) == value


def test_members_of_a_newer_sender_are_ignored_and_missing_ones_have_their_default() -> None:
    network = wire.from_dict(plugin.Network, {"id": "n1", "label": "x", "colour": "blue"})

    assert network == plugin.Network("n1", "x")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"label": "x"}, "Network needs 'id'; it has ['label']"),
        ([], "Network must be an object, not []"),
        ({"id": 7, "label": "x"}, "Network.id must be of type str, not 7"),
        ({"id": "n", "label": "x", "subnets": "no"}, "Network.subnets must be a list, not 'no'"),
        ({"id": "n", "label": "x", "subnets": [3]}, "Subnet must be an object, not 3"),
        ({"id": "n", "label": "x", "mtu": True}, "Network.mtu must be of type int, not True"),
    ],
)
def test_rubbish_is_refused_with_what_is_wrong(data: Any, message: str) -> None:
    with pytest.raises(ValueError) as error:
        wire.from_dict(plugin.Network, data)

    assert str(error.value) == message
