"""Every step of every operation x every moment x every fault: nothing is left over or lost.

Faults strike while an operation is done, while it is undone after another fault, and while the
reconciler does either for a process that was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from netkit.errors import ServiceError
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.netstack.steps import PLANS
from tests.netstack_faults.faults import Fault, Phase, Trap, end_of_making, left_behind, traps
from tests.netstack_faults.injector import KILLED
from tests.netstack_faults.judge import judge
from tests.netstack_faults.operations import OPERATIONS, Operation, Subject
from tests.netstack_faults.world import World

UNDONE = [one for one in OPERATIONS if PLANS[one.kind].undone]
FINISHED = [one for one in OPERATIONS if not PLANS[one.kind].undone]


def cases(operations: Sequence[Operation], phase: Phase, *, first: int = 0) -> list[Any]:
    """``first``: the first step that counts. What several operations have a step do or undo is done
    once."""
    found: dict[Any, Any] = {}
    for operation in operations:
        for action, trap in traps(operation.kind, PLANS[operation.kind], phase, first=first):
            case = pytest.param(operation, trap, id=f"{operation}: {trap}")
            found.setdefault((action, trap.moment, trap.fault), case)
    return list(found.values())


@pytest.mark.parametrize(("operation", "trap"), cases(OPERATIONS, Phase.DO))
def test_a_fault_while_it_is_done(operation: Operation, trap: Trap, world: World) -> None:
    subject = operation.prepare(world)
    done = meet(world, [trap], lambda api: operation.run(api, subject))
    assert done is None or trap in world.injector.sprung
    settle(world, operation, subject, done)


@pytest.mark.parametrize(("operation", "trap"), cases(UNDONE, Phase.UNDO))
def test_a_fault_while_it_is_undone(operation: Operation, trap: Trap, world: World) -> None:
    subject = operation.prepare(world)
    cause = end_of_making(operation.kind, PLANS[operation.kind])
    done = meet(world, [cause, trap], lambda api: operation.run(api, subject))
    assert done is None or world.injector.sprung == [cause, trap]
    settle(world, operation, subject, False)


@pytest.mark.parametrize(
    ("operation", "trap"), cases(UNDONE, Phase.UNDO) + cases(FINISHED, Phase.DO, first=1)
)
def test_a_fault_while_the_reconciler_works(operation: Operation, trap: Trap, world: World) -> None:
    subject = operation.prepare(world)
    plan = PLANS[operation.kind]
    died = left_behind(operation.kind, plan)
    assert meet(world, [died], lambda api: operation.run(api, subject)) is None
    world.expire()
    done = meet(world, [trap], lambda api: api.reconcile(due=True))
    assert done is None or trap in world.injector.sprung
    settle(world, operation, subject, not plan.undone)


def meet(
    world: World, waiting: Sequence[Trap], work: Callable[[NetstackNetApi], object]
) -> bool | None:
    """Whether it was answered with success; None: nobody knows, for it was killed."""
    world.injector.set(*waiting)
    if any(trap.fault is Fault.KILLED for trap in waiting):
        assert world.in_child(work) == KILLED
        return None
    try:
        work(world.api)
    except ServiceError:
        return False
    return True


def settle(world: World, operation: Operation, subject: Subject, done: bool | None) -> None:
    """The services come back, the reconciler works, and the judge looks."""
    world.injector.heal()
    world.recover(due=operation.kind != "follow")
    if operation.heals:
        world.repair()
    elif done is not None:
        assert operation.there(world, subject) == (done == operation.makes)
    judge(world)
    world.tidy()
