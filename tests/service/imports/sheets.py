"""Sheets as clerks make them, and the way of one through the API."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import flask
import xlsxwriter
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from service.db import Database
from service.imports import tasks as _registered  # noqa: F401  importing registers what is done in the background
from service.imports.models import SheetJob
from service.jobs.models import Job, JobChange, JobHistory
from service.sheets.cells import Limits
from service.sheets.read import read_book
from service.tasks.worker import Worker

HEADER = ("编号", "岗位名称", "用人单位", "招聘人数", "工资待遇", "年龄", "工作内容", "工作地点", "联系人", "联系电话")
GOOD = (
    "A-1", "电焊工", "演示钢构厂", "5", "7000-9000元/月", "18-60岁", "钢结构焊接，白班，包吃住", "赣州市章贡区演示路1号",
    "演示甲", "13800000001",
)  # fmt: skip
PLENTY = Limits("sheet_file", file_bytes=10**7, plain_bytes=10**8, rows=100_000, columns=200, cells=10**7)
"""More than any sheet of a test."""
PHONE = "13800000001"
_numbers = itertools.count(1)
Fill = Callable[[Any, Any], None]


def row(**changes: str) -> tuple[str, ...]:
    """A line that may be published, with some cells changed (by the English name of the column)."""
    names = ("number", "title", "employer", "headcount", "wage", "age", "content", "address", "contact", "phone")
    return tuple(changes.get(name, text) for name, text in zip(names, GOOD, strict=True))


def made(fill: Fill) -> bytes:
    """A workbook with whatever ``fill(book, page)`` does to it."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        fill(book, book.add_worksheet("岗位"))
    return out.getvalue()


def book(*rows: Sequence[str], header: Sequence[str] = HEADER) -> bytes:
    """A plain sheet."""

    def fill(_book: Any, page: Any) -> None:
        for number, cells in enumerate((header, *rows)):
            page.write_row(number, 0, cells)

    return made(fill)


def send(
    client: FlaskClient, path: str, content: bytes, headers: dict[str, str], *, name: str = "岗位.xlsx", key: str = ""
) -> TestResponse:
    """Upload a file."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return client.post(
        path,
        data=head + content + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
        headers=headers | {"Idempotency-Key": key or f"sheet-{next(_numbers):06d}"},
    )


def confirm(client: FlaskClient, import_id: int, headers: dict[str, str], said: dict[str, Any] | None = None) -> TestResponse:
    """Say that it was understood."""
    return client.post(
        f"/v1/imports/{import_id}/confirm",
        json=said or {},
        headers=headers | {"Idempotency-Key": f"confirm-{next(_numbers):06d}"},
    )


def work(app: flask.Flask) -> None:
    """Do all background work that waits."""
    database: Database = app.extensions["database"]
    worker = Worker(database, app.extensions["settings"])
    while worker.step():
        pass


def through(
    app: flask.Flask,
    path: str,
    content: bytes,
    headers: dict[str, str],
    *,
    name: str = "岗位.xlsx",
    said: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A file all the way; the import as it stands in the end."""
    client = app.test_client()
    sent = send(client, path, content, headers, name=name)
    assert sent.status_code == 201, sent.get_json()
    import_id = sent.get_json()["import_id"]
    begun = confirm(client, import_id, headers, said)
    assert begun.status_code == 202, begun.get_json()
    work(app)
    answer: dict[str, Any] = client.get(f"/v1/imports/{import_id}", headers=headers).get_json()
    assert answer["state"] == "done", answer
    return answer


def lines(client: FlaskClient, import_id: int, headers: dict[str, str]) -> list[dict[str, Any]]:
    """What became of each line."""
    found: list[dict[str, Any]] = client.get(f"/v1/imports/{import_id}/lines?limit=500", headers=headers).get_json()["items"]
    return found


def cells_of(content: bytes) -> list[list[str]]:
    """The first sheet of a workbook that we gave out."""
    return read_book(content, "a.xlsx", PLENTY).sheets[0].grid


def jobs(database: Database) -> list[Job]:
    """All jobs, the oldest first."""
    with database.read_session() as session:
        return list(session.scalars(select(Job).order_by(Job.job_id)))


def everything_written(database: Database) -> list[int]:
    """How much of jobs and their stories there is, and their versions."""
    with database.read_session() as session:
        counts = [
            session.scalar(select(func.count()).select_from(table)) or 0 for table in (Job, JobHistory, JobChange, SheetJob)
        ]
        return [*counts, session.scalar(select(func.sum(Job.version))) or 0]
