"""Every step of every operation x every moment x every fault: nothing is left over or lost."""

from __future__ import annotations

import pytest

from tests.netstack_faults import playing
from tests.netstack_faults.faults import Phase, Trap
from tests.netstack_faults.operations import OPERATIONS, Operation
from tests.netstack_faults.playing import cases
from tests.netstack_faults.world import World


@pytest.mark.parametrize(("operation", "trap"), cases(OPERATIONS, Phase.DO))
def test_a_fault_while_it_is_done(operation: Operation, trap: Trap, world: World) -> None:
    playing.while_done(world, operation, trap)
