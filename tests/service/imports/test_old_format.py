"""An .xls of the old kind (BIFF8) all the way. ``demo.xls`` was written once with xlwt 1.3.0, which is no dependency: a merged
title over eleven columns, a header, two made-up lines with a merged employer, real numbers and days, a note, a hidden sheet."""

from __future__ import annotations

from pathlib import Path

import flask
from flask.testing import FlaskClient

from service.db import Database
from service.sheets.read import read_book
from tests.service.conftest import People
from tests.service.imports.sheets import PLENTY, jobs, send, through

_DEMO = Path(__file__).parent / "demo.xls"


def test_an_xls_of_an_old_computer(app: flask.Flask, people: People, station: str, database: Database) -> None:
    done = through(app, station, _DEMO.read_bytes(), people.staff, name="岗位.xls")
    assert (done["form"], done["rows"]) == ("xls", 2)
    assert done["counts"] == {"published": 2, "unchanged": 0, "held": 0, "rejected": 0}, done["reasons"]
    assert done["sheets"][0]["notes"] == ["备注：以上岗位均为演示，内容虚构。"]
    assert [sheet["name"] for sheet in done["sheets"] if not sheet["skipped"]] == ["招聘岗位"]
    found = [(job.employer_name, job.title, job.headcount, job.wage_min, job.wage_max) for job in jobs(database)]
    assert found == [("演示钢构厂", "电焊工", 5, 7000, 9000), ("演示钢构厂", "仓库管理员", 2, 5000, 6000)]
    grid = read_book(_DEMO.read_bytes(), "a.xls", PLENTY).sheets[0].grid
    assert [cells[9:] for cells in grid[2:4]] == [["13800000001", "2026-11-20"], ["13800000002", "2026-11-20"]]


def test_one_that_was_cut_is_told_as_such(client: FlaskClient, people: People, station: str) -> None:
    refused = send(client, station, _DEMO.read_bytes()[:3000], people.staff, name="岗位.xls")
    assert (refused.status_code, refused.get_json()["error"]) == (422, "sheet_file_cut")
