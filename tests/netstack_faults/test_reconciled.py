"""A fault while the reconciler undoes or finishes what a process that was killed left behind."""

from __future__ import annotations

import pytest

from tests.netstack_faults import playing
from tests.netstack_faults.faults import Phase, Trap
from tests.netstack_faults.operations import FINISHED, UNDONE, Operation
from tests.netstack_faults.playing import cases
from tests.netstack_faults.world import World


@pytest.mark.parametrize(
    ("operation", "trap"),
    cases(UNDONE, Phase.UNDO) + cases(FINISHED, Phase.DO, first=1),
)
def test_a_fault_while_the_reconciler_works(operation: Operation, trap: Trap, world: World) -> None:
    playing.while_reconciled(world, operation, trap)
