"""``/v1.0/projects/{project_id}/network_service``: which network service a project has."""

from __future__ import annotations

from netkit.wsgi import Mapper, Request, Result, Route
from nova_netplugins.associations import Associations, ProjectService

ASSOCIATE = {
    "type": "object",
    "properties": {
        "network_service": {
            "type": "object",
            "properties": {"service": {"type": "string", "minLength": 1, "maxLength": 255}},
            "required": ["service"],
            "additionalProperties": False,
        }
    },
    "required": ["network_service"],
    "additionalProperties": False,
}


class Projects:
    """Whether a project exists is Keystone's to know: any id is answered, policy permitting."""

    def __init__(self, associations: Associations) -> None:
        self._associations = associations

    def routes(self, mapper: Mapper) -> None:
        path = "/projects/{project_id}/network_service"
        # As long as the column; a longer id is no project's.
        ids = {"project_id": "[^/]{1,255}"}
        mapper.add(
            Route("GET", path, self.show, "projects:show", requirements=ids),
            Route("PUT", path, self.associate, "projects:associate", ASSOCIATE, requirements=ids),
            Route("DELETE", path, self.disassociate, "projects:disassociate", requirements=ids),
        )

    def show(self, request: Request, project_id: str) -> Result:
        return 200, _body(self._associations.show(project_id))

    def associate(self, request: Request, project_id: str) -> Result:
        service = request.body["network_service"]["service"]
        return 200, _body(self._associations.associate(project_id, service))

    def disassociate(self, request: Request, project_id: str) -> Result:
        self._associations.disassociate(project_id)
        return 204, None


def _body(found: ProjectService) -> dict[str, object]:
    """``default``: the project has no row of its own, and follows the configured default."""
    return {
        "network_service": {
            "project_id": found.project_id,
            "service": found.network_service,
            "default": not found.explicit,
        }
    }
