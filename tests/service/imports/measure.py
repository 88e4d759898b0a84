"""How long a sheet takes from the upload to the last job: ``python -m tests.service.imports.measure --rows 20000``.

The sheet is made up, its lines all different; one in fifty lacks its wage and is given back. Upload, preview, confirmation and
background work are those of the service, in one process, and so is the looking for duplicates that follows; ``--pool`` has so
many lines there already; ``--employer`` sends it as one employer and not as a station; ``--postgresql`` uses a server of its own
that is thrown away.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import flask

from service import clock
from service.app import create_app
from service.db import Database
from service.imports.models import SheetImport
from service.migrations.run import upgrade
from service.tasks.worker import Worker
from tests import servers
from tests.service.conftest import make_people, settings_for
from tests.service.imports.sheets import book, confirm, row, send, work

_TRADES = ("电焊工", "普工", "保安", "保洁员", "叉车司机", "服务员", "缝纫工", "装配工", "仓库管理员", "厨师", "木工", "钢筋工")
_PLACES = ("章贡区", "南康区", "赣县区", "信丰县", "于都县", "兴国县", "宁都县", "会昌县")
_WORK = ("流水线装配", "看大门，两班倒", "打扫办公楼", "钢结构焊接", "门店服务", "仓库收发货")


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds for upload and preview, for the work behind, those of the processor (the process that reads the file included),
    for what other features do with the new jobs afterwards (and of the processor), and the counts."""

    upload: float
    background: float
    processor: float
    afterwards: float
    afterwards_processor: float
    counts: dict[str, int]

    @property
    def whole(self) -> float:
        """Seconds from the first byte to the last job."""
        return self.upload + self.background


def sheet(rows: int, first: int = 0, *, employer: bool = False) -> bytes:
    """A workbook of so many lines, counted from ``first``; with ``employer`` all of one."""
    return book(*(_line(number, employer=employer) for number in range(first, first + rows)))


def _line(number: int, *, employer: bool) -> tuple[str, ...]:
    return row(
        number=f"B-{number}",
        title=_TRADES[number % len(_TRADES)],
        employer="" if employer else f"演示企业{number % 700}",
        headcount=str(1 + number % 40),
        wage="" if number % 50 == 49 else f"{4000 + number % 19 * 100}-{6000 + number % 41 * 100}元/月",
        content=f"{_WORK[number % len(_WORK)]}，第{number % 9 + 1}车间，包吃住，五险",
        address=f"赣州市{_PLACES[number % len(_PLACES)]}演示路{number % 300}号",
        phone=f"1380000{number % 10_000:04d}",
    )


def measure(app: flask.Flask, *contents: bytes, employer: bool = False) -> Figures:
    """Send sheets one after the other and work them off; the figures are of the last one. ``employer``: as an employer."""
    with app.extensions["database"].write_session() as session:
        people = make_people(session, clock.now())
    if employer:
        path, who = f"/v1/employers/{people.employer_id}/imports", people.employer
    else:
        path, who = f"/v1/stations/{people.station_id}/imports", people.staff
    return [_measure(app, content, path, who) for content in contents][-1]


def _processor() -> float:
    return sum(os.times()[:4])


def _measure(app: flask.Flask, content: bytes, path: str, who: dict[str, str]) -> Figures:
    database: Database = app.extensions["database"]
    client = app.test_client()
    begun, worked = time.perf_counter(), _processor()
    sent = send(client, path, content, who).get_json()
    uploaded = time.perf_counter()
    confirm(client, sent["import_id"], who)
    worker = Worker(database, app.extensions["settings"])
    while worker.step() and not _is_done(database, sent["import_id"]):
        pass
    done, worked = time.perf_counter(), _processor() - worked
    begun_after = _processor()
    work(app)  # what other features do with new jobs afterwards: find their duplicates
    counts: dict[str, int] = client.get(f"/v1/imports/{sent['import_id']}", headers=who).get_json()["counts"]
    after, after_worked = time.perf_counter() - done, _processor() - begun_after
    return Figures(uploaded - begun, done - uploaded, worked, after, after_worked, counts)


def _is_done(database: Database, import_id: int) -> bool:
    with database.read_session() as session:
        return session.get_one(SheetImport, import_id).state == "done"


def main() -> int:
    """Measure and print one line a kind of database."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=20_000)
    asked.add_argument("--pool", type=int, default=0)
    asked.add_argument("--employer", action="store_true")
    asked.add_argument("--postgresql", action="store_true")
    said = asked.parse_args()
    contents = [sheet(said.rows, employer=said.employer)]
    if said.pool:
        contents.insert(0, sheet(said.pool, said.rows, employer=said.employer))
    run = servers.own_run()
    try:
        with tempfile.TemporaryDirectory() as folder:
            url = _postgresql() if said.postgresql else f"sqlite:///{folder}/measure.db"
            figures = _on(url, Path(folder), contents, employer=said.employer)
    finally:
        servers.end_run(run)
    sys.stdout.write(
        f"{said.rows} rows, {len(contents[-1])} bytes: upload and preview {figures.upload:.1f} s, "
        f"background {figures.background:.1f} s, together {figures.whole:.1f} s "
        f"({figures.processor:.1f} s of the processor); duplicates afterwards {figures.afterwards:.1f} s "
        f"({figures.afterwards_processor:.1f} s of the processor); {figures.counts}\n"
    )
    return 0


def _on(url: str, directory: Path, contents: list[bytes], *, employer: bool) -> Figures:
    upgrade(url)
    app = create_app(settings_for(url, directory))
    try:
        return measure(app, *contents, employer=employer)
    finally:
        app.extensions["database"].close()


def _postgresql() -> str:
    servers.template(lambda _address: None)
    return "postgresql+psycopg://" + servers.clone("measure").split("://", 1)[1]


if __name__ == "__main__":
    sys.exit(main())
