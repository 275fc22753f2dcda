"""The whole: Melange on PostgreSQL, 64 clients, the nemesis, and the history of it."""

from __future__ import annotations

import contextlib
import random
import subprocess
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests import servers
from tests.chaos.melange import Melange
from tests.chaos.nemesis import Nemesis
from tests.chaos.victims import BIN, WORKERS, Server, postgresql
from tests.conftest import new_database
from tools.ipamcheck import clients, history
from tools.ipamcheck.checker import Verdict, judge
from tools.ipamcheck.history import Pool, Recorder

CLIENTS = 64
TENANT = "storm"
DAY = 86400.0
FORBIDDEN_OCTET = 5

POOLS = [
    # The broadcast address is nobody's; nor are a gateway and what a policy excludes.
    Pool("wide", 0.0, "10.1.0.0/16", 2**16 - 1),
    Pool("small", 0.0, "10.2.0.0/26", 62),
    Pool("tiny", 0.0, "10.3.0.0/29", 7),
    Pool("resting", DAY, "10.4.0.0/23", 511),
    Pool("picky", 0.0, "10.5.0.0/26", 62),
    Pool("six", 0.0, "fd00:6::/64", None),
]
POLICIES = {
    "resting": {"keep_deallocated_ips_for_days": 1},
    "picky": {"keep_deallocated_ips_for_days": 0},
}
GATEWAYS = {"small": "10.2.0.1"}


@dataclass(frozen=True)
class Outcome:
    """``check``: what `melange-manage check` said, and its exit status."""

    verdict: Verdict
    check: str
    check_status: int


def run(directory: Path, *, seed: int, seconds: float) -> Outcome:
    """A storm; its history is ``directory/history.jsonl``, the server's log beside it."""
    rng = random.Random(seed)
    recorder = Recorder(directory / "history.jsonl")
    with postgresql() as database, new_database(database.url) as url:
        server = _configured(directory, url)
        try:
            _manage(directory, "db", "upgrade").check_returncode()
            server.start()
            ipam = Melange(server.url, TENANT, make_blocks(server.url), CLIENTS)
            nemesis = Nemesis(server, database, recorder, rng)
            with _clients_at_work(ipam, recorder, seed):
                nemesis.rage(seconds)
            # Nothing is under way once it has ended in order.
            server.stop()
            server.start()
            clients.read_end(ipam, POOLS, recorder)
        finally:
            server.abandon()
            recorder.close()
        checked = _manage(directory, "check")
    verdict = judge(history.parse(recorder.lines))
    return Outcome(verdict, checked.stdout + checked.stderr, checked.returncode)


@contextlib.contextmanager
def _clients_at_work(ipam: Melange, recorder: Recorder, seed: int) -> Iterator[None]:
    """Within, they work. Left, they have all come to know what became of their calls."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as beside:
        storm = beside.submit(
            clients.storm, ipam, POOLS, recorder, seed=seed, clients=CLIENTS, stop=stop
        )
        try:
            yield
        finally:
            stop.set()
        storm.result()


def _configured(directory: Path, url: str) -> Server:
    port = servers.free_port()
    lines = [
        f"[DEFAULT]\nstate_path = {directory}",
        f"[database]\nconnection = {url}",
        f"[api]\nbind_port = {port}\nworkers = {WORKERS}\naccess_log = off\nshutdown_timeout = 20",
        "[ipam]\nkeep_deallocated_ips_for_days = 0\nipv6_generator = sequential",
    ]
    file = directory / "melange.conf"
    file.write_text("\n".join(lines))
    return Server(file, port, directory / "melange-api.log")


def make_blocks(url: str) -> Mapping[str, str]:
    """The block of each pool."""
    base = f"{url}/v0.1/ipam/tenants/{TENANT}"
    policies = {}
    for name, policy in POLICIES.items():
        policies[name] = _post(f"{base}/policies", {"policy": {"name": name, **policy}})
    octet = {"ip_octet": {"octet": FORBIDDEN_OCTET}}
    _post(f"{base}/policies/{policies['picky']}/unusable_ip_octets", octet)
    blocks = {}
    for pool in POOLS:
        asked = {
            "type": "private",
            "cidr": pool.cidr,
            "policy_id": policies.get(pool.name),
            "gateway": GATEWAYS.get(pool.name),
        }
        blocks[pool.name] = _post(f"{base}/ip_blocks", {"ip_block": asked})
    return blocks


def _post(url: str, body: Any) -> str:
    answer = requests.post(url, json=body, timeout=30)
    answer.raise_for_status()
    (made,) = answer.json().values()
    found: str = made["id"]
    return found


def _manage(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "melange-manage"), "--config-file", str(directory / "melange.conf")]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120)
