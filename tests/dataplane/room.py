"""A place for a test of the lab: names of namespaces, a loopback and /etc/netns of its own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

BIN = Path(sys.executable).parent
_ROOM = """
mkdir -p /run/netns /etc/netns
for directory in /run/netns /etc/netns /run; do mount -t tmpfs tmpfs $directory; done
mkdir -p /run/netns
ip link set lo up && echo up && exec cat > /dev/null
"""


class Room:
    """Commands run inside; whatever they leave goes with the room."""

    def __init__(self, process: subprocess.Popen[str], state_dir: Path) -> None:
        self._enter = ["nsenter", f"--target={process.pid}", "--mount", "--net", "--"]
        self.state_dir = state_dir
        self.configuration = state_dir / "nova-netplugins.conf"
        self.told: Sequence[str] = ()

    def shell(self, command: str) -> str:
        done = subprocess.run(
            [*self._enter, "sh", "-c", command], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def lab(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The lab's command, on the cloud of the demonstration that runs in here."""
        config = ["--config-file", str(self.configuration)]
        return subprocess.run(
            [*self._enter, str(BIN / "nova-netplugins-lab"), *config, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
        )

    def start_demo(self, *arguments: str) -> subprocess.Popen[str]:
        program = [str(BIN / "nova-netplugins-lab"), "demo", "--state-dir", str(self.state_dir)]
        return subprocess.Popen(
            [*self._enter, *program, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def demo(self) -> tuple[int, str, str]:
        process = self.start_demo("--once")
        output, errors = process.communicate(timeout=90)
        return process.returncode, output, errors

    def leftovers(self) -> list[str]:
        """Namespaces, files and processes that should not be here between demonstrations."""
        found = self.shell("ls /run/netns; ls -d /etc/netns/* /run/nova-* 2>/dev/null; true")
        names = [name for name in found.split() if not name.endswith(".lock")]
        if self.state_dir.exists():
            names.append(str(self.state_dir))
        return names


@contextlib.contextmanager
def room(tmp_path: Path) -> Iterator[Room]:
    process = subprocess.Popen(
        ["unshare", "--mount", "--net", "sh", "-c", _ROOM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        assert process.stdout.readline() == "up\n"
        yield Room(process, tmp_path / "lab")
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()
