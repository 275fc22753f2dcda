"""Runs the steps of an intent: forward, back, or what is left of them after a crash."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nova_netplugins.netstack import intents
from nova_netplugins.netstack.intents import BACK, Claim, ClaimLost, Intent

if TYPE_CHECKING:
    from nova_netplugins.netstack.base import Operations

LOG = logging.getLogger(__name__)


@dataclass
class Work:
    """An intent that is being done. ``made``: what its steps got so far, by the id of the NIC or
    the name of what it is; empty after a crash, so that nothing is undone by it alone."""

    intent: Intent
    made: dict[Any, Any] = field(default_factory=dict)
    is_empty: bool = False
    """There is nothing to do, and no intent was written."""

    @property
    def document(self) -> dict[str, Any]:
        return self.intent.document

    def key(self, step: str, about: str) -> str:
        """For a call that makes something: the same when it is repeated."""
        return f"{self.intent.id}:{step}:{about}"


Action = Callable[["Operations", Work], None]


@dataclass(frozen=True)
class Step:
    """``do`` and ``undo`` may each be repeated, also when nobody heard that they were done, and
    ``undo`` also when ``do`` was not. ``undo`` None: there is nothing to undo."""

    name: str
    service: str
    do: Action
    undo: Action | None = None


@dataclass(frozen=True)
class Plan:
    """The steps of one kind of intent. The first writes the intent, the last takes it away.

    ``undone``: an error turns it back, step for step; otherwise what was begun is finished, by
    somebody else if need be, and an error is no error for the caller once the first step is done.
    """

    steps: Sequence[Step]
    undone: bool
    is_done: Callable[[Operations, Work], bool] | None = None
    """Whether an intent that is gone is so because its last step was done."""


class Flow:
    """``plans``: by kind."""

    def __init__(self, operations: Operations, plans: dict[str, Plan]) -> None:
        self._operations = operations
        self._plans = plans

    def start(self, kind: str, document: dict[str, Any]) -> Work:
        """Do all of it. Raises what its steps raise, when nothing is left of it, or when the rest
        will be undone by the reconciler; ClaimLost."""
        plan = self._plans[kind]
        seconds = self._operations.options.intent_timeout
        work = Work(Intent(kind, document, Claim(seconds)))
        # If this fails, nothing is written; if nobody knows, the reconciler will find out.
        plan.steps[0].do(self._operations, work)
        if not work.is_empty:
            self._forward(plan, work)
        return work

    def resume(self, intent: Intent) -> str:
        """Undo or finish an intent that was claimed; says what was done. Raises what its steps
        raise: then others may go on with it."""
        plan = self._plans[intent.kind]
        work = Work(intent)
        if plan.undone:
            intent.direction = BACK
            self._operations.run(intents.hold, intent)
            self._back(plan, work)
            return f"undid {intent.kind} {intent.id}"
        self._finish(plan, work)
        return f"finished {intent.kind} {intent.id}"

    # -- Within a plan

    def _forward(self, plan: Plan, work: Work) -> None:
        if not plan.undone:
            try:
                self._finish(plan, work)
            except Exception as error:
                LOG.warning("%s is not finished, and will be: %s", _named(work), error)
            return
        try:
            for step in plan.steps[1:]:
                self._do(step.do, work)
        except Exception as error:
            if not self._turn_back(plan, work, error):
                return
            raise

    def _finish(self, plan: Plan, work: Work) -> None:
        for step in plan.steps[1:]:
            try:
                self._do(step.do, work)
            except ClaimLost:
                raise
            except Exception as error:
                self._give_up(work, step, error)
                raise

    def _turn_back(self, plan: Plan, work: Work, error: Exception) -> bool:
        """Undo it. False: it was done, though the last step seemed to fail."""
        work.intent.direction = BACK
        try:
            self._operations.run(intents.hold, work.intent)
        except ClaimLost:
            return self._after_loss(plan, work)
        except Exception as unable:
            LOG.warning("%s is undone later: %s", _named(work), unable)
            return True
        LOG.info("undoing %s: %s", _named(work), error)
        try:
            self._back(plan, work)
        except Exception as unable:
            LOG.warning("%s is undone later: %s", _named(work), unable)
        return True

    def _after_loss(self, plan: Plan, work: Work) -> bool:
        """Whoever took the intent has undone what he could see; what we did meanwhile is ours to
        undo. If it is gone because our last step was done, all is well."""
        if plan.is_done is not None and plan.is_done(self._operations, work):
            return False
        for step in reversed(plan.steps[1:]):
            try:
                if step.undo is not None:
                    step.undo(self._operations, work)
            except Exception as unable:
                LOG.warning("%s may have left something for an audit: %s", _named(work), unable)
        return True

    def _back(self, plan: Plan, work: Work) -> None:
        for step in reversed(plan.steps):
            if step.undo is None:
                continue
            try:
                self._do(step.undo, work)
            except ClaimLost:
                raise
            except Exception as error:
                self._give_up(work, step, error)
                raise

    def _do(self, action: Action, work: Work) -> None:
        if work.intent.claim.is_short:
            self._operations.run(intents.hold, work.intent)
        action(self._operations, work)

    def _give_up(self, work: Work, step: Step, error: Exception) -> None:
        try:
            self._operations.run(intents.give_up, work.intent, step.name, error)
        except Exception as unable:
            # Its claim ends by itself.
            LOG.info("%s could not be given up: %s", _named(work), unable)


def _named(work: Work) -> str:
    return f"{work.intent.kind} {work.intent.id}"
