"""Faults between the steps of netstack on a real Neutron: those that concern it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oslo_config import cfg

from netkit.db import Database
from nova_netplugins.netstack.quantum import Quantum
from nova_netplugins.netstack.steps import PLANS, QUANTUM
from tests.functional.installed import INSTALL_AND_TEST_SECONDS
from tests.netstack.melange_server import MelangeServer
from tests.netstack_faults import playing
from tests.netstack_faults.faults import Fault, Phase, Trap
from tests.netstack_faults.operations import OPERATIONS, Operation
from tests.netstack_faults.world import World, world
from tests.openstack.conftest import quantum_at
from tests.openstack.neutron import HOST, Neutron

pytestmark = pytest.mark.timeout(INSTALL_AND_TEST_SECONDS)

KINDS = ("create_nic", "delete_nic", "create_network", "delete_network")
FAULTS = (Fault.KILLED, Fault.QUANTUM_DOWN, Fault.NO_ANSWER)

CHOSEN = [operation for operation in OPERATIONS if operation.kind in KINDS]
MADE = [operation for operation in CHOSEN if PLANS[operation.kind].undone]


def cases(operations: list[Operation], phase: Phase) -> list[object]:
    return [
        case
        for case in playing.cases(operations, phase)
        if case.values[1].service == QUANTUM and case.values[1].fault in FAULTS
    ]


@pytest.fixture(scope="module")
def standing(
    tmp_path_factory: pytest.TempPathFactory, neutron_server: Neutron, melange: MelangeServer
) -> Iterator[World]:
    def make_l2(conf: cfg.ConfigOpts, database: Database) -> Quantum:
        return quantum_at(neutron_server.url)

    with world(tmp_path_factory.mktemp("world"), melange.url, make_l2, HOST) as made:
        yield made


@pytest.fixture(name="world")
def healthy_world(standing: World) -> Iterator[World]:
    """What a test that fails leaves behind, the next ones find too."""
    yield standing
    standing.injector.heal()


@pytest.mark.parametrize(("operation", "trap"), cases(CHOSEN, Phase.DO))
def test_a_fault_while_it_is_done(operation: Operation, trap: Trap, world: World) -> None:
    playing.while_done(world, operation, trap)


@pytest.mark.parametrize(("operation", "trap"), cases(MADE, Phase.UNDO))
def test_a_fault_while_it_is_undone(operation: Operation, trap: Trap, world: World) -> None:
    playing.while_undone(world, operation, trap)
