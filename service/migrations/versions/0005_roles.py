"""Roles with a territory, tokens with limits, and grants to act for a worker.

Everything is added, nothing taken away: a process of the version before goes on writing. The role names change (employer,
staff); a process of the version before then refuses these accounts until it is replaced, and what it writes itself under the old
names is understood by the new one. Going back puts every role that the old version does not know to ``worker``, which may do the
least, and its account is switched off.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RENAMED = {"employer": "employer_owner", "staff": "station_staff"}
FORMER = {
    "employer_owner": "employer",
    "employer_recruiter": "employer",
    "station_staff": "staff",
    "station_head": "staff",
}


def upgrade() -> None:
    """Add the columns and the table, rename the roles."""
    with op.batch_alter_table("account") as batch:
        batch.alter_column("role", existing_type=sa.String(length=16), type_=sa.String(length=24), existing_nullable=False)
        batch.add_column(sa.Column("source_key", sa.String(length=32), nullable=True))
    with op.batch_alter_table("access_token") as batch:
        batch.add_column(sa.Column("session_id", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("second_factor", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.add_column(sa.Column("scopes", sa.JSON(), nullable=True))
    op.add_column("employer", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "acting_grant",
        sa.Column("grant_id", ID, nullable=False),
        sa.Column("worker_id", ID, nullable=False),
        sa.Column("holder_account_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("station_id", ID, nullable=True),
        sa.Column("consent_id", sa.BigInteger(), nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('family', 'station')", name=op.f("ck_acting_grant_kind")),
        sa.CheckConstraint("kind = 'family' or station_id is not null", name=op.f("ck_acting_grant_station")),
        sa.CheckConstraint("kind = 'station' or holder_account_id is not null", name=op.f("ck_acting_grant_holder")),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name="fk_acting_grant_worker_id_worker"),
        sa.ForeignKeyConstraint(
            ["holder_account_id"], ["account.account_id"], name="fk_acting_grant_holder_account_id_account"
        ),
        sa.ForeignKeyConstraint(["station_id"], ["station.station_id"], name="fk_acting_grant_station_id_station"),
        sa.ForeignKeyConstraint(["ended_by"], ["account.account_id"], name="fk_acting_grant_ended_by_account"),
        sa.PrimaryKeyConstraint("grant_id", name="pk_acting_grant"),
    )
    for name in ("worker_id", "holder_account_id", "station_id"):
        op.create_index(f"ix_acting_grant_{name}", "acting_grant", [name])
    account = sa.table("account", sa.column("role", sa.String()))
    for before, after in RENAMED.items():
        op.execute(account.update().where(account.c.role == before).values(role=after))


def downgrade() -> None:
    """The old names again; what only the new version knows is closed."""
    account = sa.table("account", sa.column("role", sa.String()), sa.column("disabled_at", sa.DateTime(timezone=True)))
    for after, before in FORMER.items():
        op.execute(account.update().where(account.c.role == after).values(role=before))
    known = ("worker", "employer", "staff", "bureau", "operator")
    closed = {"role": "worker", "disabled_at": sa.func.coalesce(account.c.disabled_at, sa.func.current_timestamp())}
    op.execute(account.update().where(account.c.role.not_in(known)).values(closed))
    op.drop_table("acting_grant")
    op.drop_column("employer", "closed_at")
    with op.batch_alter_table("access_token") as batch:
        for name in ("session_id", "second_factor", "scopes"):
            batch.drop_column(name)
    with op.batch_alter_table("account") as batch:
        batch.drop_column("source_key")
        batch.alter_column("role", existing_type=sa.String(length=24), type_=sa.String(length=16), existing_nullable=False)
