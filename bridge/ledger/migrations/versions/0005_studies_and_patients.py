"""Which ImagingStudy stands for which study of the PACS; instances about to be replaced. Images were skipped until now,
and Patients not looked at: what was seen is forgotten, so that the next full comparison looks at all of it."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, LargeBinary, String

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    op.create_table(
        "imaging_study",
        Column("route", String, primary_key=True),
        Column("study", String, primary_key=True),
        Column("resource", String, nullable=False, index=True),
    )
    op.create_table(
        "replacement",
        Column("document", String, primary_key=True),
        Column("data", LargeBinary, nullable=False),
    )
    op.execute("DELETE FROM seen")
