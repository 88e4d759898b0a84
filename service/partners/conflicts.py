"""An advert that the employer or a station has published here itself is not taken from a partner a second time."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.jobs.draft import DIRECT
from service.jobs.models import Job
from service.partners.models import PartnerClient, PartnerConflict

_SIGNS = re.compile(r"[\W_]+")
_COUNTY = 6
"""Digits of a code that say the county."""


def first_party(session: Session, fields: dict[str, Any], now: datetime) -> int | None:
    """The job, shown now, that is the same and that an employer, a station or an office published here; None when there is none.

    ``fields``: an advert as it was read. The same is: employer (the name without signs), county, trade, title and kind. Likeness
    that is less exact is for the search for duplicates, which refuses nothing.
    """
    county = fields["region_code"][:_COUNTY]
    name = fields["employer_name"]
    if not county or not name:
        return None
    rows = session.execute(
        select(Job.job_id, Job.title, Job.employer_name, Job.trade_codes, Job.region_code)
        .where(
            Job.employer_name.in_({name, plain(name), unicodedata.normalize("NFKC", name)}),
            or_(Job.source_key == DIRECT, Job.source_key.startswith("station-"), Job.source_key.startswith("employer-")),
            Job.status == "open",
            Job.valid_until > now,
            Job.kind == fields["kind"],
        )
        .order_by(Job.job_id)
    )
    for row in rows:
        same_trade = set(row.trade_codes[:1]) == set(fields["trade_codes"][:1])
        if same_trade and row.region_code[:_COUNTY] == county and plain(row.title) == plain(fields["title"]):
            return int(row.job_id)
    return None


def count(session: Session, client: PartnerClient, original_id: str, job_id: int, now: datetime) -> None:
    """Write down that the client tried to bring what was there."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {
        "partner_id": client.partner_id, "original_id": original_id, "job_id": job_id, "attempts": 1,
        "first_at": now, "last_at": now,
    }  # fmt: skip
    again = {"job_id": job_id, "attempts": PartnerConflict.attempts + 1, "last_at": now}
    session.execute(
        dialect.insert(PartnerConflict)
        .values(row)
        .on_conflict_do_update(index_elements=["partner_id", "original_id"], set_=again)
    )
    client.conflicts = PartnerClient.conflicts + 1
    session.flush()


def plain(text: str) -> str:
    """A text as it is compared: one width, no signs, no spaces."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text)).casefold()
