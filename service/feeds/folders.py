"""A folder into which an office puts its sheets. All of them together are the list; one that cannot be read is a gap."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import replace
from pathlib import Path

from service.errors import Invalid
from service.feeds.haul import Haul
from service.feeds.tables import MAX_ROWS, Columns, Row, read_table
from service.feeds.way import Way

MOST_FILES = 500
MOST_BYTES = 500 * 2**20
_DATE = re.compile(r"(20\d{2})[-_.年]?(\d{1,2})[-_.月]?(\d{1,2})")


def collect_folder(way: Way, columns: Columns) -> Haul:
    """The rows of all sheets that count. With ``series`` (a pattern whose match names the sender) only the newest sheet of each
    sender does, and the numbers of its rows are that sender's.

    Raises Invalid ``feed_folder_missing`` or ``feed_folder_empty``, and what the first sheet says when none can be read.
    """
    folder = way.folder
    if folder is None or not folder.is_dir():
        raise Invalid("feed_folder_missing", f"找不到文件夹 {folder.name if folder else ''}，请先建好并放入表格。")
    files = _newest([path for path in sorted(folder.glob(way.pattern)) if _counts(path, folder)], way.series)
    if not files:
        raise Invalid("feed_folder_empty", f"文件夹 {folder.name} 里没有表格，请放入后再导入。")
    if len(files) > MOST_FILES or sum(path.stat().st_size for path in files) > MOST_BYTES:
        raise Invalid(
            "feed_too_big", f"文件夹 {folder.name} 里的表格超过 {MOST_FILES} 个或 {MOST_BYTES // 2**20} MB，请清理旧的。"
        )
    rows: list[Row] = []
    digest, forms, refused = hashlib.sha256(), set[str](), list[Invalid]()
    for path in files:
        try:
            _still(path, way.still_seconds)
            table = read_table(path, columns)
        except Invalid as trouble:
            refused.append(trouble)
            continue
        if len(rows) + len(table.rows) > MAX_ROWS:
            raise Invalid("feed_too_big", f"文件夹 {folder.name} 里的表格合起来超过 {MAX_ROWS} 行，请清理旧的。")
        sender = _sender(path, way.series) if way.series else ""
        rows += [
            replace(row, number=len(rows) + at, series="/".join(part for part in (sender, row.series) if part))
            for at, row in enumerate(table.rows, start=1)
        ]
        forms.add(table.form)
        digest.update(table.file_hash.encode())
    if len(refused) == len(files):
        raise refused[0]
    gap = f"{len(refused)} 个表格没有读成：{refused[0].message}" if refused else ""
    return Haul(tuple(rows), "+".join(sorted(forms)), folder.name[:256], digest.hexdigest(), gap=gap)


def _still(path: Path, seconds: float) -> None:
    """Raises Invalid for a file that may still be on its way."""
    if time.time() - path.stat().st_mtime < seconds:
        raise Invalid("feed_file_moving", f"文件 {path.name} 刚放进来，可能还没有复制完，请过一会儿再导入。")


def _counts(path: Path, folder: Path) -> bool:
    """Real files of this folder only: no traces of an open editor, no links that lead elsewhere."""
    if path.name.startswith(("~$", ".")) or path.is_symlink() or not path.is_file():
        return False
    return path.resolve().parent == folder.resolve()


def _newest(files: list[Path], series: str) -> list[Path]:
    """Of each series the newest sheet: by the date in its name, then by when it was written."""
    if not series:
        return files
    newest: dict[str, Path] = {}
    for path in sorted(files, key=_age):
        newest[_sender(path, series)] = path
    return sorted(newest.values())


def _sender(path: Path, series: str) -> str:
    match = re.search(series, path.stem)
    return match[0] if match else path.stem


def _age(path: Path) -> tuple[int, int, int, float]:
    match = _DATE.search(path.stem)
    year, month, day = (int(part) for part in match.groups()) if match else (0, 0, 0)
    return year, month, day, path.stat().st_mtime
