"""Several adverts for one job: which one stands for it, why, and what staff have told apart. Going back shows every copy again."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
NAMED = sa.text("duplicate_of_id IS NOT NULL")


def upgrade() -> None:
    """Add the columns and the two tables."""
    if op.get_bind().dialect.name == "sqlite":
        # SQLite takes a key together with its column only; the other way would write a million jobs anew.
        key = "CONSTRAINT fk_job_duplicate_of_id_job REFERENCES job (job_id)"
        op.execute(f"ALTER TABLE job ADD COLUMN duplicate_of_id INTEGER {key}")
    else:
        op.add_column("job", sa.Column("duplicate_of_id", ID))
        op.create_foreign_key(
            "fk_job_duplicate_of_id_job", "job", "job", ["duplicate_of_id"], ["job_id"]
        )
    op.add_column("job", sa.Column("duplicate_reason", sa.String(64), server_default="", nullable=False))
    op.add_column("job", sa.Column("duplicate_at", TIME))
    op.add_column("job", sa.Column("also_from", sa.JSON(none_as_null=True)))
    op.create_index("ix_job_duplicate_of_id", "job", ["duplicate_of_id"], postgresql_where=NAMED, sqlite_where=NAMED)
    op.create_table(
        "job_duplicate_key",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("job_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "job_id", name="pk_job_duplicate_key"),
    )
    op.create_index("ix_job_duplicate_key_job_id", "job_duplicate_key", ["job_id"])
    op.create_table(
        "job_not_same",
        sa.Column("low_id", ID, sa.ForeignKey("job.job_id", name="fk_job_not_same_low_id_job", ondelete="CASCADE"),
                  autoincrement=False, nullable=False),
        sa.Column("high_id", ID, sa.ForeignKey("job.job_id", name="fk_job_not_same_high_id_job", ondelete="CASCADE"),
                  autoincrement=False, nullable=False),
        sa.Column("account_id", ID, sa.ForeignKey("account.account_id", name="fk_job_not_same_account_id_account")),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint("low_id < high_id", name="ck_job_not_same_order"),
        sa.PrimaryKeyConstraint("low_id", "high_id", name="pk_job_not_same"),
    )
    op.create_index("ix_job_not_same_high_id", "job_not_same", ["high_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("job_not_same")
    op.drop_table("job_duplicate_key")
    op.drop_index("ix_job_duplicate_of_id", table_name="job")
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint("fk_job_duplicate_of_id_job", "job", type_="foreignkey")
    for name in ("also_from", "duplicate_at", "duplicate_reason", "duplicate_of_id"):
        op.drop_column("job", name)
