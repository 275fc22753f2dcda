"""netkit.pool: any sequence of calls does what a set would, on every database."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import hypothesis
import pytest
from hypothesis import strategies as st

from netkit.db import Database
from netkit.pool import PoolError
from tests.pooling import free_values, opened, pools

NOON = datetime.datetime(2031, 3, 1, 12)
LATER = NOON + datetime.timedelta(minutes=10, microseconds=1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


VALUES = st.integers(-1, 41)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("draw"), st.integers(1, 12)),
        st.tuples(st.just("take"), VALUES),
        st.tuples(st.just("release"), st.lists(VALUES, min_size=1, max_size=6, unique=True)),
        st.tuples(st.just("rest"), st.lists(VALUES, min_size=1, max_size=6, unique=True)),
        st.tuples(st.just("wake"), st.just(None)),
    ),
    min_size=5,
    max_size=30,
)


class Model:
    """A pool of 0 to 39 as two sets; the same calls, True where the pool doesn't refuse."""

    def __init__(self) -> None:
        self.free = set(range(40))
        self.resting: set[int] = set()

    def draw(self, count: int) -> bool:
        if count > len(self.free):
            return False
        self.free -= set(sorted(self.free)[:count])
        return True

    def take(self, value: int) -> bool:
        if value not in self.free:
            return False
        self.free.discard(value)
        return True

    def release(self, values: list[int]) -> bool:
        return self._give(values, self.free)

    def rest(self, values: list[int]) -> bool:
        return self._give(values, self.resting)

    def wake(self, _: None) -> bool:
        self.free |= self.resting
        self.resting = set()
        return True

    def _give(self, values: list[int], to: set[int]) -> bool:
        in_use = set(range(40)) - self.free - self.resting
        if not set(values) <= in_use:
            return False
        to |= set(values)
        return True


@hypothesis.given(OPERATIONS)
@hypothesis.settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
def test_any_sequence_of_calls_does_what_a_set_would(
    database: Database, operations: list[tuple[str, object]]
) -> None:
    pool, model = database.run(pools.create, 0, 39), Model()
    calls = {
        "draw": lambda c, count: pools.draw(c, pool, count, now=NOON),
        "take": lambda c, value: pools.take(c, pool, value, now=NOON),
        "release": lambda c, values: pools.release(c, pool, values),
        "rest": lambda c, values: pools.release(c, pool, values, LATER),
        "wake": lambda c, _: pools.wake(c, pool, now=LATER),
    }
    for name, argument in operations:
        try:
            database.run(calls[name], argument)
            done = True
        except PoolError:
            done = False
        assert done == getattr(model, name)(argument), (name, argument)
        assert free_values(database, pool) == sorted(model.free)
