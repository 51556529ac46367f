"""Rejections, conflicts, pauses. What stood for a conflict was an intent: its instance is looked at again."""

from __future__ import annotations

import json

from alembic import op
from sqlalchemy import Column, Float, String, Text, text

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
    connection = op.get_bind()
    disputed = text(
        "SELECT intent.document, intent.keys, link.chain FROM intent JOIN link USING (document) WHERE act = 'conflict'"
    )
    for document, keys, chain in connection.execute(disputed).all():
        for key in set(json.loads(keys)) - {version[3] for version in json.loads(chain)}:
            forgotten = text("DELETE FROM alias WHERE document = :document AND key = :key")
            connection.execute(forgotten, {"document": document, "key": key})
    op.execute("DELETE FROM intent WHERE act = 'conflict'")
    # instances, whose keys begin with no capital: rejection notes among them were taken for documents
    op.execute(
        "INSERT INTO work (route, store, key, state, generation, attempts, due) "
        "SELECT route, store, key, 'owed', 0, 0, 0 FROM seen WHERE lower(substr(key, 1, 1)) = substr(key, 1, 1) "
        "ON CONFLICT DO NOTHING"
    )
    op.execute("UPDATE work SET state = 'owed', attempts = 0, reason = NULL WHERE state = 'held'")
