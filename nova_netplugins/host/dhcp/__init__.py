"""DHCP, router advertisements and DNS for a network, by one dnsmasq in the network's namespace."""
