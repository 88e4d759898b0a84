"""The foundation: people, employers, stations, jobs with their history and change log, feeds, remembered answers.

Written from the models and read through by hand. Constraints have names, so that later migrations can change them on both databases.
Going back drops the tables with all they hold.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite numbers rows by itself only in a column of exactly the type INTEGER."""

TABLES = (
    "live_listing",
    "job_history",
    "gig_terms",
    "feed_record",
    "job",
    "idempotent_answer",
    "access_token",
    "account",
    "worker",
    "station",
    "live_session",
    "job_change",
    "feed_run",
    "employer",
)
"""In the order in which they may go."""


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "employer",
        sa.Column("employer_id", ID, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=True),
        sa.Column("publisher_class", sa.String(length=16), nullable=False),
        sa.Column("industry_code", sa.String(length=4), nullable=False),
        sa.Column("size", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=1000), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("address", sa.String(length=256), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("employer_id", name="pk_employer"),
        sa.UniqueConstraint("credit_code", name="uq_employer_credit_code"),
    )
    op.create_table(
        "feed_run",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("source_key", sa.String(length=32), nullable=False),
        sa.Column("running_key", sa.String(length=32), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=128), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_name", sa.String(length=256), nullable=False),
        sa.Column("file_hash", sa.String(length=64), nullable=False),
        sa.Column("message", sa.String(length=512), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "status in ('running', 'done', 'stopped', 'failed', 'abandoned')", name="ck_feed_run_status"
        ),
        sa.PrimaryKeyConstraint("run_id", name="pk_feed_run"),
        sa.UniqueConstraint("running_key", name="uq_feed_run_running_key"),
    )
    op.create_index("ix_feed_run_source_key_run_id", "feed_run", ["source_key", "run_id"])
    op.create_table(
        "job_change",
        sa.Column("change_id", ID, nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("change_id", name="pk_job_change"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_change_transaction_id", "job_change", ["transaction_id"])
    if op.get_bind().dialect.name == "postgresql":
        # The number of the writing transaction, filled in by the database: see service/indexing/changes.py.
        op.execute(
            "ALTER TABLE job_change ALTER COLUMN transaction_id SET DEFAULT (pg_current_xact_id()::text::bigint)"
        )
    op.create_table(
        "live_session",
        sa.Column("session_id", ID, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=128), nullable=False),
        sa.Column("host", sa.String(length=64), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("room", sa.String(length=256), nullable=False),
        sa.Column("licence", sa.String(length=64), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_live_session"),
        sa.UniqueConstraint("code", name="uq_live_session_code"),
    )
    op.create_table(
        "station",
        sa.Column("station_id", ID, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("address", sa.String(length=256), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("opening_hours", sa.String(length=128), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["station.station_id"], name="fk_station_parent_id_station"),
        sa.PrimaryKeyConstraint("station_id", name="pk_station"),
        sa.UniqueConstraint("code", name="uq_station_code"),
    )
    op.create_index("ix_station_region_code", "station", ["region_code"])
    op.create_table(
        "worker",
        sa.Column("worker_id", ID, nullable=False),
        sa.Column("display_name", sa.String(length=64), nullable=False),
        sa.Column("sex", sa.String(length=8), nullable=True),
        sa.Column("birth_month", sa.Date(), nullable=True),
        sa.Column("wish", sa.String(length=256), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("radius_km", sa.Float(), nullable=True),
        sa.Column("wage_min_yuan_month", sa.Integer(), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", name="pk_worker"),
    )
    op.create_table(
        "account",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=64), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("employer_id", ID, nullable=True),
        sa.Column("station_id", ID, nullable=True),
        sa.Column("worker_id", ID, nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name="fk_account_employer_id_employer"),
        sa.ForeignKeyConstraint(["station_id"], ["station.station_id"], name="fk_account_station_id_station"),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name="fk_account_worker_id_worker"),
        sa.PrimaryKeyConstraint("account_id", name="pk_account"),
        sa.UniqueConstraint("login", name="uq_account_login"),
    )
    op.create_table(
        "access_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.account_id"], name="fk_access_token_account_id_account"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_access_token"),
    )
    op.create_index("ix_access_token_account_id", "access_token", ["account_id"])
    op.create_table(
        "idempotent_answer",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name="fk_idempotent_answer_account_id_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "key", name="pk_idempotent_answer"),
    )
    op.create_index("ix_idempotent_answer_created_at", "idempotent_answer", ["created_at"])
    op.create_table(
        "job",
        sa.Column("job_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("closed_reason", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=128), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("employer_id", ID, nullable=True),
        sa.Column("employer_name", sa.String(length=128), nullable=False),
        sa.Column("trade_codes", sa.JSON(), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("headcount", sa.Integer(), nullable=True),
        sa.Column("education", sa.String(length=64), nullable=False),
        sa.Column("experience", sa.String(length=64), nullable=False),
        sa.Column("wage_text", sa.String(length=512), nullable=False),
        sa.Column("wage_min", sa.Float(), nullable=True),
        sa.Column("wage_max", sa.Float(), nullable=True),
        sa.Column("wage_unit", sa.String(length=8), nullable=True),
        sa.Column("wage_min_yuan_month", sa.Integer(), nullable=True),
        sa.Column("wage_max_yuan_month", sa.Integer(), nullable=True),
        sa.Column("wage_negotiable", sa.Boolean(), nullable=False),
        sa.Column("age_text", sa.String(length=128), nullable=False),
        sa.Column("age_min", sa.Integer(), nullable=True),
        sa.Column("age_max", sa.Integer(), nullable=True),
        sa.Column("age_men", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("age_women", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("age_reason", sa.String(length=256), nullable=False),
        sa.Column("age_binding", sa.Boolean(), nullable=False),
        sa.Column("minors_barred", sa.Boolean(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("address", sa.String(length=256), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("point_source", sa.String(length=8), nullable=True),
        sa.Column("contract_kind", sa.String(length=16), nullable=True),
        sa.Column("hours_per_day", sa.Float(), nullable=True),
        sa.Column("shift", sa.String(length=8), nullable=True),
        sa.Column("settlement", sa.String(length=8), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("contact_name", sa.String(length=32), nullable=False),
        sa.Column("contact_phone", sa.String(length=32), nullable=False),
        sa.Column("source_key", sa.String(length=32), nullable=False),
        sa.Column("source_name", sa.String(length=128), nullable=False),
        sa.Column("source_class", sa.String(length=16), nullable=False),
        sa.Column("original_id", sa.String(length=128), nullable=True),
        sa.Column("source_url", sa.String(length=512), nullable=False),
        sa.Column("legal_basis", sa.String(length=256), nullable=False),
        sa.Column("publisher_class", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renewals", sa.Integer(), nullable=False),
        sa.Column("applications", sa.Integer(), nullable=False),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('public', 'gig', 'live')", name="ck_job_kind"),
        sa.CheckConstraint("status in ('open', 'held', 'closed')", name="ck_job_status"),
        sa.CheckConstraint("(lat is null) = (lng is null)", name="ck_job_point_whole"),
        sa.CheckConstraint("age_min is null or age_max is null or age_min <= age_max", name="ck_job_age_order"),
        sa.CheckConstraint("headcount is null or headcount > 0", name="ck_job_headcount"),
        sa.CheckConstraint("wage_min is null or wage_max is null or wage_min <= wage_max", name="ck_job_wage_order"),
        sa.ForeignKeyConstraint(["created_by"], ["account.account_id"], name="fk_job_created_by_account"),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name="fk_job_employer_id_employer"),
        sa.PrimaryKeyConstraint("job_id", name="pk_job"),
        sa.UniqueConstraint("source_key", "original_id", name="uq_job_source_key_original_id"),
    )
    op.create_index("ix_job_employer_id", "job", ["employer_id"])
    op.create_index("ix_job_region_code", "job", ["region_code"])
    op.create_index("ix_job_status_valid_until", "job", ["status", "valid_until"])
    op.create_table(
        "feed_record",
        sa.Column("record_id", ID, nullable=False),
        sa.Column("source_key", sa.String(length=32), nullable=False),
        sa.Column("original_id", sa.String(length=128), nullable=False),
        sa.Column("copy", sa.Integer(), nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("parsed", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason_code", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=512), nullable=False),
        sa.Column("job_id", ID, nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("vanished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("outcome in ('published', 'unchanged', 'held', 'rejected')", name="ck_feed_record_outcome"),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name="fk_feed_record_job_id_job", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["run_id"], ["feed_run.run_id"], name="fk_feed_record_run_id_feed_run"),
        sa.PrimaryKeyConstraint("record_id", name="pk_feed_record"),
        sa.UniqueConstraint("source_key", "original_id", "copy", name="uq_feed_record_source_key_original_id_copy"),
    )
    op.create_index("ix_feed_record_job_id", "feed_record", ["job_id"])
    op.create_index("ix_feed_record_run_id", "feed_record", ["run_id"])
    op.create_index("ix_feed_record_source_key_outcome", "feed_record", ["source_key", "outcome", "reason_code"])
    op.create_table(
        "gig_terms",
        sa.Column("job_id", ID, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("seats_taken", sa.Integer(), nullable=False),
        sa.Column("insurance", sa.String(length=128), nullable=False),
        sa.Column("station_id", ID, nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name="ck_gig_terms_period"),
        sa.CheckConstraint("seats > 0 and seats_taken >= 0 and seats_taken <= seats", name="ck_gig_terms_seats"),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name="fk_gig_terms_job_id_job", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["station_id"], ["station.station_id"], name="fk_gig_terms_station_id_station"),
        sa.PrimaryKeyConstraint("job_id", name="pk_gig_terms"),
    )
    op.create_index("ix_gig_terms_station_id", "gig_terms", ["station_id"])
    op.create_table(
        "job_history",
        sa.Column("history_id", ID, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.account_id"], name="fk_job_history_account_id_account"),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name="fk_job_history_job_id_job", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("history_id", name="pk_job_history"),
    )
    op.create_index("ix_job_history_job_id", "job_history", ["job_id"])
    op.create_table(
        "live_listing",
        sa.Column("job_id", ID, nullable=False),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("listing_no", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name="fk_live_listing_job_id_job", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["live_session.session_id"], name="fk_live_listing_session_id_live_session"
        ),
        sa.PrimaryKeyConstraint("job_id", name="pk_live_listing"),
        sa.UniqueConstraint("session_id", "listing_no", name="uq_live_listing_session_id_listing_no"),
    )


def downgrade() -> None:
    """Drop all tables."""
    for table in TABLES:
        op.drop_table(table)
