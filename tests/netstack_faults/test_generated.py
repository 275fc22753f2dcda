"""Every step of every operation x every moment x every fault: nothing is left over or lost.

Faults strike while an operation is done, while it is undone after another fault, and while the
reconciler does either for a process that was killed.
"""

from __future__ import annotations

import pytest

from nova_netplugins.netstack.steps import PLANS
from tests.netstack_faults import playing
from tests.netstack_faults.faults import Phase, Trap
from tests.netstack_faults.operations import OPERATIONS, Operation
from tests.netstack_faults.playing import cases
from tests.netstack_faults.world import World

UNDONE = [one for one in OPERATIONS if PLANS[one.kind].undone]
FINISHED = [one for one in OPERATIONS if not PLANS[one.kind].undone]


@pytest.mark.parametrize(("operation", "trap"), cases(OPERATIONS, Phase.DO))
def test_a_fault_while_it_is_done(operation: Operation, trap: Trap, world: World) -> None:
    playing.while_done(world, operation, trap)


@pytest.mark.parametrize(("operation", "trap"), cases(UNDONE, Phase.UNDO))
def test_a_fault_while_it_is_undone(operation: Operation, trap: Trap, world: World) -> None:
    playing.while_undone(world, operation, trap)


@pytest.mark.parametrize(
    ("operation", "trap"), cases(UNDONE, Phase.UNDO) + cases(FINISHED, Phase.DO, first=1)
)
def test_a_fault_while_the_reconciler_works(operation: Operation, trap: Trap, world: World) -> None:
    playing.while_reconciled(world, operation, trap)
