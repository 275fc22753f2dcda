"""How daemons reach net-api: the options of keystoneauth1 for sessions, adapters and plug-ins."""

from __future__ import annotations

from keystoneauth1 import loading
from oslo_config import cfg

GROUP = "net_api"

_OURS = {
    "endpoint_override": cfg.StrOpt(
        "endpoint-override",
        default="http://127.0.0.1:9797",
        help="""
The URL of net-api, without a path. With auth_type unset or none it is used as it is; with another
auth_type, set it to nothing to look net-api up in the Keystone catalogue.
""",
    ),
    "timeout": cfg.IntOpt(
        "timeout",
        default=30,
        min=1,
        help="Seconds to wait for an answer of net-api before the call counts as failed.",
    ),
}

OPTS: list[cfg.Opt] = [
    _OURS.get(opt.dest, opt)
    for opt in (
        *loading.get_session_conf_options(),
        *loading.get_adapter_conf_options(),
        *loading.get_auth_common_conf_options(),
    )
]
