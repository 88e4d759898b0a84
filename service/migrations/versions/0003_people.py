"""Consents, the ledger of disclosures, more of a worker's profile, hardship, leaving and holds. Going back drops what they hold."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def _new_columns() -> list[sa.Column]:
    return [
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_key", sa.String(32)),
        sa.Column("real_name_sealed", sa.Text()),
        sa.Column("id_number_sealed", sa.Text()),
        sa.Column("health_limits_sealed", sa.Text()),
        sa.Column("female_track", sa.Integer()),
        sa.Column("trades", sa.JSON()),
        sa.Column("skill_levels", sa.JSON()),
        sa.Column("certificates", sa.JSON()),
        sa.Column("point_exact", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("wage_min", sa.Float()),
        sa.Column("wage_unit", sa.String(8)),
        sa.Column("kinds", sa.JSON()),
        sa.Column("shifts", sa.JSON()),
        sa.Column("settlements", sa.JSON()),
        sa.Column("tags_wanted", sa.JSON()),
        sa.Column("hours_max", sa.Float()),
        sa.Column("group_size", sa.Integer()),
        sa.Column("couple", sa.Boolean()),
        sa.Column("personal_ranking", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("station_id", ID),
        sa.Column("updated_at", TIME),
        sa.Column("active_at", TIME),
        sa.Column("left_at", TIME),
        sa.Column("erased_at", TIME),
    ]


def upgrade() -> None:
    """Add them."""
    for column in _new_columns():
        op.add_column("worker", column)
    op.create_index("ix_worker_station_id", "worker", ["station_id"])
    op.create_index("ix_worker_active_at", "worker", ["active_at"])

    op.create_table(
        "hardship",
        sa.Column("hardship_id", ID, primary_key=True),
        sa.Column("worker_id", ID, sa.ForeignKey("worker.worker_id"), nullable=False),
        sa.Column("category", sa.String(24), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("register", sa.String(64), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("claimed_at", TIME, nullable=False),
        sa.Column("decided_at", TIME),
        sa.Column("decided_by_account_id", ID, sa.ForeignKey("account.account_id")),
        sa.Column("expires_at", TIME),
        sa.CheckConstraint("state in ('claimed', 'certified', 'refused')", name=op.f("ck_hardship_state")),
    )
    op.create_index("ix_hardship_worker_id", "hardship", ["worker_id"])

    op.create_table(
        "consent_record",
        sa.Column("consent_id", ID, primary_key=True),
        sa.Column("worker_id", ID, sa.ForeignKey("worker.worker_id"), nullable=False),
        sa.Column("purpose", sa.String(24), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("text_version", sa.String(16), nullable=False),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("given_by_account_id", ID, sa.ForeignKey("account.account_id")),
        sa.Column("grant_id", ID),
        sa.Column("guardian", sa.String(16), nullable=False),
        sa.Column("employer_id", ID, sa.ForeignKey("employer.employer_id")),
        sa.Column("job_id", ID),
        sa.Column("recipient_name", sa.String(128), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("station_id", ID, sa.ForeignKey("station.station_id")),
        sa.Column("evidence", sa.String(64), nullable=False),
        sa.CheckConstraint("action in ('give', 'refuse', 'withdraw')", name=op.f("ck_consent_record_action")),
    )
    op.create_index("ix_consent_record_worker_id_purpose", "consent_record", ["worker_id", "purpose"])
    op.create_index("ix_consent_record_at", "consent_record", ["at"])

    op.create_table(
        "disclosure",
        sa.Column("disclosure_id", ID, primary_key=True),
        sa.Column("worker_id", ID, sa.ForeignKey("worker.worker_id"), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("reader_account_id", ID, sa.ForeignKey("account.account_id")),
        sa.Column("reader_role", sa.String(24), nullable=False),
        sa.Column("recipient_kind", sa.String(16), nullable=False),
        sa.Column("recipient_id", ID),
        sa.Column("recipient_name", sa.String(128), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("basis", sa.String(8), nullable=False),
        sa.Column("consent_id", ID, sa.ForeignKey("consent_record.consent_id")),
        sa.Column("job_id", ID),
        sa.CheckConstraint("basis in ('consent', 'duty')", name=op.f("ck_disclosure_basis")),
    )
    op.create_index("ix_disclosure_worker_id_at", "disclosure", ["worker_id", "at"])
    op.create_index("ix_disclosure_at", "disclosure", ["at"])

    op.create_table(
        "erasure",
        sa.Column("erasure_id", ID, primary_key=True),
        sa.Column("worker_id", ID, sa.ForeignKey("worker.worker_id"), unique=True),
        sa.Column("account_id", ID, sa.ForeignKey("account.account_id"), unique=True),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("asked_by_account_id", ID, sa.ForeignKey("account.account_id")),
        sa.Column("done_at", TIME),
    )
    op.create_table(
        "legal_hold",
        sa.Column("hold_id", ID, primary_key=True),
        sa.Column("worker_id", ID, sa.ForeignKey("worker.worker_id"), nullable=False),
        sa.Column("reason", sa.String(256), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("set_by_account_id", ID, sa.ForeignKey("account.account_id"), nullable=False),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("lifted_by_account_id", ID, sa.ForeignKey("account.account_id")),
        sa.Column("lifted_at", TIME),
    )
    in_force = sa.text("lifted_at IS NULL")
    op.create_index(
        "uq_legal_hold_in_force",
        "legal_hold",
        ["worker_id", "reference"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )
    op.create_table(
        "retention_notice",
        sa.Column("worker_id", ID, sa.ForeignKey("worker.worker_id"), primary_key=True, autoincrement=False),
        sa.Column("noticed_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
    )
    op.create_index("ix_retention_notice_due_at", "retention_notice", ["due_at"])


def downgrade() -> None:
    """Drop them."""
    for table in ("retention_notice", "legal_hold", "erasure", "disclosure", "consent_record", "hardship"):
        op.drop_table(table)
    op.drop_index("ix_worker_active_at", "worker")
    op.drop_index("ix_worker_station_id", "worker")
    for column in reversed(_new_columns()):
        op.drop_column("worker", column.name)
