"""The core's two tables: which network service a project has, and which instance a virtual NIC."""

from __future__ import annotations

import sqlalchemy as sa

from netkit.schema import TABLE_OPTIONS, row_id, soft_delete_columns

metadata = sa.MetaData()

project_network_services = sa.Table(
    "project_network_service_associations",
    metadata,
    row_id(),
    sa.Column("project_id", sa.String(255), nullable=False),
    sa.Column("network_service", sa.String(255), nullable=False),
    *soft_delete_columns(),
    # A project has exactly one network service.
    sa.UniqueConstraint("project_id", "deleted", name="uniq_project_network_service"),
    **TABLE_OPTIONS,
)

instance_virtual_nics = sa.Table(
    "instance_virtual_nic_associations",
    metadata,
    row_id(),
    # None: a virtual NIC that its project has, but that no instance has yet.
    sa.Column("instance_id", sa.String(255)),
    sa.Column("virtual_nic_id", sa.String(255), nullable=False),
    sa.Column("project_id", sa.String(255), nullable=False),
    sa.Column("network_service", sa.String(255), nullable=False),
    *soft_delete_columns(),
    # A virtual NIC has at most one instance.
    sa.UniqueConstraint("virtual_nic_id", "deleted", name="uniq_instance_virtual_nic"),
    sa.Index("ix_instance_virtual_nic_instance", "instance_id", "deleted"),
    sa.Index("ix_instance_virtual_nic_project", "project_id", "deleted"),
    **TABLE_OPTIONS,
)
