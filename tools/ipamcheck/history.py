"""What clients asked and were told: JSON, one object a line, in the order of the one clock.

    {"type": "pool", "pool": "p1", "rest": 0.0, "cidr": "10.0.0.0/28", "size": 13}
    {"type": "invoke", "time": 0.51, "id": 7, "client": "c3", "op": "allocate", "pool": "p1",
     "owner": "c3", "key": "c3-2", "count": 1, "address": null}
    {"type": "ok", "time": 0.53, "id": 7, "addresses": ["10.0.0.2"]}
    {"type": "invoke", "time": 0.60, "id": 8, "client": "c3", "op": "get", "pool": "p1",
     "owner": "c3", "address": "10.0.0.2"}
    {"type": "ok", "time": 0.61, "id": 8, "owner": "c3"}
    {"type": "invoke", "time": 0.70, "id": 9, "client": "c3", "op": "release", "pool": "p1",
     "owner": "c3", "address": "10.0.0.2"}
    {"type": "info", "time": 0.90, "id": 9, "error": "connection reset"}
    {"type": "note", "time": 0.88, "text": "kill -9 of a worker"}
    {"type": "final", "pool": "p1", "address": "10.0.0.2", "owner": "c3"}
    {"type": "end", "time": 9.2}

``time``: seconds of a monotonic clock with any zero. An operation is ``ok``, ``fail`` (it had no
effect, that is certain) or ``info`` (it may have had its effect, may have it later, or never); one
that is not completed is ``info``. ``final``: an address that somebody holds or that rests
(``owner`` null) in the end; ``end``: when that was all read. ``rest``: for how many seconds at
least a released address is given to nobody. ``size``: how many addresses the pool can give, if
known. A ``key``: calls with the same key are one and the same call, repeated.
"""

from __future__ import annotations

import ipaddress
import json
import math
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, overload

Outcome = Literal["ok", "fail", "info"]
_OUTCOMES: dict[str | None, Outcome] = {"ok": "ok", "fail": "fail", "info": "info"}
FULL = "full"
"""The ``error`` of an allocation that was refused because the pool has not so many addresses."""
NOT_DONE = "not done"
"""The ``error`` of an operation that failed without an answer of the service to what was asked."""


@dataclass(frozen=True)
class Pool:
    name: str
    rest: float = 0.0
    cidr: str | None = None
    size: int | None = None


@dataclass
class Operation:
    """``completed`` is infinite for an operation whose end nobody has seen."""

    id: int
    client: str
    op: Literal["allocate", "release", "get"]
    pool: str
    owner: str
    invoked: float
    key: str | None = None
    count: int = 1
    address: str | None = None
    completed: float = math.inf
    outcome: Outcome = "info"
    addresses: tuple[str, ...] = ()
    shown: str | None = None
    error: str | None = None


@dataclass
class History:
    """``final``: (pool, address, owner or None), as often as the service has told it."""

    pools: dict[str, Pool] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    final: list[tuple[str, str, str | None]] = field(default_factory=list)
    notes: list[tuple[float, str]] = field(default_factory=list)
    end: float = math.inf


class Recorder:
    """Writes a history from many threads. ``lines`` keeps it in memory too; ``good`` is how many
    operations were ok so far.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._file = path.open("w", buffering=1) if path else None
        self._count = 0
        self.good = 0
        self.lines: list[dict[str, Any]] = []

    def pool(self, pool: Pool) -> None:
        self._write(
            {"type": "pool", "pool": pool.name}
            | {"rest": pool.rest, "cidr": pool.cidr, "size": pool.size}
        )

    def invoke(self, client: str, op: str, pool: str, owner: str, **asked: Any) -> int:
        """The operation's id. Call it before anything is sent."""
        with self._lock:
            self._count += 1
            number = self._count
        line = {"type": "invoke", "id": number, "client": client, "op": op, "pool": pool}
        self._write({**line, "owner": owner, **asked}, timed=True)
        return number

    def complete(self, number: int, outcome: Outcome, **told: Any) -> None:
        """Call it after the answer has been read."""
        self._write({"type": outcome, "id": number, **told}, timed=True)

    def note(self, text: str) -> None:
        self._write({"type": "note", "text": text}, timed=True)

    def final(self, pool: str, address: str, owner: str | None) -> None:
        self._write({"type": "final", "pool": pool, "address": address, "owner": owner})

    def end(self) -> None:
        self._write({"type": "end"}, timed=True)

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _write(self, line: dict[str, Any], *, timed: bool = False) -> None:
        with self._lock:
            if timed:
                line["time"] = time.monotonic()
            self.good += line["type"] == "ok"
            self.lines.append(line)
            if self._file:
                self._file.write(json.dumps(line) + "\n")


def read(path: Path) -> History:
    """Raises ValueError for what is no history."""
    with path.open() as file:
        return parse(json.loads(line) for line in file)


def parse(lines: Iterable[dict[str, Any]]) -> History:
    """Raises ValueError for what is no history."""
    history = History()
    operations: dict[int, Operation] = {}
    for given in lines:
        line = dict(given)
        kind = line.pop("type", None)
        try:
            _add(history, operations, kind, line)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a line of a history ({error}): {given}") from error
    history.operations = list(operations.values())
    return history


def _add(
    history: History, operations: dict[int, Operation], kind: str | None, line: dict[str, Any]
) -> None:
    if kind == "pool":
        name = line.pop("pool")
        history.pools[name] = Pool(name, **line)
    elif kind == "invoke":
        address = _canonical(line.pop("address", None))
        operation = Operation(invoked=line.pop("time"), address=address, **line)
        operations[operation.id] = operation
    elif kind in _OUTCOMES:
        operation = operations[line["id"]]
        operation.outcome = _OUTCOMES[kind]
        operation.completed = math.inf if kind == "info" else line["time"]
        operation.addresses = tuple(map(_canonical, line.get("addresses", ())))
        operation.shown = line.get("owner")
        operation.error = line.get("error")
    elif kind == "final":
        history.final.append((line["pool"], _canonical(line["address"]), line["owner"]))
    elif kind == "note":
        history.notes.append((line["time"], line["text"]))
    elif kind == "end":
        history.end = line["time"]
    else:
        raise KeyError(kind)


@overload
def _canonical(address: str) -> str: ...


@overload
def _canonical(address: None) -> None: ...


def _canonical(address: str | None) -> str | None:
    """An IPv6 address has many spellings. What is no IP address is compared as it is."""
    try:
        return None if address is None else str(ipaddress.ip_address(address))
    except ValueError:
        return address
