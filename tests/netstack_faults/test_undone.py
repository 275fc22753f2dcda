"""A fault while an operation is undone, after another fault had turned it back."""

from __future__ import annotations

import pytest

from tests.netstack_faults import playing
from tests.netstack_faults.faults import Phase, Trap
from tests.netstack_faults.operations import UNDONE, Operation
from tests.netstack_faults.playing import cases
from tests.netstack_faults.world import World


@pytest.mark.parametrize(("operation", "trap"), cases(UNDONE, Phase.UNDO))
def test_a_fault_while_it_is_undone(operation: Operation, trap: Trap, world: World) -> None:
    playing.while_undone(world, operation, trap)
