"""``GET /metrics``: what Prometheus is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily

from melange.api import faults
from melange.api.policies import POOLS
from melange.ipam.utilization import OfBlock
from netkit.db import Database
from netkit.policy import Authorizer
from netkit.wsgi import environment
from netkit.wsgi.answer import Answer
from netkit.wsgi.environment import Environ, StartResponse
from netkit.wsgi.faults import Fault
from netkit.wsgi.metrics import Metrics

PATH = "/metrics"
STATES = ("allocated", "quarantined", "reserved", "free")

AllBlocks = Callable[[sa.Connection], Iterable[OfBlock]]
"""Tells of every IP block how much of it is used: ``ipam.utilization.all_blocks``."""


class MetricsPage:
    """Requests, their time and transactions' retries, for everybody."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environment.set_dispatched(environ)
        environment.set_route(environ, PATH)
        return self.answer(environ).send(environ, start_response)

    def answer(self, environ: Environ) -> Answer:
        return Answer(200, *self._metrics.page(environ.get("HTTP_ACCEPT", "")))


class PoolsPage(MetricsPage):
    """The same, and how full each IP block is. It names tenants and their networks: for whom policy
    allows it.
    """

    def __init__(
        self, metrics: Metrics, authorizer: Authorizer, database: Database, all_blocks: AllBlocks
    ) -> None:
        super().__init__(metrics)
        self._authorizer = authorizer
        self._pools = Pools(database, all_blocks)

    def answer(self, environ: Environ) -> Answer:
        if not self._authorizer.allows(environment.context(environ), POOLS):
            refused = faults.plain(Fault(403, "policy_denied", ""), environ)
            assert refused is not None
            return Answer(403, refused.content_type, refused.body)
        return Answer(200, *self._metrics.page(environ.get("HTTP_ACCEPT", ""), self._pools))


class Pools:
    """A collector of prometheus_client's sort: asks the database when it is asked."""

    def __init__(self, database: Database, all_blocks: AllBlocks) -> None:
        self._database = database
        self._all_blocks = all_blocks

    def collect(self) -> Iterator[GaugeMetricFamily]:
        labels = ("ip_block_id", "cidr", "tenant_id")
        size = GaugeMetricFamily(
            "melange_ip_block_size", "Addresses of an IP block, all in all.", labels=labels
        )
        addresses = GaugeMetricFamily(
            "melange_ip_block_addresses",
            "Addresses of an IP block, by their state.",
            labels=(*labels, "state"),
        )
        with self._database.reading() as connection:
            for block in self._all_blocks(connection):
                named = (block.id, block.cidr, block.tenant_id)
                size.add_metric(named, block.utilization.size)
                for state in STATES:
                    addresses.add_metric((*named, state), getattr(block.utilization, state))
        yield size
        yield addresses


def wants_pools(environ: Environ) -> bool:
    """``?pools=1``."""
    return "pools=1" in environ.get("QUERY_STRING", "").split("&")
