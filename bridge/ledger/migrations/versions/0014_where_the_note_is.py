"""What its store names a rejection note by, so that its absence is noticed; of those before nobody knows."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String

revision, down_revision = "0014", "0013"


def upgrade() -> None:
    op.add_column("rejection", Column("key", String))
