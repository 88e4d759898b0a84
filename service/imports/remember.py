"""What the sender said of earlier sheets, so that nobody says it twice: what was given back is mended and sent again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.imports.layout import JOINED, Column, columns_of, header_places, with_meanings
from service.imports.models import SheetImport
from service.imports.owner import Owner
from service.sheets.headers import header_key

_LAST = 20
"""Confirmed imports of an owner that are looked back at."""
_SAID = frozenset({"said", "before"})


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was said of a header that stood there for the nth time, and where all jobs lay whose sheet had these headers."""

    meanings: dict[tuple[str, int], str]
    regions: dict[frozenset[str], str]

    def read(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """The columns as they were meant the last time."""
        places = header_places(columns)
        told: dict[int, str] = {}
        for key, meaning in self.meanings.items():
            # What was said last counts: an older sheet may have called another column so.
            if key in places and (not meaning or meaning in JOINED or meaning not in told.values()):
                told[places[key]] = meaning
        changed = {place: meaning for place, meaning in told.items() if columns[place].meaning != meaning}
        return with_meanings(columns, changed, "before")

    def region(self, columns: Sequence[Column]) -> str:
        """Where all jobs of such a sheet lay the last time; empty when nobody said so."""
        return self.regions.get(_headers(columns), "")


def remembered(session: Session, owner: Owner) -> Remembered:
    """Of the last confirmed imports of an owner, the newest first."""
    mine = SheetImport.station_id == owner.station_id if owner.station_id else SheetImport.employer_id == owner.employer_id
    rows = session.execute(
        select(SheetImport.layout, SheetImport.region_code)
        .where(mine, SheetImport.state.in_(("running", "done", "failed")))
        .order_by(SheetImport.import_id.desc())
        .limit(_LAST)
    )
    found = Remembered({}, {})
    for layout, region in rows:
        for sheet in layout:
            columns = columns_of(sheet)
            for key, place in header_places(columns).items():
                if columns[place].sure in _SAID:
                    found.meanings.setdefault(key, columns[place].meaning)
            if region:
                found.regions.setdefault(_headers(columns), region)
    return found


def _headers(columns: Sequence[Column]) -> frozenset[str]:
    """The headers of a sheet; the column of reasons is ours and was not there before."""
    return frozenset(header_key(column.header) for column in columns if column.meaning != "reason")
