"""Which run of a feed wrote a line of a job's history, what was taken back, and the digest of each morning."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
NAMED = sa.text("feed_run_id IS NOT NULL")


def upgrade() -> None:
    """Add the columns and the table. Lines written before bear no run: such a run cannot be taken back."""
    op.add_column("job_history", sa.Column("feed_run_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_job_history_feed_run_id", "job_history", ["feed_run_id", "job_id"], postgresql_where=NAMED, sqlite_where=NAMED
    )
    op.add_column("feed_run", sa.Column("rolls_back_id", sa.BigInteger(), nullable=True))
    op.add_column("feed_run", sa.Column("rolled_back_at", TIME, nullable=True))
    op.create_table(
        "feed_digest",
        sa.Column("digest_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source_key", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("oddities", sa.JSON(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest_id", name="pk_feed_digest"),
        sa.UniqueConstraint("day", "source_key", name="uq_feed_digest_day_source_key"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("feed_digest")
    op.drop_column("feed_run", "rolled_back_at")
    op.drop_column("feed_run", "rolls_back_id")
    op.drop_index("ix_job_history_feed_run_id", table_name="job_history")
    op.drop_column("job_history", "feed_run_id")
