"""Employers that give the code of another one, and who wrote what the papers prove."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NAMES = ("claimed_code", "claim_ended_at", "words_by")


def upgrade() -> None:
    """Add the columns, empty: older code leaves them so."""
    op.add_column("employer", sa.Column("claimed_code", sa.String(length=18), nullable=True))
    op.add_column("employer", sa.Column("claim_ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("employer", sa.Column("words_by", sa.JSON(none_as_null=True), nullable=True))
    op.create_index("ix_employer_claimed_code", "employer", ["claimed_code"])


def downgrade() -> None:
    """Take them away: a claim without its code is an employer that has given none."""
    op.drop_index("ix_employer_claimed_code", table_name="employer")
    for name in reversed(NAMES):
        op.drop_column("employer", name)
