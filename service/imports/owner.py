"""For whom a sheet is taken in: a station or an employer, and what its jobs are then said to come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from service.accounts.permit import Owned
from service.employers.models import Employer
from service.employers.standing import Standing
from service.errors import Forbidden
from service.imports.models import SheetImport
from service.jobs.advert import Source
from service.jobs.hold import standing_held
from service.jobs.origins import employer_sheets, station_sheets
from service.stations.models import Station


@dataclass(frozen=True, slots=True)
class Owner:
    """One of the two is set. ``standing``: how the employer stands now; a station needs no papers."""

    station_id: int | None
    employer_id: int | None
    name: str
    region_code: str
    publisher_class: str
    demo: bool
    standing: Standing | None = None

    @property
    def key(self) -> str:
        """The source key of its sheets, and its name where only one of something may go on."""
        if self.station_id is not None:
            return station_sheets(self.station_id)
        return employer_sheets(self.employer_id or 0)

    @property
    def refused(self) -> str:
        """Why nothing of it may even be handed in, one Chinese sentence, else empty."""
        return self.standing.reasons[0].sentence if self.standing is not None and self.standing.outcome == "refuse" else ""

    @property
    def waits(self) -> str:
        """Why what is fit is not shown yet, else empty."""
        return self.standing.reasons[0].sentence if self.standing is not None and self.standing.outcome == "hold" else ""

    def source(self, original_id: str) -> Source:
        """Where a job of its sheets comes from."""
        return Source(
            key=self.key,
            name=self.name,
            source_class="demo" if self.demo else "vacancy",
            original_id=original_id,
            publisher_class=self.publisher_class,
            legal_basis="公共就业服务机构受托发布" if self.station_id is not None else "用人单位自主发布",
            label="演示" if self.demo else "",
        )


def station_owner(station: Station) -> Owner:
    """A station. Raises Forbidden for one that is closed."""
    if station.closed_at is not None:
        raise Forbidden("station_closed", "这个驿站已经撤销，不能再导入。")
    return Owner(station.station_id, None, station.name, station.region_code, "public", station.demo)


def employer_owner(session: Session, employer: Employer, now: datetime, *, lock: bool = False) -> Owner:
    """An employer with its standing; ``lock`` holds it until the transaction ends (see :func:`standing_held`)."""
    standing = standing_held(session, employer, now, lock=lock)
    region = employer.region_code or ""
    return Owner(None, employer.employer_id, employer.name, region, employer.publisher_class, employer.demo, standing)


def owner_of(session: Session, row: SheetImport, now: datetime, *, lock: bool = False) -> Owner:
    """The owner of an import as it stands now. Raises Forbidden for a station that was closed meanwhile."""
    if row.station_id is not None:
        return station_owner(session.get_one(Station, row.station_id))
    return employer_owner(session, session.get_one(Employer, row.employer_id), now, lock=lock)


def owned(row: SheetImport) -> Owned:
    """Whose an import is: nobody else learns that it exists."""
    return Owned(employer_id=row.employer_id, station_id=row.station_id)
