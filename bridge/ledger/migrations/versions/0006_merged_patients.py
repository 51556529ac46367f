"""What merges of patients have moved. Whose studies are, and who replaces a Patient, was not looked at until now: what
was seen of them is forgotten, so that the next full comparison looks at it."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, String

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    op.create_table(
        "move",
        Column("route", String, primary_key=True),
        Column("instance", String, primary_key=True),
        Column("document", String, nullable=False, index=True),
        Column("replaced", String, nullable=False, index=True),
        Column("survivor", String, nullable=False, index=True),
        Column("before", String, nullable=False),
        Column("after", String, nullable=False),
        Column("digest", String),
        Column("moved", Float, nullable=False),
    )
    op.execute("DELETE FROM seen WHERE key LIKE 'Patient/%' OR key LIKE 'ImagingStudy/%'")
