"""What an instance may send, as OpenFlow rules: ``antispoof`` for ports of Open vSwitch.

nftables sees nothing of frames that a switch takes off a tap. The rules let the same frames pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nova_netplugins.host.antispoof import GuardedNic, allowed_sources

# Above whatever the bridge does with other ports.
REFUSED_PRIORITY = 4012
ALLOWED_PRIORITY = 4011
REST_PRIORITY = 4010

# A NIC is no router and no DHCP server of its network, whatever its address.
_REFUSED = (
    "icmp6,icmp_type=134",
    "udp,tp_src=67,tp_dst=68",
    "udp6,tp_src=547,tp_dst=546",
)
# Before it has an address: DHCP (RFC 2131), address conflict probes (RFC 5227), and duplicate
# address detection and what goes with it (RFC 4862).
_WITHOUT_ADDRESS = (
    "udp,nw_src=0.0.0.0,nw_dst=255.255.255.255,tp_src=68,tp_dst=67",
    "arp,arp_op=1,arp_spa=0.0.0.0",
    "icmp6,ipv6_src=::,icmp_type=133",
    "icmp6,ipv6_src=::,icmp_type=135",
    "icmp6,ipv6_src=::,icmp_type=143",
)


def antispoof_flows(nics: Sequence[GuardedNic], numbers: Mapping[str, int]) -> list[str]:
    """The rules for NICs by the OpenFlow ``numbers`` of their taps; those without one are left
    out."""
    return [flow for nic in nics if nic.tap in numbers for flow in _flows(nic, numbers[nic.tap])]


def _flows(nic: GuardedNic, number: int) -> list[str]:
    port = f"in_port={number}"
    rest = [f"priority={REST_PRIORITY},{port},actions=drop"]
    sources = allowed_sources(nic)
    if not sources:
        return [*_pass([f"{port},dl_src={nic.mac}"]), *rest]
    refused = [f"priority={REFUSED_PRIORITY},{port},{match},actions=drop" for match in _REFUSED]
    # Without a VLAN tag, or on a trunk an instance could speak in any VLAN.
    senders = {mac: f"{port},vlan_tci=0,dl_src={mac}" for mac, _ in sources}
    allowed = [f"{sender},{match}" for sender in senders.values() for match in _WITHOUT_ADDRESS]
    for mac, network in sources:
        sender = senders[mac]
        if network.version == 4:
            allowed.append(f"{sender},arp,arp_sha={mac},arp_spa={network}")
            allowed.append(f"{sender},ip,nw_src={network}")
        else:
            allowed.append(f"{sender},ipv6,ipv6_src={network}")
    return [*refused, *_pass(allowed), *rest]


def _pass(matches: Sequence[str]) -> list[str]:
    return [f"priority={ALLOWED_PRIORITY},{match},actions=NORMAL" for match in matches]
