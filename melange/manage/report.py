"""What became of each line of an import."""

from __future__ import annotations

import csv
from collections import Counter
from typing import Any

from netkit.output import Listing

CREATED, UNCHANGED, REFUSED = "created", "unchanged", "refused"
COLUMNS = ("outcome", "line", "object", "reason")

MOST_TOLD = 100
"""Refused lines that are printed; the report in a file has all."""


_Line = tuple[str, int, str, str | None]


class Report:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._lines: list[_Line] = []

    def add(self, outcome: str, line: int, name: str, reason: str | None = None) -> None:
        self.counts[outcome] += 1
        self._lines.append((outcome, line, name, reason))

    def extend(self, other: Report) -> None:
        self.counts += other.counts
        self._lines += other._lines

    def listing(self, undone: str | None) -> Listing:
        """The refused lines, and how many there are of each outcome. ``undone``: why nothing was
        changed after all.
        """
        refused = [line for line in self._lines if line[0] == REFUSED]
        rows: list[tuple[Any, ...]] = list(refused[:MOST_TOLD])
        for outcome in (CREATED, UNCHANGED, REFUSED):
            reason = undone if outcome == CREATED else None
            rows.append((outcome, None, f"{self.counts[outcome]} in all", reason))
        return Listing(COLUMNS, rows)

    def write(self, path: str) -> None:
        """Raises OSError."""
        with open(path, "w", newline="", encoding="utf-8") as stream:
            table = csv.writer(stream, lineterminator="\n")
            table.writerow(COLUMNS)
            lines = sorted(self._lines, key=lambda line: line[1])
            table.writerows(lines)
