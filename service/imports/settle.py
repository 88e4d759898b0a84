"""Settle many lines of a sheet at once: read, then held against the rules and what the tables know, then decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.imports.judge import Drafted, Settled, decided, drafted
from service.imports.owner import Owner
from service.imports.said import Said
from service.jobs.models import Job
from service.jobs.reviews.around import judge, look_around

_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")


def settle_all(
    session: Session, lines: Sequence[Said], owner: Owner, region: str, now: datetime, there: Mapping[str, Job]
) -> list[Settled]:
    """What becomes of each line, judged as an advert that is published by itself. ``region``: the division that all jobs of the
    sheet lie in, empty when nobody said so; ``there``: the jobs that they change, by their number."""
    read = [_safely(drafted, said, owner, region, now) for said in lines]
    adverts = [(one.advert, one.reading) for one in read if isinstance(one, Drafted)]
    around = look_around(session, adverts, [job.job_id for job in there.values()], now)

    def settled(said: Said, one: Drafted) -> Settled:
        job = there.get(said.original_id)
        return decided(one, judge(session, one.advert, one.reading, now, job=job, around=around), owner)

    return [one if isinstance(one, Settled) else _safely(settled, said, one) for said, one in zip(lines, read, strict=True)]


def _safely(work: Callable[_Given, _Found], *given: _Given.args, **named: _Given.kwargs) -> _Found | Settled:
    try:
        return work(*given, **named)
    except SQLAlchemyError:
        raise
    except Exception as wrong:  # noqa: BLE001  one odd line must not cost the other 20,000; it is given back with this reason
        return Settled("rejected", "row_failed", f"读这一行时程序出错（{type(wrong).__name__}），请告诉维护人员。")
