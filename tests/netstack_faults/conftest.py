"""One Melange for all these tests, and netstack before it, made anew when a test has failed."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.netstack_faults.world import MelangeServer, World, melange_server, world
from tests.servers import MEMORY


class Worlds:
    """Of one test after the other: the same, as long as it is sound."""

    def __init__(self, directory: Path, melange: MelangeServer) -> None:
        self._directory = directory
        self._melange = melange
        self._open = contextlib.ExitStack()
        self._now: World | None = None

    def sound(self) -> World:
        if self._now is None or not self._now.sound:
            self.close()
            directory = Path(tempfile.mkdtemp(dir=self._directory))
            self._now = self._open.enter_context(world(directory, self._melange.url))
        return self._now

    def close(self) -> None:
        self._open.close()


@pytest.fixture(scope="session")
def in_memory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="netstack-", dir=MEMORY) as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def melange(in_memory: Path) -> Iterator[MelangeServer]:
    directory = in_memory / "melange"
    directory.mkdir()
    with melange_server(directory) as server:
        yield server


@pytest.fixture(scope="session")
def worlds(in_memory: Path, melange: MelangeServer) -> Iterator[Worlds]:
    with contextlib.closing(Worlds(in_memory, melange)) as worlds:
        yield worlds


@pytest.fixture(name="world")
def sound_world(worlds: Worlds) -> Iterator[World]:
    """Nothing is left in it from other tests; it is unsound until the test says otherwise."""
    now = worlds.sound()
    now.sound = False
    yield now
    now.injector.heal()
