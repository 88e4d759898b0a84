"""A table that a server gives: CSV and Excel by URL, asked for again only when it has changed."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import select

from service.db import Database
from service.errors import Refusal
from service.feeds.ingest import pull
from service.feeds.report import Report
from service.feeds.source import FeedSource, from_settings
from service.jobs.models import Job
from tests.service.feeds.conftest import COLUMNS, NOW, csv_bytes, parse, row
from tests.service.feeds.serving import Server, says, sleeps

Run = Callable[..., Report]


def excel(rows: list[dict[str, str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        for at, one in enumerate(rows, start=1):
            sheet.write_row(at, 0, [one[name] for name in COLUMNS])
    return out.getvalue()


@pytest.fixture
def source(server: Server) -> FeedSource:
    return from_settings(
        "demo_table",
        {
            "source": {
                "name": "演示来源", "class": "vacancy", "publisher": "演示县人社局", "publisher_class": "public",
                "url": "https://example.org/", "licence": "演示", "legal_basis": "演示", "rhythm": "每天", "valid_days": 60,
            },
            "bounds": {"rows": [1, 100], "publishable": [1, 100], "vanish_share": 0.5},
            "fetch": {
                "way": "table", "url": f"{server.url}/jobs.csv", "allow": [server.url], "conditional": True,
                "limits": {"tries": 1, "whole_seconds": 2, "plain_bytes": 2_000_000},
            },
            "columns": {
                "required": ["title", "place"],
                "names": {"original_id": ["id"], **{name: [name] for name in COLUMNS if name != "id"}},
            },
        },
        parse,
    )  # fmt: skip


@pytest.fixture
def run(feed_database: Database, source: FeedSource) -> Run:
    def once(*, hours: int = 0, **more: Any) -> Report:
        return pull(feed_database, source, now=NOW + timedelta(hours=hours), write=True, **more)

    return once


def shown(database: Database) -> set[str]:
    with database.read_session() as session:
        return {str(one) for one in session.scalars(select(Job.original_id).where(Job.status == "open"))}


ROWS = [row(1), row(2), row(3)]


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (csv_bytes(ROWS, "gb18030"), "gb18030"),
        (csv_bytes(ROWS, "utf-8-sig"), "utf-8"),
        (gzip.compress(csv_bytes(ROWS)), "utf-8"),
        (excel(ROWS), "xlsx"),
    ],
    ids=["GB18030", "UTF-8 with a mark", "packed", "Excel"],
)
def test_it_is_what_its_bytes_say(feed_database: Database, server: Server, run: Run, body: bytes, form: str) -> None:
    server.paths["/jobs.csv"] = says(body, Content_Type="text/csv; charset=utf-8")
    report = run()
    assert (report.form, report.outcomes) == (form, {"published": 3})
    assert shown(feed_database) == {"V1", "V2", "V3"}


def test_it_is_read_again_only_when_it_has_changed(feed_database: Database, server: Server, run: Run) -> None:
    version = ["1"]

    def answer(request: BaseHTTPRequestHandler) -> None:
        mark = f'"{version[0]}"'
        if request.headers.get("If-None-Match") == mark:
            says(b"", 304, ETag=mark)(request)
        else:
            says(csv_bytes(ROWS if version[0] == "1" else ROWS[:2]), ETag=mark)(request)

    server.paths["/jobs.csv"] = answer
    assert run().mode == "full"
    assert run(hours=1).mode == "same"
    assert run(hours=2, full=True).mode == "full"
    version[0] = "2"
    assert run(hours=3).closed == 1
    assert shown(feed_database) == {"V1", "V2"}


@pytest.mark.parametrize(
    "trouble",
    [
        says(csv_bytes(ROWS)[:-30]),
        says(csv_bytes(ROWS), Content_Length="90000"),
        says(csv_bytes([])),
        says(b"<html>busy</html>"),
        says(b"", 500),
        says(gzip.compress(b"a,b\n" * 20_000_000)),
        sleeps,
        says(b"", 302, Location="http://169.254.169.254/latest/meta-data"),
    ],
    ids=["last line cut", "cut off", "no rows", "a web page", "500", "bomb", "slow", "private address"],
)
@pytest.mark.costly
def test_what_is_not_the_table_closes_nothing(
    feed_database: Database, server: Server, run: Run, trouble: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    server.paths["/jobs.csv"] = says(csv_bytes(ROWS))
    run()
    server.paths["/jobs.csv"] = trouble
    with pytest.raises(Refusal):
        run(hours=1)
    assert shown(feed_database) == {"V1", "V2", "V3"}
