"""A link says by which revision of mapping and bridge its sides were translated, and what its instance was read as; of
those before nobody knows."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String

revision, down_revision = "0010", "0009"


def upgrade() -> None:
    for name in ("revision", "reading"):
        op.add_column("link", Column(name, String, nullable=False, server_default=""))
