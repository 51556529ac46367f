"""What refers to a resource, which studies an ImagingStudy stands for, what a merge has moved: found by an index alone.
SQLite read all references of a store, and all studies and moves of a route, instead."""

from __future__ import annotations

from alembic import op

revision, down_revision = "0009", "0008"


def upgrade() -> None:
    op.drop_index("edge_target", "edge")
    op.create_index("edge_target", "edge", ["store", "target", "source"])
    op.drop_index("ix_imaging_study_resource", "imaging_study")
    op.create_index("imaging_study_resource", "imaging_study", ["route", "resource", "study"])
    for patient in ("replaced", "survivor"):
        op.drop_index(f"ix_move_{patient}", "move")
        op.create_index(f"move_{patient}", "move", ["route", patient])
