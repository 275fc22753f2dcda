"""``melange-manage`` as an operator uses it, beside a server of the same database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from melange.cmd import manage
from melange.ipam import allocation, interfaces
from melange.ipam.addresses import Address
from melange.ipam.allocation import Wish
from melange.ipam.blocks import Block
from tests.melange.everywhere import Melange


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.out)
        return found


class Tool:
    def __init__(self, melange: Melange, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.melange = melange
        self.path = path
        self._settings = path / "melange.conf"
        self._settings.write_text(f"[database]\nconnection = {melange.conf.database.connection}\n")
        self._capsys = capsys

    def __call__(self, command: str, main: Any = manage.main) -> Ran:
        try:
            code = main([*command.split(), "--config-file", str(self._settings)])
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def file(self, name: str, text: str) -> Path:
        path = self.path / name
        path.write_text(text)
        return path

    def counts(self, command: str) -> dict[str, int]:
        """How many lines of an import were created, unchanged and refused."""
        rows = self(f"{command} --format json").rows
        return {
            row["outcome"]: int(row["object"].split()[0]) for row in rows if row["line"] is None
        }


def allocate(
    melange: Melange, block: Block, count: int, vif_id: str | None = None
) -> list[Address]:
    def work(unit: Any) -> list[Address]:
        interface = interfaces.ensure(unit, vif_id, block.tenant_id)
        return allocation.allocate(unit, block, Wish(interface, count=count))

    return melange.within(work)
