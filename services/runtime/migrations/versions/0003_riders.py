"""Riders: pseudonyms, their keys, and what they gave, encrypted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "riders",
        sa.Column("rider", sa.Text, primary_key=True, comment="A random pseudonym."),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column(
            "lookup", sa.LargeBinary, comment="Keyed hash of the phone, to find the person again."
        ),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        comment="People who asked for rides, under pseudonyms.",
    )
    op.create_index("riders_lookup", "riders", ["lookup"])
    op.create_table(
        "rider_keys",
        sa.Column(
            "rider", sa.Text, sa.ForeignKey("riders.rider", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("master", sa.Text, nullable=False, comment="Which master key it is under."),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        comment="Each rider's key, encrypted; apart, so that backups can leave it out.",
    )
    op.create_index("rider_keys_master", "rider_keys", ["master"])
    op.create_table(
        "contacts",
        sa.Column("ride", sa.Text, primary_key=True),
        sa.Column(
            "rider", sa.Text, sa.ForeignKey("riders.rider", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("kept_at_ms", sa.BigInteger, nullable=False),
        sa.Column(
            "sealed", sa.LargeBinary, nullable=False, comment="Encrypted under the rider's key."
        ),
        comment="Names, phones and notes: all personal data there is.",
    )
    op.create_index("contacts_rider", "contacts", ["rider"])
    op.create_index("contacts_kept_at_ms", "contacts", ["kept_at_ms"])


def downgrade() -> None:
    """Drop the tables."""
    for name in ("contacts", "rider_keys", "riders"):
        op.drop_table(name)
