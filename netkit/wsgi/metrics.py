"""What Prometheus is told of a server: its requests, and how often transactions were retried.

With several processes, have the environment variable ``PROMETHEUS_MULTIPROC_DIR`` name an empty
directory before prometheus_client is imported: any of them then answers for all.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from netkit.wsgi import environment
from netkit.wsgi.environment import Environ, StartResponse, WsgiApp

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
NO_ROUTE = "(none)"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The counters of one application, whose names begin with ``prefix``.

    ``retries`` tells how often transactions of this process were started again until now.
    """

    def __init__(self, prefix: str, retries: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            f"{prefix}_http_requests",
            "Requests answered, by route, method and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            f"{prefix}_http_request_duration_seconds",
            "How long answering took, by route and method.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._retries = Counter(
            f"{prefix}_database_transaction_retries",
            "How often a transaction was started again: deadlocks, locks, lost connections.",
            registry=self._registry,
        )
        self._retries_now = retries
        self._retries_told = retries()
        self._lock = threading.Lock()

    def count(self, method: str, route: str | None, status: int, seconds: float) -> None:
        # A label for whatever a client makes up would be without end.
        method = method if method in _METHODS else "(other)"
        route = route or NO_ROUTE
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        if self._retries_now() != self._retries_told:
            with self._lock:
                now = self._retries_now()
                self._retries.inc(now - self._retries_told)
                self._retries_told = now

    def page(self, accept: str = "", more: Collector | None = None) -> tuple[str, bytes]:
        """Content type and body for a scraper with this Accept header, with what ``more``
        collects.
        """
        registry = CollectorRegistry()
        if DIRECTORY in os.environ:
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry.register(self._registry)
        if more is not None:
            registry.register(more)
        encode, content_type = choose_encoder(accept)
        return content_type, encode(registry)


class CountRequests:
    """The layer that counts, by the routes that dispatchers below have found."""

    def __init__(self, app: WsgiApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        began = time.monotonic()

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            self._metrics.count(
                environ["REQUEST_METHOD"],
                environment.route(environ),
                int(status[:3]),
                time.monotonic() - began,
            )
            return start_response(status, headers, *rest)

        return self._app(environ, start)
