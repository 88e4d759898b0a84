"""A file at which its reader dies is refused in Chinese; the process that asked lives on, in every place where files are read."""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from service.db import Database
from service.errors import Invalid, Unavailable
from service.feeds.ingest import pull
from service.feeds.source import open_source
from service.imports.limits import bounds
from service.sheets import apart, child
from service.sheets.cells import Limits
from service.sheets.read import read_book
from tests.service.conftest import People
from tests.service.feeds.conftest import NOW
from tests.service.imports.sheets import send
from tests.service.live.test_streams import stream_body
from tests.service.sheets import bombs

FAR = "XFD1048576"
LIMITS = Limits("sheet_file", file_bytes=2**20, plain_bytes=4 * 2**20, rows=1_000, columns=50, cells=20_000, sheets=5)
TOO_BIG, FORMAT, CUT = "sheet_file_too_big", "sheet_file_format", "sheet_file_cut"
BOMBS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "a far cell": (lambda: bombs.archive(bombs.cell(f'r="{FAR}"')), {TOO_BIG}),
    "single quotes": (lambda: bombs.archive(bombs.cell(f"r='{FAR}'")), {TOO_BIG}),
    "blanks": (lambda: bombs.archive(bombs.cell(f'r = "{FAR}"')), {TOO_BIG}),
    "a new line": (lambda: bombs.archive(bombs.cell(f'r\n=\n"{FAR}"')), {TOO_BIG}),
    "no word like a sheet in the name": (lambda: bombs.archive(bombs.cell(f'r="{FAR}"'), "xl/a/b.xml"), {TOO_BIG}),
    "the name of the texts": (lambda: bombs.archive(bombs.cell(f'r="{FAR}"'), "xl/sharedStrings.xml"), {TOO_BIG}),
    "the name of a picture": (lambda: bombs.archive(bombs.cell(f'r="{FAR}"'), "xl/media/a.png"), {TOO_BIG}),
    "written as a number of a letter": (lambda: bombs.archive(bombs.cell('r="&#88;FD1048576"')), {TOO_BIG, CUT}),
    "a far row": (lambda: bombs.archive("</row><row r='1048576'>" + bombs.cell("r='XFD1048576'")), {TOO_BIG}),
    "a far row alone": (lambda: bombs.archive("</row><row r='1048576'>" + bombs.cell("")), {TOO_BIG}),
    "everything is one cell, often": (lambda: bombs.merged(20_000), {TOO_BIG}),
    "an .ods": (bombs.open_document, {FORMAT}),
    "an .xls": (lambda: bombs.old_book(65_535, 65_535), {TOO_BIG}),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(name: str) -> None:
    make, codes = BOMBS[name]
    with pytest.raises(Invalid) as refused:
        read_book(make(), "a.xlsx", LIMITS)
    assert refused.value.error in codes
    assert refused.value.message.endswith("。")


def test_the_same_files_without_what_makes_them_bombs_are_read() -> None:
    assert [len(sheet.grid) for sheet in read_book(bombs.archive(bombs.cell("r = 'B2'"), "xl/a/b.xml"), "a", LIMITS).sheets] == [
        2
    ]
    assert read_book(bombs.old_book(1, 1), "a.xls", LIMITS).sheets[0].grid == [["1", ""], ["", "1"]]
    assert read_book(bombs.merged(1), "a.xlsx", LIMITS).sheets[0].grid[5][5] == "x"


def test_what_takes_too_long_ends() -> None:
    with pytest.raises(Invalid) as refused:
        read_book(bombs.archive(), "a.xlsx", replace(LIMITS, seconds=0))
    assert refused.value.error == TOO_BIG


def test_as_many_are_read_at_a_time_as_there_are_places() -> None:
    taken = [apart._places.acquire(blocking=False) for _ in range(apart.AT_ONCE)]
    assert all(taken)
    try:
        with pytest.raises(Unavailable) as refused:
            read_book(bombs.archive(), "a.xlsx", replace(LIMITS, seconds=0))
        assert refused.value.error == "sheet_reader_busy"
    finally:
        apart._places.release(apart.AT_ONCE)
    assert read_book(bombs.archive(), "a.xlsx", LIMITS).sheets


def test_the_largest_sheet_of_an_import_has_room() -> None:
    """The bound is far below what a machine has, and above what 60 MB of cells need."""
    assert child.memory(bounds(NOW).sheet) < 600 * 2**20


@pytest.mark.parametrize("name", ["no word like a sheet in the name", "an .xls"])
def test_an_import(client: FlaskClient, people: People, name: str) -> None:
    answer = send(client, f"/v1/stations/{people.station_id}/imports", BOMBS[name][0](), people.staff)
    assert (answer.status_code, answer.get_json()["error"]) == (422, "sheet_file_too_big")


@pytest.mark.parametrize("name", ["no word like a sheet in the name", "an .xls"])
def test_a_running_order(client: FlaskClient, people: People, name: str) -> None:
    stream = client.post("/v1/live-sessions", json=stream_body(), headers=people.bureau | {"Idempotency-Key": "stream-00001"})
    answer = client.post(
        f"/v1/live-sessions/{stream.get_json()['code']}/listings:import",
        data={"file": (io.BytesIO(BOMBS[name][0]()), "岗位表.xlsx")},
        headers=people.bureau,
    )
    assert (answer.status_code, answer.get_json()["error"]) == (422, "running_order_too_big")


@pytest.mark.parametrize("name", ["no word like a sheet in the name", "an .xls"])
def test_a_feed(app: flask.Flask, tmp_path: Path, name: str) -> None:
    database: Database = app.extensions["database"]
    folder = tmp_path / "county_sheets"
    folder.mkdir()
    (tmp_path / "county_sheets.toml").write_text("[source]\nenabled = true\n", encoding="utf-8")
    (folder / "a.xlsx").write_bytes(BOMBS[name][0]())
    os.utime(folder / "a.xlsx", (0, 0))
    with pytest.raises(Invalid) as refused:
        pull(database, open_source("county_sheets", tmp_path), now=NOW, write=True)
    assert refused.value.error == "feed_file_too_big"


def test_a_long_text_that_covers_many_places_is_read_once() -> None:
    words = "缝\u200b" * 100_000
    page = f"<table><tr><th>岗位</th></tr><tr><td rowspan=200 colspan=50>{words}</td></tr></table>".encode()
    began = time.process_time()
    with contextlib.suppress(Invalid):
        read_book(page, "页.xls", LIMITS)
    assert time.process_time() - began < 5
