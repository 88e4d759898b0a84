"""What every command of `flask feeds` needs: the database of the settings, refusals as one line, how far it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from service import config
from service.db import Database
from service.errors import Refusal
from service.feeds.write import Progress


@contextmanager
def database_of_settings() -> Iterator[Database]:
    """The database of the settings; whatever is refused becomes one line and exit code 1."""
    try:
        database = Database(config.load().database_url, pool_size=2)
    except config.ConfigError as wrong:
        raise click.ClickException(str(wrong)) from wrong
    try:
        yield database
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    except (OperationalError, ProgrammingError) as wrong:
        raise click.ClickException("数据库打不开，或还没有建表：请先运行 make run，或检查 DATABASE_URL。") from wrong
    finally:
        database.close()


def progress() -> Progress | None:
    """Rows done and rows in all on standard error, for somebody who looks."""
    return _show if sys.stderr.isatty() else None


def _show(done: int, rows: int) -> None:
    click.echo(f"\r{done} / {rows} 行", nl=done == rows, err=True)
