"""Snapshots: zones as a whole, from which a replay begins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "snapshots",
        sa.Column("zone", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, comment="After which step."),
        sa.Column("taken_at_ms", sa.BigInteger, primary_key=True),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("territory", sa.Text, nullable=False, comment="Hash of settings and roads."),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="ZoneSnapshot of events.proto."),
        comment="Zones as a whole, each day and at each change of code or territory.",
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("snapshots")
