"""netkit.pool, several transactions open at once: who waits for whom, and what he finds then.

SQLite has one writer, so that there are no rivals.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from netkit.db import Database
from netkit.pool import AlreadyFree, PoolExhausted, ValueTaken
from tests.conftest import new_database
from tests.pooling import free_values, opened, pools
from tests.waiting import PATIENCE, in_background, wait_until_someone_waits

PAST = datetime.datetime(2021, 3, 1)
STRIPE = 8
"""How wide the stripes of the pools of 1 to 16 and 1 to 64 are."""


@pytest.fixture(params=["postgresql", "mariadb"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    url = request.getfixturevalue(f"{request.param}_url")
    with new_database(url) as url, opened(url) as database:
        yield database


@contextlib.contextmanager
def transaction(database: Database) -> Iterator[sa.Connection]:
    """A write transaction that stays open until the test says commit() or rollback()."""
    with database.engine.connect() as connection:
        yield connection
        connection.rollback()


def test_draws_do_not_wait_for_each_others_commit(database: Database) -> None:
    pool = database.run(pools.create, 1, 64)
    with contextlib.ExitStack() as stack:
        rivals = [stack.enter_context(transaction(database)) for _ in range(8)]
        drawn = [
            in_background(functools.partial(pools.draw, rival, pool)).result(PATIENCE)[0]
            for rival in rivals
        ]
    assert drawn == [1 + STRIPE * n for n in range(8)], "each from the lowest stripe left alone"
    assert len(free_values(database, pool)) == 64, "all were rolled back"


def test_two_values_are_enough_for_two_draws_at_once(database: Database) -> None:
    pool = database.run(pools.create, 1, 2)
    with transaction(database) as one, transaction(database) as other:
        assert pools.draw(one, pool) == [1]
        assert in_background(lambda: pools.draw(other, pool)).result(PATIENCE) == [2]


def test_a_draw_waits_when_rivals_hold_all_there_is(database: Database) -> None:
    pool = database.run(pools.create, 1, 2)
    with transaction(database) as one, transaction(database) as other:
        pools.draw(one, pool)
        pools.draw(other, pool)
        waiting = in_background(lambda: database.run(pools.draw, pool))
        wait_until_someone_waits(database)
        one.rollback()
        assert waiting.result(PATIENCE) == [1]
        other.commit()
    with pytest.raises(PoolExhausted):
        database.run(pools.draw, pool)


def test_an_awaited_range_that_is_used_up_does_not_mean_that_the_pool_is_empty(
    database: Database,
) -> None:
    pool = database.run(pools.create, 1, 16)
    with transaction(database) as one, transaction(database) as other:
        pools.draw(one, pool, STRIPE)
        pools.draw(other, pool)
        waiting = in_background(lambda: database.run(pools.draw, pool))
        wait_until_someone_waits(database)
        other.commit()
        one.commit()
        assert waiting.result(PATIENCE) == [STRIPE + 2]


def test_the_pool_is_empty_when_those_who_hold_the_rest_commit(database: Database) -> None:
    pool = database.run(pools.create, 1, 16)
    with transaction(database) as one:
        pools.draw(one, pool, 16)
        waiting = in_background(lambda: database.run(pools.draw, pool))
        wait_until_someone_waits(database)
        one.commit()
        with pytest.raises(PoolExhausted):
            waiting.result(PATIENCE)


@pytest.mark.parametrize("drawn_by", ["draw", "take"])
def test_taking_a_value_waits_for_whoever_has_just_drawn_it(
    database: Database, drawn_by: str
) -> None:
    pool = database.run(pools.create, 1, 16)
    for commits in (False, True):
        with transaction(database) as one:
            pools.draw(one, pool) if drawn_by == "draw" else pools.take(one, pool, 1)
            waiting = in_background(lambda: database.run(pools.take, pool, 1))
            wait_until_someone_waits(database)
            if commits:
                one.commit()
                with pytest.raises(ValueTaken):
                    waiting.result(PATIENCE)
            else:
                one.rollback()
                waiting.result(PATIENCE)
                database.run(pools.release, pool, [1])


@pytest.mark.parametrize(("first", "second"), [(5, 3), (5, 7), (8, 7), (1, 8), (5, 8)])
def test_a_range_split_while_one_waits_for_it_still_has_its_values(
    database: Database, first: int, second: int
) -> None:
    pool = database.run(pools.create, 1, 16)
    with transaction(database) as one:
        pools.take(one, pool, first)
        waiting = in_background(lambda: database.run(pools.take, pool, second))
        wait_until_someone_waits(database)
        one.commit()
        waiting.result(PATIENCE)
    assert free_values(database, pool) == [v for v in range(1, 17) if v not in (first, second)]


def test_a_draw_goes_on_when_the_awaited_range_comes_back_with_another_end(
    database: Database,
) -> None:
    pool = database.run(pools.create, 1, 16, excluded=[(9, 16)])
    with transaction(database) as one:
        pools.take(one, pool, 8)
        waiting = in_background(lambda: database.run(pools.draw, pool))
        wait_until_someone_waits(database)
        one.commit()
        assert waiting.result(PATIENCE) == [1]
    assert free_values(database, pool) == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("first_rests", [False, True])
@pytest.mark.parametrize("second_rests", [False, True])
def test_of_two_who_release_the_same_value_one_is_refused(
    database: Database, first_rests: bool, second_rests: bool
) -> None:
    future = datetime.datetime(2999, 1, 1)
    pool = database.run(pools.create, 1, 16)
    database.run(pools.draw, pool, 3)
    with transaction(database) as one:
        pools.release(one, pool, [3], future if first_rests else None)
        until = future if second_rests else None
        waiting = in_background(lambda: database.run(pools.release, pool, [3], until))
        wait_until_someone_waits(database)
        one.commit()
        with pytest.raises(AlreadyFree):
            waiting.result(PATIENCE)
    assert free_values(database, pool) == list(range(4 if first_rests else 3, 17))


def test_a_release_does_not_wait_for_the_neighbours(database: Database) -> None:
    pool = database.run(pools.create, 1, 16)
    database.run(pools.draw, pool, 5)
    with transaction(database) as one, transaction(database) as other:
        pools.draw(one, pool)
        pools.release(other, pool, [2])
        in_background(lambda: database.run(pools.release, pool, [3, 5])).result(PATIENCE)
        other.commit()
        one.rollback()
    assert free_values(database, pool) == [2, 3, *range(5, 17)]


def test_a_draw_waits_for_values_that_a_rival_is_waking(database: Database) -> None:
    pool = database.run(pools.create, 1, 2)
    database.run(pools.draw, pool, 2)
    database.run(pools.release, pool, [2], PAST)
    with transaction(database) as one:
        assert pools.wake(one, pool) == 1
        waiting = in_background(lambda: database.run(pools.draw, pool))
        wait_until_someone_waits(database)
        one.commit()
        assert waiting.result(PATIENCE) == [2]


def test_restoring_waits_for_a_draw_from_there_and_asks_for_what_is_in_use_after_it(
    database: Database,
) -> None:
    pool = database.run(pools.create, 1, 16)
    in_use: list[int] = []
    with transaction(database) as one:
        drawn = pools.draw(one, pool)
        waiting = in_background(
            lambda: database.run(pools.restore, pool, 1, 16, lambda connection: list(in_use))
        )
        wait_until_someone_waits(database)
        in_use += drawn
        one.commit()
        waiting.result(PATIENCE)
    assert free_values(database, pool) == list(range(2, 17))


def test_many_who_ensure_a_pool_get_the_same_one(database: Database) -> None:
    together = threading.Barrier(8)

    def ensure() -> int:
        together.wait(PATIENCE)
        return database.run(pools.ensure, "vlans", 1, 4094)

    ids = {future.result(PATIENCE) for future in [in_background(ensure) for _ in range(8)]}
    assert len(ids) == 1
    assert database.run(pools.free_count, ids.pop()) == 4094
