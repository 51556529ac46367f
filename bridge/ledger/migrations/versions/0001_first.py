"""Positions, work, links, intents."""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, Column, Float, Index, Integer, String, Text

revision, down_revision = "0001", None


def upgrade() -> None:
    op.create_table(
        "position",
        Column("route", String, primary_key=True),
        Column("store", String, primary_key=True),
        Column("value", String, nullable=False),
    )
    op.create_table(
        "seen",
        Column("route", String, primary_key=True),
        Column("store", String, primary_key=True),
        Column("key", String, primary_key=True),
        Column("version", String, nullable=False),
    )
    op.create_table(
        "edge",
        Column("store", String, primary_key=True),
        Column("source", String, primary_key=True),
        Column("target", String, primary_key=True),
        Index("edge_target", "store", "target"),
    )
    op.create_table(
        "work",
        Column("route", String, primary_key=True),
        Column("store", String, primary_key=True),
        Column("key", String, primary_key=True),
        Column("state", String, nullable=False),
        Column("generation", Integer, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("due", Float, nullable=False),
        Column("reason", Text),
        Index("work_due", "route", "state", "due"),
    )
    op.create_table(
        "alias",
        Column("route", String, primary_key=True),
        Column("key", String, primary_key=True),
        Column("document", String, nullable=False, index=True),
    )
    op.create_table(
        "link",
        Column("document", String, primary_key=True),
        Column("route", String, nullable=False, index=True),
        Column("born", String, nullable=False),
        Column("root", String, nullable=False),
        Column("versions", JSON, nullable=False),
        Column("fhir_digest", String, nullable=False),
        Column("instance", String, nullable=False),
        Column("dicom_digest", String, nullable=False),
        Column("chain", JSON, nullable=False),
    )
    op.create_table(
        "intent",
        Column("document", String, primary_key=True),
        Column("route", String, nullable=False),
        Column("act", String, nullable=False),
        Column("store", String, nullable=False),
        Column("keys", JSON, nullable=False),
    )
