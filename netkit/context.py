"""Who asks: the authenticated caller of one request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RequestContext:
    """The caller of a request, as the authentication layer established it.

    ``service_roles`` are those of the service that passed the request on (its X-Service-Token), if
    one did. ``is_admin`` and ``all_projects`` are decided by policy when the request comes in.
    ``all_projects``: the caller sees the objects of every project (administrators, and services
    such as Nova and the agents).
    """

    project_id: str | None
    user_id: str | None
    roles: frozenset[str]
    request_id: str
    service_roles: frozenset[str] = frozenset()
    is_admin: bool = False
    all_projects: bool = False

    def sees(self, project_id: str | None) -> bool:
        """Whether an object of this project exists for the caller.

        What it may not see is answered as if it did not exist (404), so that ids cannot be probed.
        An object of no project (None) is the operator's own.
        """
        return self.all_projects or (project_id is not None and project_id == self.project_id)

    @property
    def project_filter(self) -> str | None:
        """The project that lists are narrowed to; None: no filter. A caller without project sees
        ``""``, nobody's.
        """
        return None if self.all_projects else self.project_id or ""
