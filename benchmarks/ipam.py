"""What Melange does in a second, over HTTP, everything on this one machine.

    python -m benchmarks.ipam [--backends postgresql,mariadb,sqlite] [--seconds 10] [--rounds 3]
        [--workers 2] [--threads 4] [--only floor,single,sizes,bulk,read,list,memory]

Databases are made for it, with fsync. A figure is the median of the rounds, with the least and the
most. `floor` is PostgreSQL alone, asked by pgbench for draws of one statement each. Needs wrk, and
for the floor pgbench.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from benchmarks import ipam_fill, ipam_floor, ipam_service, load
from benchmarks.ipam_service import Service
from tests import servers

CLIENTS = 64
BULK = 256
SIZES = {"/16": "10.1.0.0/16", "/8": "11.0.0.0/8", "IPv6 /64": "fd00::/64"}
PARTS = ("floor", "single", "sizes", "bulk", "read", "list", "memory")


@dataclass(frozen=True)
class Options:
    seconds: float
    rounds: int
    workers: int
    threads: int
    parts: Sequence[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--backends", default="postgresql,mariadb,sqlite")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--only", default=",".join(PARTS))
    given = parser.parse_args()
    options = Options(
        given.seconds, given.rounds, given.workers, given.threads, given.only.split(",")
    )
    for backend in given.backends.split(","):
        measure(backend, options)


def measure(backend: str, options: Options) -> None:
    floor = None
    if "floor" in options.parts and backend == "postgresql":
        with servers.postgresql(durable=True) as url:
            floor = ipam_floor.rate(url, clients=CLIENTS, seconds=int(options.seconds))
        print(f"postgresql  the floor, pgbench alone: {floor:.0f} draws a second", flush=True)
    with ipam_service.running(backend, workers=options.workers, threads=options.threads) as service:
        parts: dict[str, Callable[[], None]] = {
            "single": lambda: _single(backend, service, options, floor),
            "sizes": lambda: _sizes(backend, service, options),
            "bulk": lambda: _bulk(backend, service, options),
            "read": lambda: _read(backend, service),
            "list": lambda: _list(backend, service),
            "memory": lambda: _memory(backend, service),
        }
        for name, part in parts.items():
            if name in options.parts:
                part()


def _single(backend: str, service: Service, options: Options, floor: float | None) -> None:
    rate = _storm(service, service.block("10.0.0.0/8"), options, f"{backend}  single POST, /8")
    keyed = load.run(
        f"{service.url}{service.block('18.0.0.0/8')}/ip_addresses",
        clients=CLIENTS,
        seconds=options.seconds,
        keyed=True,
    )
    _print(f"{backend}  single POST with an Idempotency-Key", [keyed.rate], " a second")
    _require_no_errors([keyed])
    if floor is not None:
        print(f"{backend}  of the floor: {rate / floor:.0%}", flush=True)


def _sizes(backend: str, service: Service, options: Options) -> None:
    """All in a database of a million addresses, those of the block that is nearly full."""
    full = service.block("12.0.0.0/12")
    filled = _fill(service, full, leave_each=100)
    for name, cidr in SIZES.items():
        _storm(service, service.block(cidr), options, f"{backend}  single POST, {name}")
    # What is left of it lasts for a few seconds.
    short = dataclasses.replace(options, seconds=1, rounds=4)
    _storm(service, full, short, f"{backend}  single POST, /12 that is 99 % full", filled)


def _bulk(backend: str, service: Service, options: Options) -> None:
    block = service.block("13.0.0.0/8")
    body = f'{{"ip_address": {{"count": {BULK}}}}}'
    loads = [
        load.run(
            service.url + block + "/ip_addresses", clients=8, seconds=options.seconds, body=body
        )
        for _ in range(options.rounds)
    ]
    rates = [one.rate * BULK for one in loads]
    _print(f"{backend}  addresses a second in calls of {BULK}", rates, "")
    _require_no_errors(loads)


def _read(backend: str, service: Service) -> None:
    block = service.block("14.0.0.0/24")
    path = f"{block}/ip_addresses"
    address = service.call("POST", path, expected=201)["ip_address"]["address"]
    times = [_timed(lambda: service.call("GET", f"{path}/{address}")) for _ in range(1000)]
    _print(f"{backend}  GET of an address, one client", times, " ms")


def _list(backend: str, service: Service) -> None:
    """A block with 1,000,000 addresses beside one with none."""
    full, empty = service.block("15.0.0.0/12"), service.block("16.0.0.0/12")
    count = _fill(service, full, leave_each=20)
    page = f"{full}/ip_addresses?limit=1000"
    times: list[float] = []
    while page:
        start = time.perf_counter()
        body = service.call("GET", page)
        times.append((time.perf_counter() - start) * 1000)
        links = body.get("ip_addresses_links")
        page = links[0]["href"] if links else ""
    tenth = len(times) // 10
    _print(f"{backend}  a page of 1000, the first tenth of {count} addresses", times[:tenth], " ms")
    _print(f"{backend}  a page of 1000, the last tenth", times[-tenth - 1 : -1], " ms")
    for name, block in (("none", empty), (f"{count}", full)):
        used = [_timed(lambda b=block: service.call("GET", f"{b}/utilization")) for _ in range(200)]  # type: ignore[misc]
        _print(f"{backend}  utilisation of a block with {name} addresses", used, " ms")


def _memory(backend: str, service: Service) -> None:
    """After a million requests."""
    block = service.block("17.0.0.0/8")
    address = service.call("POST", f"{block}/ip_addresses", expected=201)["ip_address"]["address"]
    done = 0
    while done < 1_000_000:
        got = load.run(f"{service.url}{block}/ip_addresses/{address}", method="GET", seconds=60)
        done += got.requests
    print(f"{backend}  a worker after {done} requests: {service.memory() / 2**20:.0f} MiB")


def _fill(service: Service, block: str, leave_each: int) -> int:
    service.call("POST", f"{block}/ip_addresses", expected=201)  # makes the nameless interface
    return ipam_fill.fill(service.database_url, block.rpartition("/")[2], leave_each=leave_each)


def _storm(service: Service, block: str, options: Options, name: str, filled: int = 0) -> float:
    """Clients that ask for one address after the other; the median rate."""
    path = f"{block}/ip_addresses"
    service.call("POST", path, expected=201)
    loads = [
        load.run(service.url + path, clients=CLIENTS, seconds=options.seconds)
        for _ in range(options.rounds)
    ]
    _print(name, [one.rate for one in loads], " a second", f"p99 {_p99(loads)} ms")
    _require_no_errors(loads)
    _require_all_there(service, block, filled + 1 + sum(one.requests for one in loads))
    return statistics.median(one.rate for one in loads)


def _require_all_there(service: Service, block: str, answered: int) -> None:
    """The database forbids duplicates: as many rows as answers mean that there was none."""
    engine = sa.create_engine(service.database_url)
    with engine.connect() as connection:
        query = sa.text("SELECT count(*) FROM ip_addresses WHERE ip_block_id = :block")
        rows = connection.scalar(query, {"block": block.rpartition("/")[2]}) or 0
    engine.dispose()
    # Answers on their way when wrk stops counting, one a client and round at most.
    if not 0 <= rows - answered <= CLIENTS * 10:
        print(f"  WRONG: {answered} answers, but {rows} rows")


def _require_no_errors(loads: Sequence[load.Load]) -> None:
    errors = sum(one.errors for one in loads)
    if errors:
        print(f"  WRONG: {errors} errors")


def _p99(loads: Sequence[load.Load]) -> str:
    return f"{statistics.median(one.p99 for one in loads):.0f}"


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def _print(name: str, figures: Sequence[float], unit: str, more: str = "") -> None:
    digits = 2 if max(figures) < 100 else 0
    middle, least, most = statistics.median(figures), min(figures), max(figures)
    spread = f"{least:.{digits}f} to {most:.{digits}f}"
    print(f"{name}: {middle:.{digits}f}{unit} ({spread}){', ' if more else ''}{more}", flush=True)


if __name__ == "__main__":
    main()
