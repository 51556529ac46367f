"""The audit trail; since when work is owed."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, Integer, String, Text

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    op.create_table(
        "audit",
        Column("number", Integer, primary_key=True),
        Column("event", Text, nullable=False),
        Column("hash", String, nullable=False),
        Column("document", String, index=True),
    )
    op.add_column("work", Column("since", Float, nullable=False, server_default="0"))
    op.execute("UPDATE work SET since = due")
