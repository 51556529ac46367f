"""A rejection says of which study the instance was to be; of those before nobody knows, and they hold."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String

revision, down_revision = "0011", "0010"


def upgrade() -> None:
    op.add_column("rejection", Column("study", String))
