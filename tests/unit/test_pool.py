"""netkit.pool, one caller at a time, on every database."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from netkit.db import Database
from netkit.pool import (
    LARGEST,
    AlreadyFree,
    NoSuchPool,
    OutsidePool,
    PoolDiffers,
    PoolExhausted,
    State,
    ValueResting,
    ValueTaken,
)
from tests.pooling import free_ranges, free_values, opened, pools, tables

NOON = datetime.datetime(2031, 3, 1, 12)
LATER = NOON + datetime.timedelta(minutes=10, microseconds=1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


# Drawing


def test_the_lowest_free_value_comes_first(database: Database) -> None:
    pool = database.run(pools.create, 10, 250)
    assert [database.run(pools.draw, pool) for _ in range(4)] == [[10], [11], [12], [13]]
    assert database.run(pools.free_count, pool) == 237


def test_excluded_values_are_never_drawn(database: Database) -> None:
    pool = database.run(pools.create, 0, 9, excluded=[(0, 0), (4, 6), (6, 7), (9, 12)])
    assert database.run(pools.draw, pool, 4) == [1, 2, 3, 8]
    with pytest.raises(PoolExhausted):
        database.run(pools.draw, pool)


def test_an_exclusion_outside_the_pool_excludes_nothing(database: Database) -> None:
    pool = database.run(pools.create, 10, 19, excluded=[(0, 9), (30, 40)])
    assert database.run(pools.free_count, pool) == 10


def test_several_values_are_drawn_at_once_across_stripes(database: Database) -> None:
    pool = database.run(pools.create, 100, 199)
    assert len(free_ranges(database, pool)) > 1
    assert database.run(pools.draw, pool, 100) == list(range(100, 200))


def test_a_pool_that_has_not_enough_refuses_and_stays_as_it_was(database: Database) -> None:
    pool = database.run(pools.create, 1, 20)
    database.run(pools.draw, pool, 3)
    before = free_ranges(database, pool)

    def too_many(connection: sa.Connection) -> None:
        with pytest.raises(PoolExhausted, match="has not 18 free"):
            pools.draw(connection, pool, 18)

    database.run(too_many)
    assert free_ranges(database, pool) == before


def test_a_draw_that_is_rolled_back_comes_back(database: Database) -> None:
    pool = database.run(pools.create, 1, 20)

    def draw_and_fail(connection: sa.Connection) -> None:
        assert pools.draw(connection, pool, 2) == [1, 2]
        raise LookupError

    with pytest.raises(LookupError):
        database.run(draw_and_fail)
    assert database.run(pools.draw, pool, 2) == [1, 2]


def test_a_draw_keeps_to_what_is_permitted(database: Database) -> None:
    pool = database.run(pools.create, 0, 1000)

    def not_0_or_255(value: int) -> int | None:
        octet = value % 256
        return value + 1 if octet == 0 else value + 2 if octet == 255 else value

    drawn = database.run(pools.draw, pool, 300, not_0_or_255)
    assert drawn == [v for v in range(1000) if v % 256 not in (0, 255)][:300]


def test_nothing_permitted_is_an_exhausted_pool(database: Database) -> None:
    pool = database.run(pools.create, 0, LARGEST)
    with pytest.raises(PoolExhausted):
        database.run(pools.draw, pool, 1, lambda value: None)


def test_two_pools_do_not_know_each_other(database: Database) -> None:
    one, other = database.run(pools.create, 1, 3), database.run(pools.create, 1, 3)
    assert database.run(pools.draw, one, 3) == [1, 2, 3]
    assert database.run(pools.draw, other, 2) == [1, 2]


# Taking a certain value


def test_a_certain_value_can_be_taken_once(database: Database) -> None:
    pool = database.run(pools.create, 1, 254)
    for value in (1, 77, 78, 254):
        database.run(pools.take, pool, value)
        with pytest.raises(ValueTaken, match=f"{value} of pool {pool} is taken"):
            database.run(pools.take, pool, value)
    rest = set(range(1, 255)) - {1, 77, 78, 254}
    assert database.run(pools.draw, pool, 250) == sorted(rest)


@pytest.mark.parametrize("value", [0, 255, -1, LARGEST + 1])
def test_a_value_outside_cannot_be_taken(database: Database, value: int) -> None:
    pool = database.run(pools.create, 1, 254)
    with pytest.raises(OutsidePool, match=f"{value} is outside pool {pool}, which is 1 to 254"):
        database.run(pools.take, pool, value)


def test_an_excluded_value_cannot_be_taken(database: Database) -> None:
    pool = database.run(pools.create, 1, 254, excluded=[(5, 5)])
    with pytest.raises(ValueTaken):
        database.run(pools.take, pool, 5)


# Giving back


def test_what_is_released_can_be_drawn_again(database: Database) -> None:
    pool = database.run(pools.create, 1, 100)
    database.run(pools.draw, pool, 60)
    database.run(pools.release, pool, [33, 12, 13])
    assert database.run(pools.draw, pool, 4) == [12, 13, 33, 61]


@pytest.mark.parametrize("step", [1, 7, 39])
def test_a_pool_that_gets_all_back_has_its_first_ranges_again(
    database: Database, step: int
) -> None:
    pool = database.run(pools.create, 1, 100, excluded=[(50, 52)])
    before = free_ranges(database, pool)
    drawn = database.run(pools.draw, pool, 97)
    for index in range(97):
        database.run(pools.release, pool, [drawn[index * step % 97]])
    assert free_ranges(database, pool) == before


@pytest.mark.parametrize("rest_until", [None, LATER], ids=["at once", "after a rest"])
def test_what_is_free_cannot_be_released(
    database: Database, rest_until: datetime.datetime | None
) -> None:
    pool = database.run(pools.create, 1, 100)
    database.run(pools.draw, pool, 20)
    before = free_ranges(database, pool)
    for values in ([50], [21], [100], [19, 20, 21], [3, 99]):
        with pytest.raises(AlreadyFree, match="released already"):
            database.run(pools.release, pool, values, rest_until)
    with pytest.raises(OutsidePool, match="0 is outside"):
        database.run(pools.release, pool, [0, 1], rest_until)
    with pytest.raises(ValueError, match="7 is given twice"):
        database.run(pools.release, pool, [7, 8, 7], rest_until)
    assert free_ranges(database, pool) == before


def test_what_rests_cannot_be_released(database: Database) -> None:
    pool = database.run(pools.create, 1, 100)
    database.run(pools.draw, pool, 20)
    database.run(pools.release, pool, [7], LATER)
    for rest_until in (None, LATER):
        with pytest.raises(AlreadyFree):
            database.run(pools.release, pool, [6, 7], rest_until)


# Resting


def test_a_released_value_rests_until_its_time(database: Database) -> None:
    pool = database.run(pools.create, 1, 4)
    database.run(pools.draw, pool, 4)
    database.run(pools.release, pool, [2], LATER)
    with pytest.raises(PoolExhausted):
        database.run(pools.draw, pool, now=NOON)
    with pytest.raises(ValueResting, match="2 of pool .* rests until 2031-03-01 12:10") as refusal:
        database.run(pools.take, pool, 2, now=NOON)
    assert refusal.value.until == LATER
    assert database.run(pools.explain, pool, 2) == (State.RESTING, LATER)
    assert database.run(pools.draw, pool, now=LATER) == [2]


def test_a_value_that_has_rested_enough_can_be_taken(database: Database) -> None:
    pool = database.run(pools.create, 1, 4)
    database.run(pools.take, pool, 2)
    database.run(pools.release, pool, [2], NOON)
    database.run(pools.take, pool, 2, now=LATER)
    assert database.run(pools.explain, pool, 2) == (State.NOT_FREE, None)


def test_values_that_rest_are_the_last_to_be_drawn(database: Database) -> None:
    pool = database.run(pools.create, 1, 4)
    database.run(pools.draw, pool, 2)
    database.run(pools.release, pool, [1], NOON)
    assert [database.run(pools.draw, pool, now=LATER) for _ in range(3)] == [[3], [4], [1]]


def test_waking_frees_what_is_due_the_longest_due_first(database: Database) -> None:
    pool, other = database.run(pools.create, 1, 9), database.run(pools.create, 1, 9)
    for one in (pool, other):
        database.run(pools.draw, one, 9)
        for value in (4, 3, 8, 5):
            until = NOON + datetime.timedelta(minutes=value)
            database.run(pools.release, one, [value], until)
    six_past = NOON + datetime.timedelta(minutes=6)
    assert database.run(pools.wake, pool, now=six_past, limit=2) == 2
    assert free_values(database, pool) == [3, 4]
    assert database.run(pools.wake, now=six_past) == 4
    assert free_values(database, pool) == free_values(database, other) == [3, 4, 5]
    assert database.run(pools.wake, now=six_past) == 0


# Making, naming, dropping


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, LARGEST), (2**64, 2**65 - 1), (10 * 2**24, 11 * 2**24 - 1), (1, 254), (4, 5), (7, 7)],
)
def test_a_pool_costs_a_few_rows_whatever_its_size(
    database: Database, first: int, last: int
) -> None:
    pool = database.run(pools.create, first, last)
    ranges = free_ranges(database, pool)
    assert len(ranges) <= 64
    assert (ranges[0][0], ranges[-1][1]) == (first, last)
    assert database.run(pools.free_count, pool) == last - first + 1
    assert database.run(pools.draw, pool) == [first]
    if last > first:
        database.run(pools.take, pool, last)
    assert database.run(pools.explain, pool, last).state is State.NOT_FREE


@pytest.mark.parametrize(("first", "last"), [(5, 4), (-1, 4), (0, LARGEST + 1)])
def test_a_pool_with_impossible_bounds_is_refused(
    database: Database, first: int, last: int
) -> None:
    with pytest.raises(ValueError, match=f"a pool cannot be {first} to {last}"):
        database.run(pools.create, first, last)


def test_an_exclusion_upside_down_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="cannot exclude 8 to 7"):
        database.run(pools.create, 1, 10, excluded=[(8, 7)])


def test_a_named_pool_is_made_once(database: Database) -> None:
    assert database.run(pools.lookup, "vlans") is None
    pool = database.run(pools.ensure, "vlans", 100, 199)
    database.run(pools.draw, pool)
    assert database.run(pools.ensure, "vlans", 100, 199) == pool
    assert database.run(pools.lookup, "vlans") == pool
    assert database.run(pools.draw, pool) == [101]
    with pytest.raises(PoolDiffers, match="'vlans' exists and is 100 to 199, not 100 to 299"):
        database.run(pools.ensure, "vlans", 100, 299)


def test_a_dropped_pool_is_gone_and_its_id_is_not_used_again(database: Database) -> None:
    pool = database.run(pools.create, 1, 100)
    database.run(pools.draw, pool, 3)
    database.run(pools.release, pool, [2], LATER)
    database.run(pools.drop, pool)
    with database.reading() as connection:
        for table in (tables.pools, tables.ranges, tables.resting):
            assert connection.execute(sa.select(table)).all() == []
    for refused in (
        lambda: database.run(pools.draw, pool),
        lambda: database.run(pools.take, pool, 1),
        lambda: database.run(pools.release, pool, [1]),
        lambda: database.run(pools.withdraw, pool, 1, 2),
        lambda: database.run(pools.drop, pool),
    ):
        with pytest.raises(NoSuchPool, match=f"there is no pool {pool}"):
            refused()
    assert database.run(pools.create, 1, 100) != pool


# Exclusions that come and go


def test_what_is_withdrawn_is_not_drawn_until_it_is_restored(database: Database) -> None:
    pool = database.run(pools.create, 1, 50)
    before = free_ranges(database, pool)
    database.run(pools.take, pool, 20)
    database.run(pools.take, pool, 21)
    database.run(pools.release, pool, [21], LATER)
    assert database.run(pools.withdraw, pool, 5, 30) == 25
    assert free_values(database, pool) == [*range(1, 5), *range(31, 51)]
    with pytest.raises(ValueTaken):
        database.run(pools.take, pool, 21, now=NOON)

    database.run(pools.restore, pool, 5, 30, lambda connection: [20])
    assert free_values(database, pool) == [v for v in range(1, 51) if v != 20]
    database.run(pools.release, pool, [20])
    assert free_ranges(database, pool) == before


def test_restoring_what_is_free_or_rests_changes_nothing(database: Database) -> None:
    pool = database.run(pools.create, 1, 50)
    database.run(pools.draw, pool, 10)
    database.run(pools.release, pool, [4], LATER)
    before = free_ranges(database, pool)
    database.run(pools.restore, pool, 1, 50, lambda connection: [*range(1, 4), *range(5, 11)])
    assert free_ranges(database, pool) == before
    assert database.run(pools.explain, pool, 4).state is State.RESTING


# Looking


def test_a_pool_explains_what_it_knows_of_a_value(database: Database) -> None:
    pool = database.run(pools.create, 1, 50, excluded=[(9, 9)])
    database.run(pools.draw, pool, 2)
    database.run(pools.release, pool, [2], LATER)
    states = {v: database.run(pools.explain, pool, v).state for v in (0, 1, 2, 3, 9, 50, 51)}
    assert states == {
        0: State.OUTSIDE,
        1: State.NOT_FREE,
        2: State.RESTING,
        3: State.FREE,
        9: State.NOT_FREE,
        50: State.FREE,
        51: State.OUTSIDE,
    }


def test_the_lowest_free_value_from_somewhere_on(database: Database) -> None:
    pool = database.run(pools.create, 1, 50)
    database.run(pools.take, pool, 30)
    database.run(pools.take, pool, 50)
    lowest = [database.run(pools.lowest_free, pool, start) for start in (0, 29, 30, 50)]
    assert lowest == [1, 29, 31, None]
