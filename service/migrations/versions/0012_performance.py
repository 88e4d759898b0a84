"""The figures of each day, and how far the counters have been added to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_figures",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("search_times", sa.JSON(), nullable=False),
        sa.Column("visible_times", sa.JSON(), nullable=False),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("probes_ok", sa.Integer(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("messages_in_time", sa.Integer(), nullable=False),
        sa.Column("reviews", sa.Integer(), nullable=False),
        sa.Column("reviews_in_time", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_daily_figures"),
    )
    op.create_table(
        "counter_mark",
        sa.Column("machine", sa.String(64), nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("counted", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("machine", name="pk_counter_mark"),
    )


def downgrade() -> None:
    op.drop_table("counter_mark")
    op.drop_table("daily_figures")
