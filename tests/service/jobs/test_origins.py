"""Whose a job is that came in a sheet, and what may be done with it here."""

from __future__ import annotations

import pytest

from service.feeds.source import source_keys
from service.jobs.origins import Party, employer_sheets, follows_its_source, party, station_of, station_sheets


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


@pytest.mark.parametrize("key", ["direct", station_sheets(12), employer_sheets(5)])
def test_a_sheet_counts_as_its_sender(key: str) -> None:
    said = [party(key, one) for one in ("employer", "public", "agency", "household", "")]
    assert said == [Party.EMPLOYER, Party.OFFICE, Party.AGENCY, Party.HOUSEHOLD, Party.HOUSEHOLD]


def test_whoever_brings_what_others_have_is_no_first_party_whatever_he_says_of_himself() -> None:
    assert party("partner-gz01", "employer") is Party.PARTNER
    assert {party(key, "employer") for key in (*source_keys(), "station-0", "xstation-1", "employer-1x")} == {Party.FEED}
