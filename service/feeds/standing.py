"""How the sources stand, as a terminal shows it: a table where it fits whole, else a few lines a source. No number is cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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
from service.feeds.oversight import SourceView

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
        more = [f"最早到期 {clock.show(view.state.first_end)}" if view.state.first_end else ""]
        more += [run.message if run is not None and run.status == "done" else ""]
        if any(more):
            say(console, f"  {view.key}：{'；'.join(one for one in more if one)}")
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
        counts = (f"{view.counts[name]}\n{_usual(view, name)}".rstrip() if name in view.counts else "" for name in _SHORT)
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
    for name, words in _SHORT.items():
        if name in view.counts:
            say(console, f"  {words} {view.counts[name]} {_usual(view, name)}")


def _last(view: SourceView) -> tuple[str, str]:
    run = view.state.last_run
    if run is None:
        return "还没有导入过", ""
    return f"第 {run.run_id} 次{_ACTIONS[run.action]} {RUN_NAMES[run.status]}", clock.show(run.started_at)[5:16].replace("T", " ")


def _usual(view: SourceView, name: str) -> str:
    """Between which two numbers a count usually is; empty while there is no habit."""
    usual = view.usual.get(name)
    return f"({round(usual.low)}–{round(usual.high)})" if usual else ""


def _what_to_do(console: Console, views: Sequence[SourceView], feeds_dir: Path) -> None:
    off = [view.key for view in views if view.source is not None and not view.source.enabled]
    ready = [view.key for view in views if view.source is not None and view.source.enabled]
    if off:
        say(console, f"还没有启用：{'、'.join(off)}。")
        say(console, f"要启用，把取数地址和 enabled = true 写进 {feeds_dir}/<来源>.toml，写法见 docs/feeds.md。")
    if ready and all(view.state.last_run is None for view in views):
        say(console, "一次都没有导入过。先看会怎么样：")
        say(console, f"  flask feeds pull {ready[-1]}")
        say(console, "没有问题就加上 --write 真正写入；有时间安排的来源，以后会自己取。")
