"""Kea's control channel: one JSON command and its answer on a connection of its own."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from nova_netplugins.host.errors import HostError, NotFound

TIMEOUT_SECONDS = 60.0
SUCCESS, EMPTY = 0, 3


class Control:
    """``path``: the server's socket."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, command: str, **arguments: Any) -> Any:
        """What the server answers; None if it has done it and has nothing to say, or has not
        found what it was asked for. Raises NotFound if it does not listen, HostError with its
        words if it refuses."""
        question: dict[str, Any] = {"command": command}
        if arguments:
            question["arguments"] = arguments
        try:
            answer = json.loads(self._exchange(json.dumps(question).encode()))
        except (FileNotFoundError, ConnectionError):
            raise NotFound(f"no Kea listens at {self._path}") from None
        except OSError as error:
            raise HostError(f"Kea at {self._path}: {error}") from None
        except ValueError:
            raise HostError(f"Kea at {self._path} ended in the midst of an answer") from None
        if answer["result"] not in (SUCCESS, EMPTY):
            raise HostError(f"Kea at {self._path} refuses {command}: {answer.get('text')}")
        return answer.get("arguments") if answer["result"] == SUCCESS else None

    def _exchange(self, question: bytes) -> bytes:
        # By its directory's descriptor the path is short enough for a socket's, whatever it is.
        directory = os.open(self._path.parent, os.O_PATH | os.O_CLOEXEC)
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(TIMEOUT_SECONDS)
                connection.connect(f"/proc/self/fd/{directory}/{self._path.name}")
                connection.sendall(question)
                connection.shutdown(socket.SHUT_WR)
                parts = iter(lambda: connection.recv(1 << 20), b"")
                return b"".join(parts)
        finally:
            os.close(directory)
