"""Blocks give the pairs that all with all gives; groups have one head and no chains, whatever the order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

import pytest

from service.duplicates import bench, groups
from service.duplicates.compare import same_job
from service.duplicates.groups import WHOLE_BLOCK, Looked, grouped, pairs
from service.duplicates.sketch import Given, Sketch, plain_text, sketch
from tests.service.duplicates.given import cases, given, made


def _texts(rows: Sequence[Given]) -> dict[int, str]:
    return {row.job_id: plain_text(row.description) for row in rows}


def _all_pairs(pool: Sequence[Sketch], texts: dict[int, str]) -> set[tuple[int, int]]:
    return {
        (one, other)
        for one, other in itertools.combinations(range(len(pool)), 2)
        if same_job(pool[one], pool[other], texts.__getitem__) is not None
    }


def test_blocks_find_what_all_with_all_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row for case in cases("pairs.txt") for row in (case.one, case.other)]
    rows += [row for row, _ in bench.adverts(600)]
    rows = [row._replace(job_id=number) for number, row in enumerate(rows)]
    pool, texts = [sketch(row) for row in rows], _texts(rows)
    wanted = _all_pairs(pool, texts)
    cut = [(one, other) for one, other, _ in pairs(pool, texts.__getitem__)]
    assert len(cut) == len(set(cut)), "a pair twice"
    monkeypatch.setattr(groups, "WHOLE_BLOCK", len(pool))
    found = [(one, other) for one, other, _ in pairs(pool, texts.__getitem__)]
    assert set(cut) < set(found)
    copies, copies_cut = ({one for pair in some for one in pair} for some in (found, cut))
    assert len(copies_cut) >= 0.98 * len(copies), "of a large block each finds one of its like all the same"
    assert len(found) == len(set(found)), "a pair twice"
    assert set(found) <= wanted
    # What is left is the city that one of two leaves out.
    assert len(set(found)) >= 0.99 * len(wanted)
    assert len(wanted) > 300


def test_a_large_block_costs_no_square() -> None:
    pool = [made(number, e="江西恒朗电子有限公司", t="普工", r="360702", w=f"{5000 + number}元/月") for number in range(1, 1001)]
    looked = Looked()
    list(pairs(pool, lambda _job: "", looked))
    assert looked.largest == 1000 > WHOLE_BLOCK
    assert looked.pairs <= 41 * 1000


@pytest.mark.parametrize("seed", range(5))
def test_the_same_groups_in_any_order_and_no_chains(seed: int) -> None:
    rows = [row for case in cases("pairs.txt") for row in (case.one, case.other)][:200]
    rows = [row._replace(job_id=number) for number, row in enumerate(rows)]
    pool, texts = [sketch(row) for row in rows], _texts(rows)
    by_id = {one.job_id: one for one in pool}
    found = [(pool[a].job_id, pool[b].job_id, verdict) for a, b, verdict in pairs(pool, texts.__getitem__)]
    wanted = grouped(by_id, found)
    random.Random(seed).shuffle(found)
    turned = [(other, one, verdict) for one, other, verdict in found]
    links = grouped(by_id, turned)
    assert links == wanted
    assert links
    for job_id, link in links.items():
        assert link.canonical not in links, "a copy points to a copy"
        assert by_id[link.canonical].rank < by_id[job_id].rank


def _links(*pool: Sketch, apart: Sequence[tuple[int, int]] = ()) -> dict[int, int]:
    found = ((pool[a].job_id, pool[b].job_id, verdict) for a, b, verdict in pairs(pool, lambda _job: ""))
    return {job_id: link.canonical for job_id, link in grouped({one.job_id: one for one in pool}, found, apart).items()}


JOB = {"e": "江西恒朗电子有限公司", "t": "普工", "r": "360702", "w": "6000-7500元/月"}


def test_first_party_before_partner_complete_before_thin_then_older() -> None:
    full = {"a": "香江大道188号", "d": "流水线组装，坐着上班，包吃住，五险一金，月底发工资", "n": 20}
    partner_old_full = made(1, **JOB, **full, x="feed", at=90)
    thin = made(2, **JOB, at=50)
    complete = made(3, **JOB, **full, at=1)
    older = made(4, **JOB, **full, at=9)
    agency = made(5, **JOB, **full, at=99, p="agency")
    assert _links(partner_old_full, thin, complete, older, agency) == {1: 4, 2: 4, 3: 4, 5: 4}
    assert _links(partner_old_full, thin, complete) == {1: 3, 2: 3}
    assert _links(partner_old_full, thin) == {1: 2}
    for sheet in ("employer-5", "station-12"):
        sender = {"x": sheet, "p": "employer" if sheet == "employer-5" else "public"}
        assert _links(partner_old_full, made(6, **JOB, **sender)) == {1: 6}, "an own sheet is first-party"
        assert _links(agency, made(6, **JOB, **full, **sender)) == {5: 6}


def test_nobody_hides_what_an_employer_publishes_itself() -> None:
    """A copy that is fuller, older or under a name that anybody may write: it goes, or stands beside."""
    full = {"a": "香江大道188号", "d": "流水线组装，坐着上班，包吃住，五险一金，月底发工资", "n": 20}
    own = made(1, **JOB, i=7, c=1)
    copies: tuple[dict[str, Any], ...] = ({"x": "feed"}, {"x": "partner-gz01"}, {"p": "public"}, {"p": "agency", "i": 8})
    for number, copied in enumerate(copies, 2):
        assert _links(own, made(number, **JOB, **full, at=90, **copied)) in ({number: 1}, {}), copied
    household = {"p": "household", "i": 9}
    assert _links(own, made(2, **JOB, **full, at=90, **household)) == {}, "both are shown: it may be its own job, after all"
    # Sheets too, and an employer whose papers were never asked for a code.
    assert _links(made(1, **JOB, i=7, x="employer-7"), made(2, **JOB, **full, at=90, i=8)) == {}
    assert _links(made(1, **JOB, i=9, p="household"), made(2, **JOB, **full, at=90, p="public")) == {}
    # Its own second advert is hidden, and one under another number with the same code.
    assert _links(own, made(2, **JOB, **full, i=7, c=1)) == {1: 2}
    assert _links(own, made(2, **JOB, **full, i=8, c=1)) == {1: 2}
    # What a household calls itself moves no job of a station.
    station = made(3, **JOB, p="public", x="station-12")
    assert _links(station, made(2, **JOB, **full, at=90, **household)) == {}
    assert _links(station, made(2, **JOB, **(full | {"n": 9}), at=90, p="household")) == {2: 3}


def test_the_two_ends_of_a_row_never_meet() -> None:
    day = made(1, **(JOB | {"t": "普工（白班）"}), at=3)
    silent = made(2, **JOB, at=2)
    night = made(3, **(JOB | {"t": "普工（夜班）"}), at=1)
    links = _links(day, silent, night)
    assert links == {2: 1}


def test_two_lines_of_one_list_are_not_both_hidden_by_somebody_else() -> None:
    own = made(1, **JOB, i=7, c=1)
    day, night = (made(number, **JOB, x="station-4", h=f"1380000000{number}") for number in (2, 3))
    assert _links(day, night) == {}
    assert _links(own, day, night) == {2: 1}, "one of them may be it, and surely not both"
    again = made(4, **JOB, x="station-4")
    assert _links(own, day, again) == {2: 1, 4: 1}, "a list that says one job twice"


def test_what_a_person_told_apart_stays_apart_from_the_whole_group() -> None:
    one, two, three = (made(number, **JOB, at=9 - number) for number in (1, 2, 3))
    assert _links(one, two, three) == {2: 1, 3: 1}
    assert _links(one, two, three, apart=[(1, 3)]) == {2: 1}
    assert _links(one, two, three, apart=[(2, 3)]) == {2: 1}


def test_demonstrations_and_vacancies_are_never_one() -> None:
    vacancy, demonstration = given(1, **JOB), given(2, **JOB)._replace(source_class="demo")
    assert _links(sketch(vacancy), sketch(demonstration)) == {}
    assert same_job(sketch(vacancy), sketch(demonstration), lambda _job: "") is None
