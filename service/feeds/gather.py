"""Bring a source's records home in the way that its source.toml says."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from service.errors import Invalid
from service.feeds.fetch import Resolve, fetch, resolve
from service.feeds.folders import collect_folder
from service.feeds.haul import Cursor, Haul, of_table
from service.feeds.json_pages import read_json
from service.feeds.pages import collect, conditions
from service.feeds.source import FeedSource
from service.feeds.tables import read_table, table_of
from service.feeds.xml_pages import read_xml


def gather(
    source: FeedSource,
    cursor: Cursor | None,
    *,
    now: datetime,
    path: Path | None = None,
    full: bool = False,
    refresh: bool = False,
    find: Resolve = resolve,
) -> Haul:
    """``path``: this file instead. See :func:`service.feeds.pages.collect` for the rest. Raises Refusal with one sentence."""
    way = source.way
    if path is not None or way.form == "file":
        file = path or source.file
        return of_table(read_table(file, source.columns), file.name)
    if way.remote and not way.url:
        raise Invalid("feed_not_set_up", f"来源 {source.key} 还没有启用：请先填好它的地址（见 docs/feeds.md）。")
    if way.form == "folder":
        return collect_folder(way, source.columns)
    if way.form == "table":
        return _table(source, cursor, now=now, always=full or refresh, find=find)
    read = read_json if way.form == "json" else read_xml
    return collect(way, source.columns, read, cursor, now=now, full=full, refresh=refresh, find=find)


def _table(source: FeedSource, cursor: Cursor | None, *, now: datetime, always: bool, find: Resolve) -> Haul:
    way = source.way
    asked = {} if always or not way.conditional or cursor is None else conditions(cursor)
    answer = fetch(way.url, way.reach, way.limits, headers=asked, find=find)
    name = way.url.rpartition("/")[2].partition("?")[0][:256] or source.key
    if answer.status == 304:
        return Haul((), "304", name, "", mode="same", cursor=cursor)
    table = table_of(answer.body, name, source.columns)
    return Haul(
        table.rows,
        table.form,
        name,
        hashlib.sha256(answer.body).hexdigest(),
        cursor=Cursor(etag=answer.etag, last_modified=answer.last_modified, full_at=now),
    )
