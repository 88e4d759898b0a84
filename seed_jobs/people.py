"""Load the made-up employers, stations, workers and logins."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from seed_jobs import written
from seed_jobs.summary import Summary, update
from service.accounts.create import create_account
from service.accounts.models import Account
from service.consents import texts
from service.consents.record import Said, give
from service.employers.models import Employer
from service.stations.hours import read_words
from service.stations.models import Station
from service.workers.models import Worker

DEMO_EMPLOYER, DEMO_STATION, DEMO_WORKER, DEMO_BUREAU_REGION = "elec", "demo-gz", "演示工友01", "360700000000"
"""Whom the demo logins stand for."""
FUNCTIONS = ["matching", "guidance", "registration", "rights", "rest"]
"""What the made-up stations do."""


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
            summary.count("单位", update(employer, values))
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
            "hours": read_words(row["hours"]),
            "functions": FUNCTIONS,
        }
        station = session.scalars(select(Station).where(Station.code == row["code"])).one_or_none()
        if station is None:
            station = Station(code=row["code"], **values, demo=True, created_at=now)
            session.add(station)
            summary.count("驿站", "created")
        else:
            summary.count("驿站", update(station, values))
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
            for purpose in (texts.BASIC, texts.RANKING, texts.BATCH, texts.CANDIDATE_LIST):
                give(session, worker.worker_id, purpose, Said("web", None), now)
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
    """The demo logins, where they are missing: one of each kind of people that the service is for."""
    wanted: tuple[dict[str, Any], ...] = (
        {
            "role": "employer_owner",
            "login": "demo-employer",
            "display_name": "演示企业招工员",
            "employer_id": employers[DEMO_EMPLOYER],
        },
        {
            "role": "station_staff",
            "login": "demo-staff",
            "display_name": "演示驿站工作人员",
            "station_id": stations[DEMO_STATION],
        },
        {"role": "worker", "login": "demo-worker", "display_name": DEMO_WORKER, "worker_id": workers[DEMO_WORKER]},
        {
            "role": "station_head",
            "login": "demo-head",
            "display_name": "演示驿站站长",
            "station_id": stations[DEMO_STATION],
        },
        {"role": "bureau", "login": "demo-bureau", "display_name": "演示人社局", "region_code": DEMO_BUREAU_REGION},
        {"role": "reviewer", "login": "demo-reviewer", "display_name": "演示审核员", "region_code": DEMO_BUREAU_REGION},
        {"role": "auditor", "login": "demo-auditor", "display_name": "演示审计员", "region_code": DEMO_BUREAU_REGION},
    )
    there = set(session.scalars(select(Account.login).where(Account.login.in_([account["login"] for account in wanted]))))
    for account in wanted:
        if account["login"] not in there:
            create_account(session, **account, now=now, demo=True)
        summary.count("演示账号", "unchanged" if account["login"] in there else "created")
