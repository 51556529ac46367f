"""What the translation of the newest version warned of; of those before nobody knows."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision, down_revision = "0013", "0012"


def upgrade() -> None:
    op.add_column("link", Column("warnings", Text, nullable=False, server_default=""))
