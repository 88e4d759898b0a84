"""Whose a job is that came in a sheet, and what may be done with it here."""

from __future__ import annotations

import pytest

from service.jobs.origins import employer_sheets, follows_its_source, station_of, station_sheets


def test_a_station_has_the_jobs_of_its_sheets() -> None:
    assert station_of(station_sheets(12)) == 12
    assert station_of(employer_sheets(12)) is None


@pytest.mark.parametrize(
    "key", ["direct", "partner-station-1", "station-", "station-0", "station-1x", "xstation-1", "station-1\n"]
)
def test_other_sources_are_no_stations(key: str) -> None:
    assert station_of(key) is None
    assert follows_its_source(key, "1")


@pytest.mark.parametrize("key", [station_sheets(3), employer_sheets(4)])
def test_what_came_in_a_sheet_is_changed_here(key: str) -> None:
    assert not follows_its_source(key, "n-1")
    assert not follows_its_source("direct", None)
