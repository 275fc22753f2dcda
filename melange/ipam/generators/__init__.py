"""Generators: which addresses of a block to try, in which order. Plug-ins through stevedore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from melange.ipam.addressing import Span

NAMESPACE = "melange.ip_generators"


class Generator(Protocol):
    """``needs``: parameters it cannot do without."""

    needs: Sequence[str]

    def propose(self, span: Span, parameters: Mapping[str, Any]) -> Iterator[int]:
        """Values of the span, the best first; it ends when there are no more worth trying."""
        ...


def load(name: str) -> Generator:
    raise NotImplementedError(name)
