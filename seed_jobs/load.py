"""Load everything of a fresh start into a database; a second time finds it all unchanged.

What people did since is kept: adverts edited by an account, closed adverts, workers' own changes. Gigs and streams that are
over are given new days, counted from the day of loading.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from seed_jobs import written
from seed_jobs.written import Period, Row
from service.accounts.create import create_account
from service.accounts.models import Account
from service.db import Base, Database
from service.employers.models import Employer
from service.feeds.ingest import pull
from service.feeds.models import FeedRun
from service.feeds.source import FeedSource, open_source, source_keys
from service.feeds.tables import read_table
from service.jobs.models import GigTerms, Job, JobHistory, LiveSession
from service.jobs.put import put
from service.stations.models import Station
from service.workers.models import Worker

Progress = Callable[[str], None]
"""Told one short Chinese line whenever something is done."""
M = TypeVar("M", bound=Base)

FRESH = timedelta(days=20)
"""A feed whose file has not changed is pulled again after this: its adverts are valid for longer than that."""
DEMO_EMPLOYER, DEMO_STATION, DEMO_WORKER, DEMO_BUREAU_REGION = "elec", "demo-gz", "演示工友01", "360700000000"


@dataclass(slots=True)
class Summary:
    """How many of what were created, changed, unchanged, or kept because people had changed them; a line for each feed."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    feeds: list[str] = field(default_factory=list)

    def count(self, what: str, outcome: str) -> None:
        """One more."""
        self.counts.setdefault(what, Counter())[outcome] += 1

    def lines(self) -> list[str]:
        """As people read it."""
        named = {"created": "新增", "changed": "更新", "unchanged": "没有变化", "kept": "有人改过、保留"}
        counted = [
            f"{what}：" + "，".join(f"{word} {found[outcome]}" for outcome, word in named.items() if found[outcome])
            for what, found in self.counts.items()
        ]
        return [*counted, *self.feeds]


def load_all(database: Database, now: datetime, progress: Progress | None = None, *, feeds: bool = True) -> Summary:
    """Everything: people and places, 300 demonstration adverts, demo logins, and the real catalogues unless ``feeds`` is off."""
    tell = progress or (lambda _line: None)
    summary = Summary()
    with database.write_session() as session:
        employers = load_employers(session, now, summary)
        stations = load_stations(session, now, summary)
        workers = load_workers(session, now, summary)
        load_accounts(session, now, summary, employers=employers, stations=stations, workers=workers)
    tell(f"单位 {len(employers)} 家、驿站 {len(stations)} 个、工友 {len(workers)} 位、演示账号 4 个")
    with database.write_session() as session:
        load_gigs(session, now, summary, employers=employers, stations=stations)
    tell(f"演示零工 {len(written.gig_rows())} 条")
    with database.write_session() as session:
        load_listings(session, now, summary, employers=employers)
    tell(f"演示直播岗位 {len(written.rows('live.csv'))} 条")
    for key in source_keys() if feeds else ():
        summary.feeds.append(load_feed(database, open_source(key), now, tell))
    return summary


def load_employers(session: Session, now: datetime, summary: Summary) -> dict[str, int]:
    """Employer ids by the short code of the table. A household has no credit code and is found by its name."""
    found: dict[str, int] = {}
    for number, row in enumerate(written.rows("employers.csv"), start=1):
        code = None if row["class"] == "household" else written.credit_code(number)
        same = Employer.credit_code == code if code else Employer.name == row["name"]
        employer = session.scalars(select(Employer).where(same, Employer.demo.is_(True))).first()
        values = {
            "name": row["name"],
            "credit_code": code,
            "publisher_class": row["class"],
            "industry_code": row["industry"],
            "size": row["size"],
            "about": f"（演示）{row['about']}",
            "region_code": written.place_of(row["region"], row["address"]),
            "address": row["address"],
        }
        if employer is None:
            employer = Employer(**values, demo=True, verified_at=now, created_at=now)
            session.add(employer)
            summary.count("单位", "created")
        else:
            summary.count("单位", _update(employer, values))
        session.flush()
        found[row["code"]] = employer.employer_id
    return found


def load_stations(session: Session, now: datetime, summary: Summary) -> dict[str, int]:
    """Station ids by code; a parent stands above its children in the table."""
    found: dict[str, int] = {}
    for row in written.rows("stations.csv"):
        code = written.place_of(row["region"], row["address"])
        lat, lng = written.point_near(code, row["code"])
        values = {
            "name": row["name"],
            "level": row["level"],
            "parent_id": found[row["parent"]] if row["parent"] else None,
            "region_code": code,
            "address": row["address"],
            "lat": lat,
            "lng": lng,
            "opening_hours": row["hours"],
        }
        station = session.scalars(select(Station).where(Station.code == row["code"])).one_or_none()
        if station is None:
            station = Station(code=row["code"], **values, demo=True, created_at=now)
            session.add(station)
            summary.count("驿站", "created")
        else:
            summary.count("驿站", _update(station, values))
        session.flush()
        found[row["code"]] = station.station_id
    return found


def load_workers(session: Session, now: datetime, summary: Summary) -> dict[str, int]:
    """Worker ids by name. A worker who is there is left alone: the profile may have been changed by hand."""
    found: dict[str, int] = {}
    for row in written.rows("workers.csv"):
        worker = session.scalars(select(Worker).where(Worker.display_name == row["name"], Worker.demo.is_(True))).first()
        if worker is None:
            code = written.place_of(row["region"], "")
            lat, lng = written.point_near(code, row["name"])
            year, month = row["born"].split("-")
            worker = Worker(
                display_name=row["name"],
                sex=row["sex"],
                birth_month=date(int(year), int(month), 1),
                wish=row["wish"],
                skills=row["skills"].split(),
                region_code=code,
                lat=lat,
                lng=lng,
                radius_km=float(row["radius_km"]),
                wage_min_yuan_month=int(row["wage"]),
                demo=True,
                created_at=now,
            )
            session.add(worker)
            session.flush()
            summary.count("工友", "created")
        else:
            summary.count("工友", "unchanged")
        found[row["name"]] = worker.worker_id
    return found


def load_accounts(
    session: Session,
    now: datetime,
    summary: Summary,
    *,
    employers: dict[str, int],
    stations: dict[str, int],
    workers: dict[str, int],
) -> None:
    """The four demo logins, where they are missing."""
    wanted: tuple[dict[str, Any], ...] = (
        {"role": "employer", "login": "demo-employer", "display_name": "演示企业招工员", "employer_id": employers[DEMO_EMPLOYER]},
        {"role": "staff", "login": "demo-staff", "display_name": "演示驿站工作人员", "station_id": stations[DEMO_STATION]},
        {"role": "worker", "login": "demo-worker", "display_name": DEMO_WORKER, "worker_id": workers[DEMO_WORKER]},
        {"role": "bureau", "login": "demo-bureau", "display_name": "演示人社局", "region_code": DEMO_BUREAU_REGION},
    )
    there = set(session.scalars(select(Account.login).where(Account.login.in_([account["login"] for account in wanted]))))
    for account in wanted:
        if account["login"] not in there:
            create_account(session, **account, now=now, demo=True)
        summary.count("演示账号", "unchanged" if account["login"] in there else "created")


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
    summary.count("直播场次", _update(stream, {**values, **times} if over else dict[str, Any](values)))
    return stream, over


def _update(row: Base, values: dict[str, Any]) -> str:
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return "changed" if changed else "unchanged"
