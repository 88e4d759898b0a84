"""Imports of stations' and employers' sheets, their lines, and the jobs that came of them."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "sheet_import",
        sa.Column("import_id", BIG, nullable=False),
        sa.Column("station_id", BIG, nullable=True),
        sa.Column("employer_id", BIG, nullable=True),
        sa.Column("created_by", BIG, nullable=True),
        sa.Column("confirmed_by", BIG, nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("waiting_key", sa.String(length=128), nullable=True),
        sa.Column("running_key", sa.String(length=32), nullable=True),
        sa.Column("file_name", sa.String(length=128), nullable=False),
        sa.Column("file_hash", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=16), nullable=False),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("message", sa.String(length=256), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cells_dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("import_id", name="pk_sheet_import"),
        sa.ForeignKeyConstraint(["station_id"], ["station.station_id"], name="fk_sheet_import_station_id_station"),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name="fk_sheet_import_employer_id_employer"),
        sa.ForeignKeyConstraint(["created_by"], ["account.account_id"], name="fk_sheet_import_created_by_account"),
        sa.ForeignKeyConstraint(["confirmed_by"], ["account.account_id"], name="fk_sheet_import_confirmed_by_account"),
        sa.UniqueConstraint("waiting_key", name="uq_sheet_import_waiting_key"),
        sa.UniqueConstraint("running_key", name="uq_sheet_import_running_key"),
        sa.CheckConstraint("state in ('preview', 'running', 'done', 'failed', 'dropped')", name="ck_sheet_import_state"),
        sa.CheckConstraint("(station_id is null) <> (employer_id is null)", name="ck_sheet_import_one_owner"),
    )
    op.create_index("ix_sheet_import_station_id", "sheet_import", ["station_id"])
    op.create_index("ix_sheet_import_employer_id", "sheet_import", ["employer_id"])
    op.create_index("ix_sheet_import_state_created_at", "sheet_import", ["state", "created_at"])
    op.create_table(
        "sheet_line",
        sa.Column("import_id", BIG, nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("cells_sealed", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("reason_code", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=512), nullable=False),
        sa.Column("job_id", BIG, nullable=True),
        sa.Column("row_key", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("import_id", "line_no", name="pk_sheet_line"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["sheet_import.import_id"], name="fk_sheet_line_import_id_sheet_import", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name="fk_sheet_line_job_id_job", ondelete="SET NULL"),
        sa.CheckConstraint("outcome in ('published', 'unchanged', 'held', 'rejected')", name="ck_sheet_line_outcome"),
    )
    op.create_index("ix_sheet_line_import_id_outcome_reason_code", "sheet_line", ["import_id", "outcome", "reason_code"])
    op.create_index("ix_sheet_line_job_id", "sheet_line", ["job_id"])
    op.create_table(
        "sheet_job",
        sa.Column("source_key", sa.String(length=32), nullable=False),
        sa.Column("original_id", sa.String(length=128), nullable=False),
        sa.Column("content_index", sa.String(length=80), nullable=False),
        sa.Column("job_id", BIG, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source_key", "original_id", name="pk_sheet_job"),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name="fk_sheet_job_job_id_job", ondelete="CASCADE"),
    )
    op.create_index("ix_sheet_job_job_id", "sheet_job", ["job_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("sheet_job")
    op.drop_table("sheet_line")
    op.drop_table("sheet_import")
