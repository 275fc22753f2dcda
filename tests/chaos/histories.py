"""Histories by hand, one line a statement; the clock goes on by one second a line."""

from __future__ import annotations

import itertools
from typing import Any

from tools.ipamcheck.checker import judge
from tools.ipamcheck.history import parse


class Story:
    """``invoke`` gives the operation's number, which ``ok``, ``fail`` and ``info`` take."""

    def __init__(self, **pool: Any) -> None:
        self.lines: list[dict[str, Any]] = [{"type": "pool", "pool": "p", **pool}]
        self._time = itertools.count(1)
        self._numbers = itertools.count(1)

    def invoke(self, op: str, owner: str, **asked: Any) -> int:
        number = next(self._numbers)
        line = {"type": "invoke", "id": number, "client": owner, "op": op, "pool": "p"}
        self._add({**line, "owner": owner, **asked})
        return number

    def ok(self, number: int, *addresses: str, **told: Any) -> None:
        self._add({"type": "ok", "id": number, "addresses": list(addresses), **told})

    def fail(self, number: int, error: str = "refused") -> None:
        self._add({"type": "fail", "id": number, "error": error})

    def info(self, number: int) -> None:
        self._add({"type": "info", "id": number, "error": "connection reset"})

    def allocate(self, owner: str, *addresses: str, **asked: Any) -> None:
        """Asked and answered."""
        asked.setdefault("count", len(addresses))
        self.ok(self.invoke("allocate", owner, **asked), *addresses)

    def release(self, owner: str, address: str) -> None:
        self.ok(self.invoke("release", owner, address=address))

    def get(self, address: str, shown: str | None) -> None:
        self.ok(self.invoke("get", "reader", address=address), owner=shown)

    def kinds(self, **final: str | None) -> list[str]:
        """The kinds of violation that the judge finds if this is left: ``a="owner"``."""
        left = [
            {"type": "final", "pool": "p", "address": address, "owner": owner}
            for address, owner in final.items()
        ]
        end = {"type": "end", "time": float(next(self._time))}
        found = judge(parse([*self.lines, *left, end])).violations
        return sorted(violation.kind for violation in found)

    def _add(self, line: dict[str, Any]) -> None:
        self.lines.append({**line, "time": float(next(self._time))})
