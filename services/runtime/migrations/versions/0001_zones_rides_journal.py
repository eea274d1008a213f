"""Shards, zones, rides, parts of zones, and the journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _owners()
    _state()
    _journal()


def _owners() -> None:
    op.create_table(
        "shards",
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column(
            "taken_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        sa.Column("commands_offset", sa.BigInteger),
        sa.Column("reports_offset", sa.BigInteger),
        comment="Who dispatches what, fenced by the epoch, and how far each has read.",
    )
    op.create_table(
        "zones",
        sa.Column("zone", sa.Text, primary_key=True),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column(
            "day", sa.Date, nullable=False, comment="From whose midnight the zone's seconds count."
        ),
        sa.Column("number", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("now_s", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("link", sa.LargeBinary, nullable=False, server_default=""),
        sa.Column("published", sa.BigInteger, nullable=False, server_default="0"),
        comment="The last step of each zone, and how far its events went out.",
    )


def _state() -> None:
    op.create_table(
        "rides",
        sa.Column("ride", sa.Text, primary_key=True),
        sa.Column("zone", sa.Text, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("held", sa.Boolean, nullable=False, comment="Whether its zone still knows it."),
        sa.Column(
            "number", sa.BigInteger, nullable=False, comment="Of the step up to which this is true."
        ),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="StoredRide of events.proto."),
        postgresql_with={"fillfactor": "70"},
        comment="Every ride as it was last committed; no personal data.",
    )
    op.create_index("rides_held", "rides", ["zone"], postgresql_where=sa.text("held"))
    op.create_table(
        "parts",
        sa.Column("zone", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("part", sa.Text, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        postgresql_with={"fillfactor": "50"},
        comment="All of a zone's state beside its rides: a row a shuttle, and one for the rest.",
    )


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("zone", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column(
            "day",
            sa.Date,
            primary_key=True,
            comment="When it was decided, UTC; partitions go by it.",
        ),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="JournalRecord of events.proto."),
        postgresql_partition_by="RANGE (day)",
        comment="Each step of each zone: what came in, what was decided, and its hash chain.",
    )
    # What no day's partition is there for still finds a place.
    op.execute("CREATE TABLE journal_other PARTITION OF journal DEFAULT")


def downgrade() -> None:
    """Drop the tables."""
    for name in ("journal", "parts", "rides", "zones", "shards"):
        op.drop_table(name)
