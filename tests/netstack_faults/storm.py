"""Processes that make and delete virtual NICs at once, while Melange and layer 2 fail at random and
the processes are killed at random; each writes down what it was answered."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import random
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from netkit.errors import ServiceError
from nova_netplugins.netstack.audit import audit
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.netstack.tables import INTENTS
from nova_netplugins.plugin import InstanceRequest, RequestedNic
from tests.netstack_faults.faults import OF_A_CALL
from tests.netstack_faults.injector import KILLED
from tests.netstack_faults.world import PROJECT, World
from tests.openstack.faulty import Fault

WORKERS = 4
_MOST_INSTANCES = 4
_OFTEN, _SELDOM = 0.06, 0.02
_PATIENCE = 120

WEATHER = [
    Fault(effect=effect, status=status) for effect in (False, True) for status in (None, 409, 500)
]


@dataclass
class Story:
    """What became of an instance, as those who asked for it know. None: they were killed."""

    asked: dict[str, bool | None] = field(default_factory=dict)

    @property
    def is_there(self) -> bool | None:
        """Whether it has to be; None: nobody can know."""
        deleted = self.asked.get("delete", False)
        if deleted is None:
            return None
        return False if deleted else self.asked["create"]


def storm(world: World, directory: Path, seconds: float, seed: int) -> dict[str, Story]:
    """Comes back when all is quiet, and the services work again."""
    # What is forked has no threads but its own, and nothing open that is ours.
    world.cloud.database.close()
    keeper = os.fork()
    if keeper == 0:
        world.as_child(lambda _: _keep(world, directory, time.monotonic() + seconds, seed))
    rng = random.Random(seed)
    world.injector.front.weather = lambda method: _weather(rng, method)
    ended, status = 0, 0
    while not ended:
        # Beside, the reconciler; and audits, which must not take what is at work for a leak.
        world.outside.reconcile(due=True)
        audit(world.outside, repair=True)
        world.injector.front.broken = rng.random() < _SELDOM
        ended, status = os.waitpid(keeper, os.WNOHANG)
        time.sleep(0.05)
    world.injector.heal()
    assert status == 0, "a worker met what it should not, and told so on standard error"
    return _told(directory)


def _weather(rng: random.Random, method: str) -> Fault | None:
    if method == "GET":
        return Fault() if rng.random() < _SELDOM else None
    return rng.choice(WEATHER) if rng.random() < _OFTEN else None


# -- In the process that keeps the workers


def _keep(world: World, directory: Path, deadline: float, seed: int) -> None:
    """So many work at a time; what a killed one had begun is soon given up for lost."""
    numbers = iter(range(seed, seed + 10**6))
    workers = {_begin(world, directory, deadline, next(numbers)) for _ in range(WORKERS)}
    while workers:
        ended, status = os.wait()
        workers.discard(ended)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, KILLED), f"worker {ended} ended with {code}"
        if code == KILLED:
            _give_up(world, ended)
            workers.add(_begin(world, directory, deadline, next(numbers)))


def _give_up(world: World, worker: int) -> None:
    long_ago = {"claimed_until": datetime.datetime(2000, 1, 1)}
    theirs = INTENTS.update().where(INTENTS.c.worker.contains(f":{worker}:"))
    world.cloud.database.run(lambda connection: connection.execute(theirs.values(long_ago)))
    world.cloud.database.close()


def _begin(world: World, directory: Path, deadline: float, number: int) -> int:
    worker = os.fork()
    if worker == 0:
        signal.alarm(_PATIENCE)
        world.as_child(lambda api: _work(world, api, directory, deadline, number))
    return worker


def _work(world: World, api: NetstackNetApi, directory: Path, deadline: float, number: int) -> None:
    rng = random.Random(number)
    world.injector.chance = lambda: os._exit(KILLED) if rng.random() < _SELDOM else None
    world.injector.faulty_l2.weather = lambda: (
        (rng.choice(OF_A_CALL), rng.random() < 0.5) if rng.random() < _OFTEN else None
    )
    mine: list[str] = []
    with (directory / f"{number}.jsonl").open("a", buffering=1) as log:
        while time.monotonic() < deadline:
            if len(mine) < rng.randint(1, _MOST_INSTANCES):
                instance = str(uuid.uuid4())
                asked = _request(world, instance, rng.randint(1, 2))
                if _ask(log, "create", instance, partial(api.allocate_for_instance, asked)):
                    mine.append(instance)
            elif rng.random() < 0.8:
                instance = mine.pop(rng.randrange(len(mine)))
                _ask(log, "delete", instance, partial(api.deallocate_for_instance, instance))
            else:
                with contextlib.suppress(ServiceError):
                    api.reconcile(due=True)


def _request(world: World, instance: str, nics: int) -> InstanceRequest:
    wanted = (RequestedNic(world.network_id),) * nics
    return InstanceRequest(instance, PROJECT, world.host, nics=wanted)


def _ask(log: TextIO, what: str, instance_id: str, ask: Callable[[], object]) -> bool:
    """Written down before, and with the answer."""

    def write(answered: bool | None) -> None:
        log.write(json.dumps({"instance": instance_id, "what": what, "answered": answered}) + "\n")

    write(None)
    try:
        ask()
    except ServiceError:
        write(False)
        return False
    write(True)
    return True


def _told(directory: Path) -> dict[str, Story]:
    stories: dict[str, Story] = {}
    for line in _lines(directory):
        story = stories.setdefault(line["instance"], Story())
        story.asked[line["what"]] = line["answered"]
    return stories


def _lines(directory: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(directory.glob("*.jsonl")):
        yield from map(json.loads, file.read_text().splitlines())
