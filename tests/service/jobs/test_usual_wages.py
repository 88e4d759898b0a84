"""What a trade is paid in a place: the median over employers, in the county, else the city, else the province, else nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import clock
from service.db import Database
from service.jobs.models import Job
from service.jobs.reviews.models import TradeWage
from service.jobs.reviews.tables import enough_for_usual
from service.jobs.reviews.usual_wages import areas_of, compute, put_down, usual_wages
from service.jobs.tasks import count_usual_wages
from service.tasks import Outside

WELDER = "6-18-02-04"
COUNTY, CITY, PROVINCE, ELSEWHERE = "360702000000", "360700000000", "360000000000", "440300000000"


def _database(app: flask.Flask) -> Database:
    found: Database = app.extensions["database"]
    return found


def _job(session: Session, now: datetime, employer: str, low: int, high: int | None, region: str, **changes: object) -> None:
    fields: dict[str, object] = {
        "kind": "public", "status": "open", "title": "电焊工", "employer_name": employer, "trade_codes": [WELDER],
        "wage_min_yuan_month": low, "wage_max_yuan_month": high, "region_code": region, "source_key": "direct",
        "source_class": "vacancy", "published_at": now, "valid_until": now + timedelta(days=9), "created_at": now,
        "updated_at": now,
    }  # fmt: skip
    session.add(Job(**(fields | changes)))


def _fill(session: Session, now: datetime) -> None:
    """Twenty-four welders of six employers in Ganzhou; one of them shouts a hundred times."""
    for number in range(5):
        for _ in range(4):
            _job(session, now, f"演示厂{number}", 5000 + 500 * number, 6000 + 500 * number, "360702000000")
    for _ in range(100):
        _job(session, now, "演示喊话厂", 50_000, 50_000, "360703000000")
    for _ in range(3):
        _job(session, now, "演示少", 9000, None, ELSEWHERE)
    _job(session, now, "演示关", 1, 1, "360702000000", status="closed")
    _job(session, now, "演示例", 1, 1, "360702000000", source_class="demo")
    session.flush()


def test_one_voice_an_employer_and_nothing_where_too_few(app: flask.Flask) -> None:
    now = clock.now()
    with _database(app).write_session() as session:
        _fill(session, now)
        rows = {(row["trade_code"], row["region_code"]): row for row in compute(session, now)}
    assert set(rows) == {(WELDER, COUNTY), (WELDER, CITY), (WELDER, PROVINCE)}
    county = rows[WELDER, COUNTY]
    assert (county["jobs"], county["employers"], county["median_yuan_month"]) == (20, 5, 6500)
    city = rows[WELDER, CITY]
    # 5500, 6000, 6500, 7000, 7500 and one of 50,000: the middle of 6500 and 7000.
    assert (city["jobs"], city["employers"], city["median_yuan_month"]) == (120, 6, 6750)


def test_what_two_sources_say_of_one_job_counts_once(app: flask.Flask) -> None:
    now = clock.now()
    with _database(app).write_session() as session:
        _fill(session, now)
        first = session.scalars(select(Job).where(Job.region_code == COUNTY).limit(1)).one()
        before = compute(session, now)
        for number in range(30):
            _job(session, now, f"演示转载{number}", 90_000, 90_000, COUNTY, duplicate_of_id=first.job_id, duplicate_reason="same")
        session.flush()
        assert compute(session, now) == before


def test_a_thin_county_is_told_by_its_city(app: flask.Flask) -> None:
    now = clock.now()
    with _database(app).write_session() as session:
        _fill(session, now)
        put_down(session, compute(session, now))
        own, thin = usual_wages(session).of([WELDER], COUNTY), usual_wages(session).of([WELDER], "360703000000")
        other_city = usual_wages(session).of([WELDER], "360103000000")
    assert own is not None
    assert (own.place, own.median_yuan_month) == ("章贡区", 6500)
    assert thin is not None  # a hundred adverts, but of one employer alone
    assert (thin.place, thin.median_yuan_month) == ("赣州市", 6750)
    assert other_city is not None
    assert other_city.place == "江西省"


def test_the_nearer_place_counts(app: flask.Flask) -> None:
    now = clock.now()
    with _database(app).write_session() as session:
        put_down(
            session,
            [
                {
                    "trade_code": WELDER,
                    "region_code": place,
                    "jobs": 40,
                    "employers": 9,
                    "median_yuan_month": yuan,
                    "computed_on": now.date(),
                }
                for place, yuan in ((CITY, 6000), (PROVINCE, 7000))
            ],
        )
        near = usual_wages(session).of([WELDER], "360702000000")
        far = usual_wages(session).of([WELDER], "360100000000")
        assert near is not None
        assert (near.median_yuan_month, near.place) == (6000, "赣州市")
        assert far is not None
        assert far.median_yuan_month == 7000
        assert usual_wages(session).of([WELDER], ELSEWHERE) is None
        assert usual_wages(session).of([], CITY) is None
        assert usual_wages(session).of([WELDER], "") is None


def test_the_nightly_task_puts_the_table_anew(app: flask.Flask) -> None:
    now, database = clock.now(), _database(app)
    with database.write_session() as session:
        _fill(session, now)
        put_down(
            session,
            [
                {
                    "trade_code": "old",
                    "region_code": CITY,
                    "jobs": 1,
                    "employers": 1,
                    "median_yuan_month": 1,
                    "computed_on": now.date(),
                }
            ],
        )
    finish = count_usual_wages(Outside(database, app.extensions["settings"]), {}, now)
    assert finish is not None
    with database.write_session() as session:
        finish(session)
    with database.read_session() as session:
        assert set(session.scalars(select(TradeWage.trade_code))) == {WELDER}


def test_areas() -> None:
    assert areas_of("360702001000") == (COUNTY, CITY, PROVINCE)
    assert areas_of(CITY) == (CITY, PROVINCE)
    assert areas_of(PROVINCE) == (PROVINCE,)
    assert areas_of("") == ()
    assert min(enough_for_usual(clock.now())) > 1
