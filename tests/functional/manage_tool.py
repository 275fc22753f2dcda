"""A network service's management tool, as an operator types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nova_netplugins.cmd.manage import main


class Tool:
    """``nova-netplugins-manage <service> ...`` on a database of its own."""

    def __init__(self, file: Path, service: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.file = file
        self.service = service
        self._capsys = capsys

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, output, errors."""
        try:
            code = main(["--config-file", str(self.file), self.service, *words])
        except SystemExit as exit:  # What argparse refuses.
            code = int(exit.code or 0)
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def does(self, *words: str) -> str:
        """What it prints; it must succeed."""
        code, out, err = self.run(*words)
        assert (code, err) == (0, "")
        return out.strip()

    def rows(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.does(*words, "--format", "json"))
        return found

    def refuses(self, *words: str) -> tuple[int, str]:
        """Exit code and the message; nothing is printed to standard output."""
        code, out, err = self.run(*words)
        assert code != 0 and out == ""
        return code, err.strip()
