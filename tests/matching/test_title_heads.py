"""The known words of a piece, the branch a head needs, and works that share a name."""

import pytest

from matching.rules import trade
from matching.title_heads import Head, by_context, is_job, is_person, led, table, terms


def words(piece: str) -> list[str]:
    return [head.word for head in terms().heads(piece)]


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        ("写字楼的保洁", ["保洁"]),
        ("酒店前台收银", ["酒店前台", "收银"]),
        ("土木工程", []),
        ("土木工程师", ["工程师"]),
        ("叉车配件厂普工", ["普工"]),
        ("电工胶带厂", []),
        ("不加班", []),
        ("", []),
    ],
)
def test_the_known_words_from_left_to_right(piece: str, expected: list[str]) -> None:
    assert words(piece) == expected


def test_a_word_after_a_no_is_not_wanted() -> None:
    assert "销售" not in words("非销售")


@pytest.mark.parametrize(
    ("piece", "code"),
    [
        ("高中数学教师", "2-08-02-01"),
        ("口腔医生", "2-05-01-07"),
        ("中医医生", ""),
        ("餐厅设备主管", "2-02-07-04"),  # the nearest branch
        ("市场运营经理", ""),  # another word between branch and rank
        ("环保专员", "2-02-27-02"),
        ("模拟IC工程师", "2-02-38-09"),
        ("ICR导入工程师", ""),  # IC does not stand alone
        ("供应链金融科技集团有限公司顾问", ""),
    ],
)
def test_the_branch_of_a_head(piece: str, code: str) -> None:
    head = terms().heads(piece)[-1]
    bare = head._replace(code="") if not head.word.endswith("工程师") else head
    found, why = terms().by_branch(piece, bare)
    assert found == code
    assert bool(why) == (not code)


def test_a_rank_over_the_work_before_it() -> None:
    welding, rank = Head("焊工", "6-18-02-04", 0, 2, general=False), Head("组长", "", 2, 4, general=False)
    assert led(welding, rank)
    assert not led(welding, rank._replace(word="经理"))
    assert led(welding._replace(word="客服", code="4-04-05-03"), rank._replace(word="主管"))
    assert not led(welding, rank._replace(start=3, end=5))


def test_surroundings_decide_between_works_of_one_name() -> None:
    assert by_context("车工", "鞋厂招车工") == "6-05-04-01"
    assert by_context("车工", "机械厂招车工") == ""
    assert by_context("饲养员", "蛋鸡场饲养员") == "5-03-02-02"


def test_persons_and_jobs() -> None:
    assert is_person(Head("焊工", "6-18-02-04", 0, 2, general=False))
    assert not is_person(Head("普工", "6-31-99-00", 0, 2, general=True))
    selling = Head("销售", "4-01-02-01", 0, 2, general=False)
    assert is_job(selling)
    assert not is_person(selling)


def test_the_tables_name_detailed_occupations() -> None:
    for name, column in (("titles.csv", 1), ("title_branches.csv", 2), ("engineer_fields.csv", 1)):
        for row in table(name):
            code = row[column]
            found = trade.occupation(code)
            assert code == "" or (found is not None and found.is_detailed), row


def test_no_row_stands_twice() -> None:
    for name, key in (("titles.csv", 1), ("title_branches.csv", 2), ("engineer_fields.csv", 1)):
        keys = [tuple(row[:key]) for row in table(name)]
        assert len(keys) == len(set(keys)), [each for each in keys if keys.count(each) > 1]
