"""Why a pool refuses. The callers know what the integers mean and say it in their own words."""

from __future__ import annotations

import datetime
from collections.abc import Sequence


class PoolError(Exception):
    """Base of all. Roll the transaction back: the database may refuse to go on in it."""


class NoSuchPool(PoolError):
    def __init__(self, pool_id: int) -> None:
        super().__init__(f"there is no pool {pool_id}")
        self.pool_id = pool_id


class PoolDiffers(PoolError):
    """A pool of this name exists, with other bounds."""

    def __init__(self, name: str, have: tuple[int, int], want: tuple[int, int]) -> None:
        super().__init__(
            f"pool {name!r} exists and is {have[0]} to {have[1]}, not {want[0]} to {want[1]}"
        )


class PoolExhausted(PoolError):
    """No value is free, and none that rests is due."""

    def __init__(self, pool_id: int, count: int) -> None:
        super().__init__(f"pool {pool_id} has not {count} free value(s) left")
        self.pool_id = pool_id
        self.count = count


class OutsidePool(PoolError):
    def __init__(self, pool_id: int, value: int, first: int, last: int) -> None:
        super().__init__(f"{value} is outside pool {pool_id}, which is {first} to {last}")
        self.pool_id = pool_id
        self.value = value


class ValueTaken(PoolError):
    """The value is drawn, or excluded from the pool."""

    def __init__(self, pool_id: int, value: int) -> None:
        super().__init__(f"{value} of pool {pool_id} is taken")
        self.pool_id = pool_id
        self.value = value


class ValueResting(PoolError):
    """The value was released not long ago."""

    def __init__(self, pool_id: int, value: int, until: datetime.datetime) -> None:
        super().__init__(f"{value} of pool {pool_id} rests until {until} UTC")
        self.pool_id = pool_id
        self.value = value
        self.until = until


class AlreadyFree(PoolError):
    """What is released is free or resting already: it is released for the second time."""

    def __init__(self, pool_id: int, values: Sequence[int]) -> None:
        what = str(values[0]) if len(values) == 1 else f"one of {values[0]}...{values[-1]}"
        super().__init__(f"{what} of pool {pool_id} is released already")
        self.pool_id = pool_id
        self.values = values
