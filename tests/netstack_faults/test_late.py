"""A request that was given up for lost reaches Melange after all, when everything is undone."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from netkit.errors import ServiceError
from nova_netplugins.netstack.audit import audit
from nova_netplugins.netstack.melange import make_melange
from tests.netstack_faults.judge import judge
from tests.netstack_faults.operations import Subject, create_nic, is_nic, nothing
from tests.netstack_faults.world import World
from tests.openstack.faulty import Fault

PATIENCE = 3

# The POSTs before it are answered as they should be.
LATE = {
    "interface": ([], "interface without NIC"),
    "addresses": ([Fault(answered=True)], "address without NIC"),
}


@pytest.fixture
def impatient(world: World) -> Iterator[World]:
    """Melange is waited for for a short time only."""
    conf, patient = world.cloud.conf, world.api.melange
    conf.set_override("timeout", PATIENCE, group="melange")
    conf.set_override("endpoint_override", world.injector.front.url, group="melange")
    world.api.melange = make_melange(conf)
    conf.clear_override("timeout", group="melange")
    yield world
    world.api.melange = patient


@pytest.mark.parametrize(("before", "told"), LATE.values(), ids=LATE)
def test_what_comes_late_is_found_and_reclaimed(
    impatient: World, before: list[Fault], told: str
) -> None:
    world, undone, arrived = impatient, threading.Event(), threading.Event()

    def first() -> None:
        undone.wait(60)

    late = Fault(first=first, effect=True, then=arrived.set)
    world.injector.front.plan("POST", *before, late)
    subject = nothing(world)
    with pytest.raises(ServiceError, match="(?i)time"):
        create_nic(world.api, subject)
    judge(world)
    undone.set()
    assert arrived.wait(60)
    assert [one.finding.kind.name for one in audit(world.outside)] == [told]
    world.repair()
    judge(world)
    assert not is_nic(world, subject)
    world.tidy()


def test_a_request_that_takes_too_long_and_is_done_is_undone(impatient: World) -> None:
    world = impatient
    for before, _ in LATE.values():
        subject = Subject(network_id=world.network_id, host=world.host)
        world.injector.front.plan("POST", *before, Fault(effect=True, stall=60))
        with pytest.raises(ServiceError, match="(?i)time"):
            create_nic(world.api, subject)
        judge(world)
        assert not is_nic(world, subject)
    world.tidy()
