"""What employers object when their new adverts are looked at first, and the answers."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "employer_repeat_objection",
        sa.Column("objection_id", BIG, nullable=False),
        sa.Column("employer_id", BIG, nullable=False),
        sa.Column("open_key", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("answer", sa.String(length=300), nullable=False),
        sa.Column("made_by", BIG, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", BIG, nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("objection_id", name="pk_employer_repeat_objection"),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employer.employer_id"], name="fk_employer_repeat_objection_employer_id_employer"
        ),
        sa.ForeignKeyConstraint(["made_by"], ["account.account_id"], name="fk_employer_repeat_objection_made_by_account"),
        sa.ForeignKeyConstraint(["answered_by"], ["account.account_id"], name="fk_employer_repeat_objection_answered_by_account"),
        sa.UniqueConstraint("open_key", name="uq_employer_repeat_objection_open_key"),
    )
    op.create_index("ix_employer_repeat_objection_employer_id", "employer_repeat_objection", ["employer_id"])
    op.create_index("ix_employer_repeat_objection_state", "employer_repeat_objection", ["state"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("employer_repeat_objection")
