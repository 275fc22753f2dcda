"""What an operator configures of the domain, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oslo_config import cfg

from melange.ipam import addressing, generators

SHORTEST_SECRET = 32


@dataclass(frozen=True)
class Settings:
    """``quotas``: resource -> the most a tenant may have unless a quota of its own says otherwise;
    no entry: no limit. ``audit_keep_days`` 0: for ever.
    """

    dns1: str | None = "8.8.8.8"
    dns2: str | None = "8.8.4.4"
    default_cidr: str | None = None
    keep_deallocated_ips_for_days: int = 2
    ipv4_generator: str = "sequential"
    ipv6_generator: str = "tenant_based"
    ip_allocation_retries: int = 10
    mac_allocation_retries: int = 10
    stable_private_secret: str | None = None
    audit: bool = True
    audit_keep_days: int = 90
    idempotency_hours: int = 24
    private_webhooks: bool = False
    quotas: Mapping[str, int] = field(default_factory=dict)


def settings_of(conf: cfg.ConfigOpts) -> Settings:
    """From the groups ``[ipam]`` and ``[quota]``. Raises ValueError for what else would be told to
    each caller as if it were his mistake."""
    ipam = conf.ipam
    _require_generators(ipam)
    _require_cidr(ipam.default_cidr)
    _require_secret(ipam.stable_private_secret)
    limits = {name: conf.quota[name] for name in ("ip_blocks", "ip_addresses", "interfaces")}
    return Settings(
        dns1=ipam.dns1,
        dns2=ipam.dns2,
        default_cidr=ipam.default_cidr,
        keep_deallocated_ips_for_days=ipam.keep_deallocated_ips_for_days,
        ipv4_generator=ipam.ipv4_generator,
        ipv6_generator=ipam.ipv6_generator,
        ip_allocation_retries=ipam.ip_allocation_retries,
        mac_allocation_retries=ipam.mac_allocation_retries,
        stable_private_secret=ipam.stable_private_secret,
        audit=ipam.audit,
        audit_keep_days=ipam.audit_keep_days,
        idempotency_hours=ipam.idempotency_hours,
        private_webhooks=conf.webhooks.allow_private_addresses,
        quotas={name: limit for name, limit in limits.items() if limit >= 0},
    )


def _require_generators(ipam: cfg.GroupAttr) -> None:
    known = generators.names()
    for name in ("ipv4_generator", "ipv6_generator"):
        if ipam[name] not in known:
            raise ValueError(
                f"[ipam] {name} = {ipam[name]!r} is no address generator; installed are: "
                f"{', '.join(known)}"
            )


def _require_cidr(text: str | None) -> None:
    try:
        if text:
            addressing.parse_cidr(text)
    except ValueError:
        raise ValueError(
            f"[ipam] default_cidr = {text!r} is no CIDR; give one such as 10.0.0.0/24"
        ) from None


def _require_secret(text: str | None) -> None:
    if text is not None and len(text) < SHORTEST_SECRET:
        raise ValueError(
            f"[ipam] stable_private_secret has {len(text)} characters; give at least "
            f"{SHORTEST_SECRET}, or leave it out, and one is made"
        )
