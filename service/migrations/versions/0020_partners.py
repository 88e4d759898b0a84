"""Partners' clients and conflicts, running orders, reminders, and when a job was last said to stand."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add tables and columns, empty: older code leaves them so."""
    op.add_column("job", sa.Column("confirmed_at", AT, nullable=True))
    op.add_column("job", sa.Column("stale_at", AT, nullable=True))
    op.create_index("ix_job_employer_name", "job", ["employer_name"])
    with op.batch_alter_table("live_session") as batch:
        batch.add_column(sa.Column("employer_id", BIG_ID, nullable=True))
        batch.add_column(sa.Column("station_id", BIG_ID, nullable=True))
        batch.add_column(sa.Column("created_by", BIG_ID, nullable=True))
        for name, table, column in (
            ("employer_id", "employer", "employer_id"),
            ("station_id", "station", "station_id"),
            ("created_by", "account", "account_id"),
        ):
            batch.create_foreign_key(f"fk_live_session_{name}_{table}", table, [name], [column])
        batch.create_index("ix_live_session_employer_id", ["employer_id"])
        batch.create_index("ix_live_session_station_id", ["station_id"])
    op.add_column("live_listing", sa.Column("slot", sa.String(64), nullable=False, server_default=""))
    op.add_column("live_listing", sa.Column("slot_starts_at", AT, nullable=True))
    op.create_table(
        "partner_client",
        sa.Column("partner_id", BIG_ID, primary_key=True),
        sa.Column("client_id", sa.String(40), nullable=False, unique=True),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("account_id", BIG_ID, sa.ForeignKey("account.account_id"), nullable=False, unique=True),
        sa.Column("source_key", sa.String(32), nullable=False, index=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("region_code", sa.String(12), nullable=False),
        sa.Column("conflicts", sa.Integer(), nullable=False),
        sa.Column("issued_by", BIG_ID, sa.ForeignKey("account.account_id"), nullable=True),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("last_used_at", AT, nullable=True),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("ended_by", BIG_ID, sa.ForeignKey("account.account_id"), nullable=True),
    )
    op.create_table(
        "partner_conflict",
        sa.Column("conflict_id", BIG_ID, primary_key=True),
        sa.Column("partner_id", BIG_ID, sa.ForeignKey("partner_client.partner_id"), nullable=False),
        sa.Column("original_id", sa.String(128), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_at", AT, nullable=False),
        sa.Column("last_at", AT, nullable=False),
        sa.UniqueConstraint("partner_id", "original_id"),
    )
    op.create_table(
        "job_reminder",
        sa.Column("reminder_id", BIG_ID, primary_key=True),
        sa.Column("job_id", BIG_ID, sa.ForeignKey("job.job_id", ondelete="CASCADE"), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("valid_until", AT, nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.UniqueConstraint("job_id", "days", "valid_until"),
    )


def downgrade() -> None:
    """Take them away: whose a stream is and who was reminded is forgotten."""
    for name in ("job_reminder", "partner_conflict", "partner_client"):
        op.drop_table(name)
    op.drop_column("live_listing", "slot_starts_at")
    op.drop_column("live_listing", "slot")
    with op.batch_alter_table("live_session") as batch:
        batch.drop_index("ix_live_session_station_id")
        batch.drop_index("ix_live_session_employer_id")
        for name, table in (("created_by", "account"), ("station_id", "station"), ("employer_id", "employer")):
            batch.drop_constraint(f"fk_live_session_{name}_{table}", type_="foreignkey")
            batch.drop_column(name)
    op.drop_index("ix_job_employer_name", table_name="job")
    op.drop_column("job", "stale_at")
    op.drop_column("job", "confirmed_at")
