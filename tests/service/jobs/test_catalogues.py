"""Real public adverts are not stopped: what is, was read and is a true find."""

from __future__ import annotations

import pytest

from tests.service.jobs.measure_catalogues import CATALOGUES, main, measure

TRUE_FINDS = {"D-08.sex": 4}
"""「男保安员」 and 「男工」 in a list of 2026, 「普通精神科（男）医师」 and 「1、男性，年龄40周岁以下」 in one of 2021: naming
men alone is what 妇女权益保障法 article 43 forbids."""


@pytest.mark.long
@pytest.mark.parametrize(("key", "stopped"), [("shortage_lists", TRUE_FINDS), ("job51_sample", {})])
def test_no_real_advert_is_stopped_but_these(key: str, stopped: dict[str, int]) -> None:
    counts = measure(key)
    assert counts.adverts > 4_000
    assert dict(counts.stopped) == stopped, [line for line in counts.lines if not line.startswith("warn")]
    assert sum(counts.remarked.values()) <= counts.adverts // 1000, counts.lines


@pytest.mark.parametrize("key", CATALOGUES)
def test_nor_one_of_every_twenty_fifth(key: str) -> None:
    counts = measure(key, every=25)
    assert counts.adverts > 150
    assert not set(counts.stopped) - set(TRUE_FINDS), counts.lines


def test_the_command_says_counts_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--every", "100", "--lines"]) == 0
    said = capsys.readouterr().out
    assert all(f"{key}: " in said for key in CATALOGUES)
    assert "µs an advert" in said
