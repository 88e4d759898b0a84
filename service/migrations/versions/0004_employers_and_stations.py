"""Papers of employers and their checking, lists of authorities, stations with hours and functions, what a held job waits for.

Only additions: what ran before goes on with the new tables. Levels of stations that were free text become words of the table of
levels; a text that is none of them follows the division the station lies in.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
LEVELS = {
    "province": ("province", "省", "省级"),
    "city": ("city", "市", "市级"),
    "county": ("county", "县", "县区", "区", "县级"),
    "street": ("street", "街道", "乡镇", "镇", "乡"),
    "village": ("village", "社区", "村"),
    "park": ("park", "开发区", "园区"),
    "campus": ("campus", "院校", "学校"),
}
EMPLOYER = (
    ("version", sa.Integer(), "1"),
    ("row_key", sa.String(length=32), None),
    ("handler_name_sealed", sa.Text(), None),
    ("handler_id_sealed", sa.Text(), None),
    ("agency_licence_no", sa.String(length=64), ""),
    ("agency_licence_until", sa.Date(), None),
    ("suspended_at", MOMENT, None),
    ("suspended_reason", sa.String(length=32), ""),
    ("suspended_note", sa.String(length=500), ""),
)
STATION = (
    ("version", sa.Integer(), "1"),
    ("phone", sa.String(length=32), ""),
    ("hours", sa.JSON(), None),
    ("holiday_note", sa.String(length=128), ""),
    ("functions", sa.JSON(), None),
    ("service_regions", sa.JSON(), None),
    ("closed_at", MOMENT, None),
)


def upgrade() -> None:
    """Make the tables and columns."""
    for table, columns in (("employer", EMPLOYER), ("station", STATION)):
        for name, kind, default in columns:
            op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=default))
    op.add_column("job", sa.Column("held_for", sa.JSON(), nullable=True))
    op.create_table(
        "employer_verification",
        sa.Column("verification_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("employer_id", ID, nullable=False),
        sa.Column("open_key", sa.BigInteger(), nullable=True),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("submitted_by", ID, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name="fk_employer_verification_employer_id_employer"),
        sa.ForeignKeyConstraint(["submitted_by"], ["account.account_id"], name="fk_employer_verification_submitted_by_account"),
        sa.PrimaryKeyConstraint("verification_id", name="pk_employer_verification"),
        sa.UniqueConstraint("open_key", name="uq_employer_verification_open_key"),
    )
    op.create_index("ix_employer_verification_employer_id", "employer_verification", ["employer_id"])
    op.create_index("ix_employer_verification_state_due_at", "employer_verification", ["state", "due_at"])
    op.create_table(
        "employer_decision",
        sa.Column("decision_id", ID, nullable=False),
        sa.Column("verification_id", ID, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("sentence", sa.String(length=500), nullable=False),
        sa.Column("checked", sa.JSON(), nullable=False),
        sa.Column("decided_by", ID, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["verification_id"],
            ["employer_verification.verification_id"],
            name="fk_employer_decision_verification_id_employer_verification",
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["account.account_id"], name="fk_employer_decision_decided_by_account"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_employer_decision"),
    )
    op.create_index("ix_employer_decision_verification_id", "employer_decision", ["verification_id"])
    op.create_table(
        "employer_paper",
        sa.Column("paper_id", ID, nullable=False),
        sa.Column("employer_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("file_name", sa.String(length=128), nullable=False),
        sa.Column("row_key", sa.String(length=32), nullable=True),
        sa.Column("file_key_sealed", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("scan_state", sa.String(length=16), nullable=False),
        sa.Column("uploaded_by", ID, nullable=False),
        sa.Column("uploaded_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name="fk_employer_paper_employer_id_employer"),
        sa.ForeignKeyConstraint(["uploaded_by"], ["account.account_id"], name="fk_employer_paper_uploaded_by_account"),
        sa.PrimaryKeyConstraint("paper_id", name="pk_employer_paper"),
    )
    op.create_index("ix_employer_paper_employer_id", "employer_paper", ["employer_id"])
    op.create_table(
        "employer_list_entry",
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("list_kind", sa.String(length=16), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=256), nullable=False),
        sa.Column("source_url", sa.String(length=512), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column("removed_because", sa.String(length=256), nullable=False),
        sa.Column("imported_by", ID, nullable=True),
        sa.Column("imported_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["imported_by"], ["account.account_id"], name="fk_employer_list_entry_imported_by_account"),
        sa.PrimaryKeyConstraint("entry_id", name="pk_employer_list_entry"),
        sa.UniqueConstraint(
            "list_kind", "credit_code", "listed_on", name="uq_employer_list_entry_list_kind_credit_code_listed_on"
        ),
    )
    op.create_index("ix_employer_list_entry_credit_code", "employer_list_entry", ["credit_code"])
    _name_levels()


def _name_levels() -> None:
    station = sa.table("station", sa.column("level", sa.String), sa.column("region_code", sa.String))
    for level, texts in LEVELS.items():
        op.execute(station.update().where(station.c.level.in_(texts)).values(level=level))
    code = station.c.region_code
    by_division = sa.case(
        (code.like("__0000000000"), "province"),
        (code.like("____00000000"), "city"),
        (code.like("______000000"), "county"),
        (code.like("_________000"), "street"),
        else_="village",
    )
    op.execute(station.update().where(station.c.level.not_in(list(LEVELS))).values(level=by_division))


def downgrade() -> None:
    """Drop them with all they hold; the levels stay as they are."""
    for table in ("employer_list_entry", "employer_paper", "employer_decision", "employer_verification"):
        op.drop_table(table)
    op.drop_column("job", "held_for")
    for table, columns in (("station", STATION), ("employer", EMPLOYER)):
        for name, _kind, _default in reversed(columns):
            op.drop_column(table, name)
