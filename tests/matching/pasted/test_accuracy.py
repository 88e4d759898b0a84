"""How well group messages are read, field by field, on the messages the reader was tuned on and on those it never was."""

from __future__ import annotations

import pytest

from tests.matching.pasted.accuracy import Figures, main, measure
from tests.matching.pasted.cases import FILES, agrees, cases

GOAL = {"wage": 0.95, "age": 0.95, "headcount": 0.95, "place": 0.95, "benefits": 0.95, "trade": 0.90}
HELD_TO = {
    "tuned": (0.975, 0.965),
    "held out": (0.95, 0.95),
    "fresh": (0.965, 0.95),
    "free talk": (0.965, 0.90),
    "third sight": (0.955, 0.94),
    "mixed": (0.98, 0.98),
    "mixed b": (0.965, 0.965),
    "mixed c": (0.97, 0.98),
}
"""The files with floors, the trade's behind that of all others: what holds, with a mistake or two of room. What was read for the
first time is told in docs/pasted.md, and kept as it is."""


@pytest.fixture(scope="module")
def figures() -> dict[str, Figures]:
    return {which: measure(which) for which in FILES}


@pytest.mark.parametrize("which", HELD_TO)
@pytest.mark.parametrize("name", GOAL)
def test_field(figures: dict[str, Figures], which: str, name: str) -> None:
    share = figures[which].share(name)
    floor = HELD_TO[which][name == "trade"]
    assert floor >= GOAL[name]
    assert share >= floor, f"{name} of the {which} messages: {share:.1%}"


@pytest.mark.parametrize("which", HELD_TO)
def test_jobs_are_told_apart(figures: dict[str, Figures], which: str) -> None:
    assert figures[which].split_right / figures[which].messages >= 0.95


def test_the_sets_are_as_large_as_promised() -> None:
    tuned, held_out = cases("tuned"), cases("held out")
    assert len(tuned) + len(held_out) >= 100
    assert len(held_out) >= 30
    assert not {case.message for case in tuned} & {case.message for case in held_out}
    assert len({case.name for case in tuned + held_out}) == len(tuned) + len(held_out)


def test_phones_of_the_messages_are_made_up() -> None:
    for which in FILES:
        for case in cases(which):
            for row in case.jobs:
                phone = row["phone"]
                assert not phone or phone.startswith(("1380000", "1390000", "0797", "0796", "0714")), (case.name, phone)


def test_a_wrong_reading_counts_as_wrong() -> None:
    wanted = {"title": "普工", "trade": "普工", "wage": "5000-6000/month", "benefits": "包吃 包住"}
    assert agrees("benefits", wanted, {"benefits": "包住 包吃"})
    assert not agrees("benefits", wanted, {"benefits": "包住"})
    assert not agrees("wage", wanted, {"wage": "5000-/month"})
    assert not agrees("trade", wanted, {"trade": "6-18-02-04"})
    assert not agrees("title", wanted, {"title": ""})
    assert not agrees("wage", wanted, None)


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    table = capsys.readouterr().out
    assert "held out" in table
    assert "benefits" in table
