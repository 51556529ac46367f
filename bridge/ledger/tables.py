"""The tables. Whatever can be read again from the stores is not here; what is here can be rebuilt from them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()

POSITION = Table(  # where the next poll of a store begins
    "position",
    METADATA,
    Column("route", String, primary_key=True),
    Column("store", String, primary_key=True),
    Column("value", String, nullable=False),
)
SEEN = Table(  # the newest version of each item that was turned into work
    "seen",
    METADATA,
    Column("route", String, primary_key=True),
    Column("store", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("version", String, nullable=False),
)
EDGE = Table(  # references between the resources that form documents
    "edge",
    METADATA,
    Column("store", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("target", String, primary_key=True),
    Index("edge_target", "store", "target"),
)
WORK = Table(  # what is owed: look at this item again
    "work",
    METADATA,
    Column("route", String, primary_key=True),
    Column("store", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("state", String, nullable=False),  # owed, held, dead
    Column("generation", Integer, nullable=False),  # news that came in while it was worked on
    Column("attempts", Integer, nullable=False),
    Column("due", Float, nullable=False),  # seconds since the epoch
    Column("reason", Text),
    Index("work_due", "route", "state", "due"),
)
ALIAS = Table(  # resource keys and SOP Instance UIDs -> the document that they belong to
    "alias",
    METADATA,
    Column("route", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("document", String, nullable=False, index=True),
)
LINK = Table(  # the last agreement of both sides about a document
    "link",
    METADATA,
    Column("document", String, primary_key=True),
    Column("route", String, nullable=False, index=True),
    Column("born", String, nullable=False),  # fhir or dicom
    Column("root", String, nullable=False),  # key of the root resource
    Column("versions", JSON, nullable=False),  # resource key -> version
    Column("fhir_digest", String, nullable=False),
    Column("instance", String, nullable=False),  # key of the head instance in its store
    Column("dicom_digest", String, nullable=False),
    Column("chain", JSON, nullable=False),  # [study, series, class, instance] of every version, head last
)
INTENT = Table(  # committed before an effect, deleted with the link
    "intent",
    METADATA,
    Column("document", String, primary_key=True),
    Column("route", String, nullable=False),
    Column("act", String, nullable=False),
    Column("store", String, nullable=False),
    Column("keys", JSON, nullable=False),
)
