"""Which faults there are, and where each strikes: generated from netstack's list of steps."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nova_netplugins.netstack.flow import Action, Plan
from nova_netplugins.netstack.steps import MELANGE, QUANTUM

REMOTE = (MELANGE, QUANTUM)


class Phase(enum.Enum):
    DO = "doing"
    UNDO = "undoing"


class Moment(enum.Enum):
    BEFORE = "before"
    AFTER = "after"
    """The step's effect is there, and nobody has recorded that."""


class Fault(enum.Enum):
    """KILLED: the process. OVERTAKEN: it sleeps for so long that the reconciler does its work, and
    goes on. MELANGE_DOWN, QUANTUM_DOWN: from now on. The others: what the step's own service
    answers to its next change."""

    KILLED = "killed"
    OVERTAKEN = "overtaken"
    MELANGE_DOWN = "Melange down"
    QUANTUM_DOWN = "Quantum down"
    REFUSED = "409"
    FAILED = "500"
    NO_ANSWER = "no answer"


OUTAGES: Mapping[Fault, str] = {Fault.MELANGE_DOWN: MELANGE, Fault.QUANTUM_DOWN: QUANTUM}
ANYWHERE = (Fault.KILLED, Fault.OVERTAKEN, *OUTAGES)
OF_A_CALL = (Fault.REFUSED, Fault.FAILED, Fault.NO_ANSWER)


@dataclass(frozen=True)
class Trap:
    """Where a fault strikes: in an intent of that kind."""

    kind: str
    step: str
    service: str
    phase: Phase
    moment: Moment
    fault: Fault

    @property
    def place(self) -> tuple[str, str, Phase]:
        return self.kind, self.step, self.phase

    def __str__(self) -> str:
        return f"{self.phase.value} {self.step}, {self.moment.value}: {self.fault.value}"


def traps(kind: str, plan: Plan, phase: Phase, *, first: int = 0) -> Iterator[tuple[Action, Trap]]:
    """Every step (from ``first`` on) x every moment x every fault that can strike there, with what
    the step does.

    For what does not depend on the step's own service, the moment after a step is that before the
    next.
    """
    steps = [
        (step, action)
        for step in (plan.steps[first:] if phase is Phase.DO else reversed(plan.steps))
        for action in [step.do if phase is Phase.DO else step.undo]
        if action is not None
    ]
    for number, (step, action) in enumerate(steps):
        for moment, fault in itertools.product(Moment, Fault):
            if fault in ANYWHERE:
                strikes = moment is Moment.AFTER or number == 0
            else:
                strikes = step.service in REMOTE
            if strikes:
                yield action, Trap(kind, step.name, step.service, phase, moment, fault)


def end_of_making(kind: str, plan: Plan) -> Trap:
    """The last that is made is made, and nobody hears of it: then all is undone."""
    remote = [step for step in plan.steps if step.service in REMOTE]
    return Trap(kind, remote[-1].name, remote[-1].service, Phase.DO, Moment.AFTER, Fault.NO_ANSWER)


def left_behind(kind: str, plan: Plan) -> Trap:
    """A process dies, and as much as can be is left for the reconciler to do."""
    step, moment = (plan.steps[-1], Moment.BEFORE) if plan.undone else (plan.steps[0], Moment.AFTER)
    return Trap(kind, step.name, step.service, Phase.DO, moment, Fault.KILLED)
