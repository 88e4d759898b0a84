"""How the sources stand, as a terminal shows it: a table where it fits whole, else a few lines a source. No number is cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from service import clock
from service.feeds.masked import sentence
from service.feeds.models import RUN_NAMES
from service.feeds.oversight import SourceView, sample_of
from service.feeds.way import Timing

_ACTIONS = {"pull": "", "replay": "重新处理", "rollback": "撤回"}
_SHORT = {
    "read": "读到",
    "fit": "可展示",
    "created": "新增",
    "held": "待核",
    "rejected": "未采用",
    "closed": "下架",
    "duplicates": "并入",
}
_PIECE = re.compile(r"[（“(]*(?:[\w.:/<>–*+-]+|.)[，。；：、）”)]*", re.ASCII)
"""What stays on one line: a number, name or command, or one character, with the signs that belong to it."""


def show(console: Console, views: Sequence[SourceView], feeds_dir: Path) -> None:
    """Print the sources as given, then what is the matter with each, and what is to be done where nothing was pulled yet."""
    table = _table(views)
    if _natural(console, table) <= console.width:
        console.print(table)
    else:
        for view in views:
            _block(console, view)
    for view in views:
        for odd in view.oddities:
            say(console, f"! {view.key}：{sentence(odd.sentence)}", style="red")
        run = view.state.last_run
        more = [f"最早到期 {clock.show_minute(view.state.first_end)}" if view.state.first_end else ""]
        more += [run.message if run is not None and run.status == "done" else ""]
        if any(more):
            say(console, f"  {view.key}：{'；'.join(one for one in more if one)}")
        if good := _last_good(view):
            say(console, f"  {good}")
    _what_to_do(console, views, feeds_dir)


def say(console: Console, text: str, *, style: str = "") -> None:
    """Print a line; where it is too long, broken between words, with what follows set in as far as its beginning and two more."""
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    for line in broken(text, console.width, indent):
        console.print(line, style=style, markup=False, highlight=False, no_wrap=True, overflow="ignore", crop=False)


def broken(text: str, width: int, indent: str = "") -> list[str]:
    """A text in lines of at most so many columns, a Chinese character taking two. Only what is longer than a line by itself (an
    address, a path) is longer than that."""
    lines, line = [], ""
    for piece in _PIECE.findall(text):
        if line.strip() and cell_len(line) + cell_len(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = indent + piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()]


def _table(views: Iterable[SourceView]) -> Table:
    table = Table(box=box.SIMPLE)
    for name in ("来源", "展示", "上一次", *_SHORT.values()):
        table.add_column(name, justify="right" if name == "展示" or name in _SHORT.values() else "left", no_wrap=True)
    for view in views:
        told = _counts(view)
        counts = [f"{told[name]}\n{_usual(view, name)}".rstrip() if name in told else "" for name in _SHORT]
        title = Text(f"{view.key}\n{view.name}", style="bold red" if view.oddities else "")
        table.add_row(title, str(view.state.shown), "\n".join(_last(view)), *counts)
    return table


def _natural(console: Console, table: Table) -> int:
    """How wide a table is that nobody squeezes."""
    unbounded = console.options.update(width=10_000, max_width=10_000)
    return Measurement.get(console, unbounded, table).maximum


def _block(console: Console, view: SourceView) -> None:
    mark = "! " if view.oddities else "  "
    say(console, f"{mark}{view.key} {view.name}", style="bold red" if view.oddities else "bold")
    say(console, f"  展示 {view.state.shown}，{' '.join(_last(view)).strip()}")
    told = _counts(view)
    for name, words in _SHORT.items():
        if name in told:
            say(console, f"  {words} {told[name]} {_usual(view, name)}")


def _counts(view: SourceView) -> Mapping[str, int]:
    """What the run that the row names counted: none while it goes on, or where it took another one back."""
    run = view.state.last_run
    return {} if run is None or run.finished_at is None or run.action == "rollback" else sample_of(run).counts


def _last_good(view: SourceView) -> str:
    """Of a source whose last run did not end well: what the last one counted that did."""
    run = view.state.last_run
    if run is None or run.status in {"done", "running"} or not view.counts:
        return ""
    return f"{view.name}：上一次完成的是第 {view.counts_run_id} 次：读到 {view.counts['read']}，可展示 {view.counts['fit']}"


def _last(view: SourceView) -> tuple[str, str]:
    run = view.state.last_run
    if run is None:
        return "还没有导入过", ""
    return f"第 {run.run_id} 次{_ACTIONS[run.action]} {RUN_NAMES[run.status]}", clock.show_minute(run.started_at)


def _usual(view: SourceView, name: str) -> str:
    """Between which two numbers a count usually is; empty while there is no habit."""
    run = view.state.last_run
    usual = view.usual.get(name) if run is not None and run.action == "pull" else None
    return f"({round(usual.low)}–{round(usual.high)})" if usual else ""


def _what_to_do(console: Console, views: Sequence[SourceView], feeds_dir: Path) -> None:
    off = [view.key for view in views if view.source is not None and not view.source.enabled]
    ready = [view.key for view in views if view.source is not None and view.source.enabled]
    if off:
        say(console, f"还没有启用：{'、'.join(off)}。")
        say(console, f"把取数地址写进 {feeds_dir}/<来源>.toml 就能试运行；")
        say(console, "要写入，加上 enabled = true；要定时自己取，再加上 [timing]。写法见 docs/feeds.md。")
    if ready and all(view.state.last_run is None for view in views):
        say(console, "一次都没有导入过。先看会怎么样：")
        say(console, f"  flask feeds pull {ready[-1]}")
        say(console, "没有问题就加上 --write 真正写入。")
    by_hand = [view.key for view in views if view.source and view.source.enabled and view.source.way.form != "file"]
    by_hand = [view.key for view in views if view.key in by_hand and view.source and view.source.timing == Timing()]
    if by_hand:
        say(console, f"只由人取（没有写 [timing]）：{'、'.join(by_hand)}。")
