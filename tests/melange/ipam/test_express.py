"""Allocation in one statement does what the general way does, or leaves it to that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_db import exception as db_exc

from melange.db import MELANGE
from melange.db.service_tables import audit_records, idempotency_keys
from melange.db.tables import POOLS, ip_addresses, ip_octets, policies, quotas
from melange.ipam import (
    addresses,
    allocation,
    blocks,
    express,
    interfaces,
    shapes,
    unusable,
    usage,
)
from melange.ipam import policies as policies_of
from melange.ipam.addresses import Address
from melange.ipam.blocks import Block
from melange.ipam.express import finding
from melange.ipam.policies import Policy
from melange.ipam.settings import Settings
from melange.ipam.unit import Unit, utcnow
from netkit import migrations
from netkit.context import RequestContext
from netkit.db import Database, Retry
from tests.conftest import new_database
from tests.waiting import PATIENCE, in_background, wait_until_someone_waits

CALLER = RequestContext("acme", "ann", frozenset({"member"}), "req-1")
KEY = express.Key("k" * 64, "f" * 64)
SETTINGS = Settings(ipv6_generator="sequential")
Within = Callable[[Callable[[Unit], Any]], Any]


@pytest.fixture(params=["postgresql", "mariadb"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with new_database(request.getfixturevalue(f"{request.param}_url")) as url:
        database = Database.from_url(url)
        migrations.upgrade(database, MELANGE)
        yield database
        database.close()


@pytest.fixture
def within(database: Database) -> Within:
    """Runs a function in a transaction of a caller."""

    def run(work: Callable[[Unit], Any], settings: Settings = SETTINGS) -> Any:
        def once(connection: sa.Connection) -> Any:
            unit = Unit(connection, CALLER, settings, utcnow())
            result = work(unit)
            unit.write_audit()
            return result

        return database.run(once)

    return run


@pytest.fixture
def block(within: Within) -> Block:
    def make(unit: Unit) -> Block:
        interfaces.anonymous(unit, "acme")
        return blocks.create(unit, "acme", {"type": "private", "cidr": "10.0.0.0/29"})

    found: Block = within(make)
    return found


def quick(database: Database, block: Block, vif_id: str | None = None) -> Address | None:
    return express.allocate(database, CALLER, SETTINGS, block.id, "acme", vif_id)


def row_of(within: Within, found: Address) -> Address:
    row: Address = within(lambda unit: addresses.get_by_id(unit, found.id))
    return row


def test_it_gives_the_lowest_address_and_its_row_says_so(
    database: Database, within: Within, block: Block
) -> None:
    found = quick(database, block)
    assert found is not None
    assert found.address == "10.0.0.0"
    assert row_of(within, found) == found


def test_in_a_large_database_it_is_not_planned_anew_for_each_call(
    database: Database, within: Within
) -> None:
    if database.dialect != "postgresql":
        pytest.skip("MariaDB plans each statement anew")
    wide: Block = within(
        lambda unit: blocks.create(unit, "acme", {"type": "private", "cidr": "10.0.0.0/8"})
    )
    within(lambda unit: interfaces.anonymous(unit, "acme"))
    ranges = POOLS.ranges
    with database.engine.begin() as connection:
        connection.execute(ranges.delete())
        numbers = range(wide.first, wide.first + 8000, 2)
        rows = [{"pool_id": wide.pool_id, "first": n, "last": n} for n in numbers]
        connection.execute(ranges.insert(), rows)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    for _ in range(30):
        assert quick(database, wide) is not None
    query = (
        "SELECT sum(custom_plans) AS anew, sum(generic_plans) AS kept FROM pg_prepared_statements"
    )
    (plans,) = database.run_alone(f"{query} WHERE statement LIKE 'WITH chosen%%'", {})
    assert plans.anew == 5 and plans.kept > 10


def test_it_counts_and_records_as_the_general_way_does(
    database: Database, within: Within, block: Block
) -> None:
    quick(database, block)
    wish = allocation.Wish(within(lambda unit: interfaces.anonymous(unit, "acme")))
    within(lambda unit: allocation.allocate(unit, block, wish))

    c = audit_records.c
    query = sa.select(
        c.action, c.resource, c.request_id, c.user_id, c.caller_tenant_id, c.tenant_id
    )
    with database.reading() as connection:
        assert usage.of_tenant(connection, "acme") == (2, 0)
        ours, theirs = connection.execute(query.where(c.resource == "ip_address"))
    assert ours == theirs


def test_what_was_given_is_kept_under_the_key_and_nothing_more_is_given_for_it(
    database: Database, within: Within, block: Block
) -> None:
    def give() -> Address | None:
        return express.allocate(database, CALLER, SETTINGS, block.id, "acme", key=KEY)

    first = give()
    assert first is not None
    assert [give() for _ in range(2)] == [None, None]
    with database.reading() as connection:
        row = connection.execute(sa.select(idempotency_keys)).one()
        assert connection.scalar(sa.select(sa.func.count()).select_from(ip_addresses)) == 1
    assert (row.id, row.fingerprint, row.status) == (KEY.id, KEY.fingerprint, 201)
    kept = express.recalled(json.loads(row.body)[express.KEPT])
    assert shapes.ip_address(kept) == shapes.ip_address(first)


def test_of_rivals_with_one_key_one_is_given_an_address(database: Database, block: Block) -> None:
    def give(_: int) -> Address | None:
        return express.allocate(database, CALLER, SETTINGS, block.id, "acme", key=KEY)

    with ThreadPoolExecutor(16) as threads:
        found = [one for one in threads.map(give, range(64)) if one]
    assert len(found) == 1
    with database.reading() as connection:
        assert usage.of_tenant(connection, "acme").allocated == 1


def test_an_ipv6_address_is_as_easy(database: Database, within: Within, block: Block) -> None:
    wishes = {"type": "private", "cidr": "fd00::/64"}
    wide: Block = within(lambda unit: blocks.create(unit, "acme", wishes))
    found = [quick(database, wide) for _ in range(2)]
    assert [one.address[-4:] for one in found if one] == ["0000", "0001"]


def test_a_storm_gets_each_address_once(database: Database, block: Block) -> None:
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: quick(database, block), range(200)))
    values = [one.value for one in found if one]
    assert len(values) == len(set(values))
    with database.reading() as connection:
        query = sa.select(ip_addresses.c.value)
        assert sorted(connection.scalars(query)) == sorted(values)
        assert usage.of_tenant(connection, "acme").allocated == len(values)


def test_a_named_interface_of_the_tenant_gets_addresses_of_one_network(
    database: Database, within: Within, block: Block
) -> None:
    wishes = {"type": "private", "cidr": "10.9.0.0/24", "network_id": "other"}
    other: Block = within(lambda unit: blocks.create(unit, "acme", wishes))
    within(lambda unit: interfaces.ensure(unit, "vif-1", "acme", "vm-1"))
    found = quick(database, block, "vif-1")
    assert found is not None
    assert (found.vif_id, found.device_id) == ("vif-1", "vm-1")
    assert row_of(within, found) == found
    assert quick(database, other, "vif-1") is None


def test_an_address_is_found_as_the_general_way_finds_it(
    database: Database, within: Within, block: Block
) -> None:
    given = quick(database, block)
    assert given is not None
    assert finding.find(database, "acme", block.id, "10.0.0.0") == row_of(within, given) == given


@pytest.mark.parametrize(
    ("tenant_id", "block_id", "text"),
    [
        ("acme", None, "10.0.0.1"),
        ("acme", None, "::a00:0"),
        ("acme", None, "ten"),
        ("acme", "büro", "10.0.0.0"),
        ("somebody", None, "10.0.0.0"),
    ],
)
def test_what_is_not_there_is_not_found(
    database: Database, block: Block, tenant_id: str, block_id: str | None, text: str
) -> None:
    quick(database, block)
    assert finding.find(database, tenant_id, block_id or block.id, text) is None


def exhaust(unit: Unit, block: Block) -> None:
    wish = allocation.Wish(interfaces.anonymous(unit, "acme"), count=7)
    allocation.allocate(unit, block, wish)


def follow_octets(unit: Unit, block: Block) -> None:
    times = {"created_at": unit.now, "updated_at": unit.now}
    policy = {"id": "p", "name": "p", "tenant_id": "acme", **times}
    unit.connection.execute(policies.insert().values(policy))
    octet = {"id": "o", "policy_id": "p", "octet": 0, **times}
    unit.connection.execute(ip_octets.insert().values(octet))
    blocks.update(unit, block, {"policy_id": "p"})


def test_who_still_goes_by_older_octets_begins_again(within: Within, block: Block) -> None:
    within(lambda unit: follow_octets(unit, block))

    def late(unit: Unit) -> None:
        wish = allocation.Wish(interfaces.anonymous(unit, "acme"))
        with pytest.raises(Retry):
            allocation.allocate(unit, block, wish)

    within(late)


def test_who_changes_octets_waits_for_who_has_drawn(
    database: Database, within: Within, block: Block
) -> None:
    policy: Policy = within(lambda unit: policies_of.create(unit, "acme", {"name": "p"}))
    within(lambda unit: blocks.update(unit, block, {"policy_id": policy.id}))

    def forbid(unit: Unit) -> None:
        unusable.OCTETS.create(unit, policy, {"octet": 0})

    def draw(unit: Unit) -> Future[None]:
        wish = allocation.Wish(interfaces.anonymous(unit, "acme"))
        (made,) = allocation.allocate(unit, block, wish)
        assert made.address == "10.0.0.0"
        change: Future[None] = in_background(lambda: within(forbid))
        wait_until_someone_waits(database)
        return change

    within(draw).result(PATIENCE)
    # The broadcast address: 10.0.0.0 is in use.
    assert within(lambda unit: blocks.get(unit, block.id)).reserved == 1


def limit(unit: Unit, block: Block) -> None:
    times = {"created_at": unit.now, "updated_at": unit.now}
    row = {"tenant_id": "acme", "resource": "ip_addresses", "limit": 100, **times}
    unit.connection.execute(quotas.insert().values(row))


@pytest.mark.parametrize("change", [exhaust, follow_octets, limit, blocks.empty_pool])
def test_it_leaves_alone_what_it_cannot_decide(
    database: Database, within: Within, block: Block, change: Callable[[Unit, Block], None]
) -> None:
    within(lambda unit: change(unit, block))
    assert quick(database, block) is None


def test_it_leaves_alone_an_interface_that_goes_meanwhile(
    database: Database, block: Block, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise db_exc.DBReferenceError("ip_addresses", "fk", "interface_id", "interfaces")

    monkeypatch.setattr(database, "run_alone", gone)
    assert quick(database, block) is None


def test_it_leaves_alone_what_is_not_there_or_not_the_tenants(
    database: Database, block: Block
) -> None:
    assert quick(database, block, "unknown") is None
    assert express.allocate(database, CALLER, SETTINGS, block.id, "somebody", None) is None
    assert express.allocate(database, CALLER, SETTINGS, "nothing", "acme", None) is None
    picky = Settings(ipv4_generator="random")
    assert express.allocate(database, CALLER, picky, block.id, "acme", None) is None
