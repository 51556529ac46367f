"""Older merges are behind the position that a history goes on from: it is read from its beginning once more, and what
was seen of it is no news. Positions of a FHIR server are instants; those of a PACS, and days of a backfill, are not."""

from __future__ import annotations

from alembic import op

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    op.execute("DELETE FROM position WHERE value LIKE '____-__-__T%'")
