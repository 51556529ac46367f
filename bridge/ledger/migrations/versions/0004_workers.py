"""Who has work in hand, and what it waits for."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, String

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    op.add_column("work", Column("owner", String))
    op.add_column("work", Column("crashes", Integer, nullable=False, server_default="0"))
    op.add_column("work", Column("awaits", String))
    op.create_index("ix_work_awaits", "work", ["awaits"])
    op.create_index("ix_work_owner", "work", ["owner"])
