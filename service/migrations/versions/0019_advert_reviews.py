"""Adverts to be looked at, reports about them, employers that offend repeatedly, and what trades are paid."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "job_review",
        sa.Column("review_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("open_key", sa.BigInteger(), nullable=True),
        sa.Column("employer_id", _ID, nullable=True),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("causes", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", _ID, nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", _ID, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("sentence", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("review_id", name="pk_job_review"),
        sa.UniqueConstraint("open_key", name="uq_job_review_open_key"),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name="fk_job_review_job_id_job", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name="fk_job_review_employer_id_employer"),
        sa.ForeignKeyConstraint(["taken_by"], ["account.account_id"], name="fk_job_review_taken_by_account"),
        sa.ForeignKeyConstraint(["decided_by"], ["account.account_id"], name="fk_job_review_decided_by_account"),
    )
    op.create_index("ix_job_review_job_id", "job_review", ["job_id"])
    op.create_index("ix_job_review_state_due_at", "job_review", ["state", "due_at"])
    op.create_index("ix_job_review_employer_id_decided_at", "job_review", ["employer_id", "decided_at"])
    op.create_table(
        "job_report",
        sa.Column("report_id", _ID, nullable=False),
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("worker_id", _ID, nullable=True),
        sa.Column("review_id", _ID, nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("answer", sa.String(length=400), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("report_id", name="pk_job_report"),
        sa.UniqueConstraint("job_id", "worker_id", name="uq_job_report_job_id_worker_id"),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name="fk_job_report_job_id_job", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name="fk_job_report_worker_id_worker"),
        sa.ForeignKeyConstraint(
            ["review_id"], ["job_review.review_id"], name="fk_job_report_review_id_job_review", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_job_report_worker_id", "job_report", ["worker_id"])
    op.create_index("ix_job_report_review_id", "job_report", ["review_id"])
    op.create_table(
        "employer_repeat_lift",
        sa.Column("lift_id", _ID, nullable=False),
        sa.Column("employer_id", _ID, nullable=False),
        sa.Column("lifted_by", _ID, nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("lift_id", name="pk_employer_repeat_lift"),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name="fk_employer_repeat_lift_employer_id_employer"),
        sa.ForeignKeyConstraint(["lifted_by"], ["account.account_id"], name="fk_employer_repeat_lift_lifted_by_account"),
    )
    op.create_index("ix_employer_repeat_lift_employer_id", "employer_repeat_lift", ["employer_id"])
    op.create_table(
        "trade_wage",
        sa.Column("trade_code", sa.String(length=16), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("jobs", sa.Integer(), nullable=False),
        sa.Column("employers", sa.Integer(), nullable=False),
        sa.Column("median_yuan_month", sa.Integer(), nullable=False),
        sa.Column("computed_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("trade_code", "region_code", name="pk_trade_wage"),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("trade_wage", "employer_repeat_lift", "job_report", "job_review"):
        op.drop_table(table)
