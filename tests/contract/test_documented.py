"""The plug-in of docs/writing-a-plugin.md: made, installed and tested as the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/writing-a-plugin.md").read_text()
FILES = re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page's commands are run, with its files written."""
    workplace = tmp_path_factory.mktemp("writing-a-plugin")
    (workplace / "tests/contract").mkdir(parents=True)
    (workplace / "tests/contract/noop").symlink_to(ROOT / "tests/contract/noop")
    copy = COMMANDS[0].replace("cp -r tests/contract/noop", "cp -rL tests/contract/noop")
    subprocess.run(["sh", "-ec", copy], cwd=workplace, check=True)
    for name, text in FILES:
        (workplace / name).write_text(text)
    return workplace


def _run(command: str, workplace: Path) -> str:
    """Run as the page says, without a network and into a directory of the test's own."""
    ran = subprocess.run(
        ["sh", "-ec", command.replace("/etc/nova/", f"{workplace}/")],
        cwd=workplace,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(workplace / "installed"),
            "HOME": str(workplace),
            "PIP_TARGET": str(workplace / "installed"),
            "PIP_NO_DEPS": "1",
            "PIP_NO_INDEX": "1",
            # What pip reads as --no-build-isolation.
            "PIP_NO_BUILD_ISOLATION": "false",
        },
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_page_says_what_the_tests_need() -> None:
    assert [name for name, _ in FILES] == [
        "l2/nova_netplugins_l2/networks.py",
        "l2/nova_netplugins_l2/net_agent.py",
        "l2/test_l2.py",
    ]
    assert len(COMMANDS) == 3


def test_the_documented_plugin_passes_the_suite_and_runs(workplace: Path) -> None:
    tested = _run(COMMANDS[1], workplace)
    assert re.search(r"\d+ passed", tested) and "failed" not in tested

    (workplace / "nova-netplugins.conf").write_text(
        f"[DEFAULT]\nnetwork_service_conf={workplace}/nova-network.conf\n"
        f"state_path={workplace}\ndefault_network_service=nova_netplugins_l2\n"
    )
    printed = _run(COMMANDS[2], workplace)
    assert "| l2      | 0001     | 0001   | yes      |" in printed
    assert "| p1         | l2              | associated |" in printed
