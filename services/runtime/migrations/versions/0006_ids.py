"""Ids of messages beside the steps that they led to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; steps that are there keep theirs in their bodies."""
    op.add_column(
        "journal",
        sa.Column(
            "ids",
            sa.LargeBinary,
            comment="Of its messages, a line each; so many are read soon.",
        ),
    )


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("journal", "ids")
