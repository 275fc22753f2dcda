"""Paths by their segments, so that finding one among many costs the same as among few.

The library `routes` says what a path pattern matches; but it asks one pattern after the other. The
tree leads to the one or two patterns that can match at all.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from typing import Generic, TypeVar

from routes.route import Route as Pattern

T = TypeVar("T")
FORMATS = (".json", ".xml")


class Suffix(enum.Enum):
    """What may follow the last segment of a path.

    ``FORMAT``: ``.json`` or ``.xml``, which choose the format of the answer; any other suffix is
    part of the segment. ``ANY``: those two, and any other is dropped. ``NONE``: nothing, ``.json``
    and ``.xml`` too are part of the segment.
    """

    FORMAT = "format"
    ANY = "any"
    NONE = "none"


_ALL = frozenset(Suffix)
_CHOOSING = frozenset({Suffix.FORMAT, Suffix.ANY})
_KEEPING = frozenset({Suffix.FORMAT, Suffix.NONE})
_DROPPING = frozenset({Suffix.ANY})
_WHOLE = frozenset({Suffix.NONE})


class _Node(Generic[T]):
    __slots__ = ("ends", "literals", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[T]] = {}
        self.variable: _Node[T] | None = None
        self.ends: list[tuple[re.Pattern[str], Suffix, T]] = []


class PathTree(Generic[T]):
    """Path patterns (``/networks/{network_id}``) and what each leads to. A literal segment goes
    before a variable one, then the first added.
    """

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self._added: list[tuple[str, Mapping[str, str], Suffix, T]] = []

    def add(self, path: str, requirements: Mapping[str, str], suffix: Suffix, leads_to: T) -> None:
        """``requirements``: regular expressions of variables."""
        self._added.append((path, requirements, suffix, leads_to))

    def prepare(self) -> None:
        """Build the tree of what was added; to be called before the first ``find``."""
        self._root = _Node()
        for path, requirements, suffix, leads_to in self._added:
            node = self._root
            for segment in path.split("/"):
                if "{" not in segment:
                    node = node.literals.setdefault(segment, _Node())
                else:
                    node.variable = node.variable or _Node()
                    node = node.variable
            pattern = Pattern(None, path, requirements=dict(requirements), _explicit=True)
            pattern.makeregexp([])
            node.ends.append((re.compile(pattern.regexp), suffix, leads_to))

    def find(self, path: str) -> tuple[T, dict[str, str]] | None:
        """What the path leads to, and the variables in it."""
        for variant, suffixes in _variants(path):
            found = _search(self._root, variant.split("/"), 0, variant, suffixes)
            if found is not None:
                return found
        return None


def without_format(path: str) -> tuple[str, str]:
    """The path without ``.json`` or ``.xml`` at its end, and which of the two it was, or ``""``."""
    for suffix in FORMATS:
        if path.endswith(suffix):
            return path.removesuffix(suffix), suffix
    return path, ""


def _variants(path: str) -> list[tuple[str, frozenset[Suffix]]]:
    dot = path.rfind(".")
    if dot <= path.rfind("/"):
        return [(path, _ALL)]
    if path[dot:] in FORMATS:
        return [(path[:dot], _CHOOSING), (path, _WHOLE)]
    return [(path, _KEEPING), (path[:dot], _DROPPING)]


def _search(
    node: _Node[T], segments: list[str], depth: int, path: str, suffixes: frozenset[Suffix]
) -> tuple[T, dict[str, str]] | None:
    if depth == len(segments):
        for pattern, suffix, leads_to in node.ends:
            if suffix in suffixes and (match := pattern.match(path)):
                return leads_to, match.groupdict()
        return None
    literal = node.literals.get(segments[depth])
    if literal is not None:
        found = _search(literal, segments, depth + 1, path, suffixes)
        if found is not None:
            return found
    if node.variable is not None:
        return _search(node.variable, segments, depth + 1, path, suffixes)
    return None
