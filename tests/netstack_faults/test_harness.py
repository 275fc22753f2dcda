"""The judge can say no: what is left behind on purpose, it finds, and an audit takes it away."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from netkit.errors import ServiceError
from nova_netplugins.netstack.audit import audit
from nova_netplugins.netstack.flow import Flow, Step
from nova_netplugins.netstack.steps import PLANS
from tests.netstack_faults.faults import Phase, end_of_making
from tests.netstack_faults.judge import judge
from tests.netstack_faults.operations import OPERATIONS
from tests.netstack_faults.world import World

OF_KIND = {operation.kind: operation for operation in OPERATIONS}

# The addresses go with their interface, whether they were released before or not.
LEFT_BEHIND = [
    ("create_nic", "interface", Phase.UNDO, "interface without NIC"),
    ("create_nic", "port", Phase.UNDO, "port without NIC"),
    ("create_network", "blocks", Phase.UNDO, "block of a network that is gone"),
    ("create_network", "l2 network", Phase.UNDO, "layer 2 network without network"),
    ("delete_nic", "interface", Phase.DO, "interface without NIC"),
    ("delete_nic", "port", Phase.DO, "port without NIC"),
    ("delete_network", "blocks", Phase.DO, "block of a network that is gone"),
]


@pytest.fixture(autouse=True)
def _with_all_steps_afterwards(world: World) -> Iterator[None]:
    flow = world.api.flow
    yield
    world.api.flow = flow


@pytest.mark.parametrize(("kind", "name", "phase", "told"), LEFT_BEHIND)
def test_a_step_that_does_nothing_leaves_what_the_judge_finds(
    world: World, kind: str, name: str, phase: Phase, told: str
) -> None:
    plan = PLANS[kind]
    steps = [_lamed(step, phase) if step.name == name else step for step in plan.steps]
    plans = {**PLANS, kind: dataclasses.replace(plan, steps=steps)}
    world.api.flow = Flow(world.api, world.injector.plans(plans))
    operation = OF_KIND[kind]
    subject = operation.prepare(world)
    if phase is Phase.UNDO:
        world.injector.set(end_of_making(kind, plan))
        with pytest.raises(ServiceError):
            operation.run(world.api, subject)
    else:
        operation.run(world.api, subject)
    world.injector.heal()
    world.recover()
    with pytest.raises(AssertionError, match=told):
        judge(world)
    assert {one.finding.kind.name for one in audit(world.outside)} == {told}
    world.repair()
    judge(world)
    world.tidy()


def _lamed(step: Step, phase: Phase) -> Step:
    if phase is Phase.UNDO:
        return dataclasses.replace(step, undo=lambda operations, work: None)
    return dataclasses.replace(step, do=lambda operations, work: None)
