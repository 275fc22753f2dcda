"""The net-api server as one WSGI application, put together in Python."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Mapping

from oslo_config import cfg
from oslo_policy import policy

from netkit.context import RequestContext
from netkit.policy import Authorizer
from netkit.wsgi import Mapper, databasefaults
from netkit.wsgi.accesslog import AccessLog
from netkit.wsgi.auth import KeystoneTokens, TrustedHeaders
from netkit.wsgi.dispatch import Dispatcher
from netkit.wsgi.environment import WsgiApp
from netkit.wsgi.faults import ErrorTable, Fault
from netkit.wsgi.health import Health, Probe
from netkit.wsgi.middleware import ErrorShape, Fork, RequestId
from nova_netplugins.api.policies import list_rules
from nova_netplugins.api.versions import PATHS, VERSION, Versions

LOG = logging.getLogger(__name__)

Service = tuple[str, Callable[[Mapper], None]]
"""The name of a network service, and what adds its routes: ``(service.name, net_api.routes)``."""

_NOAUTH_ROLES = "admin,member,reader"

_REFUSALS = {
    401: Fault(401, "unauthorized", "this call needs a valid Keystone token in X-Auth-Token"),
    503: Fault(503, "unavailable", "Keystone cannot be asked about the token now; try again later"),
}


class UnknownRule(Exception):
    """A plug-in's route names a policy rule that nobody declares."""


def build_app(
    conf: cfg.ConfigOpts,
    services: Iterable[Service],
    *,
    core: Iterable[Callable[[Mapper], None]] = (),
    probes: Mapping[str, Probe] | None = None,
    rules: Iterable[policy.RuleDefault] = (),
    errors: ErrorTable | None = None,
) -> WsgiApp:
    """The whole server. A service's routes are below ``/v1.0/<name>``.

    ``core``: what adds the routes of no single service, below ``/v1.0``. ``probes``: what
    ``/healthcheck`` asks, such as the database. ``rules``: policy rules of plug-ins beside ours.
    Raises UnknownRule, ValueError (a route twice), jsonschema.SchemaError, and what KeystoneTokens
    does.
    """
    services = list(services)
    authorizer = Authorizer(conf, [*list_rules(), *rules])
    errors = errors or databasefaults.register(ErrorTable())
    mapper = Mapper()
    for name, register in services:
        register(mapper.under(f"/{VERSION}/{name}"))
    for register in core:
        register(mapper.under(f"/{VERSION}"))
    # Authentication is the innermost layer but the dispatcher itself: nothing above it may depend
    # on who calls.
    private = _authenticated(conf, _dispatcher(conf, mapper, authorizer, errors), authorizer)
    public = _public([name for name, _ in services], Health(probes or {}), authorizer, errors)
    # Load balancers and clients that look for a version have no token.
    app: WsgiApp = Fork(PATHS, public, private)
    # keystonemiddleware answers with bodies of its own; and no exception may reach the server,
    # which would tell nothing.
    app = ErrorShape(app, _REFUSALS)
    # Outside of all that can fail, so that refused and failed calls are logged too.
    app = AccessLog(app)
    # Outermost: every line logged and every error told below carries the id.
    return RequestId(app)


def _dispatcher(
    conf: cfg.ConfigOpts, mapper: Mapper, authorizer: Authorizer, errors: ErrorTable
) -> Dispatcher:
    for where, route in mapper.rows().items():
        if route.policy is not None and not authorizer.knows(route.policy):
            raise UnknownRule(f"{where} asks policy rule {route.policy!r}, which nobody declares")
    return Dispatcher(
        mapper,
        authorizer.check,
        errors=errors,
        max_body=conf.api.max_request_body_size,
        max_limit=conf.api.max_limit,
    )


def _public(
    services: list[str], health: Health, authorizer: Authorizer, errors: ErrorTable
) -> WsgiApp:
    mapper = Mapper()
    Versions(services, health).routes(mapper)
    return Dispatcher(mapper, authorizer.check, errors=errors)


def _authenticated(conf: cfg.ConfigOpts, app: WsgiApp, authorizer: Authorizer) -> WsgiApp:
    def describe(context: RequestContext) -> RequestContext:
        return dataclasses.replace(
            context,
            is_admin=authorizer.allows(context, "context_is_admin"),
            all_projects=authorizer.allows(context, "all_projects"),
        )

    if conf.auth_strategy == "noauth":
        LOG.warning("auth_strategy is noauth: whoever reaches this server is an administrator")
        # A service token cannot be checked, so its header is believed as well.
        return TrustedHeaders(app, describe, _NOAUTH_ROLES)
    return KeystoneTokens(TrustedHeaders(app, describe), conf)
