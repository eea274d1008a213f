"""The tables of the store, as SQLAlchemy knows them; `services/runtime/migrations` makes them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
)

metadata = MetaData()

shards = Table(
    "shards",
    metadata,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("taken_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("commands_offset", BigInteger),
    Column("reports_offset", BigInteger),
    Column(
        "marks",
        Text,
        nullable=False,
        server_default="{}",
        comment="Records of the inputs by which the log is known again, as JSON.",
    ),
    comment="Who dispatches what, fenced by the epoch, and how far each has read.",
)

zones = Table(
    "zones",
    metadata,
    Column("zone", Text, primary_key=True),
    Column("shard", Integer, nullable=False),
    Column("day", Date, nullable=False, comment="From whose midnight the zone's seconds count."),
    Column("number", BigInteger, nullable=False, server_default="0"),
    Column("now_s", BigInteger, nullable=False, server_default="0"),
    Column("link", LargeBinary, nullable=False, server_default=""),
    Column("published", BigInteger, nullable=False, server_default="0"),
    comment="The last step of each zone, and how far its events went out.",
)

rides = Table(
    "rides",
    metadata,
    Column("ride", Text, primary_key=True),
    Column("zone", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("held", Boolean, nullable=False, comment="Whether its zone still knows it."),
    Column("number", BigInteger, nullable=False, comment="Of the step up to which this is true."),
    Column("body", LargeBinary, nullable=False, comment="StoredRide of events.proto."),
    postgresql_with={"fillfactor": "70"},
    comment="Every ride as it was last committed; no personal data.",
)
Index("rides_held", rides.c.zone, postgresql_where=rides.c.held)

asked = Table(
    "asked",
    metadata,
    Column("ride", Text, primary_key=True),
    Column("how", LargeBinary, nullable=False, comment="A hash of what its zone gets to know."),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    comment="Rides that were asked for lately: one key, one ride, at whichever gateway.",
)

parts = Table(
    "parts",
    metadata,
    Column("zone", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    postgresql_with={"fillfactor": "50"},
    comment="All of a zone's state beside its rides: a row a shuttle, and one for the rest.",
)

journal = Table(
    "journal",
    metadata,
    Column("zone", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("day", Date, primary_key=True, comment="When it was decided, UTC; partitions go by it."),
    Column("body", LargeBinary, nullable=False, comment="JournalRecord of events.proto."),
    Column("ids", LargeBinary, comment="Of its messages, a line each; so many are read soon."),
    postgresql_partition_by="RANGE (day)",
    comment="Each step of each zone: what came in, what was decided, and its hash chain.",
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("zone", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, comment="After which step."),
    Column("taken_at_ms", BigInteger, primary_key=True),
    Column("code", Text, nullable=False),
    Column("territory", Text, nullable=False, comment="Hash of settings and roads."),
    Column("body", LargeBinary, nullable=False, comment="ZoneSnapshot of events.proto."),
    comment="Zones as a whole, each day and at each change of code or territory.",
)

riders = Table(
    "riders",
    metadata,
    Column("rider", Text, primary_key=True, comment="A random pseudonym."),
    Column("zone", Text, nullable=False),
    Column("lookup", LargeBinary, comment="Keyed hash of the phone, to find the person again."),
    Column("since_ms", BigInteger, nullable=False),
    comment="People who asked for rides, under pseudonyms.",
)
Index("riders_lookup", riders.c.lookup)

rider_keys = Table(
    "rider_keys",
    metadata,
    Column("rider", Text, ForeignKey("riders.rider", ondelete="CASCADE"), primary_key=True),
    Column("master", Text, nullable=False, comment="Which master key it is under."),
    Column("wrapped", LargeBinary, nullable=False),
    comment="Each rider's key, encrypted; apart, so that backups can leave it out.",
)
Index("rider_keys_master", rider_keys.c.master)

contacts = Table(
    "contacts",
    metadata,
    Column("ride", Text, primary_key=True),
    Column("rider", Text, ForeignKey("riders.rider", ondelete="CASCADE"), nullable=False),
    Column("kept_at_ms", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="Encrypted under the rider's key."),
    comment="Names, phones and notes: all personal data there is.",
)
Index("contacts_rider", contacts.c.rider)
Index("contacts_kept_at_ms", contacts.c.kept_at_ms)
