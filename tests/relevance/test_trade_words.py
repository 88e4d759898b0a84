"""A trade is asked for by one word: which adverts a person wants to see first, and which not at all."""

from __future__ import annotations

import pytest

from tests.relevance.conftest import Hits, Page
from tests.relevance.market import MARKET

CASES = {
    # asked: (what comes first, in this order; what must not be on the page)
    "电焊工": (["电焊工水西"], ["电工章贡", "水电工赣县", "油漆工南康"]),
    "氩弧焊工": (["氩弧焊工章贡", "电焊工水西"], ["电工章贡", "木工南康"]),
    "二保焊": (["二保焊工南康"], ["保安章贡", "保洁赣县"]),
    "电子厂普工": (["电子厂普工水西"], ["包装工章贡", "保安章贡"]),
    "普工": (["普工章贡", "电子厂普工水西"], ["土木工程师章贡", "厨师章贡"]),
    "看大门": (["门卫章贡", "保安章贡"], ["绿化工章贡", "木工南康"]),
    "保安": (["保安章贡", "夜班保安水西", "保安赣县", "门卫章贡"], ["保洁员章贡", "保姆章贡"]),
    "打扫卫生": (["保洁员章贡", "开荒保洁章贡", "清洁工水西", "保洁赣县"], ["小工章贡", "绿化工章贡"]),
    "清洁工": (["清洁工水西", "保洁员章贡"], ["搬运工章贡", "月嫂章贡"]),
    "月嫂": (["月嫂章贡"], ["清洁工水西", "洗碗工章贡"]),
    "育婴员": (["育婴师赣县", "月嫂章贡"], ["清洁工水西", "服务员章贡"]),
    "洗碗": (["洗碗工章贡", "洗碗阿姨赣县", "服务员章贡"], ["木工南康", "小工章贡"]),
    "开叉车": (["叉车工水西"], ["货车司机章贡", "公交司机赣县"]),
    "送外卖": (["外卖骑手章贡"], ["服务员章贡", "搬运工章贡"]),
    "缝纫工": (["缝纫工南康"], ["木工南康", "普工章贡"]),
    "木工": (["木工南康"], ["土木工程师章贡"]),
    "电工": (["电工章贡", "水电工赣县"], ["电焊工水西", "电子厂普工水西"]),
    "护工": (["护工章贡", "保姆章贡"], ["保洁员章贡", "月嫂章贡"]),
    "cnc": (["数控车工赣县", "CNC操作工昆山"], ["普工章贡", "焊工赣县"]),
    "摘橙子": (["摘橙工定南"], ["包装工章贡", "绿化工章贡"]),
}


@pytest.mark.parametrize("asked", CASES)
def test_first_of_the_page_and_never_on_it(page: Page, asked: str) -> None:
    first, never = CASES[asked]
    assert {*first, *never} <= set(MARKET)
    found = page(asked, limit=60)
    assert found[: len(first)] == first
    assert not set(found) & set(never)


def test_the_asked_word_before_its_synonyms_before_special_forms_of_it(page: Page) -> None:
    """All the same to distance: only what the adverts say."""
    found = page("电焊工", near=False)
    assert found == ["电焊工水西", "焊工昆山", "电焊学徒赣县", "焊工赣县", "二保焊工南康", "氩弧焊工章贡", "厂务维修水西"]


def test_many_near_words_in_a_description_do_not_make_a_welder(page: Page) -> None:
    for asked in ("电焊工", "焊工"):
        assert page(asked, near=False)[-1] == "厂务维修水西"
    assert page("焊工").index("厂务维修水西") > page("焊工").index("焊工赣县")


def test_who_leads_the_workers_is_not_one_of_them(page: Page) -> None:
    assert page("电子厂普工", near=False)[0] == "电子厂普工水西"
    assert page("保洁", near=False).index("物业经理章贡") > page("保洁", near=False).index("清洁工水西")


def test_the_exact_title_is_worth_most_of_the_text_part_and_a_synonym_clearly_less(hits: Hits) -> None:
    found = hits("电焊工", near=False)
    exact, same, described = (found[name].parts.text for name in ("电焊工水西", "焊工昆山", "厂务维修水西"))
    assert 800 <= exact <= 900
    assert 150 <= exact - same <= 250
    assert described < exact // 2


def test_the_same_work_next_door_before_the_right_word_a_day_away(page: Page) -> None:
    assert page("叉车司机")[:2] == ["叉车工水西", "叉车司机昆山"]
    assert page("叉车司机", near=False)[:2] == ["叉车司机昆山", "叉车工水西"]


def test_reasons_say_how_the_work_is_related(hits: Hits) -> None:
    said = {name: hit.reasons[0].text for name, hit in hits("氩弧焊工").items()}
    assert said["氩弧焊工章贡"] == "工种：氩弧焊工"
    assert said["焊工赣县"] == "工种：焊工，氩弧焊工是其中一种"
    assert said["二保焊工南康"] == "工种：二保焊工，和氩弧焊工相近"
    assert hits("看大门")["保安赣县"].reasons[0].text == "工种：保安，看大门是其中一种"
    assert hits("焊工")["二保焊工南康"].reasons[0].text == "工种：二保焊工，属于焊工"


def test_two_asked_words_count_both(page: Page) -> None:
    assert page("电焊工 看图纸")[0] == "电焊工水西"
    assert page("保安 夜班", near=False)[0] == "夜班保安水西"
    assert page(skills=("叉车证",))[0] == "叉车工水西"
