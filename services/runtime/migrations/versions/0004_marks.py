"""Marks, by which a log is known again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "shards",
        sa.Column(
            "marks",
            sa.Text,
            nullable=False,
            server_default="{}",
            comment="Records of the inputs by which the log is known again, as JSON.",
        ),
    )


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("shards", "marks")
