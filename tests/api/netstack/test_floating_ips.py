"""Floating addresses: Melange's public blocks, and what projects do with addresses of them."""

from __future__ import annotations

from typing import Any

import pytest

from nova_netplugins.errors import InvalidOption, NetworkInUse
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.netstack.melange_sharing import Floating, Inside
from tests.api.ethernet.served import ServedCloud, address_of
from tests.api.netstack.served import Netstack, net_api


@pytest.fixture
def project(netstack: Netstack) -> str:
    return netstack.new_project()


@pytest.fixture
def network(netstack: Netstack, project: str) -> dict[str, Any]:
    return netstack.network(project, subnets=[{"cidr": "10.1.0.0/24"}, {"cidr": "fd00:1::/64"}])


@pytest.fixture
def nic(netstack: Netstack, project: str, network: dict[str, Any]) -> dict[str, Any]:
    [nic] = netstack.boot(project, "i1", network)
    return nic


def borrow(netstack: Netstack, project: str, **wishes: Any) -> dict[str, Any]:
    body = {"floating_ip": {"project_id": project, **wishes}}
    lent: dict[str, Any] = netstack.post("/floating_ips", body)["floating_ip"]
    return lent


def associate(netstack: Netstack, lent: dict[str, Any], nic: str, **more: str) -> dict[str, Any]:
    path = f"/floating_ips/{lent['address']}/association"
    body = {"association": {"virtual_nic_id": nic, **more}}
    done: dict[str, Any] = netstack.put(path, body)["floating_ip"]
    return done


class TestPools:
    def test_a_pool_is_a_public_block_or_all_of_one_name(self, netstack: Netstack) -> None:
        alone = netstack.pool()
        blocks, tenant = netstack.ipam.ip_blocks, netstack.default_tenant
        name = f"public-{tenant}"
        for block in (netstack.pool(), netstack.pool()):
            blocks.update(tenant, block, network_id=name)
        netstack.network()  # Its block is private.
        pools = netstack.get("/floating_ip_pools")["floating_ip_pools"]
        assert {pool["name"]: len(pool["cidrs"]) for pool in pools} == {alone: 1, name: 2}

    def test_one_that_melange_does_not_share_lends_no_more(
        self, netstack: Netstack, project: str
    ) -> None:
        pool = netstack.pool()
        lent = borrow(netstack, project)
        netstack.ipam.ip_blocks.update(netstack.default_tenant, pool, shared=False)
        assert netstack.get("/floating_ip_pools")["floating_ip_pools"] == []
        body = {"floating_ip": {"project_id": project}}
        refusal = netstack.refused("POST", "/floating_ips", body)
        assert refusal.code == "no_more_floating_ips" and netstack.default_tenant in refusal.text
        assert netstack.get("/floating_ips")["floating_ips"] == [lent]
        netstack.delete(f"/floating_ips/{lent['address']}")

    def test_the_next_block_of_a_pool_is_drawn_from_when_one_is_full(
        self, netstack: Netstack, project: str
    ) -> None:
        name = f"public-{netstack.default_tenant}"
        for _ in range(2):
            block = netstack.pool(size=31)
            netstack.ipam.ip_blocks.update(netstack.default_tenant, block, network_id=name)
        lent: list[dict[str, Any]] = []
        while len(lent) < 10:
            answer = netstack.call(
                "POST", "/floating_ips", {"floating_ip": {"project_id": project, "pool": name}}
            )
            if not answer.ok:
                assert answer.json()["error"]["code"] == "no_more_floating_ips"
                break
            lent.append(answer.json()["floating_ip"])
        assert 2 <= len(lent) <= 4
        assert {one["pool"] for one in lent} == {name}
        assert len({one["address"].rpartition(".")[0] for one in lent}) == 2


def test_an_address_is_lent_shown_listed_and_given_back(netstack: Netstack, project: str) -> None:
    pool = netstack.pool()
    lent = borrow(netstack, project, pool=pool)
    assert (lent["pool"], lent["project_id"]) == (pool, project)
    assert (lent["virtual_nic_id"], lent["fixed_address"]) == (None, None)
    one = f"/floating_ips/{lent['address']}"
    assert netstack.get(one)["floating_ip"] == lent
    assert netstack.get("/floating_ips")["floating_ips"] == [lent]
    [known] = netstack.ipam.floating_ips.list(project)
    assert (known["id"], known["address"]) == (lent["id"], lent["address"])

    netstack.delete(one)
    assert netstack.refused("GET", one).code == "floating_ip_not_found"
    assert list(netstack.ipam.floating_ips.list(project)) == []


def test_a_named_address_is_lent_once(netstack: Netstack, project: str) -> None:
    pool = netstack.pool()
    [block] = netstack.get("/floating_ip_pools")["floating_ip_pools"][0]["cidrs"]
    wanted = block.replace(".0/28", ".9")
    assert borrow(netstack, project, address=wanted, pool=pool)["address"] == wanted
    body = {"floating_ip": {"project_id": project, "address": wanted}}
    refusal = netstack.refused("POST", "/floating_ips", body)
    assert refusal.status == 409 and wanted in refusal.text


def test_those_of_somebody_elses_blocks_are_not_ours(netstack: Netstack, project: str) -> None:
    netstack.pool()
    lent = borrow(netstack, project)
    other = netstack.pool(tenant=project)
    theirs = netstack.ipam.floating_ips.create(project, ip_block_id=other)["address"]
    assert netstack.get("/floating_ips")["floating_ips"] == [lent]
    assert netstack.refused("DELETE", f"/floating_ips/{theirs}").code == "floating_ip_not_found"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"project_id": "a/b"}, "invalid_value"),
        ({"project_id": "green\n"}, "invalid_request"),
        ({"pool": "nobody"}, "floating_pool_not_found"),
        ({"address": "192.0.2.1"}, "address_out_of_range"),
        ({"address": "192.0.2"}, "invalid_request"),
        ({"colour": "blue"}, "invalid_request"),
    ],
)
def test_one_that_cannot_be_is_refused(
    standing: Netstack, wrong: dict[str, str], code: str
) -> None:
    project = standing.new_project()
    standing.pool()
    body = {"floating_ip": {"project_id": project, **wrong}}
    assert standing.refused("POST", "/floating_ips", body).code == code
    listed = standing.get("/floating_ips")["floating_ips"]
    assert [one for one in listed if one["project_id"] == project] == []


class TestAssociation:
    def test_it_is_put_before_a_nic_moved_and_taken_away(
        self, netstack: Netstack, cloud: ServedCloud, project: str,
        network: dict[str, Any], nic: dict[str, Any],
    ) -> None:  # fmt: skip
        netstack.pool()
        lent = borrow(netstack, project)
        told = cloud.prompted["netstack"].networks
        told.clear()
        done = associate(netstack, lent, nic["id"])
        assert (done["virtual_nic_id"], done["fixed_address"]) == (nic["id"], address_of(nic))
        assert told == [network["id"]]
        assert netstack.get("/floating_ips", virtual_nic_id=nic["id"])["floating_ips"] == [done]
        assert netstack.get("/floating_ips", fixed_address="10.9.9.9")["floating_ips"] == []

        [other] = netstack.nics(project, network)
        moved = associate(netstack, lent, other)
        assert moved["virtual_nic_id"] == other
        path = f"/floating_ips/{lent['address']}"
        assert netstack.refused("DELETE", path).code == "floating_ip_in_use"
        netstack.delete(f"{path}/association")
        assert netstack.get(path)["floating_ip"] == lent
        refusal = netstack.refused("DELETE", f"{path}/association")
        assert refusal.code == "floating_ip_not_associated"

    def test_it_leads_nowhere_when_its_nic_is_gone(
        self, netstack: Netstack, project: str, nic: dict[str, Any]
    ) -> None:
        netstack.pool()
        lent = borrow(netstack, project)
        associate(netstack, lent, nic["id"])
        netstack.delete("/instances/i1/virtual_nics")
        assert netstack.get(f"/floating_ips/{lent['address']}")["floating_ip"] == lent
        netstack.delete(f"/floating_ips/{lent['address']}")

    def test_it_may_lead_to_a_shared_address_as_long_as_there_is_one(
        self, netstack: Netstack, cloud: ServedCloud, project: str, network: dict[str, Any]
    ) -> None:
        netstack.pool()
        first, second = netstack.nics(project, network, 2)
        vip = netstack.share(network, [first, second], project_id=project)["address"]
        lent = borrow(netstack, project)
        done = associate(netstack, lent, first, fixed_address=vip)
        assert (done["virtual_nic_id"], done["fixed_address"]) == (None, vip)
        told = cloud.prompted["netstack"].networks
        told.clear()
        netstack.delete(f"/networks/{network['id']}/shared_addresses/{vip}")
        assert told == [network["id"]]
        assert netstack.get(f"/floating_ips/{lent['address']}")["floating_ip"] == lent

    def test_only_with_an_ipv4_address_of_the_nic(
        self, netstack: Netstack, project: str, nic: dict[str, Any]
    ) -> None:
        netstack.pool()
        lent = borrow(netstack, project)
        path = f"/floating_ips/{lent['address']}/association"
        for fixed, status in (("10.1.0.200", 404), (address_of(nic, 6), 400), ("nonsense", 400)):
            body = {"association": {"virtual_nic_id": nic["id"], "fixed_address": fixed}}
            refusal = netstack.refused("PUT", path, body)
            assert refusal.status == status and fixed in refusal.text
        assert netstack.get("/floating_ips")["floating_ips"] == [lent]

    def test_not_where_there_is_no_router(self, netstack: Netstack, project: str) -> None:
        netstack.pool()
        bare = netstack.network(project, routed=False)
        [nic] = netstack.nics(project, bare)
        lent = borrow(netstack, project)
        body = {"association": {"virtual_nic_id": nic}}
        refusal = netstack.refused("PUT", f"/floating_ips/{lent['address']}/association", body)
        assert refusal.status == 400 and bare["id"] in refusal.text


class TestRouter:
    """A network that floating IPs lead to keeps its router."""

    NO_ROUTER = {"network": {"routed": False, "label": "bare"}}

    def test_it_stays_while_floating_ips_need_it(
        self, netstack: Netstack, project: str, network: dict[str, Any], nic: dict[str, Any]
    ) -> None:
        netstack.pool()
        path = f"/networks/{network['id']}"
        vip = netstack.share(network, [nic["id"]], project_id=project)["address"]
        lent = borrow(netstack, project)
        for fixed in (address_of(nic), vip):
            associate(netstack, lent, nic["id"], fixed_address=fixed)
            refusal = netstack.refused("PUT", path, self.NO_ROUTER)
            assert (refusal.status, refusal.code) == (409, "network_in_use")
            for named in (network["id"], f"{lent['address']} to {fixed}", "disassociate"):
                assert named in refusal.text
        kept = netstack.get(path)["network"]
        assert (kept["routed"], kept["label"]) == (True, network["label"])
        netstack.put(path, {"network": {"label": "other", "routed": True}})
        netstack.delete(f"/floating_ips/{lent['address']}/association")
        assert netstack.put(path, self.NO_ROUTER)["network"]["routed"] is False
        assert netstack.put(path, self.NO_ROUTER)["network"]["routed"] is False

    def test_of_many_some_are_named(
        self, netstack: Netstack, project: str, network: dict[str, Any], nic: dict[str, Any]
    ) -> None:
        netstack.pool()
        for _ in range(7):
            associate(netstack, borrow(netstack, project), nic["id"])
        path = f"/networks/{network['id']}"
        refusal = netstack.refused("PUT", path, self.NO_ROUTER)
        assert refusal.text.count(f" to {address_of(nic)}") == 5 and "and 2 more" in refusal.text

    def test_those_of_other_networks_do_not_count(
        self, netstack: Netstack, project: str, network: dict[str, Any], nic: dict[str, Any]
    ) -> None:
        netstack.pool()
        associate(netstack, borrow(netstack, project), nic["id"])
        beside = netstack.network(project)
        netstack.nics(project, beside)
        netstack.put(f"/networks/{beside['id']}", self.NO_ROUTER)

    def test_one_that_is_associated_since_they_were_looked_for_is_seen(
        self, netstack: Netstack, cloud: ServedCloud, project: str,
        network: dict[str, Any], nic: dict[str, Any], monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        netstack.pool()
        lent = borrow(netstack, project)
        api = net_api(cloud)
        look = api.floating_ips_on
        looks = []

        def look_too_early(network: Row) -> list[Floating]:
            found = look(network)
            looks.append(found)
            if len(looks) == 1:
                associate(netstack, lent, nic["id"])
            return found

        monkeypatch.setattr(api, "floating_ips_on", look_too_early)
        with pytest.raises(NetworkInUse, match=lent["address"]):
            api.modify_network(network["id"], self.NO_ROUTER["network"])
        kept = netstack.get(f"/networks/{network['id']}")["network"]
        assert (kept["routed"], kept["label"]) == (True, network["label"])

    def test_none_is_associated_where_it_goes_meanwhile(
        self, netstack: Netstack, cloud: ServedCloud, project: str,
        network: dict[str, Any], nic: dict[str, Any], monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        netstack.pool()
        beside = netstack.network(project)
        [before] = netstack.nics(project, beside)
        fresh, used = borrow(netstack, project), borrow(netstack, project)
        used = associate(netstack, used, before)
        api = net_api(cloud)
        point = api.melange.point_floating
        path = f"/networks/{network['id']}"

        def point_too_late(tenant: str, id_: str, inside: Inside | None) -> Floating:
            netstack.put(path, self.NO_ROUTER)
            return point(tenant, id_, inside)

        monkeypatch.setattr(api.melange, "point_floating", point_too_late)
        for lent in (fresh, used):
            netstack.put(path, {"network": {"routed": True}})
            with pytest.raises(InvalidOption, match=network["id"]):
                api.associate_floating_ip(lent["address"], address_of(nic), nic["id"])
            assert netstack.get(f"/floating_ips/{lent['address']}")["floating_ip"] == lent
