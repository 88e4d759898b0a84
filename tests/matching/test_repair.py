"""Broken text: each kind on lines made up for it, and what looks broken but is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import text

LINES = ("招聘电焊工，包吃住", "叉车司机", "电子厂普工操作工", "家具厂喷漆工、打磨工", "保洁", "CNC操作工")


def as_gbk(line: str, mark: str = "\ufffd") -> str:
    return line.encode().decode("gb18030", "replace").replace("\ufffd", mark)


def as_windows(line: str) -> str:
    return "".join(bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in line.encode())


@pytest.mark.parametrize("line", LINES)
def test_bytes_read_in_the_wrong_code_are_read_again(line: str) -> None:
    meant = text.normalise(line)
    assert text.normalise(as_gbk(line)) == meant
    assert text.normalise(as_gbk(line, "?")) == meant
    assert text.normalise(as_windows(line)) == meant
    assert text.normalise(line.encode().decode("latin-1")) == meant
    assert text.normalise(line.encode("gb18030").decode("latin-1")) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("城鄉(xiāng)建設，優(yōu)質就業(yè)", "城乡建设,优质就业"),
        ("電焊（hàn）工發(fā)布", "电焊工发布"),
        ("焊(hǎn)工", "焊(hǎn)工"),  # another reading: it was meant to be read
        ("焊(gōng)工", "焊(gōng)工"),
        ("CNC(xx)", "cnc(xx)"),
        ("工(gong)", "工(gong)"),
        ("通知如下：?F將招工", "通知如下: 将招工"),
        ("服務活動?，F將招工", "服务活动 将招工"),
        ("招焊工\ufffd\ufffd包住", "招焊工 包住"),
        ("锟斤拷锟斤拷招焊工", "招焊工"),
        ("包住吗?B超医生", "包住吗 超医生"),
        ("还招人吗?包住吗", "还招人吗?包住吗"),
        ("&nbsp;招&#28938;&#x5DE5;&amp;amp;学徒", "招焊工&学徒"),
        ("<p>招<b>焊</b>工</p><br/>保洁", "招焊工 保洁"),
        ("薪资<6000，R&D", "薪资<6000,r&d"),
        ("焊\u200b工\ufeff", "焊工"),
        ("⻋工", "车工"),
        ("⼯⼈", "工人"),
        ("ＣＮＣ　数控", "cnc 数控"),
    ],
)
def test_what_was_meant(written: str, meant: str) -> None:
    assert text.normalise(written) == meant


@pytest.mark.parametrize(
    "sound", ["浏阳花炮厂", "榫卯木工", "杷木沿浜路", "ø20管 25°C ±2", "café crème", "“普工”……「保洁」", "浇铸工"]
)
def test_sound_text_is_left_alone(sound: str) -> None:
    for word in text.query_words(sound):
        assert word in sound.lower()
    assert text.normalise(sound) == text.normalise(text.normalise(sound))
    assert [c for c in sound if "\u4e00" <= c <= "\u9fff"] == [c for c in text.normalise(sound) if "\u4e00" <= c <= "\u9fff"]


def test_entities_do_not_end_a_clause() -> None:
    assert text.clauses("招&#28938;工，包住") == ["招焊工", "包住"]
    assert text.advert_words("招&#28938;工；" + as_gbk("叉车司机")) == text.advert_words("焊工；叉车司机")


def test_two_bytes_lost_together_are_not_guessed() -> None:
    broken = "质检员，包吃住".encode().decode("gbk", "replace")
    assert "\ufffd\ufffd" in broken
    assert text.normalise(broken) == "质 员,包吃住"


HAN = st.text(alphabet=st.sampled_from("招聘电焊工包吃住普操作员司机保洁，。？厂abC1 <&;?(ā)é"), max_size=30)
MISREAD = st.one_of(
    HAN,
    HAN.map(as_gbk),
    HAN.map(lambda line: as_gbk(line, "?")),
    HAN.map(as_windows),
    HAN.map(lambda line: line.encode("gb18030").decode("latin-1")),
    HAN.map(lambda line: as_gbk(as_gbk(line))),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(MISREAD, max_size=3).map("".join))
def test_repairing_again_changes_nothing(written: str) -> None:
    once = text.normalise(written)
    assert text.normalise(once) == once
