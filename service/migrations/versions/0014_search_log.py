"""What was searched for, counted by hour and district, without persons."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "search_log",
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("words", sa.String(length=60), nullable=False),
        sa.Column("widened", sa.Boolean(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", name="pk_search_log"),
        sa.UniqueConstraint("hour", "region_code", "words", "widened", name="uq_search_log_hour_region_code_words_widened"),
    )
    op.create_index("ix_search_log_region_code_hour", "search_log", ["region_code", "hour"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("search_log")
