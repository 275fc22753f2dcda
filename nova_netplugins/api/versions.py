"""What is open to everybody: which versions and services there are, and whether they work."""

from __future__ import annotations

from collections.abc import Sequence

from netkit.wsgi import Mapper, Request, Result, Route
from netkit.wsgi.health import Health

VERSION = "v1.0"
PATHS = frozenset({"/", "/healthcheck", f"/{VERSION}"})


class Versions:
    """``GET /`` and ``GET /v1.0`` describe the server; ``GET /healthcheck`` is for load balancers.

    A server whose database is away still describes itself (200, ``"health": "failing"``), while its
    health check answers 503.
    """

    def __init__(self, services: Sequence[str], health: Health) -> None:
        self._services = sorted(services)
        self._health = health

    def routes(self, mapper: Mapper) -> None:
        mapper.add(
            Route("GET", "/", self.index, policy=None),
            Route("GET", f"/{VERSION}", self.show, policy=None),
            Route("GET", "/healthcheck", self.healthcheck, policy=None),
        )

    def index(self, request: Request) -> Result:
        """Which versions and network services there are, and whether the server works."""
        return 200, {
            "versions": [_version(request)],
            "services": self._services,
            "health": self._health.summary(),
        }

    def show(self, request: Request) -> Result:
        """The version, and the network services that it has routes for."""
        return 200, {"version": {**_version(request), "services": self._services}}

    def healthcheck(self, request: Request) -> Result:
        """200 or 503, for load balancers: whether the database answers."""
        return self._health.report()


def _version(request: Request) -> dict[str, object]:
    href = f"{request.application_url}/{VERSION}"
    return {"id": VERSION, "status": "CURRENT", "links": [{"rel": "self", "href": href}]}
