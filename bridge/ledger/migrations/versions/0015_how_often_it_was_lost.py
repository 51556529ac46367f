"""How often a rejection note of ours was lost, and written again: a PACS that keeps none gets no more of them."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer

revision, down_revision = "0015", "0014"


def upgrade() -> None:
    op.add_column("rejection", Column("rewritten", Integer, nullable=False, server_default="0"))
