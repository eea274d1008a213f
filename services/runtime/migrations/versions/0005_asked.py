"""Rides that were asked for, noted before a zone hears of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "asked",
        sa.Column("ride", sa.Text, primary_key=True),
        sa.Column(
            "how", sa.LargeBinary, nullable=False, comment="A hash of what its zone gets to know."
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        comment="Rides that were asked for lately: one key, one ride, at whichever gateway.",
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("asked")
