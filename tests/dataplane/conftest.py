"""Hosts for the tests of the data plane."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_netplugins.host.driver import Host, LinuxHost
from nova_netplugins.host.fake_host import FakeHost
from tests.dataplane import openvswitch
from tests.dataplane.topology import Namespaces

NO_ROOT = "needs root: makes network namespaces"


@pytest.fixture
def namespaces() -> Iterator[Namespaces]:
    """Namespaces of this test's own, gone afterwards."""
    if os.geteuid() != 0:
        pytest.skip(NO_ROOT)
    made = Namespaces()
    yield made
    made.close()


@pytest.fixture
def linux(namespaces: Namespaces) -> LinuxHost:
    """A real host, whose root is a namespace."""
    return LinuxHost(namespaces.make("root"))


@pytest.fixture
def switched(namespaces: Namespaces, tmp_path: Path) -> Iterator[LinuxHost]:
    """A real host with an Open vSwitch of its own."""
    root = namespaces.make("root")
    try:
        with openvswitch.running(root, tmp_path) as database:
            yield LinuxHost(root, database)
    except openvswitch.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(params=["fake", pytest.param("linux", marks=pytest.mark.root)])
def host(request: pytest.FixtureRequest) -> Host:
    """A host: the fake one, then the real one."""
    if request.param == "fake":
        return FakeHost()
    linux: LinuxHost = request.getfixturevalue("linux")
    return linux
