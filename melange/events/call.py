"""One HTTP call of a webhook: bounded in time, without redirects, to the address that was looked at
(a name could lead elsewhere when it is asked again).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPException

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from melange.events import targets
from melange.events.targets import Target


class CallFailed(Exception):
    """No answer, or none that can be read."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, timeout: float, private: bool
) -> int:
    """The status of the answer. ``timeout``: seconds for all of the call but looking up the name.

    Raises CallFailed.
    """
    try:
        target = targets.parse(url, private=private)
        address = targets.resolve(target, private=private)[0]
        return _post(target, address, body, headers, timeout)
    except (OSError, ValueError, HTTPError, HTTPException) as error:
        raise CallFailed(str(error) or type(error).__name__) from error


def _post(
    target: Target, address: str, body: bytes, headers: Mapping[str, str], timeout: float
) -> int:
    connection = _connection(target, address, timeout)
    try:
        with _cut_after(connection, timeout) as cut:
            try:
                connection.connect()
                connection.request("POST", target.path, body, {**headers, "Host": target.authority})
                return connection.getresponse().status
            finally:
                # It may look like an error of any sort, or like an answer.
                if cut.is_set():
                    raise CallFailed(f"no answer within {timeout:.0f} s")
    finally:
        connection.close()


def _connection(target: Target, address: str, timeout: float) -> HTTPConnection:
    if target.scheme == "http":
        return HTTPConnection(address, target.port, timeout=timeout)
    return HTTPSConnection(
        address,
        target.port,
        timeout=timeout,
        ssl_context=ssl.create_default_context(),
        server_hostname=target.host,
        assert_hostname=target.host,
    )


@contextlib.contextmanager
def _cut_after(connection: HTTPConnection, seconds: float) -> Iterator[threading.Event]:
    """Ends the connection after that time. A socket's own timeout begins anew with every octet."""
    cut = threading.Event()

    def end() -> None:
        cut.set()
        with contextlib.suppress(OSError):
            if connection.sock is not None:
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()
