"""Which ImagingStudy stands for which study of the PACS. Instances that were skipped until now are looked at again."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String

revision, down_revision = "0005", "0003"


def upgrade() -> None:
    op.create_table(
        "imaging_study",
        Column("route", String, primary_key=True),
        Column("study", String, primary_key=True),
        Column("resource", String, nullable=False, index=True),
    )
