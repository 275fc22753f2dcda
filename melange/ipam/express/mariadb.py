"""MariaDB: allocation as one compound statement.

Each statement in it sees what is committed by then: so it looks once more, after the draw, whether
a policy has come to pick.
"""

from __future__ import annotations

import functools
from typing import Any

from melange.db.tables import POOLS
from melange.ipam import rules
from netkit.pool import compound

_STATEMENT = """
BEGIN NOT ATOMIC
  {declarations}
  DECLARE pool BIGINT; DECLARE ip_version SMALLINT; DECLARE nic CHAR(36);
  DECLARE shown, device VARCHAR(255);
  DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  SELECT b.pool_id, b.version, i.id, coalesce(i.vif_id, i.id), i.device_id
    INTO pool, ip_version, nic, shown, device
    FROM ip_blocks b, interfaces i
    WHERE b.id = %(block)s AND b.tenant_id = %(tenant)s AND {interface} AND NOT b.subnetted
      AND (b.drawing = '{lowest}'
           OR b.drawing = '{default}' AND b.version IN (%(lowest1)s, %(lowest2)s))
      AND NOT EXISTS (SELECT 1 FROM quotas
                      WHERE tenant_id = %(tenant)s AND resource = 'ip_addresses')
      {unknown};
  IF pool IS NOT NULL THEN
    {drawing}
  END IF;
  IF drawn IS NOT NULL AND EXISTS (SELECT 1 FROM ip_blocks
                                   WHERE id = %(block)s AND drawing = '{picky}') THEN
    ROLLBACK;
    SET drawn = NULL;
  END IF;
  IF drawn IS NOT NULL THEN
    INSERT INTO ip_addresses (id, ip_block_id, value, version, interface_id, used_by_tenant_id,
                              floating, created_at, updated_at)
      VALUES (%(id)s, %(block)s, drawn, ip_version, nic, %(tenant)s, FALSE, %(now)s, %(now)s);
    INSERT INTO ip_block_usage (ip_block_id, tenant_id, slot, allocated, quarantined)
      VALUES (%(block)s, %(tenant)s, %(slot)s, 1, 0)
      ON DUPLICATE KEY UPDATE allocated = allocated + 1;
    {audit}
    {keep}
  END IF;
  COMMIT;
  SELECT drawn AS value, ip_version AS version, nic AS interface_id, shown AS vif_id,
         device AS device_id FROM DUAL WHERE drawn IS NOT NULL;
END
"""

_NAMELESS = "i.anonymous_tenant = %(tenant)s"
_NAMED = "i.vif_id = %(vif)s AND i.tenant_id = %(tenant)s AND b.network_id IS NULL"

_AUDIT = """INSERT INTO audit_records (at, request_id, user_id, caller_tenant_id, tenant_id,
                                action, resource, resource_id, after)
      VALUES (%(now)s, %(request)s, %(user)s, %(caller)s, %(tenant)s, 'allocate', 'ip_address',
              %(id)s, concat(%(head)s, drawn, '}'));"""

_UNKNOWN = "AND NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE id = %(key)s)"
_KEEP = """INSERT INTO idempotency_keys (id, fingerprint, status, headers, body, created_at)
      VALUES (%(key)s, %(fingerprint)s, 201, '{{}}', concat(%(kept)s,
              json_array(cast(drawn AS CHAR), ip_version, shown, device), '}}}}'), %(now)s);"""


@functools.cache
def statement(audited: bool, named: bool, keyed: bool) -> tuple[str, dict[str, Any]]:
    """As `melange.ipam.express.postgresql.statement`, for PyMySQL."""
    sql = _STATEMENT.format(
        declarations=compound.DECLARATIONS,
        drawing=compound.drawing(POOLS, "pool"),
        interface=_NAMED if named else _NAMELESS,
        lowest=rules.LOWEST,
        default=rules.DEFAULT,
        picky=rules.PICKY,
        audit=_AUDIT if audited else "",
        unknown=_UNKNOWN if keyed else "",
        keep=_KEEP.format() if keyed else "",
    )
    return sql, {}
