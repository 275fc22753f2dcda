"""The lab plays Nova's part: its instances are network namespaces, with a DHCP client in each."""
