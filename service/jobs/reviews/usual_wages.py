"""What a trade is paid in a place, computed from the pool itself every night, so that pay too good to be true is seen.

Of each employer the median of its own adverts counts once. Too few adverts or employers: no row, and then no verdict.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from matching.rules import region
from service import clock
from service.jobs.checks.pay import UsualWage
from service.jobs.models import Job
from service.jobs.reviews.models import TradeWage
from service.jobs.reviews.tables import enough_for_usual

_COUNTY, _CITY, _PROVINCE = 6, 4, 2
_AT_ONCE = 5_000


def areas_of(region_code: str) -> tuple[str, ...]:
    """The county, the city and the province of a place, 12 digits each, the nearest first and each once; none for a place that is
    not known."""
    if len(region_code) < _CITY:
        return ()
    return tuple(dict.fromkeys(region_code[:digits].ljust(12, "0") for digits in (_COUNTY, _CITY, _PROVINCE)))


def compute(session: Session, now: datetime) -> list[dict[str, Any]]:
    """The rows of the table, from the adverts that are shown now. Reads the pool once, in pieces."""
    wanted = (
        select(
            Job.trade_codes, Job.region_code, Job.employer_id, Job.employer_name, Job.wage_min_yuan_month, Job.wage_max_yuan_month
        )
        .where(
            Job.status == "open",
            Job.valid_until > now,
            Job.source_class != "demo",
            Job.wage_min_yuan_month.is_not(None),
            # The same job told by two sources is one job: neither the count nor the middle may move by it.
            Job.duplicate_of_id.is_(None),
        )
        .execution_options(yield_per=_AT_ONCE)
    )
    paid: dict[tuple[str, str], dict[int | str, array[int]]] = defaultdict(dict)
    for trades, place, employer_id, employer, low, high in session.execute(wanted):
        who: int | str = employer_id if employer_id is not None else employer
        if not trades or not who or low is None:
            continue
        middle = (low + (high if high is not None else low)) // 2
        for area in areas_of(place):
            paid[trades[0], area].setdefault(who, array("q")).append(middle)
    jobs, employers = enough_for_usual(now)
    on = now.astimezone(clock.BEIJING).date()
    found = (_row(trade, area, by_employer, on) for (trade, area), by_employer in paid.items())
    return [row for row in found if row["jobs"] >= jobs and row["employers"] >= employers]


def put_down(session: Session, rows: list[dict[str, Any]]) -> None:
    """Put these rows in the place of all there were."""
    session.execute(delete(TradeWage))
    if rows:
        session.execute(insert(TradeWage), rows)


@dataclass(frozen=True, slots=True)
class UsualWages:
    """Rows of the table in memory, for whoever judges many adverts at once; all of it are some thousands."""

    rows: Mapping[tuple[str, str], UsualWage] = field(default_factory=dict)

    def of(self, trade_codes: Iterable[str], region_code: str) -> UsualWage | None:
        """What the trade is paid in the county, else in the city, else in the province; None when too little is known."""
        trade = next(iter(trade_codes), None)
        if trade is None:
            return None
        return next((row for area in areas_of(region_code) if (row := self.rows.get((trade, area))) is not None), None)


def usual_wages(session: Session, wanted: Collection[tuple[str, str]] | None = None) -> UsualWages:
    """Read the table, or what it says about these trades in these places. One SELECT."""
    asked = select(TradeWage)
    if wanted is not None:
        if not wanted:
            return UsualWages()
        areas = {area for _, place in wanted for area in areas_of(place)}
        asked = asked.where(TradeWage.trade_code.in_({trade for trade, _ in wanted}), TradeWage.region_code.in_(areas))
    return UsualWages({(row.trade_code, row.region_code): _usual(row) for row in session.scalars(asked)})


def _usual(row: TradeWage) -> UsualWage:
    return UsualWage(row.median_yuan_month, row.jobs, row.employers, _name(row.region_code), row.computed_on)


def _row(trade: str, area: str, by_employer: dict[int | str, array[int]], on: date) -> dict[str, Any]:
    return {
        "trade_code": trade,
        "region_code": area,
        "jobs": sum(len(values) for values in by_employer.values()),
        "employers": len(by_employer),
        "median_yuan_month": round(median(median(values) for values in by_employer.values())),
        "computed_on": on,
    }


def _name(code: str) -> str:
    try:
        return region.get(code).name
    except region.UnknownRegion:
        return "当地"
