"""Bring a database to the present tables: ``python -m service.migrations.run`` (the database of the settings).

``--check`` says whether the migrations and the models agree; ``--new "what"`` writes the next
numbered file from their difference.
"""

from __future__ import annotations

import logging
import re
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import OperationalError

from service.config import ConfigError, load
from service.db import Database

DIRECTORY = Path(__file__).resolve().parent


def _config(url: str) -> Config:
    config = Config(stdout=sys.stderr)
    config.set_main_option("script_location", str(DIRECTORY).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def upgrade(url: str, target: str = "head") -> None:
    """All migrations up to ``target``. Safe to run twice and by two processes at once; raises what the database raises."""
    command.upgrade(_config(url), target)


def downgrade(url: str, target: str) -> None:
    """Back to ``target``; ``base`` is the empty database."""
    command.downgrade(_config(url), target)


def revision(url: str) -> str | None:
    """The revision a database is at; None for one that was never migrated."""
    database = Database(url)
    try:
        with database.read_engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        database.close()


def heads() -> list[str]:
    """The newest revisions; there must be exactly one."""
    return list(ScriptDirectory.from_config(_config("sqlite://")).get_heads())


def check(url: str) -> None:
    """Raises CommandError when the models differ from what the migrations make of ``url`` (which is brought up first)."""
    upgrade(url)
    command.check(_config(url))


def _new(message: str) -> None:
    numbers = [int(path.name[:4]) for path in (DIRECTORY / "versions").glob("[0-9][0-9][0-9][0-9]_*.py")]
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{directory}/new.db"
        upgrade(url)
        number = f"{max(numbers, default=0) + 1:04d}"
        config = _config(url)
        config.set_main_option("file_template", f"{number}_{slug}")
        command.revision(config, message, autogenerate=True, rev_id=number)


def main(arguments: list[str]) -> int:
    """The commands above; 0 when all is well, one sentence on stderr otherwise."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        if arguments[:1] == ["--new"] and len(arguments) == 2:
            _new(arguments[1])
        elif arguments == ["--check"]:
            if len(heads()) != 1:
                sys.stderr.write(f"迁移有 {len(heads())} 个头，请把它们排成一条线。\n")
                return 1
            with tempfile.TemporaryDirectory() as directory:
                check(f"sqlite:///{directory}/check.db")
        elif arguments:
            sys.stderr.write('用法：python -m service.migrations.run [--check | --new "说明"]\n')
            return 2
        else:
            upgrade(load().database_url)
    except CommandError as difference:
        sys.stderr.write(f"数据库结构和代码不一致：{difference}\n")
        return 1
    except ConfigError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 1
    except OperationalError as away:
        sys.stderr.write(f"数据库连不上或不能写，请检查 DATABASE_URL 和磁盘空间（{type(away.orig).__name__}）。\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
