"""Who calls: a token, or headers that are believed, to a RequestContext."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import webob.exc
from keystoneauth1.exceptions import ClientException
from keystonemiddleware.auth_token import AuthProtocol
from oslo_config import cfg
from oslo_context import context as oslo_context

from netkit.context import RequestContext
from netkit.wsgi import environment
from netkit.wsgi.environment import Environ, StartResponse, WsgiApp

LOG = logging.getLogger(__name__)

Describe = Callable[[RequestContext], RequestContext]
"""Completes a context by what the application's policy says about such a caller: ``is_admin``,
``all_projects``, and the roles of one who names none.
"""


def _unchanged(context: RequestContext) -> RequestContext:
    return context


class TrustedHeaders:
    """Makes the request's context of the identity headers that keystonemiddleware sets.

    Put it behind ``auth_token``, which removes such headers when a client sends them; alone, it
    believes the client. ``default_roles`` are for a request without the header of roles.
    """

    def __init__(
        self, app: WsgiApp, describe: Describe = _unchanged, default_roles: str = ""
    ) -> None:
        self._app = app
        self._describe = describe
        self._default_roles = default_roles

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        context = RequestContext(
            project_id=environ.get("HTTP_X_PROJECT_ID") or None,
            user_id=environ.get("HTTP_X_USER_ID") or None,
            roles=role_names(environ.get("HTTP_X_ROLES", self._default_roles)),
            request_id=environment.request_id(environ),
            service_roles=role_names(environ.get("HTTP_X_SERVICE_ROLES", "")),
        )
        context = self._describe(context)
        environment.set_context(environ, context)
        # For oslo.log: the ids of whoever a line is about. It reads the thread's current context.
        oslo_context.RequestContext(
            request_id=context.request_id,
            user_id=context.user_id,
            project_id=context.project_id,
            overwrite=True,
        )
        return self._app(environ, start_response)


class CredentialsMissing(ValueError):
    """``[keystone_authtoken]`` does not say as whom the server asks Keystone about tokens."""


class KeystoneTokens:
    """Lets pass who has a token that Keystone confirms; ``app`` finds out whose from headers.

    Raises CredentialsMissing, and keystoneauth1's ClientException for options that do not go
    together.
    """

    def __init__(self, app: WsgiApp, conf: cfg.ConfigOpts) -> None:
        # delay_auth_decision off: a call without a valid token ends here.
        settings = {"oslo_config_config": conf, "delay_auth_decision": False}
        self._protocol: WsgiApp = AuthProtocol(app, settings)
        # AuthProtocol registers its options; without this one, each call would fail.
        options = conf.keystone_authtoken
        if not (options.auth_type or options.auth_section):
            raise CredentialsMissing(
                "auth_strategy is keystone, so [keystone_authtoken] needs auth_type (such as "
                "password), and auth_url, username and so on with it"
            )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return self._protocol(environ, start_response)
        except ClientException as error:
            # Of what keystoneauth1 raises, auth_token answers only a part: not, for one, a
            # catalogue without Keystone. None of it is the caller's doing.
            reason = f"{type(error).__name__}: {error}"
        # Below the handler: in it, oslo.log would append the error a second time.
        LOG.error("cannot ask Keystone about tokens: %s", reason)
        unavailable: WsgiApp = webob.exc.HTTPServiceUnavailable()
        return unavailable(environ, start_response)


def role_names(header: str) -> frozenset[str]:
    """The roles of a header such as ``admin, member``."""
    return frozenset(role.strip() for role in header.split(",") if role.strip())
