"""Addresses by chance, IPv4 and IPv6."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from melange.ipam.addressing import Span

MOST = 1024
"""Addresses proposed at most: of smaller blocks all, each once."""


class Random:
    needs: tuple[str, ...] = ()
    any_will_do = True

    def propose(self, span: Span, parameters: Mapping[str, Any]) -> Iterator[int]:
        source = random.SystemRandom()
        if span.last - span.first < MOST:
            values = list(range(span.first, span.last + 1))
            source.shuffle(values)
            yield from values
            return
        for _ in range(MOST):
            yield source.randint(span.first, span.last)
