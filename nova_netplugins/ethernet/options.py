"""The options of an Ethernet service, in the group of its name. Where Nova had an option, the name
is Nova's."""

from __future__ import annotations

from oslo_config import cfg

# Of an interface: hosts are told it with each network, and read no option.
KEPT = (
    ", the same on every host. For net-api and nova-netplugins-manage: it is kept with the network."
)


def common(mac_range: str) -> list[cfg.Opt]:
    return [
        cfg.StrOpt(
            "mac_range",
            default=mac_range,
            help="MAC addresses for virtual NICs: an address and the number of its fixed leading "
            "bits. Services that share a wire need ranges that do not overlap.",
        ),
        cfg.IntOpt(
            "fixed_ip_disassociate_timeout",
            default=600,
            min=0,
            help="Seconds that a released fixed address rests before it can be drawn again.",
        ),
        cfg.IntOpt(
            "quota_fixed_ips",
            default=-1,
            min=-1,
            help="How many IPv4 addresses a project may have on this service's networks; -1: any "
            "number.",
        ),
        cfg.StrOpt(
            "flat_network_dns",
            help="DNS server of new networks that name none (dns1).",
        ),
    ]


def flat_bridge(bridge: str) -> list[cfg.Opt]:
    return [
        cfg.StrOpt(
            "flat_network_bridge",
            default=bridge,
            help="Bridge of new networks that name none.",
        ),
        cfg.StrOpt(
            "flat_interface",
            help="Physical interface that hosts put into the bridge of a new network that names "
            f"none{KEPT} Unset: a bridge of each host alone.",
        ),
    ]


def serving() -> list[cfg.Opt]:
    """For services with a net-service: DHCP, gateway, NAT and floating IPs."""
    return [*_networks(), *dhcp(), *_floating()]


def _networks() -> list[cfg.Opt]:
    return [
        cfg.BoolOpt(
            "multi_host",
            default=False,
            help="Serve new networks on each compute host instead of on one network host.",
        ),
        cfg.BoolOpt(
            "use_network_dns_servers",
            default=False,
            help="Let dnsmasq ask dns1 and dns2 of the network too.",
        ),
    ]


def dhcp() -> list[cfg.Opt]:
    return [
        cfg.IntOpt("dhcp_lease_time", default=86400, min=120, help="Seconds a DHCP lease lasts."),
        cfg.StrOpt("dhcp_domain", default="novalocal", help="DNS domain of instances."),
        cfg.ListOpt(
            "dns_server",
            default=[],
            help="DNS servers that dnsmasq asks, instead of those of the network host.",
        ),
        cfg.StrOpt(
            "dnsmasq_config_file",
            default="",
            help="A file of further dnsmasq settings, for every network.",
        ),
        cfg.BoolOpt(
            "use_single_default_gateway",
            default=True,
            help="An instance with several NICs gets a default route from the first only.",
        ),
        cfg.BoolOpt(
            "force_dhcp_release",
            default=True,
            help="End the DHCP lease of an address when its NIC is deleted.",
        ),
    ]


def _floating() -> list[cfg.Opt]:
    return [
        cfg.StrOpt("default_floating_pool", default="nova", help="Pool when none is named."),
        cfg.IntOpt(
            "quota_floating_ips",
            default=-1,
            min=-1,
            help="How many floating addresses a project may have, not counting those assigned "
            "automatically; -1: any number.",
        ),
        cfg.BoolOpt(
            "auto_assign_floating_ip",
            default=False,
            help="Give each new instance a floating address, and take it back with the instance.",
        ),
    ]


def layer2() -> list[cfg.Opt]:
    """How hosts make the network's segment."""
    return [
        cfg.StrOpt(
            "interface_driver",
            default="linuxbridge",
            choices=[
                ("linuxbridge", "A Linux bridge for each network, on a VLAN device if it has one."),
                ("openvswitch", "One Open vSwitch bridge; a VLAN is a tag on its ports."),
            ],
            help="What joins virtual NICs on a host.",
        ),
        cfg.StrOpt(
            "ovs_bridge", default="br-nova", help="The Open vSwitch bridge, if that is the driver."
        ),
        cfg.StrOpt(
            "ovs_datapath_type",
            help="Datapath of Open vSwitch bridges that are made here: netdev for userspace. "
            "Unset: the kernel's.",
        ),
        cfg.BoolOpt(
            "prevent_spoofing",
            default=True,
            help="Drop frames from a virtual NIC that bear another MAC or IP address than its own.",
        ),
    ]
