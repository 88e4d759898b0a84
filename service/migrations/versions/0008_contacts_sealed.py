"""Contacts of jobs and remembered answers are sealed. The open columns stay for the version before; `flask keys reseal` empties
them. Going back loses what was sealed meanwhile: take a backup first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ADDED = (
    ("job", "row_key", sa.String(length=32)),
    ("job", "contact_name_sealed", sa.Text()),
    ("job", "contact_phone_sealed", sa.Text()),
    ("idempotent_answer", "row_key", sa.String(length=32)),
    ("idempotent_answer", "answer_sealed", sa.Text()),
)


def upgrade() -> None:
    """Add the columns."""
    for table, name, kind in ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Drop them."""
    for table, name, _kind in ADDED:
        op.drop_column(table, name)
