"""What Alembic runs: all models, one transaction a migration, one migrating process at a time."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import text

from service.db import Database, UtcDateTime
from service.migrations.tables import METADATA

_LOCK = 73_190_611
"""Number of the advisory lock on PostgreSQL; any number that nobody else uses will do."""


def _render(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Migrations name types of SQLAlchemy, not ours: they must still run when our class has changed."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def _run() -> None:
    database = Database(context.config.attributes["url"])
    try:
        with database.write_engine.connect() as connection:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
                connection.commit()
            else:
                # SQLite changes a column by building the table anew and dropping the old one, and a drop deletes its rows: with
                # keys enforced that would take the rows of other tables along. Outside a transaction, or it has no effect.
                connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
            context.configure(
                connection=connection,
                target_metadata=METADATA,
                render_as_batch=database.is_sqlite,
                render_item=_render,
                transactional_ddl=True,
                transaction_per_migration=True,
            )
            with context.begin_transaction():
                context.run_migrations()
            if database.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise RuntimeError("a migration has left rows whose parents are gone")
            connection.commit()
    finally:
        database.close()  # closing the connection gives the lock back


_run()
