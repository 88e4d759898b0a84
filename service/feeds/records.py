"""A source's rows to records: each cleaned and parsed, given a stable id, its duplicates and its missing elements found. No
database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from service.feeds.clean import Cleaned, Contact, cleaned, told
from service.feeds.record import ELEMENTS, Parsed, Unusable, as_json, content_hash, missing_elements
from service.feeds.source import FeedSource
from service.feeds.tables import Row
from service.feeds.trail import Trail, done, noted, stopped

INCOMPLETE = "elements_missing"
UNKNOWN = "lookup_unknown"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Record:
    """One row on its way. ``copy`` counts earlier rows of the same id; ``unusable`` is set when it must not be published.
    ``trail`` is what the first steps made of it."""

    row_no: int
    original_id: str
    copy: int
    raw: dict[str, str]
    parsed: Parsed | None
    unusable: Unusable | None
    missing: tuple[str, ...]
    content_hash: str
    contact: Contact = field(default_factory=Contact)
    trail: Trail = field(default_factory=dict)

    @property
    def kept(self) -> dict[str, Any] | None:
        """The parsed fields as they are kept."""
        return as_json(self.parsed) if self.parsed else None


def records_of(rows: Iterable[Row], source: FeedSource, form: str = "") -> Iterator[Record]:
    """Every row, in its order, as exactly one record. ``form`` is how the rows were read (``xlsx``, ``json/utf-8``)."""
    first: dict[str, tuple[str, str]] = {}
    copies: dict[str, int] = {}
    for row in rows:
        record = record_of(row, source, form)
        copy = copies.get(record.original_id, 0)
        copies[record.original_id] = copy + 1
        place = row.place or f"第 {row.number} 行"
        before = first.setdefault(record.original_id, (place, record.content_hash))
        if copy:
            record = _as_copy(record, copy, before)
        yield record


def record_of(row: Row, source: FeedSource, form: str = "", *, kept: Contact | None = None, original_id: str = "") -> Record:
    """One row by itself. ``kept`` and ``original_id``: of an earlier look at the same row."""
    clean = cleaned(row.values, kept)
    parsed, unusable, trail = _parse(row, clean, source, form)
    return assembled(
        source,
        row_no=row.number,
        # The raw row, not the cleaned one: a better cleaning must find the same record again.
        original_id=original_id or _id_of(clean.raw, parsed, row.series),
        raw=clean.raw,
        parsed=parsed,
        unusable=unusable,
        contact=clean.contact,
        trail=trail,
    )


def assembled(
    source: FeedSource,
    *,
    row_no: int,
    original_id: str,
    raw: dict[str, str],
    parsed: Parsed | None,
    unusable: Unusable | None = None,
    contact: Contact | None = None,
    trail: Trail | None = None,
) -> Record:
    """A record out of its parts: what it lacks, and the hash of what it says."""
    shown_with = {"label": source.label, "legal": source.legal_basis, "name": source.name, "class": source.source_class}
    missing = missing_elements(parsed) if parsed else ()
    if unusable is None and source.source_class == "vacancy" and missing:
        unusable = _incomplete(missing)
    digest = content_hash({**shown_with, **as_json(parsed)} if parsed else dict(raw))
    return Record(row_no, original_id, 0, raw, parsed, unusable, missing, digest, contact or Contact(), trail or {})


def _as_copy(record: Record, copy: int, before: tuple[str, str]) -> Record:
    unusable, trail = record.unusable, dict(record.trail)
    if unusable is None or unusable.code == INCOMPLETE:
        unusable = _duplicate(before, record.content_hash, record.original_id)
        trail["deduplicated"] = stopped(unusable.code, unusable.reason)
    return Record(
        record.row_no,
        record.original_id,
        copy,
        record.raw,
        record.parsed,
        unusable,
        record.missing,
        record.content_hash,
        record.contact,
        trail,
    )


def _id_of(raw: Mapping[str, str], parsed: Parsed | None, series: str) -> str:
    """The source's own id, or one that the whole row's content gives: the same row has it again in the next file."""
    said = parsed.original_id if parsed else ""
    said = f"{series}:{said}" if said and series else said
    return said if 0 < len(said) <= 128 else "c-" + content_hash(raw)[:24]


def _parse(row: Row, clean: Cleaned, source: FeedSource, form: str) -> tuple[Parsed | None, Unusable | None, Trail]:
    trail: Trail = {"fetched": done(form, row.place)}
    if row.shape:
        unusable = Unusable("row_shape", f"{row.shape}，栏目错位，不能确定哪一格是什么。")
        return None, unusable, {**trail, "parsed": stopped(unusable.code, unusable.reason)}
    trail["parsed"] = done()
    if clean.lost:
        unusable = Unusable("text_broken", f"有的字已经损坏，读不出来（{told(clean.lost[:3])}），请联系对方重新导出。")
        return None, unusable, {**trail, "normalised": stopped(unusable.code, unusable.reason)}
    try:
        answer = source.parse(clean.values, source.lookups)
    except Exception as wrong:  # noqa: BLE001  one odd row must not cost the other 20,000; it is kept and listed with this reason
        log.info("feed_parse_failed", source=source.key, row=row.number, error=type(wrong).__name__)
        unusable = Unusable("parse_failed", "读这一行时程序出错，请告诉维护人员。")
        return None, unusable, {**trail, "normalised": stopped(unusable.code, unusable.reason)}
    if isinstance(answer, Unusable):
        return None, answer, {**trail, "normalised": stopped(answer.code, answer.reason)}
    trail["normalised"] = _normalised(clean, answer)
    return answer, None, trail


def _normalised(clean: Cleaned, parsed: Parsed) -> list[str]:
    said = [clean.told()] if clean.notes else []
    if parsed.unknown:
        return noted(UNKNOWN, "；".join((f"来源用了没有见过的代码，这一项先空着：{'、'.join(parsed.unknown)}", *said)))
    return noted(next(iter(clean.notes)), said[0]) if said else done()


def _duplicate(before: tuple[str, str], digest: str, original_id: str) -> Unusable:
    where, said = before
    if said == digest:
        return Unusable("duplicate", f"与{where}完全相同，只用那一行。")
    return Unusable("duplicate_id", f"编号 {original_id[:40]} 与{where}重复而内容不同，只用那一行。")


def _incomplete(missing: tuple[str, ...]) -> Unusable:
    names = "、".join(ELEMENTS[code] for code in missing)
    return Unusable(INCOMPLETE, f"缺少法定内容：{names}（人力资源市场暂行条例第二十四条），补齐后再发布。", "held")
