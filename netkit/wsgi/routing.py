"""The route table: which handler answers which method and path, and what surrounds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from netkit.errors import MethodNotAllowed, NoRoute
from netkit.wsgi.pathtree import PathTree, Suffix
from netkit.wsgi.request import Result

Schema = Mapping[str, Any]
Handler = Callable[..., Result]


@dataclass(frozen=True)
class Route:
    """One row of the table: ``Route("GET", "/networks/{network_id}", show,
    policy="networks:show")``.

    ``handler(request, **path_variables)`` returns a status and a body. ``policy`` names the rule
    that is asked first (None: anybody). ``request_schema`` (JSON Schema 2020-12) makes a body
    mandatory, unless ``body_required`` is off: no body is then read as {}; without a schema a body
    is ignored. ``query_schema``: without one no query parameter is accepted; one that is open
    (``additionalProperties`` not false) ignores the parameters it does not name. ``requirements``:
    regular expressions of path variables (any text without ``/`` by default; never over a ``/``).
    A GET route answers HEAD too. ``suffix``: what may follow the path.
    """

    method: str
    path: str
    handler: Handler
    policy: str | None
    request_schema: Schema | None = None
    query_schema: Schema | None = None
    requirements: Mapping[str, str] = field(default_factory=dict)
    suffix: Suffix = Suffix.FORMAT
    body_required: bool = True


@dataclass(frozen=True)
class Match:
    """``path`` is the whole one of the route, with the names of its variables."""

    route: Route
    variables: dict[str, str]
    path: str


class Mapper:
    """Collects routes and finds the one for a request. ``under`` gives a mapper that adds below a
    prefix.

    ``answers_head``: a GET route answers HEAD too. ``tells_methods``: a method that a path does not
    have is MethodNotAllowed; else it is NoRoute, like a path that is not there.
    """

    def __init__(self, *, answers_head: bool = True, tells_methods: bool = True) -> None:
        self._prefix = ""
        self._answers_head = answers_head
        self._tells_methods = tells_methods
        self._trees: dict[str, PathTree[tuple[str, Route]]] = {}
        self._rows: dict[str, Route] = {}

    def under(self, prefix: str) -> Mapper:
        """A mapper into the same table that puts ``prefix`` (``/v1.0/flat``) before each path."""
        child = Mapper(answers_head=self._answers_head, tells_methods=self._tells_methods)
        child._prefix = self._prefix + prefix
        child._trees = self._trees
        child._rows = self._rows
        return child

    def add(self, *rows: Route) -> None:
        """Add rows. The longest literal prefix wins, then the first added.

        Raises ValueError when a method and path are already taken.
        """
        for row in rows:
            path = self._prefix + row.path
            key = f"{row.method} {path}"
            if key in self._rows:
                raise ValueError(f"{key} has a route already: give this one another path")
            self._rows[key] = row
            tree = self._trees.setdefault(row.method, PathTree())
            tree.add(path, row.requirements, row.suffix, (path, row))

    def rows(self) -> Mapping[str, Route]:
        """The whole table, by method and full path: ``GET /v1.0/flat/networks``."""
        return self._rows

    def prepare(self) -> None:
        """Compile the table; to be called once when it is complete, before the first ``match``."""
        for tree in self._trees.values():
            tree.prepare()

    def match(self, method: str, path: str) -> Match:
        """The route of a request, whose path may end in a format suffix. Raises NoRoute,
        MethodNotAllowed.
        """
        found = self._find("GET" if method == "HEAD" and self._answers_head else method, path)
        if found is None:
            raise self._refusal(method, path)
        return found

    def allowed(self, path: str) -> list[str]:
        """The methods that a path has: the Allow header (RFC 9110, 10.2.1)."""
        methods = {method for method in self._trees if self._find(method, path)}
        heads = {"HEAD"} if "GET" in methods and self._answers_head else set()
        return sorted(methods | heads)

    def _find(self, method: str, path: str) -> Match | None:
        tree = self._trees.get(method)
        found = tree.find(path) if tree is not None else None
        if found is None:
            return None
        (whole, route), variables = found
        return Match(route, variables, whole)

    def _refusal(self, method: str, path: str) -> NoRoute | MethodNotAllowed:
        allowed = self.allowed(path) if self._tells_methods else []
        if allowed:
            return MethodNotAllowed(field="method", value=method, allowed=", ".join(allowed))
        return NoRoute(f"there is nothing at {path}", field="path", value=path)
