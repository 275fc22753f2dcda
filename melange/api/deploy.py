"""The REST server as one WSGI application, put together in Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from oslo_config import cfg

from melange.api import auth, faults, metrics, openapi, versions
from melange.api.dialect import DIALECT
from melange.api.policies import rules_of
from melange.api.row import Row, routes
from melange.api.transactions import Transactions
from melange.events import Events
from melange.ipam.settings import settings_of
from netkit.db import Database
from netkit.policy import Authorizer
from netkit.wsgi import Mapper, Request, Result, Route, databasefaults
from netkit.wsgi.accesslog import AccessLog, print_json, print_pairs
from netkit.wsgi.dispatch import Dispatcher
from netkit.wsgi.environment import Environ, StartResponse, WsgiApp
from netkit.wsgi.health import Health, database_probe
from netkit.wsgi.metrics import CountRequests, Metrics
from netkit.wsgi.middleware import ErrorShape, RequestId

_ACCESS_LOGS = {"text": print_pairs, "json": print_json}
_HEALTH = "/healthcheck"


def build_app(
    conf: cfg.ConfigOpts,
    database: Database,
    rows: Iterable[Row],
    *,
    events: Events | None = None,
    all_blocks: metrics.AllBlocks | None = None,
) -> WsgiApp:
    """The whole server: ``rows`` below ``/v0.1``, and what is beside it.

    ``events`` tells others of committed changes. ``all_blocks``: the use of each IP block, for
    ``/metrics?pools=1``; without it that is answered like ``/metrics``. Raises
    jsonschema.SchemaError, ValueError (a route twice), and what ``auth.authenticated`` does.
    """
    rows = list(rows)
    authorizer = Authorizer(conf, rules_of(rows))
    counted = Metrics("melange", lambda: database.retries)
    page = metrics.MetricsPage(counted)
    pools = page
    if all_blocks is not None:
        pools = metrics.PoolsPage(counted, authorizer, database, all_blocks)
    api = _api(conf, database, rows, events, authorizer)
    # Authentication is the innermost layer but the dispatcher itself: nothing above it may depend
    # on who calls.
    private = auth.authenticated(conf, ByPath({metrics.PATH: pools}, api), authorizer)
    pages: dict[str, WsgiApp] = {metrics.PATH: page, openapi.PATH: openapi.Page(rows)}
    public = ByPath(pages, _public(database, authorizer))
    # Load balancers, scrapers and clients that look for a version have no token.
    app: WsgiApp = _Fork(public, private)
    # A media type may choose the version; everything below finds it in the path.
    app = versions.VersionByMediaType(app)
    # Layers of others answer with bodies of their own; and no exception may reach the server, which
    # would tell nothing.
    app = ErrorShape(app, auth.refusals(conf), DIALECT)
    # Outside of all that can fail, so that refused and failed calls are counted and logged too.
    app = CountRequests(app, counted)
    if conf.api.access_log != "off":
        app = AccessLog(app, _ACCESS_LOGS[conf.api.access_log])
    # Outermost: every line logged and every error told below carries the id.
    return RequestId(app)


def _api(
    conf: cfg.ConfigOpts,
    database: Database,
    rows: Iterable[Row],
    events: Events | None,
    authorizer: Authorizer,
) -> Dispatcher:
    transactions = Transactions(database, settings_of(conf), events)
    mapper = Mapper(answers_head=False, tells_methods=False)
    mapper.under(f"/{versions.VERSION}").add(*routes(rows, transactions.wrap))
    return Dispatcher(
        mapper,
        authorizer.check,
        errors=databasefaults.register(faults.error_table()),
        dialect=DIALECT,
        max_body=conf.api.max_request_body_size,
        max_limit=conf.api.max_limit,
        default_limit=min(conf.api.default_limit, conf.api.max_limit),
        # Melange v0.1 knew no largest limit: its clients would not understand a refusal.
        shorten_pages=True,
    )


def _public(database: Database, authorizer: Authorizer) -> Dispatcher:
    health = Health({"database": database_probe(database)})

    def healthcheck(request: Request) -> Result:
        return health.report()

    mapper = Mapper()
    open_query = {"type": "object"}
    mapper.add(*versions.ROUTES)
    mapper.add(Route("GET", _HEALTH, healthcheck, policy=None, query_schema=open_query))
    return Dispatcher(mapper, authorizer.check, errors=faults.error_table(), dialect=DIALECT)


class ByPath:
    """Sends some paths to applications of their own."""

    def __init__(self, apps: Mapping[str, WsgiApp], otherwise: WsgiApp) -> None:
        self._apps = apps
        self._otherwise = otherwise

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return self._apps.get(environ["PATH_INFO"], self._otherwise)(environ, start_response)


class _Fork:
    """Sends what is open to everybody one way and the rest the other."""

    def __init__(self, public: WsgiApp, private: WsgiApp) -> None:
        self._public = public
        self._private = private

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        app = self._public if _is_public(environ) else self._private
        return app(environ, start_response)


def _is_public(environ: Environ) -> bool:
    path: str = environ["PATH_INFO"]
    if path == metrics.PATH:
        return not metrics.wants_pools(environ)
    if path == openapi.PATH:
        return bool(environ["REQUEST_METHOD"] == "GET")
    return path.removesuffix(".json").removesuffix(".xml") in {"", "/", _HEALTH}
