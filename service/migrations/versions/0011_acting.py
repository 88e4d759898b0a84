"""Invitations to act for somebody, matches by job. Going back drops what they hold."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "grant_invitation",
        sa.Column("code_hash", sa.String(64), primary_key=True),
        sa.Column("worker_id", ID, sa.ForeignKey("worker.worker_id"), nullable=False),
        sa.Column("consent_id", ID, sa.ForeignKey("consent_record.consent_id"), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
    )
    op.create_index("ix_grant_invitation_worker_id", "grant_invitation", ["worker_id"])
    op.create_index("ix_worker_match_job_id", "worker_match", ["job_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_worker_match_job_id", "worker_match")
    op.drop_table("grant_invitation")
