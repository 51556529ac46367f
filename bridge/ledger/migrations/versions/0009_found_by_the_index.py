"""References are known by route: where two share a store, each has its own news of them. And these, which studies an
ImagingStudy stands for, what a merge has moved, and what is owed next are found by an index alone; SQLite read all of a
store or route."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String, text

revision, down_revision = "0009", "0008"


def upgrade() -> None:
    op.create_table(
        "edge_of_route",
        *(Column(name, String, primary_key=True) for name in ("route", "store", "source", "target")),
    )
    op.execute(
        "INSERT INTO edge_of_route SELECT DISTINCT seen.route, edge.store, source, target FROM edge "
        'JOIN seen ON seen.store = edge.store AND seen."key" = source'
    )
    op.drop_table("edge")
    op.rename_table("edge_of_route", "edge")
    op.create_index("edge_target", "edge", ["route", "store", "target", "source"])
    op.drop_index("ix_imaging_study_resource", "imaging_study")
    op.create_index("imaging_study_resource", "imaging_study", ["route", "resource", "study"])
    for patient in ("replaced", "survivor"):
        op.drop_index(f"ix_move_{patient}", "move")
        op.create_index(f"move_{patient}", "move", ["route", patient])
    is_open = text("state IN ('owed', 'waiting')")
    turn = ["route", "store", "crashes", "due", "key"]
    op.create_index("work_turn", "work", turn, sqlite_where=is_open, postgresql_where=is_open)
