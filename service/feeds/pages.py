"""A list that a server gives in pages: all of them, or a word about what is missing.

Lists move while they are read, servers give the same page twice, or stop half-way with a 200. Whatever makes it doubtful that we
have everything is a gap: what came is used, and nothing is closed for being absent.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from service.errors import Invalid, Refusal
from service.feeds.fetch import Answer, Limits, Resolve, fetch, resolve
from service.feeds.haul import Cursor, Haul
from service.feeds.tables import MAX_ROWS, Columns, Row
from service.feeds.way import Way

Flat = dict[str, str]
"""One record of the source: path to text (``employer.name``)."""
CLOCKS_APART = timedelta(minutes=5)
"""A delta by our own clock begins this much earlier: the server's may be behind."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, taken apart. ``total`` is None where the answer does not say how many there are in all."""

    items: tuple[Flat, ...]
    form: str
    total: int | None = None
    next: str = ""
    as_of: str = ""
    gone: tuple[str, ...] = ()


ReadPage = Callable[[Answer, Way], Page]


def collect(
    way: Way,
    columns: Columns,
    read: ReadPage,
    cursor: Cursor | None,
    *,
    now: datetime,
    full: bool = False,
    refresh: bool = False,
    find: Resolve = resolve,
) -> Haul:
    """Every page of a source. ``full``: the whole list although a delta would do; ``refresh``: even when it has not changed.

    Raises Refusal when the first page cannot be had; a later one that cannot is a gap.
    """
    paging, known = way.paging, cursor or Cursor()
    delta = bool(paging.since_param and known.since and known.full_at and now - known.full_at < paging.full_every) and not full
    headers = {} if delta or full or refresh or not way.conditional else conditions(known)
    found: list[Flat] = []
    seen: set[str] = set()
    gone: list[str] = []
    total: int | None = None
    number, repeated, gap, form, as_of = 0, 0, "", "", ""
    marks, digest = known, hashlib.sha256()
    url = _with(way.url, {paging.since_param: known.since} if delta else {}, _page(way, 0))
    began, size = time.monotonic(), 0
    while True:
        left = way.limits.pull_seconds - (time.monotonic() - began)
        if number and (left <= 0 or size > way.limits.pull_bytes):
            gap = f"取到第 {number} 页已经{_most(way.limits, left)}，后面的没有取"
            break
        try:
            once = replace(way.limits, whole_seconds=max(1.0, min(way.limits.whole_seconds, left)))
            answer = fetch(url, way.reach, once, headers=headers if number == 0 else {}, find=find)
            if answer.status == 304:
                return Haul((), "304", way.url[:256], "", mode="same", cursor=known)
            page = read(answer, way)
        except Refusal as trouble:
            if number == 0:
                raise
            gap = f"第 {number + 1} 页没有取到（{trouble.message}）"
            break
        digest.update(answer.body)
        size += len(answer.body)
        if number == 0:
            form, as_of, total = page.form, page.as_of, page.total
            marks = Cursor(etag=answer.etag, last_modified=answer.last_modified)
        gone += page.gone
        fresh = [item for item in page.items if _mark(item) not in seen]
        seen |= {_mark(item) for item in fresh}
        repeated += len(page.items) - len(fresh)
        if page.items and not fresh:
            gap = f"第 {number + 1} 页和前面的内容一样，对方的分页出了问题"
            break
        found += fresh
        if len(found) > MAX_ROWS:
            raise Invalid("feed_too_big", f"来源给的超过 {MAX_ROWS} 条，请联系对方分批。")
        number += 1
        url = _next(way, url, page, number, len(found) + repeated, total)
        if not url:
            break
        if number >= paging.most_pages:
            gap = f"超过 {paging.most_pages} 页还没有完，后面的没有取"
            break
    if not gap and total is not None and len(found) < total:
        gap = f"对方说有 {total} 条，只取到 {len(found)} 条"
    rows, dropped = _rows(found, columns, way)
    return Haul(
        rows=rows,
        form=form,
        name=way.url[:256],
        file_hash=digest.hexdigest(),
        mode="delta" if delta else "full",
        gone=frozenset((*gone, *dropped)),
        gap=gap,
        repeated=repeated,
        cursor=Cursor(
            since=as_of or (now - CLOCKS_APART).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            etag="" if delta else marks.etag,
            last_modified="" if delta else marks.last_modified,
            full_at=known.full_at if delta else now,
        ),
    )


def _rows(found: list[Flat], columns: Columns, way: Way) -> tuple[tuple[Row, ...], list[str]]:
    """The records that are there, and the ids of those that the source itself calls deleted."""
    rows: list[Row] = []
    gone: list[str] = []
    for flat in found:
        values = {name: next((flat[path] for path in paths if path in flat), "") for name, paths in columns.names.items()}
        if way.paging.deleted and flat.get(way.paging.deleted, "").casefold() in way.paging.deleted_values:
            gone.append(values.get("original_id", ""))
            continue
        absent = next((name for name in columns.required if not any(path in flat for path in columns.names[name])), "")
        rows.append(Row(len(rows) + 1, values, f"这一条里没有“{columns.names[absent][0]}”" if absent else ""))
    return tuple(rows), [one for one in gone if one]


def _most(limits: Limits, left: float) -> str:
    """Which bound of a pull was met."""
    return f"用了 {limits.pull_seconds / 60:.0f} 分钟" if left <= 0 else f"超过 {limits.pull_bytes // 2**20} MB"


def _mark(item: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(item.items())).encode()).hexdigest()


def conditions(known: Cursor) -> dict[str, str]:
    """What asks a server only for a list that is not the one we have."""
    asked = {"If-None-Match": known.etag} if known.etag else {}
    return asked | ({"If-Modified-Since": known.last_modified} if known.last_modified else {})


def _page(way: Way, number: int) -> dict[str, str]:
    paging = way.paging
    if not paging.page_param:
        return {}
    size = {paging.size_param: str(paging.size)} if paging.size_param else {}
    return {paging.page_param: str(paging.first_page + number), **size}


def _next(way: Way, url: str, page: Page, number: int, seen: int, total: int | None) -> str:
    """The address of the next page, empty when this was the last."""
    if way.paging.next:
        return urljoin(url, page.next) if page.next else ""
    if not way.paging.page_param or not page.items:
        return ""
    over = seen >= total if total is not None else len(page.items) < way.paging.size
    return "" if over else _with(url, {}, _page(way, number))


def _with(url: str, *more: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    for one in more:
        query |= one
    return urlunsplit(parts._replace(query=urlencode(query)))
