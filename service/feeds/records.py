"""A file's rows to records: each parsed, given a stable id, its duplicates and its missing elements found. No database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from service.feeds.record import ELEMENTS, Parsed, Unusable, as_json, content_hash, missing_elements
from service.feeds.source import FeedSource
from service.feeds.tables import Row, Table
from service.jobs.contacts import without_contacts


@dataclass(frozen=True, slots=True)
class Record:
    """One row on its way. ``copy`` counts earlier rows of the same id; ``unusable`` is set when it must not be published."""

    row_no: int
    original_id: str
    copy: int
    raw: dict[str, str]
    parsed: Parsed | None
    unusable: Unusable | None
    missing: tuple[str, ...]
    content_hash: str

    @property
    def kept(self) -> dict[str, Any] | None:
        """The parsed fields as they are kept."""
        return as_json(self.parsed) if self.parsed else None


def records_of(table: Table, source: FeedSource) -> Iterator[Record]:
    """Every row of the table, in its order, as exactly one record."""
    first: dict[str, tuple[int, str]] = {}
    copies: dict[str, int] = {}
    shown_with = {"label": source.label, "legal": source.legal_basis, "name": source.name, "class": source.source_class}
    for given in table.rows:
        # Contacts are taken out before anything else sees the row, so that no copy of it keeps them.
        row = replace(
            given, values={name: text if name == "original_id" else without_contacts(text) for name, text in given.values.items()}
        )
        parsed, unusable = _parse(row, source)
        original_id = _id_of(row, parsed)
        missing = missing_elements(parsed) if parsed else ()
        digest = content_hash({**shown_with, **as_json(parsed)} if parsed else dict(row.values))
        copy = copies.get(original_id, 0)
        copies[original_id] = copy + 1
        if unusable is None:
            before = first.get(original_id)
            if before is not None:
                unusable = _duplicate(before, digest, original_id)
            elif source.source_class == "vacancy" and missing:
                unusable = _incomplete(missing)
        first.setdefault(original_id, (row.number, digest))
        yield Record(row.number, original_id, copy, row.values, parsed, unusable, missing, digest)


def _id_of(row: Row, parsed: Parsed | None) -> str:
    """The file's own id, or one that the whole row's content gives: the same row has it again in the next file."""
    said = parsed.original_id if parsed else ""
    return said if 0 < len(said) <= 128 else "c-" + content_hash(row.values)[:24]


def _parse(row: Row, source: FeedSource) -> tuple[Parsed | None, Unusable | None]:
    if row.shape:
        return None, Unusable("row_shape", f"{row.shape}，栏目错位，不能确定哪一格是什么。")
    try:
        answer = source.parse(row.values, source.lookups)
    except Exception as wrong:  # noqa: BLE001  one odd row must not cost the other 20,000; it is kept and listed with this reason
        return None, Unusable("parse_failed", f"读这一行时程序出错（{type(wrong).__name__}），请告诉维护人员。")
    return (answer, None) if isinstance(answer, Parsed) else (None, answer)


def _duplicate(before: tuple[int, str], digest: str, original_id: str) -> Unusable:
    row_no, said = before
    if said == digest:
        return Unusable("duplicate", f"与第 {row_no} 行完全相同，只用第 {row_no} 行。")
    return Unusable("duplicate_id", f"编号 {original_id[:40]} 与第 {row_no} 行重复而内容不同，只用第 {row_no} 行。")


def _incomplete(missing: tuple[str, ...]) -> Unusable:
    names = "、".join(ELEMENTS[code] for code in missing)
    return Unusable("elements_missing", f"缺少法定内容：{names}（人力资源市场暂行条例第二十四条），补齐后再发布。", "held")
