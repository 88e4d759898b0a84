"""Load everything of a fresh start into a database; a second time finds it all unchanged.

What people did since is kept: adverts edited by an account, closed adverts, workers' own changes. Gigs and streams that are
over are given new days, counted from the day of loading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from seed_jobs import written
from seed_jobs.people import load_accounts, load_employers, load_stations, load_workers
from seed_jobs.summary import Summary, update
from seed_jobs.written import Period, Row
from service.db import Database
from service.feeds.ingest import pull
from service.feeds.models import FeedRun
from service.feeds.source import FeedSource, open_source, source_keys
from service.feeds.tables import read_table
from service.jobs.models import GigTerms, Job, JobHistory, LiveSession
from service.jobs.put import put

Progress = Callable[[str], None]
"""Told one short Chinese line whenever something is done."""

FRESH = timedelta(days=20)
"""A feed whose file has not changed is pulled again after this: its adverts are valid for longer than that."""


def load_all(database: Database, now: datetime, progress: Progress | None = None, *, feeds: bool = True) -> Summary:
    """Everything: people and places, 300 demonstration adverts, demo logins, and the real catalogues unless ``feeds`` is off."""
    tell = progress or (lambda _line: None)
    summary = Summary()
    with database.write_session() as session:
        employers = load_employers(session, now, summary)
        stations = load_stations(session, now, summary)
        workers = load_workers(session, now, summary)
        load_accounts(session, now, summary, employers=employers, stations=stations, workers=workers)
    tell(f"单位 {len(employers)} 家、驿站 {len(stations)} 个、工友 {len(workers)} 位")
    with database.write_session() as session:
        load_gigs(session, now, summary, employers=employers, stations=stations)
    tell(f"演示零工 {len(written.gig_rows())} 条")
    with database.write_session() as session:
        load_listings(session, now, summary, employers=employers)
    tell(f"演示直播岗位 {len(written.rows('live.csv'))} 条")
    for source in map(open_source, source_keys()) if feeds else ():
        if source.way.form == "file":  # the others are somewhere else, and an operator says where
            summary.feeds.append(load_feed(database, source, now, tell))
    return summary


def load_gigs(session: Session, now: datetime, summary: Summary, *, employers: dict[str, int], stations: dict[str, int]) -> None:
    """The gigs. One that goes on keeps its days; one that is over gets new ones."""
    known = session.execute(
        select(Job.original_id, GigTerms.starts_at, GigTerms.ends_at)
        .join(GigTerms, GigTerms.job_id == Job.job_id)
        .where(Job.source_key == written.KEY, Job.kind == "gig", GigTerms.ends_at > now)
    )
    running = {original_id: Period(starts_at, ends_at) for original_id, starts_at, ends_at in known}
    by_county = {
        written.place_of(row["region"], row["address"]): stations[row["code"]] for row in reversed(written.rows("stations.csv"))
    }
    touched = _touched(session)
    day = written.first_day(now)
    for row in written.gig_rows():
        if row["no"] in touched:
            summary.count("演示零工", "kept")
            continue
        period = running.get(row["no"])
        advert = written.gig_advert(
            row,
            employer_id=employers[row["employer"]],
            station_id=by_county.get(written.place_of(row["region"], row["address"])),
            period=period or written.gig_period(row, day),
            published_at=None if period else now - written.hours_ago(row["no"], 72),
        )
        summary.count("演示零工", put(session, advert, account_id=None, now=now)[1])


def load_listings(session: Session, now: datetime, summary: Summary, *, employers: dict[str, int]) -> None:
    """The two streams and their listings. A stream whose listings can still be answered keeps its evening."""
    streams = {row["code"]: _stream(session, row, now, summary) for row in written.rows("streams.csv")}
    touched = _touched(session)
    for row in written.rows("live.csv"):
        if f"{row['stream']}-{row['no']}" in touched:
            summary.count("演示直播岗位", "kept")
            continue
        stream, is_new = streams[row["stream"]]
        advert = written.live_advert(
            row,
            employer_id=employers[row["employer"]],
            session_id=stream.session_id,
            stream=Period(stream.starts_at, stream.ends_at),
            published_at=now - written.hours_ago(row["stream"] + row["no"], 48) if is_new else None,
        )
        summary.count("演示直播岗位", put(session, advert, account_id=None, now=now)[1])


def load_feed(database: Database, source: FeedSource, now: datetime, tell: Progress) -> str:
    """Pull a source, unless the very same file was pulled lately. One line about it."""
    with database.read_session() as session:
        last = session.scalars(
            select(FeedRun)
            .where(FeedRun.source_key == source.key, FeedRun.status == "done")
            .order_by(FeedRun.run_id.desc())
            .limit(1)
        ).one_or_none()
    if last is not None and last.finished_at is not None and now - last.finished_at < FRESH:
        unchanged = read_table(source.file, source.columns).file_hash == last.file_hash
        if unchanged:
            return f"{source.name}：文件没有变化，不用重新导入"
    steps = iter(range(10, 101, 10))
    report = pull(database, source, now=now, write=True, progress=_every_tenth(steps, source.name, tell))
    if report.stopped:
        return f"{source.name}：已停止，什么都没有写入：{report.stopped}"
    done = report.outcomes
    return (
        f"{source.name}：读到 {report.read} 行，发布 {done['published']}，没有变化 {done['unchanged']}，"
        f"待核 {done['held']}，未采用 {done['rejected']}，用时 {report.seconds:.1f} 秒"
    )


def _every_tenth(steps: Iterator[int], name: str, tell: Progress) -> Callable[[int, int], None]:
    wanted = next(steps)

    def step(done: int, whole: int) -> None:
        nonlocal wanted
        if done * 100 >= wanted * whole:
            tell(f"{name} {done}/{whole}")
            while done * 100 >= wanted * whole:
                wanted = next(steps, 1000)

    return step


def _touched(session: Session) -> set[str | None]:
    """Demonstration adverts that an account has edited, renewed or closed."""
    return set(
        session.scalars(
            select(Job.original_id)
            .join(JobHistory, JobHistory.job_id == Job.job_id)
            .where(Job.source_key == written.KEY, JobHistory.account_id.is_not(None))
        )
    )


def _stream(session: Session, row: Row, now: datetime, summary: Summary) -> tuple[LiveSession, bool]:
    """The stream of a line, and whether its evening was set just now."""
    stream = session.scalars(select(LiveSession).where(LiveSession.code == row["code"])).one_or_none()
    period = written.stream_period(row, written.first_day(now))
    values = {name: row[name] for name in ("title", "host", "platform", "room", "licence")}
    values["region_code"] = written.place_of(row["region"], "")
    times = {"starts_at": period.starts_at, "ends_at": period.ends_at}
    if stream is None:
        stream = LiveSession(code=row["code"], **values, **times, demo=True, created_at=now)
        session.add(stream)
        session.flush()
        summary.count("直播场次", "created")
        return stream, True
    over = stream.ends_at + timedelta(days=written.LISTING_DAYS) <= now
    summary.count("直播场次", update(stream, {**values, **times} if over else dict[str, Any](values)))
    return stream, over
