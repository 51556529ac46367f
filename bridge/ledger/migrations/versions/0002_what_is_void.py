"""Rejections, conflicts, pauses. An intent that stood for a conflict was one: the instance is looked at again."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, String, Text

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    op.create_table(
        "rejection",
        Column("route", String, primary_key=True),
        Column("instance", String, primary_key=True),
        Column("note", String, primary_key=True),
        Column("reason", String, nullable=False),
    )
    op.create_table(
        "conflict",
        Column("document", String, primary_key=True),
        Column("route", String, nullable=False),
        Column("root", String, nullable=False),
        Column("store", String, nullable=False),
        Column("instance", String, nullable=False),
        Column("fhir", String, nullable=False),
        Column("dicom", String, nullable=False),
        Column("opened", Float, nullable=False),
        Column("verdict", String),
    )
    op.create_table(
        "pause",
        Column("route", String, primary_key=True),
        Column("reason", Text, nullable=False),
        Column("since", Float, nullable=False),
    )
    op.create_index("link_instance", "link", ["route", "instance"])
    op.execute("DELETE FROM intent WHERE act = 'conflict'")
    op.execute("UPDATE work SET state = 'owed', attempts = 0, reason = NULL WHERE state = 'held'")
