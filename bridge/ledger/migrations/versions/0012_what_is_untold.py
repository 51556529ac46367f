"""Which side of a document is void, and could not be told the other, for the route went one way."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String

revision, down_revision = "0012", "0011"


def upgrade() -> None:
    op.create_table(
        "untold",
        Column("document", String, primary_key=True),
        Column("route", String, nullable=False),
        Column("store", String, nullable=False),
        Column("key", String, nullable=False),
    )
