"""``nova-manage project network-service`` with Nova 34 as PyPI has it.

Nova is installed once into ``.cache/nova-34`` of the checkout, beside what this project needs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.installed import INSTALL_AND_TEST_SECONDS, ROOT, python_with

pytestmark = pytest.mark.timeout(INSTALL_AND_TEST_SECONDS)

SERVICES = """
from nova_netplugins.plugin import NetworkService

def network_service(conf):
    return NetworkService(__name__, print, print)
"""

Run = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def nova_python() -> Path:
    """The Python of a virtual environment with Nova 34."""
    # Nova's requirements bring nearly all of ours, in versions that go together with it.
    return python_with("nova-34", "nova==34.*", "--editable", str(ROOT))


@pytest.fixture
def run(nova_python: Path, tmp_path: Path) -> Run:
    """Runs the wrapper's commands for a cloud of red, the default, and blue."""
    for name in ("red", "blue"):
        (tmp_path / f"{name}.py").write_text(SERVICES)
    (tmp_path / "nova-network.conf").write_text("red\nblue\n")
    (tmp_path / "nova-netplugins.conf").write_text(
        f"[DEFAULT]\nnetwork_service_conf={tmp_path}/nova-network.conf\n"
        f"default_network_service=red\nstate_path={tmp_path}\n"
    )
    (tmp_path / "nova.conf").touch()

    def call(command: str) -> subprocess.CompletedProcess[str]:
        program, *words = command.split()
        script = nova_python.with_name(f"nova-netplugins-{program}")
        nova = ["--config-file", str(tmp_path / "nova.conf")] if program == "nova-manage" else []
        return subprocess.run(
            [script, *nova, *words],
            # Where our own configuration is looked for, after the home directory.
            env={**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return call


def test_nova_manage_associates_projects(run: Run) -> None:
    assert run("manage db upgrade").returncode == 0

    ran = run("nova-manage project network-service associate --project p1 --service blue")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "| p1         | blue            | associated |" in ran.stdout
    listed = run("nova-manage project network-service list --format json").stdout
    assert json.loads(listed)[0]["network_service"] == "blue"
    assert run("nova-manage project network-service disassociate p1").returncode == 0
    shown = run("nova-manage project network-service show --project p1").stdout
    assert "| p1         | red             | default |" in shown


def test_nova_manage_tells_errors_as_our_own_tool_does(run: Run) -> None:
    ran = run("nova-manage project network-service list")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.endswith("run nova-netplugins-manage db upgrade\n")
    assert run("nova-manage project network-service frobnicate").returncode == 2


def test_everything_else_is_stock_nova_manage(run: Run) -> None:
    assert run("nova-manage version").stdout.startswith("34.")
    assert "archive_deleted_rows" in run("nova-manage db --help").stdout


def test_without_nova_it_says_so() -> None:
    script = Path(sys.executable).with_name("nova-netplugins-nova-manage")
    ran = subprocess.run([script, "project"], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: Nova is not installed for ")
