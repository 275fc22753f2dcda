"""The options of netstack: its own in ``[netstack]``, how to reach Neutron in ``[quantum]``."""

from __future__ import annotations

from keystoneauth1 import loading
from oslo_config import cfg

GROUP = "netstack"
QUANTUM_GROUP = "quantum"

HIGHEST_SEGMENT = 2**24 - 1

L2_OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "l2_driver",
        default="quantum",
        choices=[
            ("quantum", "networks and ports are those of a Neutron server; see [quantum]"),
            ("local", "networks are segments of our own, for a cloud without Neutron"),
        ],
        help="Who decides about layer 2. Changing it leaves the networks that are there behind.",
    ),
    cfg.IntOpt(
        "first_segment",
        default=1,
        min=1,
        max=HIGHEST_SEGMENT,
        help="Lowest segment id that l2_driver local gives to a network. A segment is a VXLAN "
        "network identifier (up to 16777215) or an Open vSwitch tag (up to 4094). Neither this nor "
        "last_segment can be changed once there are networks.",
    ),
    cfg.IntOpt(
        "last_segment",
        default=4094,
        min=1,
        max=HIGHEST_SEGMENT,
        help="Highest segment id that l2_driver local gives to a network.",
    ),
]

_OURS = {
    "endpoint_override": cfg.StrOpt(
        "endpoint-override",
        help="""
The URL of Neutron, such as http://127.0.0.1:9696. Needed with auth_type none; otherwise unset, and
Neutron is looked up in the Keystone catalogue.
""",
    ),
    "service_type": cfg.StrOpt(
        "service-type", default="network", help="The type of Neutron in the Keystone catalogue."
    ),
    "timeout": cfg.IntOpt(
        "timeout",
        default=20,
        min=1,
        help="Seconds to wait for an answer of Neutron before the call counts as failed.",
    ),
}

# The version is 2.0, and retries are ours: keystoneauth would repeat what must not be repeated
# blindly.
_UNUSED = {
    "version",
    "min_version",
    "max_version",
    "connect_retries",
    "connect_retry_delay",
    "status_code_retries",
    "status_code_retry_delay",
    "retriable_status_codes",
}

QUANTUM_OPTS: list[cfg.Opt] = [
    *(
        _OURS.get(opt.dest, opt)
        for opt in (
            *loading.get_session_conf_options(),
            *loading.get_adapter_conf_options(),
            *loading.get_auth_common_conf_options(),
        )
        if opt.dest not in _UNUSED
    ),
    cfg.IntOpt(
        "retries",
        default=3,
        min=0,
        help="How often a call is tried again when Neutron does not answer, or answers with an "
        "error of its own (500, 502, 503, 504): after 0.25 s, then each time after twice as long. "
        "What may have been made is looked for before it is asked for again.",
    ),
    cfg.StrOpt(
        "default_project_id",
        default="default",
        help="The project that networks for all projects belong to in Neutron.",
    ),
]


def register(conf: cfg.ConfigOpts) -> None:
    """The options above, in their groups."""
    conf.register_opts(L2_OPTS, group=GROUP)
    conf.register_opts(QUANTUM_OPTS, group=QUANTUM_GROUP)
