"""Tables of a web page: many offices' systems give those out under the name of an .xls."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

_MOST_SPAN = 200
"""Columns or rows that one cell may cover; what says more is no table of jobs."""


def is_page(text: str) -> bool:
    """Whether a text is a web page or a piece of one."""
    head = text[:4096].lstrip("\ufeff \t\r\n").lower()
    return head.startswith(("<!doctype html", "<html", "<table", "<meta", "<head", "<body", "<div", "<style")) or (
        head.startswith("<") and "<table" in head
    )


class TooManyCells(Exception):  # noqa: N818  an answer about a file, not a fault
    """A few bytes can say that a cell covers thousands of places."""


def tables(text: str, most: int, clean: Callable[[str], str]) -> list[list[list[str]]]:
    """Every table that has cells, each cell once through ``clean``; a cell that covers several places stands in each of them.
    A table inside a cell is its own. Raises TooManyCells when they would be more than ``most``."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if sum(cell.columns * cell.rows for table in reader.found for row in table for cell in row) > most:
        raise TooManyCells
    return [_filled(table, clean) for table in reader.found if table]


class _Cell:
    def __init__(self, columns: int, rows: int) -> None:
        self.text: list[str] = []
        self.columns, self.rows = columns, rows


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[list[list[_Cell]]] = []
        self._open: list[list[list[_Cell]]] = []
        self._cells: list[_Cell | None] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style"}:
            self._unseen += 1
        elif tag == "table":
            table: list[list[_Cell]] = []
            self.found.append(table)
            self._open.append(table)
            self._cells.append(None)
        elif not self._open:
            return
        elif tag == "tr":
            self._open[-1].append([])
            self._cells[-1] = None
        elif tag in {"td", "th"}:
            said = dict(attrs)
            cell = _Cell(_span(said.get("colspan")), _span(said.get("rowspan")))
            if not self._open[-1]:
                self._open[-1].append([])
            self._open[-1][-1].append(cell)
            self._cells[-1] = cell
        elif tag in {"br", "p", "div"}:
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "table" and self._open:
            self._open.pop()
            self._cells.pop()
        elif tag in {"td", "th"} and self._cells:
            self._cells[-1] = None

    def handle_data(self, data: str) -> None:
        if self._cells and self._cells[-1] is not None and not self._unseen:
            self._cells[-1].text.append(data)


def _span(said: str | None) -> int:
    return min(max(int(said), 1), _MOST_SPAN) if said and said.strip().isdecimal() else 1


def _filled(table: list[list[_Cell]], clean: Callable[[str], str]) -> list[list[str]]:
    grid: list[list[str]] = []
    covered: dict[tuple[int, int], str] = {}
    for at, row in enumerate(table):
        line: list[str] = []
        for cell in row:
            while (at, len(line)) in covered:
                line.append(covered[at, len(line)])
            text = clean("".join(cell.text))  # once, however many places it covers
            for column in range(len(line), len(line) + cell.columns):
                covered |= {(below, column): text for below in range(at + 1, at + cell.rows)}
            line += [text] * cell.columns
        while (at, len(line)) in covered:
            line.append(covered[at, len(line)])
        grid.append(line)
    return grid
