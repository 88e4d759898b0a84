"""Which keys the database was written with, so that a wrong key file is noticed at the start."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "key_check",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_key_check"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("key_check")
