"""How one case is played: an operation, a fault on the way, and what has to hold afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from netkit.errors import ServiceError
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.netstack.steps import PLANS
from tests.netstack_faults.faults import (
    Fault,
    Moment,
    Phase,
    Trap,
    end_of_making,
    left_behind,
    traps,
)
from tests.netstack_faults.injector import KILLED
from tests.netstack_faults.judge import judge
from tests.netstack_faults.operations import Operation, Subject
from tests.netstack_faults.world import World


def cases(operations: Sequence[Operation], phase: Phase, *, first: int = 0) -> list[Any]:
    """``first``: the first step that counts. What steps of several operations do alike is done
    once."""
    found: dict[Any, Any] = {}
    for operation in operations:
        for action, trap in traps(operation.kind, PLANS[operation.kind], phase, first=first):
            if operation.finds and trap.step == "intent" and trap.moment is Moment.BEFORE:
                # Who never began leaves what he would have found.
                continue
            case = pytest.param(operation, trap, id=f"{operation}: {trap}")
            found.setdefault((action, operation.finds, trap.moment, trap.fault), case)
    return list(found.values())


def while_done(world: World, operation: Operation, trap: Trap) -> None:
    subject = operation.prepare(world)
    done = _meet(world, [trap], lambda api: operation.run(api, subject))
    assert done is None or trap in world.injector.sprung
    _settle(world, operation, subject, done)


def while_undone(world: World, operation: Operation, trap: Trap) -> None:
    """After another fault, which turned it back."""
    subject = operation.prepare(world)
    cause = end_of_making(operation.kind, PLANS[operation.kind])
    done = _meet(world, [cause, trap], lambda api: operation.run(api, subject))
    assert done is None or world.injector.sprung == [cause, trap]
    _settle(world, operation, subject, False)


def while_reconciled(world: World, operation: Operation, trap: Trap) -> None:
    """After a process was killed."""
    subject = operation.prepare(world)
    plan = PLANS[operation.kind]
    died = left_behind(operation.kind, plan)
    assert _meet(world, [died], lambda api: operation.run(api, subject)) is None
    world.expire()
    done = _meet(world, [trap], lambda api: api.reconcile(due=True))
    assert done is None or trap in world.injector.sprung
    _settle(world, operation, subject, not plan.undone)


def _meet(
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


def _settle(world: World, operation: Operation, subject: Subject, done: bool | None) -> None:
    """The services come back, the reconciler works, and the judge looks."""
    world.injector.heal()
    world.recover(due=operation.kind != "follow")
    if operation.heals:
        world.repair()
    elif done is not None:
        assert operation.there(world, subject) == (done == operation.makes)
    judge(world)
    world.tidy()
