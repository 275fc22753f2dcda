"""DHCPv4 and DHCPv6 by Kea, router advertisements by radvd, in the network's namespace.

A network has one kea-dhcp4; one kea-dhcp6, and a relay before it, if addresses of IPv6 are given;
and one radvd if it has IPv6 at all: Kea advertises nothing, and dnsmasq, if it only advertises,
cannot tell hosts to ask for their addresses elsewhere.
"""
