"""What became of a feed's record step by step, its contact, and how far a source was read."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("feed_run", sa.Column("action", sa.String(length=8), server_default="pull", nullable=False))
    op.add_column("feed_record", sa.Column("row_key", sa.String(length=32), nullable=True))
    op.add_column("feed_record", sa.Column("contact_sealed", sa.Text(), nullable=True))
    op.add_column("feed_record", sa.Column("steps", sa.JSON(), nullable=True))
    op.add_column("feed_record", sa.Column("stopped_at", sa.String(length=16), server_default="", nullable=False))
    op.create_table(
        "feed_cursor",
        sa.Column("source_key", sa.String(length=32), nullable=False),
        sa.Column("since", sa.String(length=128), nullable=False),
        sa.Column("etag", sa.String(length=256), nullable=False),
        sa.Column("last_modified", sa.String(length=64), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source_key", name="pk_feed_cursor"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("feed_cursor")
    for column in ("stopped_at", "steps", "contact_sealed", "row_key"):
        op.drop_column("feed_record", column)
    op.drop_column("feed_run", "action")
