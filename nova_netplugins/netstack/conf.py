"""The options of netstack: its own in ``[netstack]``, how to reach Neutron in ``[quantum]`` and
Melange in ``[melange]``."""

from __future__ import annotations

from keystoneauth1 import loading
from oslo_config import cfg

from nova_netplugins.ethernet import options

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
    cfg.IntOpt(
        "follow_interval",
        default=30,
        min=0,
        help="Seconds between two looks at what others changed in Melange and Quantum: blocks, "
        "addresses and allowed addresses, ports. The net-services ask for it; only one look at a "
        "time is taken, however many they are.",
    ),
    cfg.IntOpt(
        "reclaim_after",
        default=300,
        min=0,
        help="Seconds for which an audit must have known that a port, an interface or a network of "
        "ours belongs to nothing before another one, with --repair, deletes it. It should be more "
        "than intent_timeout.",
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

WIRE_OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "interface_driver",
        default="linuxbridge",
        choices=[
            ("linuxbridge", "A Linux bridge for each network, and VXLAN between the hosts."),
            ("openvswitch", "One Open vSwitch bridge; a network is a VLAN tag on its ports."),
        ],
        help="What joins virtual NICs on a host, with l2_driver local.",
    ),
    cfg.StrOpt(
        "tunnel_address",
        help="The address of this host from which it sends frames to the other hosts of a "
        "network, with l2_driver local and Linux bridges: IPv4 on all hosts, or IPv6 on all. "
        "Whoever can send to it can send into the networks, so it belongs on a wire that only "
        "hosts are on. Unset: my_ip.",
    ),
    cfg.PortOpt(
        "vxlan_port",
        default=4789,
        min=1,
        help="The UDP port to which hosts send each other frames; the same on all hosts.",
    ),
    cfg.StrOpt(
        "ovs_bridge",
        default="br-netstack",
        help="The Open vSwitch bridge, with l2_driver local and interface_driver openvswitch. No "
        "other network service may have its VLANs there.",
    ),
    cfg.StrOpt(
        "ovs_interface",
        help="Physical interface that hosts put into ovs_bridge, which leads to the other hosts; "
        "unset: networks of each host alone.",
    ),
    cfg.StrOpt(
        "ovs_datapath_type",
        help="Datapath of ovs_bridge if it is made here: netdev for userspace. Unset: the "
        "kernel's.",
    ),
    cfg.BoolOpt(
        "prevent_spoofing",
        default=True,
        help="Drop frames from a virtual NIC that bear another MAC or IP address than its own and "
        "those that it is allowed. With l2_driver quantum this is left to Neutron's agent.",
    ),
    cfg.StrOpt(
        "integration_bridge",
        default="br-int",
        help="The bridge of Neutron's agent, with l2_driver quantum.",
    ),
    cfg.BoolOpt(
        "isolate_ports",
        default=True,
        help="With l2_driver quantum a new port reaches nothing until Neutron's Open vSwitch agent "
        "has given it the VLAN of its network. Only for other agents, which give none, such as "
        "OVN's: false.",
    ),
]

DHCP_OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "dhcp_driver",
        default="dnsmasq",
        choices=[
            ("dnsmasq", "one dnsmasq for each network, which is its DNS server too"),
            ("kea", "one kea-dhcp4 and one kea-dhcp6 for each network"),
        ],
        help="What serves DHCP on a network host.",
    ),
    *options.dhcp(),
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


OPTS: list[cfg.Opt] = [*NETSTACK_OPTS, *L2_OPTS, *WIRE_OPTS, *DHCP_OPTS]


def register(conf: cfg.ConfigOpts) -> None:
    """The options above, in their groups."""
    conf.register_opts(OPTS, group=GROUP)
    conf.register_opts(QUANTUM_OPTS, group=QUANTUM_GROUP)
    conf.register_opts(MELANGE_OPTS, group=MELANGE_GROUP)
