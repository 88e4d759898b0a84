"""`flask feeds`: pull a source, run steps again, see how the sources stand, list what was not published and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from service import clock, config
from service.db import Database
from service.errors import Refusal
from service.feeds.ingest import pull
from service.feeds.queries import reasons, source_state, unpublished
from service.feeds.replay import REPLAYED, replay
from service.feeds.report import OUTCOME_NAMES
from service.feeds.source import FeedSource, open_source, source_keys
from service.feeds.write import Progress

_RUN_STATUS = {"running": "正在导入", "done": "完成", "stopped": "已停止", "failed": "失败", "abandoned": "中断"}
_OUTCOMES: dict[str, str] = {str(outcome): name for outcome, name in OUTCOME_NAMES.items()}


@click.group("feeds", help="外部来源：导入、状态、未采用的原因。")
def feeds_cli() -> None:
    """The group that the application hangs in."""


@feeds_cli.command("pull", help="导入一个来源。不加 --write 只是试运行，什么都不写。")
@click.argument("source_key", metavar="SOURCE")
@click.option("--write", is_flag=True, help="真正写入。")
@click.option("--file", "path", type=click.Path(path_type=Path), help="用这个文件代替来源自带的文件（CSV、Excel，可以是 .gz）。")
@click.option("--full", is_flag=True, help="取全部，而不是只取上次以后的变化。")
def pull_command(source_key: str, write: bool, path: Path | None, full: bool) -> None:
    """Pull one source and print its report; exit code 1 when nothing could be done."""
    with _database() as database:
        source = _source(source_key)
        report = pull(database, source, now=clock.now(), path=path, write=write, full=full, progress=_progress())
    for line in report.lines():
        click.echo(line)
    if report.stopped:
        raise SystemExit(1)


@feeds_cli.command("replay", help="不重新取数据，从某一步起重新处理已取到的记录。不加 --write 只是试运行。")
@click.argument("source_key", metavar="SOURCE")
@click.option("--from", "step", required=True, type=click.Choice(REPLAYED), help="从哪一步开始。")
@click.option("--write", is_flag=True, help="真正写入。")
def replay_command(source_key: str, step: str, write: bool) -> None:
    """Run a step and those after it again on what was pulled before, and print the report."""
    with _database() as database:
        report = replay(database, _source(source_key), step=step, now=clock.now(), write=write, progress=_progress())
    for line in report.lines():
        click.echo(line)


@feeds_cli.command("status", help="每个来源最近一次导入和正在展示的条数。")
def status_command() -> None:
    """One block a source."""
    moment = clock.now()
    with _database() as database, database.read_session() as session:
        for key in source_keys():
            state = source_state(session, key, moment)
            source = _source(key)
            click.echo(f"{key}（{source.name}）：展示 {state.shown} 条" + ("" if source.enabled else "，还没有启用"))
            if state.first_end:
                click.echo(f"  最早到期 {clock.show(state.first_end)}")
            if state.outcomes:
                click.echo(
                    "  上次文件：" + "，".join(f"{name} {state.outcomes.get(code, 0)}" for code, name in _OUTCOMES.items())
                )
            run = state.last_run
            if run is None:
                click.echo("  还没有导入过")
                continue
            click.echo(
                f"  第 {run.run_id} 次导入：{_RUN_STATUS[run.status]}，{clock.show(run.started_at)} 开始，文件 {run.file_name}"
            )
            if run.message:
                click.echo(f"  {run.message}")


@feeds_cli.command("rejected", help="没有发布的行和原因。不加 --reason 先列各种原因的条数。")
@click.argument("source_key", metavar="SOURCE")
@click.option("--reason", "code", help="只看这一种原因（代码）。")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="最多列多少行。")
def rejected_command(source_key: str, code: str | None, limit: int) -> None:
    """Counts by reason, then the rows: line, outcome, sentence, and what stood there."""
    with _database() as database, database.read_session() as session:
        _source(source_key)
        counts = reasons(session, source_key)
        if not counts:
            click.echo("没有未发布的行（或还没有导入过）。")
            return
        if code is None:
            for line in counts:
                click.echo(f"{_OUTCOMES[line.outcome]} {line.count:>6}  {line.code:<26} 例：{line.example}")
            return
        for record in unpublished(session, source_key, code=code, limit=limit):
            said = " | ".join(text for text in record.raw.values() if text)
            step = f"（停在 {record.stopped_at}）" if record.stopped_at else ""
            click.echo(f"第 {record.row_no} 行 {_OUTCOMES[record.outcome]}{step}：{record.reason}  [{said[:120]}]")


def _source(key: str) -> FeedSource:
    return open_source(key, config.load().feeds_dir)


def _progress() -> Progress | None:
    return _show if sys.stderr.isatty() else None


def _show(done: int, rows: int) -> None:
    click.echo(f"\r{done} / {rows} 行", nl=done == rows, err=True)


@contextmanager
def _database() -> Iterator[Database]:
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
