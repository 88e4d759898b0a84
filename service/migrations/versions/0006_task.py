"""The table of background tasks. Going back drops what has not been done."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "task",
        sa.Column("task_id", ID, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("key", sa.String(128), nullable=True),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("leased_by", sa.String(64), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(64), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'leased', 'done', 'dead')", name="ck_task_state"),
        sa.PrimaryKeyConstraint("task_id", name="pk_task"),
        sa.UniqueConstraint("kind", "key", name="uq_task_kind_key"),
    )
    op.create_index("ix_task_state_due_at", "task", ["state", "due_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_task_state_due_at", table_name="task")
    op.drop_table("task")
