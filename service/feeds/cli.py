"""`flask feeds`: pull a source, run steps again, see how the sources stand, list what was not published and why."""

from __future__ import annotations

from pathlib import Path

import click

from service import clock, config
from service.chinese_commands import ChineseGroup
from service.feeds.ingest import pull
from service.feeds.queries import reasons, unpublished
from service.feeds.replay import REPLAYED, replay
from service.feeds.report import OUTCOME_NAMES
from service.feeds.source import FeedSource, open_source
from service.feeds.staff_cli import digest_command, rollback_command, status_command
from service.feeds.terminal import database_of_settings, progress
from service.feeds.trail import place_of

_OUTCOMES: dict[str, str] = {str(outcome): name for outcome, name in OUTCOME_NAMES.items()}


@click.group("feeds", cls=ChineseGroup, help="外部来源：导入、状态、未采用的原因。")
def feeds_cli() -> None:
    """The group that the application hangs in."""


@feeds_cli.command("pull", help="导入一个来源。不加 --write 只是试运行，什么都不写。")
@click.argument("source_key", metavar="SOURCE")
@click.option("--write", is_flag=True, help="真正写入。")
@click.option("--file", "path", type=click.Path(path_type=Path), help="用这个文件代替来源自带的文件（CSV、Excel，可以是 .gz）。")
@click.option("--full", is_flag=True, help="取全部，而不是只取上次以后的变化。")
def pull_command(source_key: str, write: bool, path: Path | None, full: bool) -> None:
    """Pull one source and print its report; exit code 1 when nothing could be done."""
    with database_of_settings() as database:
        source = _source(source_key)
        report = pull(database, source, now=clock.now(), path=path, write=write, full=full, progress=progress())
    for line in report.lines():
        click.echo(line)
    if not write and path is None and source.way.form != "file" and not source.enabled:
        click.echo("这个来源还没有启用：写入以前，先在它的设置里写上 enabled = true。")
    if report.stopped:
        raise SystemExit(1)


@feeds_cli.command("replay", help="不重新取数据，从某一步起重新处理已取到的记录。不加 --write 只是试运行。")
@click.argument("source_key", metavar="SOURCE")
@click.option("--from", "step", required=True, type=click.Choice(REPLAYED), help="从哪一步开始。")
@click.option("--write", is_flag=True, help="真正写入。")
def replay_command(source_key: str, step: str, write: bool) -> None:
    """Run a step and those after it again on what was pulled before, and print the report."""
    with database_of_settings() as database:
        report = replay(database, _source(source_key), step=step, now=clock.now(), write=write, progress=progress())
    for line in report.lines():
        click.echo(line)


@feeds_cli.command("rejected", help="没有发布的行和原因。不加 --reason 先列各种原因的条数。")
@click.argument("source_key", metavar="SOURCE")
@click.option("--reason", "code", help="只看这一种原因（代码）。")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="最多列多少行。")
def rejected_command(source_key: str, code: str | None, limit: int) -> None:
    """Counts by reason, then the rows: line, outcome, sentence, and what stood there."""
    with database_of_settings() as database, database.read_session() as session:
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
            place = place_of(record.steps) or f"第 {record.row_no} 行"
            ended = f"{_OUTCOMES[record.outcome]}{step}"
            click.echo(f"{place} {ended}：{record.reason}  [{said[:120]}]")


def _source(key: str) -> FeedSource:
    return open_source(key, config.load().feeds_dir)


for command in (status_command, digest_command, rollback_command):
    feeds_cli.add_command(command)
