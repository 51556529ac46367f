"""What versions of the PACS said that were carried to FHIR, so that what comes back again and again is noticed; of
those before nobody knows."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, String, false

revision, down_revision = "0016", "0015"


def upgrade() -> None:
    op.add_column("link", Column("carried", String, nullable=False, server_default=""))
    op.add_column("conflict", Column("circle", Boolean, nullable=False, server_default=false()))
