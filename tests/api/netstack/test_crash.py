"""A process that dies between Melange's answer and layer 2: somebody else finishes its work."""

from __future__ import annotations

from typing import Any, cast

import pytest
import sqlalchemy as sa

from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack import follow_steps
from nova_netplugins.netstack.flow import Flow, Work
from nova_netplugins.netstack.intents import Claim, Intent
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.netstack.tables import INTENTS
from tests.api.ethernet.served import ServedCloud, address_of
from tests.api.netstack.served import Netstack, net_api


class Killed(BaseException):
    """Nothing of the process runs any more."""


class DyingFlow:
    def resume(self, intent: Any) -> str:
        raise Killed


@pytest.fixture
def dying(cloud: ServedCloud) -> NetstackNetApi:
    """A further process, which dies when it should follow what Melange did."""
    api = net_api(cloud)
    api.flow = cast(Flow, DyingFlow())
    return api


@pytest.fixture
def pair(netstack: Netstack) -> list[dict[str, Any]]:
    project = netstack.new_project()
    ids = netstack.nics(project, netstack.network(project), 2)
    return [netstack.get(f"/virtual_nics/{nic_id}")["virtual_nic"] for nic_id in ids]


def reconcile(netstack: Netstack, api: NetstackNetApi) -> None:
    """After the time in which the dead process might have gone on."""
    with api.database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(INTENTS)) == 1
    netstack.put("/reconciliation")
    with api.database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(INTENTS)) == 1
    expired = INTENTS.update().values(claimed_until=utcnow())
    api.database.run(lambda connection: connection.execute(expired))
    netstack.put("/reconciliation")
    with api.database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(INTENTS)) == 0


def sends_from(api: NetstackNetApi, nic: dict[str, Any]) -> list[str]:
    """What layer 2 lets its port send from."""
    return [pair.ip_address for pair in api.l2.get_port(nic["attributes"]["port_id"]).pairs]


def test_an_allowed_address_is_followed(
    netstack: Netstack, dying: NetstackNetApi, pair: list[dict[str, Any]]
) -> None:
    first, second = pair
    with pytest.raises(Killed):
        dying.allow_address(second["id"], address_of(first))
    assert address_of(first) not in netstack.pairs(second["id"])
    reconcile(netstack, dying)
    assert address_of(first) in netstack.pairs(second["id"])
    assert address_of(first) in sends_from(dying, second)


def test_a_shared_address_and_its_release_are_followed(
    netstack: Netstack, dying: NetstackNetApi, pair: list[dict[str, Any]]
) -> None:
    network_id, project = pair[0]["network_id"], pair[0]["project_id"]
    with pytest.raises(Killed):
        dying.create_shared_address(network_id, project, [nic["id"] for nic in pair])
    reconcile(netstack, dying)
    path = f"/networks/{network_id}/shared_addresses"
    [shared] = netstack.get(path)["shared_addresses"]
    for nic in pair:
        assert shared["address"] in sends_from(dying, nic)

    with pytest.raises(Killed):
        dying.delete_shared_address(dying.get_shared_address(network_id, shared["address"]))
    assert netstack.get(path)["shared_addresses"] == []
    reconcile(netstack, dying)
    for nic in pair:
        assert shared["address"] not in sends_from(dying, nic)
        assert shared["address"] not in netstack.pairs(nic["id"])


def test_one_is_released_where_nobody_knows_of_it_yet(
    netstack: Netstack, dying: NetstackNetApi, pair: list[dict[str, Any]]
) -> None:
    network_id, project = pair[0]["network_id"], pair[0]["project_id"]
    with pytest.raises(Killed):
        dying.create_shared_address(network_id, project, [nic["id"] for nic in pair])
    path = f"/networks/{network_id}/shared_addresses"
    [shared] = netstack.get(path)["shared_addresses"]
    assert shared["virtual_nic_ids"] == []
    netstack.delete(f"{path}/{shared['address']}")
    for nic in pair:
        allowed = netstack.ipam.allowed_ips.list(project, nic["id"])
        assert shared["address"] not in [one["address"] for one in allowed]


def test_who_asked_melange_earlier_does_not_forget_what_another_was_told(
    netstack: Netstack, cloud: ServedCloud, pair: list[dict[str, Any]]
) -> None:
    api, first, second = net_api(cloud), *pair
    slow = Work(Intent("follow", {"nic_ids": [second["id"]]}, Claim(60)))
    follow_steps.intend(api, slow)
    follow_steps.ask_melange(api, slow)
    netstack.put(f"/virtual_nics/{second['id']}/allowed_addresses/{address_of(first)}")
    for step in (follow_steps.remember, follow_steps.change_ports, follow_steps.settle):
        step(api, slow)
    assert address_of(first) in netstack.pairs(second["id"])
    assert address_of(first) in sends_from(api, second)


def test_who_was_given_up_while_melange_took_its_time_follows_again(
    netstack: Netstack, cloud: ServedCloud, pair: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    api, first, second = net_api(cloud), *pair
    allow = api.melange.allow

    def slowly(*args: str) -> None:
        reconcile(netstack, api)
        allow(*args)

    monkeypatch.setattr(api.melange, "allow", slowly)
    api.allow_address(second["id"], address_of(first))
    assert address_of(first) in netstack.pairs(second["id"])
    with api.database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(INTENTS)) == 0


def test_melange_away_leaves_nothing_for_ever(
    netstack: Netstack, cloud: ServedCloud, pair: list[dict[str, Any]]
) -> None:
    """Nobody knows whether Melange did it: the NIC follows when Melange is back."""
    api = net_api(cloud)
    real, first, second = api.melange, *pair
    address = address_of(first)
    cloud.conf.set_override("retries", 0, group="melange")
    cloud.conf.set_override("endpoint_override", "http://127.0.0.1:9", group="melange")
    away = net_api(cloud)
    cloud.conf.clear_override("endpoint_override", group="melange")
    with pytest.raises(Exception, match="Melange cannot allow"):
        away.allow_address(second["id"], address)
    # As if only the answer had been lost.
    real.allow(second["project_id"], second["id"], second["network_id"], address, "key")
    netstack.put("/reconciliation")
    assert address in netstack.pairs(second["id"])
    assert address in sends_from(api, second)
