"""Whose the time of a call is: measured where it goes into the services that it calls."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class Share:
    """Seconds of one call, by the clock and of its thread's processor time; ``parts``: of them,
    those within each service."""

    clock: float = 0.0
    processor: float = 0.0
    parts: dict[str, tuple[float, float]] = field(default_factory=dict)

    def inside(self, service: str) -> float:
        return self.parts.get(service, (0.0, 0.0))[0]

    @property
    def rest(self) -> float:
        return self.clock - sum(clock for clock, _ in self.parts.values())

    @property
    def rest_processor(self) -> float:
        return self.processor - sum(processor for _, processor in self.parts.values())


class Meter:
    """Each thread's calls are measured by themselves."""

    def __init__(self) -> None:
        self._thread = threading.local()

    def share(self, call: Callable[[], object]) -> Share:
        """Of that call; what it calls of wrapped objects goes to their services."""
        self._thread.share = share = Share()
        clock, processor = time.perf_counter(), time.thread_time()
        call()
        share.clock = time.perf_counter() - clock
        share.processor = time.thread_time() - processor
        return share

    def wrapped(self, service: str, inner: T) -> T:
        """The object, with the time of all its methods told as the service's."""
        wrapper: Any = _Wrapped(self, service, inner)
        return wrapper  # type: ignore[no-any-return]

    @contextlib.contextmanager
    def inside(self, service: str) -> Iterator[None]:
        share: Share | None = getattr(self._thread, "share", None)
        clock, processor = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            if share is not None:
                before = share.parts.get(service, (0.0, 0.0))
                share.parts[service] = (
                    before[0] + time.perf_counter() - clock,
                    before[1] + time.thread_time() - processor,
                )


class _Wrapped:
    def __init__(self, meter: Meter, service: str, inner: object) -> None:
        self._meter, self._service, self._inner = meter, service, inner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self._meter.inside(self._service):
                return value(*args, **kwargs)

        return timed
