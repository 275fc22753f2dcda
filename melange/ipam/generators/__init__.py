"""Generators: which addresses of a block to try, in which order.

A generator is a plug-in: an entry point in ``melange.ip_generators``, named as policies and the
configuration name it, of a class that takes no arguments.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import stevedore

from melange import errors
from melange.ipam.addressing import Span

NAMESPACE = "melange.ip_generators"

SECRET = "secret"
"""A parameter that no caller can give: a key of the installation's own, at least 128 bits."""


class Generator(Protocol):
    """``needs``: parameters it cannot do without.

    Parameters are text: ``mac_address`` (any spelling), ``used_by_tenant``, ``used_by_device``,
    ``interface_id``, SECRET if it is needed, and whatever else the caller gave with the address.
    """

    needs: Sequence[str]
    any_will_do: bool
    """Whether the lowest free address is as good when none that it proposes can be had."""

    def propose(self, span: Span, parameters: Mapping[str, Any]) -> Iterator[int]:
        """Values of the span, the best first. Read lazily, and only as far as needed; it ends when
        there are no more worth trying.
        """
        ...


def names() -> list[str]:
    """Those that are installed."""
    return sorted(_installed())


@functools.cache
def load(name: str) -> Generator:
    """Raises UnknownGenerator, which names those that are installed."""
    found = _installed().get(name)
    if found is None:
        raise errors.UnknownGenerator(value=name, known=", ".join(names()))
    generator: Generator = found()
    return generator


@functools.cache
def _installed() -> dict[str, type[Generator]]:
    """Those that can be imported; of the others stevedore logs why not."""
    manager: Iterable[Any] = stevedore.ExtensionManager(NAMESPACE)
    return {found.name: found.plugin for found in manager}
