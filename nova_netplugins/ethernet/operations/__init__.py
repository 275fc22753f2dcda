"""What a net-api of an Ethernet service can do: each operation one transaction, then a prompt to
those who act on it."""
