"""What is usual for a source and what is out of it: read out of its own runs, whatever their size."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.feeds import reasons as names
from service.feeds.habits import (
    KINDS,
    NORMAL,
    Oddity,
    Sample,
    bounds,
    habit_of,
    odd_counts,
    odd_reasons,
    policy,
    ranked,
    silence,
)
from service.jobs.rules import families

FEEDS = Path(names.__file__).parent
RULE = policy()
NOW = datetime(2026, 11, 27, tzinfo=UTC)
STEADY = (300, 301, 299, 300, 302, 300, 298)


def sample(number: int, read: int, reasons: Mapping[str, int] | None = None, mode: str = "full", **counts: int) -> Sample:
    return Sample(number, NOW + timedelta(days=number), mode, {"read": read, **counts}, reasons or {})


def runs(reads: Sequence[int], reasons: Sequence[Mapping[str, int]] = ()) -> list[Sample]:
    """Newest first, as they are read."""
    made = [sample(number, read, reasons[number] if reasons else None) for number, read in enumerate(reads)]
    return made[::-1]


def odd_reads(reads: Sequence[int], read: int) -> list[str]:
    return [odd.what for odd in odd_counts(sample(99, read), runs(reads), RULE)]


class TestCounts:
    @pytest.mark.parametrize("read", [300, 295, 325, 271])
    def test_a_steady_source_within_a_tenth_is_in_its_habit(self, read: int) -> None:
        assert odd_reads(STEADY, read) == []

    @pytest.mark.parametrize(("read", "way"), [(200, "比平常少"), (0, "比平常少"), (400, "比平常多")])
    def test_out_of_it_says_what_is_usual(self, read: int, way: str) -> None:
        (odd,) = odd_counts(sample(99, read), runs(STEADY), RULE)
        assert (odd.kind, odd.what, odd.value, odd.usual) == ("count", "read", read, 300)
        assert way in odd.sentence
        assert "平常 300 条左右（270–330）" in odd.sentence

    def test_the_bounds_are_the_source_s_own(self) -> None:
        unsteady = (100, 500, 250, 350, 420, 180, 300)
        assert odd_reads(unsteady, 200) == []
        assert odd_reads(STEADY, 200) == ["read"]

    def test_one_wild_run_does_not_move_the_habit(self) -> None:
        assert odd_reads((*STEADY, 9_000), 200) == ["read"]

    def test_few_runs_are_no_habit(self) -> None:
        assert odd_reads(STEADY[: RULE.least - 1], 5) == []
        assert odd_reads(STEADY[: RULE.least], 5) == ["read"]

    def test_small_sources_may_differ_by_a_few_rows(self) -> None:
        assert odd_reads((2, 3, 2, 2, 3), 6) == []
        assert odd_reads((2, 3, 2, 2, 3), 8) == ["read"]

    @given(some.lists(some.integers(0, 10**6), min_size=RULE.least, max_size=30))
    def test_the_median_is_always_within(self, values: list[int]) -> None:
        found = bounds(values, RULE)
        assert found is not None
        assert found.hold(median(values))
        assert 0 <= found.low <= found.median <= found.high
        spread = NORMAL * median(abs(value - found.median) for value in values)
        assert found.high - found.median == pytest.approx(max(RULE.spreads * spread, RULE.share * found.median, RULE.rows))


class TestHabit:
    def test_like_is_compared_with_like(self) -> None:
        mixed = [sample(5, 300), sample(4, 7, mode="delta"), sample(3, 301), sample(2, 9, mode="delta")]
        assert [one.run_id for one in habit_of(sample(6, 8, mode="delta"), mixed, RULE)] == [4, 2]

    def test_what_came_later_is_not_a_habit_yet(self) -> None:
        assert [one.run_id for one in habit_of(sample(3, 300), runs(STEADY), RULE)] == [2, 1, 0]

    def test_only_the_last_runs_count(self) -> None:
        many = runs([300] * 40)
        assert [one.run_id for one in habit_of(sample(99, 1), many, RULE)] == list(range(39, 39 - RULE.runs, -1))


class TestReasons:
    def odd(self, value: int, before: int, read: int = 1_000, usual_read: int = 1_000) -> list[Oddity]:
        habit = runs([usual_read] * 6, [{"D-03": before} if before else {}] * 6)
        return odd_reasons(sample(99, read, {"D-03": value}), habit, RULE)

    def test_ten_times_as_often(self) -> None:
        (odd,) = self.odd(50, before=5)
        assert (odd.kind, odd.what, odd.value, odd.usual) == ("reason", "D-03", 50, 5)
        assert "10 倍" in odd.sentence
        assert self.odd(49, before=5) == []

    def test_by_share_of_what_was_read(self) -> None:
        assert self.odd(50, before=5, read=10_000) == []
        assert len(self.odd(50, before=50, read=1_000, usual_read=100_000)) == 1

    def test_a_new_reason(self) -> None:
        assert len(self.odd(10, before=0)) == 1
        assert self.odd(9, before=0) == []

    def test_without_a_habit_nothing_is_said(self) -> None:
        assert odd_reasons(sample(9, 100, {"D-03": 90}), runs([100] * (RULE.least - 1)), RULE) == []


class TestSilence:
    def ends(self, *hours: float) -> list[datetime]:
        return [NOW - timedelta(hours=one) for one in hours]

    def test_longer_than_its_rhythm(self) -> None:
        day = timedelta(days=1)
        assert silence(self.ends(47, 71), NOW, day, RULE) is None
        odd = silence(self.ends(49, 71), NOW, day, RULE)
        assert odd is not None
        assert (odd.kind, odd.value, odd.usual) == ("silent", 49.0, 24.0)
        assert "49 小时" in odd.sentence

    def test_the_rhythm_of_a_source_pulled_by_hand_is_its_usual_pause(self) -> None:
        weekly = [400.0 + 168 * week for week in range(6)]
        assert silence(self.ends(*weekly), NOW, None, RULE) is not None
        assert silence(self.ends(*(hours - 100 for hours in weekly)), NOW, None, RULE) is None

    def test_some_pulls_in_one_afternoon_are_no_rhythm(self) -> None:
        assert silence(self.ends(20, 20.1, 20.2, 20.3, 20.4, 20.5), NOW, None, RULE) is None

    def test_a_source_that_never_ran_or_only_twice_has_none(self) -> None:
        assert silence([], NOW, timedelta(days=1), RULE) is None
        assert silence(self.ends(5_000, 5_001), NOW, None, RULE) is None


def test_the_most_urgent_first() -> None:
    mixed = [Oddity(kind, "x", "") for kind in ("reason", "count", "silent", "broken", "count")]
    assert [one.kind for one in ranked(mixed)] == ["broken", "silent", "count", "count", "reason"]
    assert set(KINDS) == {one.kind for one in mixed}


def test_reasons_are_told_by_what_they_are_about() -> None:
    table = tomllib.loads(names.TABLE.read_text(encoding="utf-8"))
    assert set(table["families"]) == set(families().values())
    codes = set(families()) | {f"employer.{code}" for code in ("suspended", "list_arrears")}
    for path in (FEEDS / "records.py", FEEDS / "settle.py", *FEEDS.glob("sources/*/parse.py")):
        codes.update(re.findall(r'(?:Unusable\(\s*|"(?:held|rejected)", )"([a-z_]+)"', path.read_text(encoding="utf-8")))
    assert len(codes) > 60
    assert {code for code in codes if names.title(code) == code} == set()
    [odd] = odd_reasons(sample(99, 100, {"D-09.deposit": 90}), [sample(n, 100, {}) for n in range(RULE.least)], RULE)
    assert odd.sentence.startswith("“收押金”出现 90 次")
