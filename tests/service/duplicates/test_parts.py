"""Names, titles, places and pay, each by itself."""

from __future__ import annotations

import pytest

from service.duplicates import places, titles, wages
from service.duplicates.employers import employer_name, same_name
from service.duplicates.places import address_of, addresses, divisions
from service.duplicates.titles import shifts_in, title_of, titles_alike
from service.duplicates.wages import Wage


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("江西省赣州市恒朗电子科技有限公司", "恒朗電子（赣州）有限公司"),
        ("恒朗电子", "恒朗电子厂"),
        ("ＡＢＣ科技有限公司", "abc科技"),
        ("赣州恒朗物业服务有限公司", "恒朗物业管理"),
        ("恒朗家私", "恒朗家具有限公司"),
        ("恒朗集团", "恒朗电子有限公司"),
    ],
)
def test_one_employer_written_in_two_ways(one: str, other: str) -> None:
    assert same_name(employer_name(one), employer_name(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("恒朗电子有限公司", "恒朗物业有限公司"),
        ("恒朗电子有限公司", "恒明电子有限公司"),
        ("某电子厂", "某电子厂"),
        ("电子厂", "电子厂"),
        ("张女士", "张女士"),
        ("", ""),
    ],
)
def test_two_employers_or_nobody(one: str, other: str) -> None:
    assert not same_name(employer_name(one), employer_name(other))


def test_an_agency_is_known_by_its_name() -> None:
    assert employer_name("赣州聚贤人力资源有限公司").agency
    assert not employer_name("赣州恒朗电子有限公司").agency


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("急招普工300名（長白班，包吃住）", "普工 三百人 长白班", titles.SAME),
        ("普工（一厂）", "普工（2厂）", titles.OTHER),
        ("焊工", "焊工学徒", titles.OTHER),
        ("普工（白班）", "普工（夜班）", titles.OTHER),
        ("电工", "保安", titles.OTHER),
        ("司机（C1）", "司机（A2）", titles.OTHER),
        ("普工", "兼职普工", titles.OTHER),
        ("焊工", "二保焊工", titles.CLOSE),
        ("厨师（食堂）", "食堂厨师", titles.SAME),
        ("打包工", "包装工（打包）", titles.CLOSE),
        ("车工", "叉车工", titles.OTHER),
        ("厨工", "厨师", titles.OTHER),
        ("普工/质检员", "普工", titles.WEAK),
    ],
)
def test_titles(one: str, other: str, alike: int) -> None:
    assert titles_alike(title_of(one), title_of(other)) == alike
    assert titles_alike(title_of(other), title_of(one)) == alike


def test_shifts() -> None:
    assert shifts_in("白班夜班轮换，两班倒") == {"two"}
    assert shifts_in("长白班") == {"day"}
    assert shifts_in("只上夜班") == {"night"}
    assert shifts_in("包吃住") == frozenset()


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("香江大道188号", "章贡区香江大道188号恒朗工业园", places.SAME),
        ("香江大道188号", "香江大道66号", places.APART),
        ("香江大道188号", "东江源大道18号", places.APART),
        ("沙河工业园", "水西工业园", places.APART),
        ("沙河工业园1栋", "沙河工业园6栋", places.APART),
        ("", "沙河工业园", places.UNKNOWN),
    ],
)
def test_addresses(one: str, other: str, answer: int) -> None:
    assert addresses(address_of(one), address_of(other)) == answer
    assert addresses(address_of(other), address_of(one)) == answer


def test_divisions() -> None:
    assert divisions("360702000000", "360702000000") == places.NEAR
    assert divisions("360702000000", "360703000000") == places.APART
    assert divisions("360702000000", "360700000000") == places.UNKNOWN
    assert divisions("360702001000", "360702000000") == places.NEAR
    assert divisions("360702001000", "360702002000") == places.APART
    assert divisions("110000000000", "360702000000") == places.APART
    assert divisions("", "360702000000") == places.UNKNOWN


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        (Wage(6000, 7500, "month"), Wage(6000, 7500, "month"), wages.SAME),
        (Wage(6000, 7500, "month"), Wage(8000, 9000, "month"), wages.APART),
        (Wage(6000, 8000, "month"), Wage(6500, 8000, "month"), wages.NEAR),
        (Wage(4200, 5200, "month"), Wage(4400, 5400, "month"), wages.APART),
        (Wage(6000, None, "month"), Wage(6000, 7500, "month"), wages.NEAR),
        (Wage(260, 260, "day"), Wage(6500, 7500, "month"), wages.NEAR),
        (Wage(150, 150, "day"), Wage(9000, 9000, "month"), wages.APART),
        (Wage(25, 25, "hour"), Wage(250, 250, "day"), wages.NEAR),
        (Wage(None, None, None), Wage(250, 250, "day"), wages.UNKNOWN),
        (Wage(2, 2, "piece"), Wage(250, 250, "day"), wages.UNKNOWN),
    ],
)
def test_wages(one: Wage, other: Wage, answer: int) -> None:
    assert wages.wages(one, other) == answer
    assert wages.wages(other, one) == answer
