"""What the nightly batch found for each worker. Going back drops it; the next batch finds it again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "worker_match",
        sa.Column("worker_id", ID, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.worker_id"], name="fk_worker_match_worker_id_worker", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("worker_id", "day", "rank", name="pk_worker_match"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("worker_match")
