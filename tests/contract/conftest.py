"""The noop plug-in, installed from its package as an operator would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).with_name("noop")


@pytest.fixture(scope="session")
def noop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The module path of the installed plug-in, for nova-network.conf."""
    target = tmp_path_factory.mktemp("site-packages")
    source = tmp_path_factory.mktemp("source") / "noop"
    # A build writes beside the sources.
    subprocess.run(["cp", "-r", str(PACKAGE), str(source)], check=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input"]
    offline = ["--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, *offline, "--target", str(target), str(source)], check=True)
    sys.path.insert(0, str(target))
    yield "nova_netplugins_noop"
    sys.path.remove(str(target))
