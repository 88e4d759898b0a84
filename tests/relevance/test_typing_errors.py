"""Words typed wrongly, in pinyin, by first letters, or that nobody knows."""

from __future__ import annotations

import pytest

from tests.relevance.conftest import Hits, Page


@pytest.mark.parametrize(
    ("typed", "first", "said"),
    [
        ("汗工", "焊工赣县", "工种：焊工（您写的是「汗工」）"),
        ("电悍工", "电焊工水西", "工种：电焊工（您写的是「电悍工」）"),
        ("保结", "保洁赣县", "工种：保洁（您写的是「保结」）"),
        ("dianhangong", "电焊工水西", "工种：电焊工（按拼音「dianhangong」找到）"),
        ("dhg", "电焊工水西", "工种：电焊工（按拼音「dhg」找到）"),
        ("baojie", "保洁赣县", "工种：保洁（按拼音「baojie」找到）"),
    ],
)
def test_what_was_meant_is_found_and_said(hits: Hits, page: Page, typed: str, first: str, said: str) -> None:
    found = hits(typed)
    assert first in list(found)[:3]
    assert found[first].reasons[0].text == said


@pytest.mark.parametrize(("typed", "meant"), [("汗工", "焊工"), ("保结", "保洁"), ("电悍工", "电焊工")])
def test_the_page_is_that_of_the_right_word(page: Page, typed: str, meant: str) -> None:
    assert page(typed)[:3] == page(meant)[:3]


def test_a_corrected_word_keeps_what_the_work_is_to_it(hits: Hits) -> None:
    assert hits("汗工")["二保焊工南康"].reasons[0].text == "工种：二保焊工，属于焊工（您写的是「汗工」）"


def test_a_right_word_beats_the_same_word_corrected(hits: Hits) -> None:
    assert hits("焊工")["焊工赣县"].parts.text > hits("汗工")["焊工赣县"].parts.text


@pytest.mark.parametrize("typed", ["阿斯顿发", "量子纠缠师", "电尔吾", "发工", "qwertz"])
def test_what_nobody_knows_does_not_find_by_single_characters(page: Page, typed: str) -> None:
    assert page(typed) == []


def test_nonsense_beside_a_trade_changes_nothing(page: Page, hits: Hits) -> None:
    assert page("阿斯顿发 木工")[0] == page("木工")[0]
    assert hits("阿斯顿发 缝纫工")["缝纫工南康"].parts == hits("缝纫工")["缝纫工南康"].parts
