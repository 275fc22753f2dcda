"""The route table: which handler answers which method and path, and what surrounds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import routes

from netkit.errors import MethodNotAllowed, NotFound
from netkit.wsgi.request import Result

Schema = Mapping[str, Any]
Handler = Callable[..., Result]


@dataclass(frozen=True)
class Route:
    """One row of the table: ``Route("GET", "/networks/{network_id}", show,
    policy="networks:show")``.

    ``handler(request, **path_variables)`` returns a status and a body. ``policy`` names the rule
    that is asked first (None: anybody). ``request_schema`` (JSON Schema 2020-12) makes a body
    mandatory; without one a body is ignored. ``query_schema``: without one no query parameter is
    accepted. ``requirements``: regular expressions of path variables (any text without ``/`` by
    default). A GET route answers HEAD too.
    """

    method: str
    path: str
    handler: Handler
    policy: str | None
    request_schema: Schema | None = None
    query_schema: Schema | None = None
    requirements: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    route: Route
    variables: dict[str, str]


class Mapper:
    """Collects routes and finds the one for a request. ``under`` gives a mapper that adds below a
    prefix.
    """

    def __init__(self) -> None:
        self._prefix = ""
        # The application has no controllers of Routes' own sort: each row leads straight to its
        # Route.
        self._matcher = routes.Mapper(explicit=True, register=False, controller_scan=None)
        self._matcher.minimization = False
        self._rows: dict[str, Route] = {}

    def under(self, prefix: str) -> Mapper:
        """A mapper into the same table that puts ``prefix`` (``/v1.0/flat``) before each path."""
        child = Mapper.__new__(Mapper)
        child._prefix = self._prefix + prefix
        child._matcher = self._matcher
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
            self._matcher.connect(
                None,
                path,
                row=key,
                conditions={"method": [row.method]},
                requirements=dict(row.requirements),
            )

    def rows(self) -> Mapping[str, Route]:
        """The whole table, by method and full path: ``GET /v1.0/flat/networks``."""
        return self._rows

    def prepare(self) -> None:
        """Compile the table; to be called once when it is complete, before the first ``match``."""
        self._matcher.create_regs()

    def match(self, method: str, path: str) -> Match:
        """The route of a request. Raises NotFound, MethodNotAllowed."""
        found = self._find("GET" if method == "HEAD" else method, path)
        if found is None:
            raise self._refusal(method, path)
        return found

    def allowed(self, path: str) -> list[str]:
        """The methods that a path has: the Allow header (RFC 9110, 10.2.1)."""
        methods = {row.method for row in self._rows.values() if self._find(row.method, path)}
        return sorted(methods | ({"HEAD"} if "GET" in methods else set()))

    def _find(self, method: str, path: str) -> Match | None:
        variables = self._matcher.match(path, {"REQUEST_METHOD": method})
        if not variables:
            return None
        return Match(self._rows[variables.pop("row")], variables)

    def _refusal(self, method: str, path: str) -> NotFound | MethodNotAllowed:
        allowed = self.allowed(path)
        if allowed:
            return MethodNotAllowed(field="method", value=method, allowed=", ".join(allowed))
        return NotFound(f"there is nothing at {path}", field="path", value=path)
