"""WeChat: identities, the phone of an account, subscriptions, pushes, messages, checks of media. Going back drops them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def _account(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_account_id_account"
    return sa.ForeignKeyConstraint(["account_id"], ["account.account_id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "account_phone",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("phone_sealed", sa.Text(), nullable=True),
        sa.Column("phone_index", sa.String(80), nullable=True),
        sa.Column("proved_by", sa.String(16), nullable=False),
        sa.Column("bound_at", MOMENT, nullable=False),
        sa.Column("row_key", sa.String(32), nullable=True),
        _account("account_phone"),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_phone"),
        sa.UniqueConstraint("phone_index", name="uq_account_phone_phone_index"),
    )
    op.create_table(
        "wechat_identity",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("openid_sealed", sa.Text(), nullable=True),
        sa.Column("openid_index", sa.String(80), nullable=True),
        sa.Column("unionid_sealed", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("active_at", MOMENT, nullable=False),
        sa.Column("row_key", sa.String(32), nullable=True),
        _account("wechat_identity"),
        sa.PrimaryKeyConstraint("account_id", name="pk_wechat_identity"),
        sa.UniqueConstraint("openid_index", name="uq_wechat_identity_openid_index"),
    )
    op.create_table(
        "subscription_credit",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("template_id", sa.String(64), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("long_term", sa.Boolean(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("remaining >= 0", name="ck_subscription_credit_remaining"),
        _account("subscription_credit"),
        sa.PrimaryKeyConstraint("account_id", "template_id", name="pk_subscription_credit"),
    )
    op.create_table(
        "wechat_event",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("event_key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("body_sealed", sa.Text(), nullable=True),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("row_key", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name="pk_wechat_event"),
        sa.UniqueConstraint("event_key", name="uq_wechat_event_event_key"),
    )
    op.create_index("ix_wechat_event_received_at", "wechat_event", ["received_at"])
    op.create_table(
        "outgoing_message",
        sa.Column("message_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("message", sa.String(32), nullable=False),
        sa.Column("message_key", sa.String(128), nullable=False),
        sa.Column("values_sealed", sa.Text(), nullable=True),
        sa.Column("page_query", sa.String(128), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("unanswered", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("row_key", sa.String(32), nullable=True),
        sa.CheckConstraint(
            "state in ('queued', 'sent', 'unsure', 'refused', 'failed', 'expired')", name="ck_outgoing_message_state"
        ),
        _account("outgoing_message"),
        sa.PrimaryKeyConstraint("message_id", name="pk_outgoing_message"),
        sa.UniqueConstraint("message_key", name="uq_outgoing_message_message_key"),
    )
    op.create_index("ix_outgoing_message_account_id", "outgoing_message", ["account_id"])
    op.create_index("ix_outgoing_message_state_queued_at", "outgoing_message", ["state", "queued_at"])
    op.create_table(
        "media_check",
        sa.Column("check_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("trace_id", sa.String(64), nullable=True),
        sa.Column("object_kind", sa.String(24), nullable=False),
        sa.Column("object_id", ID, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.CheckConstraint("state in ('waiting', 'pass', 'review', 'risky')", name="ck_media_check_state"),
        _account("media_check"),
        sa.PrimaryKeyConstraint("check_id", name="pk_media_check"),
        sa.UniqueConstraint("trace_id", name="uq_media_check_trace_id"),
    )
    op.create_index("ix_media_check_account_id", "media_check", ["account_id"])
    op.create_index("ix_media_check_state_asked_at", "media_check", ["state", "asked_at"])
    op.create_table(
        "wechat_usage",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("api", sa.String(32), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "api", name="pk_wechat_usage"),
    )


def downgrade() -> None:
    """Drop them."""
    for table in (
        "wechat_usage",
        "media_check",
        "outgoing_message",
        "wechat_event",
        "subscription_credit",
        "wechat_identity",
        "account_phone",
    ):
        op.drop_table(table)
