"""Which documents were deleted a moment ago: what goes one by one, and fast, is many at once."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, String

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    op.create_table(
        "gone",
        Column("route", String, primary_key=True),
        Column("document", String, primary_key=True),
        Column("at", Float, nullable=False),
    )
