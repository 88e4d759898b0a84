"""The fixed pool that queries are judged over: real postings and hand-written ones, read by the rules that the service uses.

A job's number says where it comes from and never changes while its source file stands: the invented market (1 to 999), the
hand-written gigs (1,000 and the number of the line) and listings (2,000 and the place in the table), the governments' lists of
wanted positions (100,000 and the row) and the adverts of December 2023 (200,000 and the row), the last two real. The rows of the
real files are chosen by what is printed in them alone, so that no rule of the engine can move the pool.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from matching.model import Job
from seed_jobs import written
from service.feeds.records import records_of
from service.feeds.settle import settle
from service.feeds.source import open_source
from service.feeds.tables import Row, read_table
from service.indexing.rows import engine_job
from service.jobs.advert import Advert, Reading, read_advert
from service.jobs.models import Job as Stored
from service.jobs.put import default_end
from tests.relevance.market import MARKET, NOW

MOMENT: Final = datetime.fromtimestamp(NOW, UTC)
GIGS, LISTINGS, LISTS, ADVERTS = 1_000, 2_000, 100_000, 200_000
_REAL: Final = {"shortage_lists": (LISTS, "occupation"), "job51_sample": (ADVERTS, "title")}
_MANUAL: Final = re.compile(
    r"工$|师傅|司机|驾驶|保安|保洁|保姆|月嫂|护理|服务|操作|质检|厨|仓|配送|快递|骑手|收银|营业|理货|文员|客服|学徒"
)
_KEPT: Final = ((_MANUAL, 2), (re.compile(""), 24))
"""Of the rows with work of the hand one in two, of the others one in 24: the second are in the way of who looks for the first."""


@cache
def pool() -> dict[int, Job]:
    """All jobs by number, open at ``MOMENT``."""
    jobs = {job.job_id: job for job in MARKET.values()}
    for row in written.gig_rows():
        period = written.gig_period(row, written.first_day(MOMENT))
        published = MOMENT - written.hours_ago(row["no"], 72)
        advert = written.gig_advert(row, employer_id=1, station_id=None, period=period, published_at=published)
        _add(jobs, GIGS + int(row["no"][1:]), advert, read_advert(advert, MOMENT))
    streams = {row["code"]: written.stream_period(row, written.first_day(MOMENT)) for row in written.rows("streams.csv")}
    for place, row in enumerate(written.rows("live.csv"), start=1):
        published = MOMENT - written.hours_ago(row["stream"] + row["no"], 48)
        stream = streams[row["stream"]]
        advert = written.live_advert(row, employer_id=1, session_id=1, stream=stream, published_at=published)
        _add(jobs, LISTINGS + place, advert, read_advert(advert, MOMENT))
    for key, (base, column) in _REAL.items():
        source = open_source(key)
        table = read_table(source.file, source.columns)
        chosen = replace(table, rows=tuple(row for row in table.rows if _kept(row, column)))
        for record in records_of(chosen.rows, source):
            settled = settle(record, None, source, MOMENT)
            if settled.advert is not None and settled.reading is not None:
                _add(jobs, base + record.row_no, settled.advert, settled.reading)
    return jobs


def origin(job_id: int) -> str:
    """Where a job comes from, in one word; only ``list`` and ``advert`` are real."""
    bounds = ((ADVERTS, "advert"), (LISTS, "list"), (LISTINGS, "listing"), (GIGS, "gig"))
    return next((name for least, name in bounds if job_id >= least), "market")


def is_real(job_id: int) -> bool:
    """Whether the posting was really published somewhere, and not written for this project."""
    return job_id >= LISTS


def _kept(row: Row, column: str) -> bool:
    said = row.values.get(column, "")
    every = next(every for pattern, every in _KEPT if pattern.search(said))
    return int.from_bytes(hashlib.sha256(f"{row.number} {said}".encode()).digest()[:4], "big") % every == 0


def _add(jobs: dict[int, Job], number: int, advert: Advert, reading: Reading) -> None:
    fields: dict[str, Any] = dict(reading.fields)
    fields["published_at"] = fields["published_at"] or MOMENT
    fields["valid_until"] = fields["valid_until"] or default_end(advert, MOMENT)
    jobs[number] = engine_job(Stored(job_id=number, applications=0, **fields))
