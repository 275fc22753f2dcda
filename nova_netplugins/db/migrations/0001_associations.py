"""Which network service a project has, and which instance a virtual NIC."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from netkit.schema import TABLE_OPTIONS, row_id, soft_delete_columns

revision = "0001"
down_revision = None


def upgrade() -> None:
    # MariaDB commits each statement: what an upgrade that broke off made is there already.
    op.create_table(
        "project_network_service_associations",
        row_id(),
        sa.Column("project_id", sa.String(255), nullable=False),
        sa.Column("network_service", sa.String(255), nullable=False),
        *soft_delete_columns(),
        sa.UniqueConstraint("project_id", "deleted", name="uniq_project_network_service"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "instance_virtual_nic_associations",
        row_id(),
        sa.Column("instance_id", sa.String(255)),
        sa.Column("virtual_nic_id", sa.String(255), nullable=False),
        sa.Column("project_id", sa.String(255), nullable=False),
        sa.Column("network_service", sa.String(255), nullable=False),
        *soft_delete_columns(),
        sa.UniqueConstraint("virtual_nic_id", "deleted", name="uniq_instance_virtual_nic"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    for column in ("instance", "project"):
        op.create_index(
            f"ix_instance_virtual_nic_{column}",
            "instance_virtual_nic_associations",
            [f"{column}_id", "deleted"],
            if_not_exists=True,
        )
