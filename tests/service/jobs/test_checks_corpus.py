"""The adverts written by hand, and how often the rules may be wrong about them (``measure_checks.py`` prints the rates)."""

from __future__ import annotations

import pytest

from tests.service.jobs.measure_checks import CLEAN, SETS, Rates, main, measure, samples

MOST_MISSED = {
    "tuned": 0.0,
    "tuned_too": 0.0,
    "tuned_last": 0.0,
    "held_out": 0.0,
    "blind": 0.0,
    "seen_late": 0.02,
    "seen_late_b": 0.0,
    "seen_late_c": 0.0,
    "seen_late_d": 0.12,
    "variations": 0.03,
    "variations_more": 0.02,
    "variations_last": 0.02,
    "variations_late": 0.02,
}
"""Share of the traps of a set that may be missed. The rules were mended with all but the traps of ``seen_late_d`` at hand: what
they do with new words is what each set said at first sight (docs/checks.md)."""
MOST_STOPPED = {
    "tuned": 0.0,
    "tuned_too": 0.0,
    "tuned_last": 0.0,
    "held_out": 0.0,
    "blind": 0.0,
    "seen_late": 0.02,
    "seen_late_b": 0.0,
    "seen_late_c": 0.0,
    "seen_late_d": 0.0,
    "variations": 0.0,
    "variations_more": 0.0,
    "variations_last": 0.03,
    "variations_late": 0.0,
}
"""Share of the clean adverts of a set that may be stopped."""
KINDS = {
    "sex", "marriage", "ethnic", "origin", "health", "age", "child", "minors", "deposit", "fees", "papers", "training",
    "brushing", "bait", "pyramid", "overseas", "ktv", "min_wage", "hours", "missing", "agency", "contact", "wage_kept",
}  # fmt: skip


@pytest.fixture(scope="module")
def rates() -> dict[str, dict[str, Rates]]:
    """Every set, measured once."""
    return {name: measure(name) for name in SETS}


def test_at_least_two_hundred_of_each_over_all_kinds() -> None:
    every = [sample for name in SETS for sample in samples(name)]
    assert sum(sample.label == CLEAN for sample in every) >= 200
    assert sum(sample.label != CLEAN for sample in every) >= 200
    assert {sample.label for sample in every} == KINDS | {CLEAN}
    assert len({(sample.advert.title, sample.advert.description) for sample in every}) == len(every)
    assert len(samples("held_out")) >= 100


@pytest.mark.parametrize("name", SETS)
def test_rates(rates: dict[str, dict[str, Rates]], name: str) -> None:
    of_set = dict(rates[name])
    clean = of_set.pop(CLEAN)
    wrong = [line for one in (clean, *of_set.values()) for line in one.wrong]
    traps, found = sum(one.adverts for one in of_set.values()), sum(one.found for one in of_set.values())
    assert (traps - found) / traps <= MOST_MISSED[name], wrong
    assert clean.stopped / clean.adverts <= MOST_STOPPED[name], wrong


@pytest.mark.parametrize("name", ["seen_late_b", "seen_late_c", "variations_late"])
def test_nothing_is_remarked_upon_in_honest_adverts(rates: dict[str, dict[str, Rates]], name: str) -> None:
    assert rates[name][CLEAN].found == 0, rates[name][CLEAN].wrong


def test_the_command_prints_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tuned", "--wrong"]) == 0
    said = capsys.readouterr().out
    assert all(kind in said for kind in KINDS)
    assert "missed" in said
