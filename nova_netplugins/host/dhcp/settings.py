"""How a host serves DHCP, whichever the network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """``driver``: ``dnsmasq`` or ``kea``. The rest is dnsmasq's: ``extra_conf``, a file of the
    operator's own settings, or empty; ``tidy_seconds``: how long additions may lie in ``hosts.d``
    before all hosts are written and read anew."""

    driver: str = "dnsmasq"
    program: str = "dnsmasq"
    user: str = "nobody"
    extra_conf: str = ""
    tidy_seconds: float = 120.0
