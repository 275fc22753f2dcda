"""How many virtual NICs netstack makes in a second, and whose the milliseconds are.

    python -m benchmarks.netstack [--l2 local,neutron] [--nics 100] [--rounds 5] [--workers 2]
        [--database postgresql]

Each NIC is that of an instance: an interface with its MAC address and an address of a /16 from
Melange, a port at layer 2, the association. Melange runs on PostgreSQL with processes of its own;
Neutron 29 on MariaDB with a server of four threads; all that netstack writes itself is on a
database of its own. All of them with fsync.

For a NIC: milliseconds within calls of Melange, within calls of layer 2 (Neutron, or netstack's own
tables), and the rest, which is netstack's own, its transactions among them; of the rest also what
of it was processor time of the thread. Each is the median of the NICs of a round; shown are the
median of the rounds, with the least and the most. Clients are threads of this process, which call
net-api itself; then, in a line of its own, HTTP clients of nova-netplugins-api.

First the floor, which tells how fast the machine is at that moment: two transactions of four
statements each, as many as netstack's own, by psycopg alone, with pauses as long as Melange's.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests

from benchmarks import ipam_service
from benchmarks.meter import Meter, Share
from melange.client import connect
from nova_netplugins.cloud import Cloud
from nova_netplugins.netstack import l2_drivers
from nova_netplugins.netstack.melange import make_melange
from nova_netplugins.netstack.model import BlockSpec, NetworkSpec
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.plugin import ApiContext, InstanceRequest, RequestedNic
from tests import servers
from tests.api.ethernet.served import Prompted, open_cloud, upgrade
from tests.api.netstack.served import write_conf
from tests.conftest import new_database
from tests.eventually import eventually
from tests.openstack.conftest import on_quantum
from tests.openstack.neutron import HOST, neutron

PROJECT = "bench"
MAC_RANGE = "FA:16:3E:00:00:00/24"
AT_ONCE = (1, 4)
WARM = 10

Verb = Callable[[str], object]
"""Makes or deletes the NIC of an instance."""


@dataclass(frozen=True)
class Round:
    """``rate``: a second. ``shares``: whose the time was, for each NIC."""

    rate: float
    shares: Sequence[Share]


@dataclass(frozen=True)
class Verbs:
    create: Verb
    delete: Verb


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--l2", default="local,neutron")
    parser.add_argument("--nics", type=int, default=100, help="of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2, help="of Melange")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    args = parser.parse_args()
    with ipam_service.running("postgresql", workers=args.workers) as melange:
        url = melange.root.removesuffix("/v0.1")
        connect(url).mac_address_ranges.create(MAC_RANGE)
        for l2 in args.l2.split(","):
            with configured(l2, args.database, url) as file:
                if args.database == "postgresql":
                    floor(file, args.nics, args.rounds)
                within(file, l2, args.nics, args.rounds)
                over_http(file, l2, args.nics, args.rounds)


@contextlib.contextmanager
def configured(l2: str, database: str, melange_url: str) -> Iterator[Path]:
    """A configuration file of netstack, its database made."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{directory}/netstack.sqlite"
        if database == "postgresql":
            server_url = stack.enter_context(servers.postgresql(durable=True))
            url = stack.enter_context(new_database(server_url))
        file = write_conf(directory, url, melange_url)
        if l2 == "neutron":
            tables = new_database(stack.enter_context(servers.mariadb(durable=True)))
            (home := directory / "neutron").mkdir()
            on_quantum(file, stack.enter_context(neutron(home, stack.enter_context(tables))).url)
        with open_cloud(file) as cloud:
            upgrade(cloud)
        yield file


def floor(file: Path, times: int, rounds: int) -> None:
    with open_cloud(file) as cloud:
        url = cloud.database.engine.url.set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS floor (id text PRIMARY KEY, note text)")
        connection.commit()
        taken = [[_floor(connection) for _ in range(times)] for _ in range(rounds)]
        medians = [statistics.median(one) * 1000 for one in taken]
    print(f"{'the floor: psycopg alone':<44}{spread(medians)} ms", flush=True)


def _floor(connection: psycopg.Connection[Any]) -> float:
    """Seconds, without the pauses."""
    taken = 0.0
    one = {"id": str(uuid.uuid4()), "note": "x" * 200}
    for statements in _FLOOR:
        time.sleep(0.01)
        start = time.perf_counter()
        for statement in statements:
            connection.execute(statement, one)
        connection.commit()
        taken += time.perf_counter() - start
    return taken


_FIND = "SELECT note FROM floor WHERE id = %(id)s FOR UPDATE"
_FLOOR = (
    (_FIND, _FIND, "INSERT INTO floor VALUES (%(id)s, %(note)s)", _FIND),
    (_FIND, "UPDATE floor SET note = %(note)s WHERE id = %(id)s", _FIND, _FIND),
)


def within(file: Path, l2: str, nics: int, rounds: int) -> None:
    """Threads that call net-api."""
    with open_cloud(file) as cloud:
        meter = Meter()
        api = metered(cloud, meter)
        network = a_network(api)
        wanted = RequestedNic(network)

        def create(instance_id: str) -> None:
            api.allocate_for_instance(
                InstanceRequest(instance_id, PROJECT, host=HOST, nics=(wanted,))
            )

        verbs = Verbs(create, api.deallocate_for_instance)
        for clients in AT_ONCE:
            measure(verbs, meter, f"{l2}, {clients} at a time", clients, nics, rounds)


def metered(cloud: Cloud, meter: Meter) -> NetstackNetApi:
    context = ApiContext(cloud.conf, cloud.database, cloud.associations, Prompted())
    layer_2 = l2_drivers.load(cloud.conf, cloud.database)
    melange = make_melange(cloud.conf)
    return NetstackNetApi(
        context, l2=meter.wrapped("l2", layer_2), melange=meter.wrapped("melange", melange)
    )


def a_network(api: NetstackNetApi) -> str:
    made = api.create_network(
        NetworkSpec(f"bench-{uuid.uuid4()}", blocks=[BlockSpec("10.0.0.0/16")])
    )
    return str(made["id"])


def over_http(file: Path, l2: str, nics: int, rounds: int) -> None:
    """Clients of a net-api server that is a process of its own."""
    with open_cloud(file) as cloud:
        network = a_network(metered(cloud, Meter()))
    with served(file) as url, requests.Session() as session:

        def path(instance_id: str) -> str:
            return f"{url}/v1.0/netstack/instances/{instance_id}/virtual_nics"

        def create(instance_id: str) -> None:
            nic: dict[str, Any] = {"project_id": PROJECT, "host": HOST}
            nic["networks"] = [{"network_id": network}]
            session.post(path(instance_id), json={"virtual_nics": nic}).raise_for_status()

        def delete(instance_id: str) -> None:
            session.delete(path(instance_id)).raise_for_status()

        for clients in AT_ONCE:
            name = f"{l2}, {clients} at a time, over HTTP"
            measure(Verbs(create, delete), Meter(), name, clients, nics, rounds)


@contextlib.contextmanager
def served(file: Path) -> Iterator[str]:
    port = servers.free_port()
    configuration = file.with_name("served.conf")
    configuration.write_text(f"{file.read_text()}\n[api]\nbind_port = {port}\n")
    program = str(Path(sys.executable).with_name("nova-netplugins-api"))
    with file.with_name("net-api.log").open("w") as log:
        command = [program, "--config-file", str(configuration)]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: _answers(url), "net-api answers", 60)
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(url, timeout=10).ok
    return False


def measure(verbs: Verbs, meter: Meter, name: str, clients: int, nics: int, rounds: int) -> None:
    with ThreadPoolExecutor(clients) as pool:
        warm = [str(uuid.uuid4()) for _ in range(WARM)]
        for verb in (verbs.create, verbs.delete):
            run(pool, meter, verb, warm)
        created, deleted = [], []
        for _ in range(rounds):
            instances = [str(uuid.uuid4()) for _ in range(nics)]
            created.append(run(pool, meter, verbs.create, instances))
            deleted.append(run(pool, meter, verbs.delete, instances))
    report(f"{name}: create", created)
    report(f"{name}: delete", deleted)


def run(pool: ThreadPoolExecutor, meter: Meter, verb: Verb, instances: Sequence[str]) -> Round:
    start = time.perf_counter()
    shares = list(pool.map(lambda instance_id: meter.share(lambda: verb(instance_id)), instances))
    return Round(len(instances) / (time.perf_counter() - start), shares)


def report(name: str, rounds: Sequence[Round]) -> None:
    print(f"{name:<44}{spread([one.rate for one in rounds])} a second", flush=True)
    parts: dict[str, Callable[[Share], float]] = {
        "all": lambda share: share.clock,
        "Melange": lambda share: share.inside("melange"),
        "L2": lambda share: share.inside("l2"),
        "ours": lambda share: share.rest,
        "ours, processor": lambda share: share.rest_processor,
    }
    split = any(share.parts for one in rounds for share in one.shares)
    for part, of in parts.items():
        if split or part == "all":
            medians = [statistics.median(map(of, one.shares)) * 1000 for one in rounds]
            print(f"    {part:<40}{spread(medians)} ms", flush=True)


def spread(figures: Sequence[float]) -> str:
    middle, least, most = statistics.median(figures), min(figures), max(figures)
    return f"{middle:7.1f} ({least:.1f} to {most:.1f})"


if __name__ == "__main__":
    main()
