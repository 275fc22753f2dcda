"""One address, in one round trip and by one statement."""

from __future__ import annotations

from melange.ipam import addressing
from melange.ipam.addresses import Address
from netkit.db import Database

_SERVED = ("postgresql", "mysql")
_STATEMENT = """
SELECT a.id, a.ip_block_id, a.value, a.version, a.interface_id, a.used_by_tenant_id,
       a.deallocated_at, a.quarantined_until, a.holder_id, a.floating, a.created_at, a.updated_at,
       coalesce(i.vif_id, i.id) AS vif_id, i.device_id
  FROM ip_blocks b
  JOIN ip_addresses a ON a.ip_block_id = b.id
  LEFT JOIN interfaces i ON i.id = a.interface_id
 WHERE b.id = %(block)s AND b.tenant_id = %(tenant)s
   AND b.version = %(version)s AND a.value = %(value)s
"""


def find(database: Database, tenant_id: str, block_id: str, text: str) -> Address | None:
    """The address of a tenant's block, in any spelling. None: it is not there, or somebody else
    has to look. Raises what `Database.run_alone` does.
    """
    if database.dialect not in _SERVED or not block_id.isascii():
        return None
    try:
        version, value = addressing.parse_address(text)
    except ValueError:
        return None
    parameters = {"block": block_id, "tenant": tenant_id, "version": version, "value": value}
    rows = database.run_alone(_STATEMENT, parameters)
    if not rows:
        return None
    row = rows[0]._asdict()
    return Address(**row | {"value": int(row["value"]), "floating": bool(row["floating"])})
