"""The options of netstack: its own in ``[netstack]``, how to reach Neutron in ``[quantum]`` and
Melange in ``[melange]``."""

from __future__ import annotations

from keystoneauth1 import loading
from oslo_config import cfg

GROUP = "netstack"
QUANTUM_GROUP = "quantum"
MELANGE_GROUP = "melange"

HIGHEST_SEGMENT = 2**24 - 1

NETSTACK_OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "default_tenant",
        default="default",
        help="The Melange tenant that has the blocks of networks for all projects. It should be "
        "no project's id.",
    ),
    cfg.IntOpt(
        "intent_timeout",
        default=60,
        min=5,
        help="Seconds after which a request that makes or deletes something in several steps "
        "counts as broken off, because the process that did it is gone: what it made is undone, "
        "what it was deleting is deleted. Work that goes on tells so in time.",
    ),
    cfg.BoolOpt(
        "allow_link_local",
        default=True,
        help="Whether a virtual NIC with an IPv6 address may also send from the link-local address "
        "that follows from its MAC address, as neighbour discovery needs.",
    ),
]

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


def _reached(service: str, default_url: str, service_type: str, timeout: int) -> list[cfg.Opt]:
    """How to reach a service over keystoneauth1."""
    ours: dict[str, cfg.Opt] = {
        "endpoint_override": cfg.StrOpt(
            "endpoint-override",
            help=f"""
The URL of {service}, such as {default_url}. Needed with auth_type none; otherwise unset, and
{service} is looked up in the Keystone catalogue.
""",
        ),
        "service_type": cfg.StrOpt(
            "service-type",
            default=service_type,
            help=f"The type of {service} in the Keystone catalogue.",
        ),
        "timeout": cfg.IntOpt(
            "timeout",
            default=timeout,
            min=1,
            help=f"Seconds to wait for an answer of {service} before the call counts as failed.",
        ),
    }
    return [
        ours.get(opt.dest, opt)
        for opt in (
            *loading.get_session_conf_options(),
            *loading.get_adapter_conf_options(),
            *loading.get_auth_common_conf_options(),
        )
        if opt.dest not in _UNUSED
    ]


QUANTUM_OPTS: list[cfg.Opt] = [
    *_reached("Neutron", "http://127.0.0.1:9696", "network", 20),
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

MELANGE_OPTS: list[cfg.Opt] = [
    *_reached("Melange", "http://127.0.0.1:9898", "ipam", 10),
    cfg.IntOpt(
        "retries",
        default=3,
        min=0,
        help="How often a call is tried again when Melange does not answer, or answers that it "
        "cannot now (503): after 0.25 s, then each time after twice as long. Each call that makes "
        "something has an Idempotency-Key, so that it makes it once.",
    ),
]


def register(conf: cfg.ConfigOpts) -> None:
    """The options above, in their groups."""
    conf.register_opts([*NETSTACK_OPTS, *L2_OPTS], group=GROUP)
    conf.register_opts(QUANTUM_OPTS, group=QUANTUM_GROUP)
    conf.register_opts(MELANGE_OPTS, group=MELANGE_GROUP)
