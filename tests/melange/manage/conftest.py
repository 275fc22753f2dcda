"""The management tool beside a server, over SQLite, and over each database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.melange.everywhere import Melange
from tests.melange.manage.tool import Tool


@pytest.fixture
def tool(melange: Melange, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tool:
    return Tool(melange, tmp_path, capsys)


@pytest.fixture
def tool_everywhere(
    melange_everywhere: Melange, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Tool:
    return Tool(melange_everywhere, tmp_path, capsys)
