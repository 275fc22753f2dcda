"""Many at once ask for interfaces, MAC addresses and addresses of a network."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from oslo_db import exception as db_exc

from melange import errors
from melange.db import MELANGE
from melange.db.tables import interfaces as interface_table
from melange.db.tables import ip_addresses, ip_blocks, mac_addresses, metadata
from melange.ipam import allocation, blocks, instances, interfaces, macs, network_allocation
from melange.ipam.settings import Settings
from melange.ipam.unit import Unit, utcnow
from netkit import migrations
from netkit.db import Database, Retry
from tests.conftest import BACKENDS, new_database
from tests.melange.service import OPERATOR

T = TypeVar("T")
Run = Callable[[Callable[[Unit], Any]], Any]

THREADS = 64
SETTINGS = Settings(ipv6_generator="stable_private", default_cidr="10.0.0.0/24")


@pytest.fixture(scope="module", params=BACKENDS)
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """One database on each kind of server, for all tests here."""
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('storms') / 'test.sqlite'}"
        else:
            server = request.getfixturevalue(f"{request.param}_url")
            url = stack.enter_context(new_database(server))
        database = Database.from_url(url, max_pool_size=THREADS)
        stack.callback(database.close)
        migrations.upgrade(database, MELANGE)
        yield database


@pytest.fixture
def database(opened: Database) -> Iterator[Database]:
    """The same, and empty afterwards."""
    yield opened

    def empty(connection: sa.Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())

    opened.run(empty)


@pytest.fixture
def run(database: Database) -> Run:
    """Runs a function as the API does: in one transaction, again if it met what is gone."""

    def once(connection: sa.Connection, work: Callable[[Unit], T]) -> T:
        unit = Unit(connection, OPERATOR, SETTINGS, utcnow())
        try:
            result = work(unit)
            unit.write_audit()
        except db_exc.DBReferenceError as error:
            raise Retry(str(error)) from error
        return result

    return lambda work: database.run(once, work)


def at_once(run: Run, work: Callable[[Unit, int], T], times: int = THREADS) -> list[T]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(lambda n: run(lambda unit: work(unit, n)), range(times)))


def count(run: Run, table: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    found: int = run(lambda unit: unit.connection.scalar(query))
    return found


def free_macs(run: Run) -> int:
    def work(unit: Unit) -> int:
        pools = [one.pool_id for one in macs.ranges(unit)]
        return sum(macs.pools.free_count(unit.connection, pool_id) for pool_id in pools)

    found: int = run(work)
    return found


def test_one_vif_id_becomes_one_interface_with_one_mac_address(run: Run) -> None:
    run(lambda unit: macs.create_range(unit, {"cidr": "AA:00:00:00:00:00/40"}))
    made = at_once(run, lambda unit, n: interfaces.ensure(unit, "vif", "acme").id)
    assert len(set(made)) == count(run, interface_table) == count(run, mac_addresses) == 1
    nameless = at_once(run, lambda unit, n: interfaces.ensure(unit, None, "acme").id)
    assert len(set(nameless)) == 1 and count(run, mac_addresses) == 2


def test_no_mac_address_is_had_twice_while_interfaces_come_and_go(run: Run) -> None:
    run(lambda unit: macs.create_range(unit, {"cidr": "AA:00:00:00:00:00/42"}))
    run(lambda unit: macs.create_range(unit, {"cidr": "BB:00:00:00:00:00/43"}))

    def come(unit: Unit, n: int) -> str | None:
        made = interfaces.create(unit, f"v{n}", "acme", None, None)
        return macs.of_interface(unit, made.id)

    def replace(unit: Unit, n: int) -> str | None:
        interfaces.delete(unit, interfaces.get(unit, f"v{n}", lock=True))
        return come(unit, n)

    assert len(set(at_once(run, come))) == THREADS
    at_once(run, replace)
    assert count(run, mac_addresses) == THREADS
    assert free_macs(run) == 2**6 + 2**5 - THREADS


def test_given_and_drawn_mac_addresses_and_a_new_range_get_along(run: Run) -> None:
    def work(unit: Unit, n: int) -> None:
        if n == 5:
            macs.create_range(unit, {"cidr": "AA:00:00:00:00:00/41"})
        given = f"AA:00:00:00:00:{n:02X}" if n % 2 else None
        with contextlib.suppress(errors.MacTaken):
            interfaces.create(unit, f"v{n}", "acme", None, given)

    at_once(run, work)
    at_once(run, lambda unit, n: interfaces.delete(unit, interfaces.get(unit, f"v{n}", lock=True)))
    assert count(run, mac_addresses) == 0 and free_macs(run) == 2**7


def test_an_unknown_network_gets_one_default_block_of_which_each_gets_another_address(
    run: Run,
) -> None:
    def work(unit: Unit, n: int) -> list[int]:
        nic = interfaces.ensure(unit, f"v{n % 32}", "acme")
        made = network_allocation.allocate(unit, "acme", "net", nic)
        return [address.value for address in made]

    found = [value for values in at_once(run, work) for value in values]
    assert len(set(found)) == len(found) == THREADS
    assert count(run, ip_blocks) == 1 and count(run, interface_table) == 32


def test_an_interface_gets_on_one_network_only(run: Run) -> None:
    def make(unit: Unit) -> None:
        for n in range(4):
            fields = {"type": "private", "cidr": "10.1.0.0/24", "network_id": f"net{n}"}
            blocks.create(unit, "acme", fields)

    run(make)

    def work(unit: Unit, n: int) -> str | None:
        nic = interfaces.ensure(unit, "vif", "acme")
        network = interfaces.network_of(unit, nic) or f"net{n % 4}"
        network_allocation.allocate(unit, "acme", network, nic)
        return network

    assert len(set(at_once(run, work))) == 1


def test_stable_addresses_of_one_interface_differ(run: Run) -> None:
    fields = {"type": "private", "cidr": "fd00::/64"}
    block = run(lambda unit: blocks.create(unit, "acme", fields))

    def work(unit: Unit, n: int) -> int:
        wish = allocation.Wish(interfaces.ensure(unit, f"v{n % 4}", "acme"))
        return allocation.allocate(unit, block, wish)[0].value

    assert len(set(at_once(run, work))) == THREADS


def test_an_instance_that_is_replaced_by_many_has_the_interfaces_of_the_last(run: Run) -> None:
    fields = {"type": "private", "cidr": "10.0.0.0/24", "network_id": "net"}
    run(lambda unit: blocks.create(unit, "acme", fields))
    run(lambda unit: macs.create_range(unit, {"cidr": "AA:00:00:00:00:00/47"}))

    def work(unit: Unit, n: int) -> None:
        plugs = [
            instances.Plug("acme", f"vif{k}", "vm", network_id="net", network_tenant_id="acme")
            for k in range(2)
        ]
        instances.delete(unit, instances.lock(unit, "vm"))
        instances.create(unit, plugs)

    run(lambda unit: work(unit, 0))
    at_once(run, work, times=16)
    assert count(run, interface_table) == count(run, mac_addresses) == 2
    held = sa.select(sa.func.count()).where(ip_addresses.c.interface_id.is_not(None))
    assert run(lambda unit: unit.connection.scalar(held)) == 2
