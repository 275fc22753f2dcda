"""Last octets of addresses that the blocks of a policy do not give out."""

from __future__ import annotations

from melange.api.unusable import Handlers
from melange.ipam import unusable

ROUTES = Handlers(unusable.OCTETS, "ip_octets").rows()
