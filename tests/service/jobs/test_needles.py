"""Characters without which a pattern cannot match: leaving patterns out by them never changes what is found."""

from __future__ import annotations

import re

import pytest

from matching.rules.needles import needles, straws
from service.jobs.checks.words import words_of
from service.jobs.rules import all_rules
from tests.service.jobs.measure_checks import SETS, samples


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("押金", {"押金"}),
        ("不(?:收|交)押?费", {"不收", "不交"}),
        ("押.?金", {"押"}),
        ("(?:甲|乙丙)丁?", {"甲", "乙丙"}),
        ("[甲乙]{2}", {"甲", "乙"}),
        ("甲(?>乙丁|丙丁)", {"乙丁", "丙丁"}),
        ("(?<!不)要甲", {"要甲"}),
        ("甲?", set()),
        (".*", set()),
        ("(?:甲|.)", set()),
        ("(?i)甲", set()),
        (r"\d+", set()),
    ],
)
def test_needles(pattern: str, needed: set[str]) -> None:
    assert needles(re.compile(pattern)) == needed


def test_straws() -> None:
    assert straws("押金费") == {"押", "金", "费", "押金", "金费"}
    assert straws("") == set()


def test_nothing_is_lost() -> None:
    texts = [words_of(sample.advert) for name in SETS for sample in samples(name)]
    hits = 0
    for rule in all_rules():
        for text in texts:
            found = rule.found_in(text)
            assert found == rule.found_in(text, {rule.number: rule.words}), (rule.rule, text)
            hits += bool(found)
    assert hits > 100
