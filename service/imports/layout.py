"""Where the table is on a sheet: titles and notes above, a header of one line or two, data, notes and totals below and between.

Nothing is thrown away without being counted, and whoever sent the sheet sees what each column was taken for before it counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matching.rules.wage import parse_wage
from service.imports.meanings import NOT_USED, Meaning, begins_like_a_note, is_total, meaning_of, sample
from service.jobs.contacts import first_phone
from service.sheets.cells import Grid, Sheet
from service.sheets.headers import HEADER_SEARCH_ROWS, header_key

JOINED = frozenset({"description", "remarks", "benefits", "experience", "hours", "major", "headcount_part", "serial"})
"""What several columns may say together; of everything else one column is used."""
_WHAT = frozenset({"title", "trade"})
_LONGEST_SERIAL = 8
_MERGED_DOWN = 2
"""Columns that repeat their header below it: one alone may be a line of data with an odd word."""
_WHY_EMPTY = ("只有表头，没有一行数据。", "只有模板里的示例行，请换成您自己的岗位再传。")
_GUESS_ROWS = 30
_GUESS_SHARE = 0.8
Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header as it stands there, what it means (empty: not known, not used), how sure that is (``word``,
    ``likely``, ``content``: only what stands below it says so; ``said``: somebody corrected it; ``before``: somebody corrected it
    in an earlier sheet)."""

    header: str
    meaning: str = ""
    sure: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of data: its number on the sheet, as a spreadsheet shows it, and its cells."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Laid:
    """A sheet as it was understood. ``skipped``: why nothing of it is used, in Chinese, else empty."""

    name: str
    header: tuple[tuple[str, ...], ...] = ()
    columns: tuple[Column, ...] = ()
    lines: tuple[Line, ...] = ()
    above: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    skipped: str = ""


def lay_out(sheet: Sheet) -> Laid:
    """What stands where on a sheet."""
    if sheet.hidden:
        return Laid(sheet.name, skipped="这是隐藏的工作表，没有读。")
    if not any(any(cells) for cells in sheet.grid):
        return Laid(sheet.name, skipped="这张工作表是空的。")
    found = _header(sheet.grid)
    if found is None:
        return Laid(sheet.name, skipped="没有找到表头：第一行要写栏名，至少要有“岗位名称”和另外一栏。")
    at, depth = found
    header = sheet.grid[at : at + depth]
    width = max(len(cells) for cells in header)
    above = _texts(sheet.grid[:at])
    lines: list[Line] = []
    notes: list[str] = []
    samples = 0
    columns = _columns(header, width)
    used = [place for place, column in enumerate(columns) if column.meaning not in NOT_USED]
    what = {place for place, column in enumerate(columns) if column.meaning in _WHAT}
    headers = [[header_key(cell) for cell in cells] for cells in header]
    for number, cells in enumerate(sheet.grid[at + depth :], start=at + depth + 1):
        said = [(place, text) for place, text in enumerate(cells) if text]
        if not any(place in used or place >= width for place, _ in said):
            # Nothing, or a number that was there before anybody wrote; a text there is a note.
            notes += [text for _, text in said if len(text) > _LONGEST_SERIAL][:1]
            continue
        if _is_note(said, what):
            notes.append(said[0][1])
        elif _is_sample(cells, columns):
            notes.append(f"第 {number} 行是模板里的示例，没有采用。")
            samples += 1
        elif [header_key(cell) for cell in cells] not in headers:
            lines.append(Line(number, tuple(cells)))
    return Laid(
        sheet.name,
        tuple(tuple(cells) for cells in header),
        tuple(_guessed(columns, lines)),
        tuple(lines),
        tuple(above),
        tuple(notes),
        "" if lines else _WHY_EMPTY[samples > 0],
    )


def with_meanings(columns: Sequence[Column], corrected: Mapping[int, str], sure: str = "said") -> tuple[Column, ...]:
    """The columns as somebody corrected them; ``corrected`` gives meanings by place, empty for a column that is not used. A
    meaning that is given to a column is taken from the column that only seemed to have it."""
    given = {meaning for meaning in corrected.values() if meaning} - JOINED
    meant = {place: "" for place, column in enumerate(columns) if column.meaning in given} | dict(corrected)
    return tuple(Column(column.header, meant[place], sure) if place in meant else column for place, column in enumerate(columns))


def columns_of(kept: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns of a sheet as an import keeps it."""
    return tuple(Column(**column) for column in kept["columns"])


def header_places(columns: Sequence[Column]) -> dict[tuple[str, int], int]:
    """The columns by their header and how often it stood before: 「待遇」 over three columns is three headers."""
    seen: Counter[str] = Counter()
    found = {}
    for place, column in enumerate(columns):
        key = header_key(column.header)
        found[key, seen[key]] = place
        seen[key] += 1
    return found


def meanings_twice(columns: Sequence[Column]) -> list[str]:
    """Meanings that two columns have and only one may."""
    found = [column.meaning for column in columns if column.meaning and column.meaning not in JOINED | NOT_USED]
    return sorted({code for code in found if found.count(code) > 1})


def _texts(rows: Grid) -> list[str]:
    return [text for cells in rows for text in dict.fromkeys(cells) if text]


def _is_note(said: list[tuple[int, str]], what: set[int]) -> bool:
    """One text only, over several columns or outside of the column of jobs; a total; a signature with what belongs to it."""
    texts = {text for _, text in said}
    if len(texts) == 1 and (len(said) > 1 or said[0][0] not in what):
        return True
    if is_total(said[0][1]):
        return True
    return begins_like_a_note(said[0][1]) and (len(said) <= 2 or all(set(text) & set("：:") for _, text in said))


def _is_sample(cells: Cells, columns: Sequence[Column]) -> bool:
    """Whether a line is the example of the template that nobody wrote over: a made-up job must not be shown to anybody."""
    said = {column.meaning: cells[place] for place, column in enumerate(columns) if place < len(cells)}
    return all(said.get(code) == text for code, text in sample().items())


def _header(grid: Grid) -> tuple[int, int] | None:
    """Where the header begins and how many lines it has: the place where most is understood, the first of equals."""
    best: tuple[int, int, int] | None = None
    for at in range(min(len(grid), HEADER_SEARCH_ROWS)):
        for depth in (1, 2):
            score = _score(grid[at : at + depth], depth)
            if score and (best is None or score > best[0]):
                best = (score, at, depth)
    if best is None:
        return None
    _, at, depth = best
    return at, 2 if depth == 1 and at + 1 < len(grid) and _is_merged_down(grid[at], grid[at + 1]) else depth


def _score(header: Grid, depth: int) -> int:
    if len(header) < depth or (depth == 2 and not _is_second_line(*header)):
        return 0
    width = max(len(cells) for cells in header)
    codes = {column.meaning for column in _columns(header, width) if column.meaning and column.sure == "word"}
    likely = {column.meaning for column in _columns(header, width) if column.meaning}
    # The word for the job itself, and one more: a title above the table says 岗位 too.
    return 2 * len(codes) + len(likely - codes) if likely & _WHAT and len(likely) > 1 and codes else 0


def _is_second_line(upper: Cells, lower: Cells) -> bool:
    """Whether a line only tells apart what stands below the groups of the line above it."""
    if _is_merged_down(upper, lower):
        return True
    tells = 0
    for place, text in enumerate(lower):
        above = _group(upper, place)
        if not text or header_key(text) == header_key(above):
            continue
        below, alone = meaning_of(above, text), meaning_of("", text)
        if below is None or not (below.sure or alone):
            return False
        if place >= len(upper) or not upper[place] or _group_is_wide(upper, place):
            tells += 1
    return tells > 0


def _is_merged_down(upper: Cells, lower: Cells) -> bool:
    """Whether the cells themselves say so, whatever their words: columns merged over both lines read the same in both, and all
    else stands below a cell that is merged over several columns."""
    same = tells = 0
    for place, text in enumerate(lower):
        above = upper[place] if place < len(upper) else ""
        if text and header_key(text) == header_key(above):
            same += 1
        elif text and above and above in (upper[at] for at in (place - 1, place + 1) if 0 <= at < len(upper)):
            tells += 1
        elif text:
            return False
    return same >= _MERGED_DOWN and tells > 0


def _group(upper: Cells, place: int) -> str:
    """The group over a column; a CSV has it over its first column only."""
    return next((upper[at] for at in range(min(place, len(upper) - 1), -1, -1) if upper[at]), "")


def _group_is_wide(upper: Cells, place: int) -> bool:
    beside = [upper[at] for at in (place - 1, place + 1) if 0 <= at < len(upper)]
    return upper[place] in beside or "" in beside


def _columns(header: Grid, width: int) -> list[Column]:
    rows = [[*cells, *[""] * (width - len(cells))] for cells in header]
    found: list[tuple[str, Meaning | None]] = []
    for place in range(width):
        if len(rows) == 1:
            found.append((rows[0][place], meaning_of(rows[0][place])))
            continue
        lower = rows[1][place]
        upper = rows[0][place] or (_group(rows[0], place) if lower else "")
        both = upper if not lower or header_key(lower) == header_key(upper) else f"{upper} {lower}".strip()
        found.append((both, meaning_of(upper, lower)))
    return _one_each(found)


def _one_each(found: list[tuple[str, Meaning | None]]) -> list[Column]:
    """One column for each meaning: the first whose word is sure, else the first."""
    chosen: dict[str, int] = {}
    for place, (_, meaning) in enumerate(found):
        if meaning is not None:
            before = chosen.setdefault(meaning.code, place)
            held = found[before][1]
            if meaning.sure and held is not None and not held.sure:
                chosen[meaning.code] = place
    return [
        Column(header, meaning.code, "word" if meaning.sure else "likely")
        if meaning is not None and (meaning.code in JOINED or chosen[meaning.code] == place)
        else Column(header)
        for place, (header, meaning) in enumerate(found)
    ]


def _guessed(columns: list[Column], lines: Sequence[Line]) -> list[Column]:
    """Phones and wages are known by what they look like, whatever stands above them, where nothing else was taken for them."""
    taken = {column.meaning for column in columns}
    for code, fits in (("contact_phone", _is_phone), ("wage", _is_wage)):
        if code in taken or (code == "contact_phone" and "contact" in taken) or (code == "wage" and "wage_min" in taken):
            continue
        for place, column in enumerate(columns):
            if not column.meaning and _most(lines, place, fits):
                columns[place] = Column(column.header, code, "content")
                break
    return columns


def _most(lines: Sequence[Line], place: int, fits: Callable[[str], bool]) -> bool:
    said = [line.cells[place] for line in lines[:_GUESS_ROWS] if place < len(line.cells) and line.cells[place]]
    return bool(said) and sum(fits(text) for text in said) >= _GUESS_SHARE * len(said)


def _is_phone(text: str) -> bool:
    return len(text) <= 24 and bool(first_phone(text))


def _is_wage(text: str) -> bool:
    return len(text) <= 40 and any(unit in text for unit in ("元", "块", "薪", "/月", "/天")) and parse_wage(text).min is not None
