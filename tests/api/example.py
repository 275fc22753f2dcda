"""A small resource to see the server's pipeline with: shelves of books, in memory, one project's or
nobody's.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from oslo_policy import policy

from netkit.errors import Conflict, NotFound
from netkit.wsgi import Mapper, Request, Result, Route
from netkit.wsgi.paging import list_query

RULES = [
    policy.DocumentedRuleDefault(name, check, "Shelves.", [{"method": "GET", "path": "/shelves"}])
    for name, check in (
        ("shelves:list", "rule:project_reader"),
        ("shelves:show", "rule:project_reader"),
        ("shelves:create", "rule:project_member"),
        ("shelves:delete", "rule:context_is_admin"),
    )
]

SHELF_SCHEMA = {
    "type": "object",
    "required": ["shelf"],
    "additionalProperties": False,
    "properties": {
        "shelf": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 40},
                "width": {"type": ["integer", "null"], "minimum": 1, "maximum": 4094},
                "locked": {"type": "boolean"},
                "address": {"type": "string", "format": "ip-address"},
                "books": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        }
    },
}


class ShelfNotFound(NotFound):
    code = "shelf_not_found"
    template = "shelf {value} does not exist"


class ShelfExists(Conflict):
    code = "shelf_exists"
    template = "there is a shelf named {value} already; choose another name"


class Shelves:
    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def routes(self, mapper: Mapper) -> None:
        locked = {"type": "boolean"}
        name = {"type": "array", "items": {"type": "string"}}
        mapper.add(
            Route(
                "GET",
                "/shelves",
                self.list,
                policy="shelves:list",
                query_schema=list_query(locked=locked, name=name),
            ),
            Route(
                "POST",
                "/shelves",
                self.create,
                policy="shelves:create",
                request_schema=SHELF_SCHEMA,
            ),
            Route("GET", "/shelves/{shelf_id}", self.show, policy="shelves:show"),
            Route("DELETE", "/shelves/{shelf_id}", self.delete, policy="shelves:delete"),
            Route("GET", "/whoami", self.whoami, policy=None),
            Route("GET", "/defect", self.defect, policy=None),
        )

    def list(self, request: Request) -> Result:
        wanted = request.context.project_filter
        rows = sorted(
            (row for row in self.rows.values() if wanted is None or row["project_id"] == wanted),
            key=lambda row: str(row["id"]),
        )
        for field in ("locked", "name"):
            if field in request.params:
                asked = request.params[field]
                rows = [r for r in rows if r[field] in (asked if field == "name" else [asked])]
        after = [row for row in rows if row["id"] > (request.page.marker or "")]
        return 200, request.page.collection("shelves", after[: request.page.limit + 1])

    def create(self, request: Request) -> Result:
        given = request.body["shelf"]
        if any(row["name"] == given["name"] for row in self.rows.values()):
            raise ShelfExists(field="shelf.name", value=given["name"])
        row = {
            "id": str(uuid.uuid4()),
            "project_id": request.context.project_id,
            "width": None,
            "locked": False,
            "books": [],
            "labels": {},
            "made_at": datetime(2026, 10, 7, 12, 30, 5, 999, tzinfo=UTC),
            **given,
        }
        self.rows[row["id"]] = row
        return 201, {"shelf": row}

    def show(self, request: Request, shelf_id: str) -> Result:
        return 200, {"shelf": self._find(request, shelf_id)}

    def delete(self, request: Request, shelf_id: str) -> Result:
        del self.rows[self._find(request, shelf_id)["id"]]
        return 204, None

    def whoami(self, request: Request) -> Result:
        context = request.context
        return 200, {
            "caller": {
                "project_id": context.project_id,
                "user_id": context.user_id,
                "roles": sorted(context.roles),
                "service_roles": sorted(context.service_roles),
                "is_admin": context.is_admin,
                "all_projects": context.all_projects,
            }
        }

    def defect(self, request: Request) -> Result:
        raise RuntimeError("the password is hunter2")

    def _find(self, request: Request, shelf_id: str) -> dict[str, Any]:
        row = self.rows.get(shelf_id)
        if row is None or not request.context.sees(row["project_id"]):
            raise ShelfNotFound(field="shelf_id", value=shelf_id)
        return row
