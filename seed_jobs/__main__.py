"""``python -m seed_jobs``: load what a fresh start holds into the database of the settings."""

from __future__ import annotations

import argparse
import sys
import time

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from seed_jobs.load import load_all
from service import clock
from service.config import ConfigError, load
from service.db import Database
from service.errors import Refusal


def main(arguments: list[str] | None = None) -> int:
    """0 when all is loaded; 1 with one Chinese sentence when it is not. Progress goes to stderr, the summary to stdout."""
    parser = argparse.ArgumentParser(prog="python -m seed_jobs", description="把演示数据和两份真实目录装入数据库，可以重复运行。")
    parser.add_argument("--no-feeds", action="store_true", help="只装演示数据，不装政府目录和样例")
    chosen = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        settings = load()
        database = Database(settings.database_url)
    except ConfigError as wrong:
        click.echo(str(wrong), err=True)
        return 1
    try:
        summary = load_all(database, clock.now(), lambda line: click.echo(f"  {line}", err=True), feeds=not chosen.no_feeds)
    except (OperationalError, ProgrammingError) as wrong:
        click.echo(f"数据库用不了，请先建好表再装数据（python -m service.migrations.run）：{wrong.orig}", err=True)
        return 1
    except Refusal as wrong:
        click.echo(wrong.message, err=True)
        return 1
    finally:
        database.close()
    for line in summary.lines():
        click.echo(line)
    click.echo(f"装好了，用时 {time.monotonic() - started:.1f} 秒。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
