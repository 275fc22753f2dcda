"""Audits on each kind of database: all leaks at once."""

from __future__ import annotations

from pathlib import Path

from nova_netplugins.netstack.audit import audit
from tests.netstack.cloud import NetApi, netstack_bench
from tests.netstack.melange_server import MelangeServer
from tests.netstack.test_audit_leaks import LEAKS, a_network, long_ago, names


def test_every_leak_is_named_and_goes(
    database_url: str, tmp_path: Path, melange: MelangeServer
) -> None:
    with netstack_bench(tmp_path, melange.url, database_url) as bench:
        api = bench.net_api
        assert isinstance(api, NetApi)
        network_id = a_network(api)
        there = [leak(api, network_id) for leak in LEAKS.values()]
        assert names(audit(api)) == sorted(LEAKS)
        long_ago(api)
        left = [one.note for one in audit(api, repair=True) if not one.repaired]
        assert left == []
        assert not any(is_there() for is_there in there)
        assert audit(api) == []
