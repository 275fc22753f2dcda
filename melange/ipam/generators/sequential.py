"""The lowest free address of a block. Pools draw it by themselves; this is the name for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from melange.ipam.addressing import Span


class Sequential:
    needs: tuple[str, ...] = ()
    any_will_do = True

    def propose(self, span: Span, parameters: Mapping[str, Any]) -> Iterator[int]:
        """Nothing better than the lowest that is free."""
        return iter(())
