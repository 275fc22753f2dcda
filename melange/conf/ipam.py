"""How Melange hands out addresses, and what it remembers of it."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "ipam"

OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "default_cidr",
        help="The CIDR, such as 10.0.0.0/24, of the private block that is made for a network that "
        "has none when an address of it is asked for. Unset: the network is not found.",
    ),
    cfg.StrOpt(
        "dns1",
        default="8.8.8.8",
        help="The first DNS server of a block that is made without dns1.",
    ),
    cfg.StrOpt(
        "dns2",
        default="8.8.4.4",
        help="The second DNS server of a block that is made without dns2.",
    ),
    cfg.IntOpt(
        "keep_deallocated_ips_for_days",
        default=2,
        min=0,
        help="How long a released address rests before somebody else can have it, in days. It can "
        "be restored meanwhile. A policy may say otherwise for its blocks.",
    ),
    cfg.StrOpt(
        "ipv4_generator",
        default="sequential",
        help="In which order the addresses of an IPv4 block are tried: the name of an entry point "
        "in melange.ip_generators. A policy may say otherwise for its blocks.",
    ),
    cfg.StrOpt(
        "ipv6_generator",
        default="tenant_based",
        help="The same for IPv6 blocks.",
    ),
    cfg.IntOpt(
        "ip_allocation_retries",
        default=10,
        min=1,
        help="How many addresses that a generator proposes, and that seem to be free, are tried "
        "when others are faster.",
    ),
    cfg.StrOpt(
        "stable_private_secret",
        secret=True,
        help="The key of the stable_private generator (RFC 7217), at least 32 characters that "
        "nobody guesses. Who has it can tell the address of an interface; who changes it gets "
        "other addresses for the same interfaces. Unset: one is made and kept in the database.",
    ),
    cfg.IntOpt(
        "mac_allocation_retries",
        default=10,
        min=1,
        help="How many MAC addresses are tried for an interface when others are found to be taken.",
    ),
    cfg.BoolOpt(
        "audit",
        default=True,
        help="Whether each change is recorded, with who made it, in the transaction that makes it.",
    ),
    cfg.IntOpt(
        "audit_keep_days",
        default=90,
        min=0,
        help="How long audit records are kept, in days; the purge removes older ones. 0: for ever.",
    ),
    cfg.IntOpt(
        "idempotency_hours",
        default=24,
        min=1,
        help="For how many hours a POST with an Idempotency-Key is answered with the first "
        "answer again.",
    ),
]
