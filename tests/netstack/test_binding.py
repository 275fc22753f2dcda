"""A host on which nothing would wire the port, as Neutron says it: ``binding_failed``."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from nova_netplugins.netstack.l2 import L2Port, NewPort
from nova_netplugins.netstack.local_l2 import LocalL2
from nova_netplugins.netstack.nic_steps import BindingFailed
from nova_netplugins.plugin import InstanceRequest, RequestedNic
from nova_netplugins.testing.bench import Bench
from tests.netstack.cloud import PROJECT, NetApi, interfaces_of, network_of

NOWHERE = "no-agent-here"


class Picky(LocalL2):
    def create_port(self, wanted: NewPort) -> L2Port:
        return _bound(super().create_port(wanted))

    def update_port(self, port_id: str, **changes: Any) -> L2Port:
        return _bound(super().update_port(port_id, **changes))


def _bound(port: L2Port) -> L2Port:
    failed = port.host == NOWHERE
    return dataclasses.replace(port, vif_type="binding_failed") if failed else port


@pytest.fixture
def net_api(bench: Bench) -> NetApi:
    assert isinstance(bench.net_api, NetApi)
    bench.net_api.l2 = Picky(bench.cloud.database, 1, 4094)
    return bench.net_api


def asking(network_id: str, host: str | None = None) -> InstanceRequest:
    return InstanceRequest("i-1", PROJECT, host=host, nics=(RequestedNic(network_id),))


def test_a_nic_for_such_a_host_is_not_made(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    with pytest.raises(BindingFailed, match=NOWHERE) as error:
        net_api.allocate_for_instance(asking(network_id, NOWHERE))
    assert error.value.status == 409
    assert net_api.l2.list_ports() == [] and interfaces_of(net_api, PROJECT) == []


def test_a_nic_that_is_to_go_there_stays_where_it_was(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    [nic] = net_api.allocate_for_instance(asking(network_id, "compute-1"))
    with pytest.raises(BindingFailed, match=NOWHERE):
        net_api.bind_virtual_nic(nic.id, NOWHERE)
    [port] = net_api.l2.list_ports()
    assert net_api.get_virtual_nic(nic.id).host == port.host == "compute-1"
    assert net_api.reconcile() == []
