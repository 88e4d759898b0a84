"""How well two adverts are told to be one job: precision and recall on 594 pairs written by hand, 150 of them held out."""

from __future__ import annotations

import pytest

from service.duplicates.compare import same_job
from service.duplicates.groups import pairs
from service.duplicates.sketch import sketch
from tests.service.duplicates.given import Case, cases, texts_of


def _found(case: Case) -> bool:
    """Through the keys and the comparison, as a run does it."""
    pool = [sketch(case.one), sketch(case.other)]
    return bool(list(pairs(pool, texts_of(case.one, case.other).__getitem__)))


def _rates(name: str) -> tuple[int, float, float, str]:
    hits = misses = false = 0
    wrong: list[str] = []
    number = 0
    for case in cases(name):
        number += 1
        found = _found(case)
        hits += case.same and found
        misses += case.same and not found
        false += found and not case.same
        if found != case.same:
            wrong.append(f"{case.line}: {case.text}")
    return number, hits / max(1, hits + false), hits / max(1, hits + misses), "\n".join(wrong)


@pytest.mark.parametrize(("name", "least"), [("pairs.txt", 350), ("pairs_held_out.txt", 150)])
def test_precision_and_recall(name: str, least: int) -> None:
    number, precision, recall, wrong = _rates(name)
    assert number >= least
    assert precision >= 0.98, wrong
    assert recall >= 0.95, wrong


def test_of_two_it_does_not_matter_which_comes_first() -> None:
    for name in ("pairs.txt", "pairs_held_out.txt"):
        for case in cases(name):
            one, other = sketch(case.one), sketch(case.other)
            texts = texts_of(case.one, case.other).__getitem__
            assert same_job(one, other, texts) == same_job(other, one, texts), case.text


def test_an_advert_is_the_same_as_itself_where_it_says_whose_it_is() -> None:
    for case in cases("pairs.txt"):
        one = sketch(case.one)
        if one.employer.brand and case.one.wage_min is not None and not one.employer.agency:
            assert same_job(one, one._replace(job_id=0), lambda _job: "") is not None, case.text
