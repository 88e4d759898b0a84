"""Characters without which a pattern cannot match: leaving patterns out by them never changes what is found."""

from __future__ import annotations

import re

import pytest

from matching.rules.needles import needles
from service.jobs.checks.words import words_of
from service.jobs.rules import all_rules
from tests.service.jobs.measure_checks import SETS, samples


@pytest.mark.parametrize(
    ("pattern", "characters"),
    [
        ("押金", "押"),
        ("不(?:收|交)押?费", "费"),
        ("(?:甲|乙丙)丁?", "甲乙"),
        ("[甲乙]{2}", "甲乙"),
        ("(?<!不)要甲", "甲"),
        ("甲?", ""),
        (".*", ""),
        ("(?:甲|.)", ""),
        ("(?i)甲", ""),
        (r"\d+", ""),
    ],
)
def test_needles(pattern: str, characters: str) -> None:
    assert needles(re.compile(pattern)) == set(characters)


def test_nothing_is_lost() -> None:
    texts = [words_of(sample.advert) for name in SETS for sample in samples(name)]
    hits = 0
    for rule in all_rules():
        for text in texts:
            found = rule.found_in(text)
            assert found == rule.found_in(text, {rule.number: rule.words}), (rule.rule, text)
            hits += bool(found)
    assert hits > 100
