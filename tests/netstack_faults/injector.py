"""Springs a trap: netstack's steps, with a hand on them, and a layer 2 that fails when told to."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import Any, cast

from nova_netplugins.netstack import l2_errors, melange_errors
from nova_netplugins.netstack.base import Operations
from nova_netplugins.netstack.flow import Action, Plan, Step, Work
from nova_netplugins.netstack.l2 import L2
from nova_netplugins.netstack.steps import MELANGE
from tests.netstack_faults.faults import OF_A_CALL, OUTAGES, Fault, Moment, Phase, Trap
from tests.openstack import faulty
from tests.openstack.faulty import CHANGE, Faulty

KILLED = 77
"""What a process that was killed by a trap exits with."""


class FaultyL2:
    """An ``L2`` before the ``real`` one. ``broken``: it cannot be reached. ``planned``: what the
    next change meets, and whether it is done nevertheless; ``weather``: the same of those that none
    is planned for."""

    def __init__(self, real: L2) -> None:
        self.real = real
        self.broken = False
        self.planned: tuple[Fault, bool] | None = None
        self.weather: Callable[[], tuple[Fault, bool] | None] = lambda: None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.real, name)
        changes = not name.startswith(("get_", "list_", "find_"))

        def call(*args: Any, **kwargs: Any) -> Any:
            if self.broken:
                raise _unavailable(l2_errors.L2Unavailable, name, "connection refused")
            planned = (self.planned or self.weather()) if changes else None
            if planned is None:
                return method(*args, **kwargs)
            (fault, effect), self.planned = planned, None
            if effect:
                method(*args, **kwargs)
            if fault is Fault.REFUSED:
                raise l2_errors.L2Refused("local L2", name, answered=409, reason="out of order")
            raise _unavailable(l2_errors.OutcomeUnknown, name, fault.value)

        return call


def _unavailable(kind: type[l2_errors.L2Error], call: str, reason: str) -> l2_errors.L2Error:
    return kind("local L2", call, reason=reason, tries=1, where="nowhere")


class Injector:
    """``front``: before Melange, in the process of the tests; ``in_child``: another one has no hand
    on it. ``sprung``: the traps that have struck; each does once. ``chance``: called between any
    two steps. ``overtake``: has the reconciler take over what is under way."""

    def __init__(self, front: Faulty, l2: L2) -> None:
        self.front = front
        self.faulty_l2 = FaultyL2(l2)
        self.l2 = cast(L2, self.faulty_l2)
        self.in_child = False
        self.chance: Callable[[], None] = lambda: None
        self.overtake: Callable[[], None] = lambda: None
        self.waiting: list[Trap] = []
        self.sprung: list[Trap] = []

    def set(self, *traps: Trap) -> None:
        self.waiting = list(traps)
        self.sprung = []

    def heal(self) -> None:
        """All services work again."""
        self.set()
        self.front.broken = False
        self.front.forget()
        self.faulty_l2.broken = False
        self.faulty_l2.planned = None

    def plans(self, real: Mapping[str, Plan]) -> dict[str, Plan]:
        """The same steps, which tell here when they begin and end."""
        return {
            kind: dataclasses.replace(plan, steps=[self._watched(kind, s) for s in plan.steps])
            for kind, plan in real.items()
        }

    def _watched(self, kind: str, step: Step) -> Step:
        undo = None if step.undo is None else self._around(kind, step, Phase.UNDO, step.undo)
        return dataclasses.replace(step, do=self._around(kind, step, Phase.DO, step.do), undo=undo)

    def _around(self, kind: str, step: Step, phase: Phase, action: Action) -> Action:
        def watched(operations: Operations, work: Work) -> None:
            self.chance()
            here = (kind, step.name, phase)
            first = [trap for trap in self.waiting if trap.place == here and self._is_first(trap)]
            for trap in first:
                self._spring(trap)
            action(operations, work)
            for trap in [trap for trap in self.waiting if trap.place == here]:
                self._spring(trap)
            self.chance()

        return watched

    def _spring(self, trap: Trap) -> None:
        self.waiting.remove(trap)
        self.sprung.append(trap)
        if trap.fault is Fault.KILLED:
            os._exit(KILLED)
        if trap.fault is Fault.OVERTAKEN:
            self.overtake()
            return
        effect = trap.moment is Moment.AFTER
        if trap.fault in OUTAGES:
            self._break(OUTAGES[trap.fault])
        elif trap.service == MELANGE and self.in_child:
            raise melange_errors.MelangeUnavailable(trap.step, reason=trap.fault.value)
        elif trap.service == MELANGE:
            status = {Fault.REFUSED: 409, Fault.FAILED: 500}.get(trap.fault)
            self.front.plan(CHANGE, faulty.Fault(effect=effect, status=status))
        else:
            self.faulty_l2.planned = (trap.fault, effect)

    def _break(self, service: str) -> None:
        if service == MELANGE:
            self.front.broken = True
        else:
            self.faulty_l2.broken = True

    def _is_first(self, trap: Trap) -> bool:
        """What a service answers to a change has to be told it before, though it is done."""
        told = trap.fault in OF_A_CALL and not (self.in_child and trap.service == MELANGE)
        return trap.moment is Moment.BEFORE or told
