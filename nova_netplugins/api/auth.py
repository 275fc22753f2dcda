"""Who calls: headers to a RequestContext."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from oslo_context import context as oslo_context

from netkit.context import RequestContext
from netkit.wsgi import environment
from netkit.wsgi.environment import Environ, StartResponse, WsgiApp
from nova_netplugins.api.policy import Authorizer

_NOAUTH_ROLES = "admin,member,reader"


class TrustedHeaders:
    """Makes the request's context of the identity headers that keystonemiddleware sets.

    Put it behind ``auth_token``, which removes such headers when a client sends them.
    ``default_roles`` are for a request that names none: ``noauth`` believes the client's headers
    and takes it for an administrator otherwise.
    """

    def __init__(self, app: WsgiApp, authorizer: Authorizer, default_roles: str = "") -> None:
        self._app = app
        self._authorizer = authorizer
        self._default_roles = default_roles

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        context = RequestContext(
            project_id=environ.get("HTTP_X_PROJECT_ID") or None,
            user_id=environ.get("HTTP_X_USER_ID") or None,
            roles=_roles(environ.get("HTTP_X_ROLES", self._default_roles)),
            request_id=environment.request_id(environ),
            service_roles=_roles(environ.get("HTTP_X_SERVICE_ROLES", "")),
        )
        context = dataclasses.replace(
            context,
            is_admin=self._authorizer.allows(context, "context_is_admin"),
            all_projects=self._authorizer.allows(context, "all_projects"),
        )
        environment.set_context(environ, context)
        # For oslo.log: the ids of whoever a line is about. It reads the thread's current context.
        oslo_context.RequestContext(
            request_id=context.request_id,
            user_id=context.user_id,
            project_id=context.project_id,
            overwrite=True,
        )
        return self._app(environ, start_response)


def noauth(app: WsgiApp, authorizer: Authorizer) -> WsgiApp:
    """Believe the client: an administrator, unless X-Roles says otherwise.

    A service token cannot be checked, so its header is believed as well.
    """
    return TrustedHeaders(app, authorizer, _NOAUTH_ROLES)


def _roles(header: str) -> frozenset[str]:
    return frozenset(role.strip() for role in header.split(",") if role.strip())
