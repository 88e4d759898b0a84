"""What a terminal of any width shows of the sources: nothing cut, and what to do where nothing was pulled yet."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from service.db import Database
from service.feeds.oversight import SourceView, board, opened
from service.feeds.standing import broken, show
from tests.service.feeds.test_oversight import NOW, Runs, runs

__all__ = ["runs"]
FEEDS_DIR = Path("feeds")
BIG = {"read": 123_456, "unchanged": 112_345, "held": 1_234, "rejected": 5_678, "closed": 910}


def seen(database: Database, width: int) -> tuple[list[SourceView], list[str]]:
    with database.read_session() as session:
        views = board(session, opened(None), NOW)
    out = io.StringIO()
    show(Console(file=out, width=width), views, FEEDS_DIR)
    return views, out.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 80, 180])
def test_no_number_and_no_name_is_cut(database: Database, runs: Runs, width: int) -> None:
    for days in range(8, -1, -1):
        runs(days, **BIG | ({} if days else {"read": 60_000}))
    views, lines = seen(database, width)
    assert max(cell_len(line) for line in lines) <= width
    text = "\n".join(lines)
    for wanted in ("60000", "(111110–135802)", "112347", "1234", "5678", "910", "job51_sample", "第 9 次", "docs/feeds.md"):
        assert wanted in text, wanted
    assert bool(re.search("读到 +可展示", text)) is (width == 180)
    together = re.sub(r"\s+", "", text)
    assert all(re.sub(r"\s+", "", view.name) in together for view in views)
    assert re.sub(r"\s+", "", views[0].oddities[0].sentence) in together


@pytest.mark.parametrize("width", [40, 80])
def test_with_nothing_pulled_yet_it_says_what_to_do(database: Database, width: int, runs: Runs) -> None:
    _, lines = seen(database, width)
    assert "  flask feeds pull shortage_lists" in lines
    text = "".join(line.strip() for line in lines)
    assert "还没有启用：county_sheets、partner_postings、province_jobs。" in text
    assert "feeds/<来源>.toml" in text
    assert "--write" in text
    runs(0)
    assert not any("flask feeds pull" in line for line in seen(database, width)[1])


@given(st.text(alphabet="招工（）“”，。、 1234567890–abc_/.", max_size=120), st.integers(24, 60))
def test_lines_break_between_pieces_and_lose_nothing(text: str, width: int) -> None:
    lines = broken(text, width, "  ")
    assert "".join("".join(lines).split()) == "".join(text.split())
    words = {word for word in re.findall(r"[\w.:/<>–*+-]+", text, re.ASCII) if len(word) <= width - 2}
    assert all(any(word in line for line in lines) for word in words)
    for line in lines:
        assert cell_len(line) <= width or len(re.findall(r"[\w.:/<>–*+-]+|[招工]", line, re.ASCII)) <= 1


def test_a_source_that_is_off_is_no_reason_to_pull(database: Database) -> None:
    with database.read_session() as session:
        views = [
            replace(view, source=view.source and replace(view.source, enabled=False))
            for view in board(session, opened(None), NOW)
        ]
    out = io.StringIO()
    show(Console(file=out, width=80), views, FEEDS_DIR)
    assert "flask feeds pull" not in out.getvalue()
