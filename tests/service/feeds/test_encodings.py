"""Texts that were saved, sent or read in a wrong encoding, and texts written for web pages."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import opencc
import pytest

from service.feeds.encodings import NoEncoding, broken, decode, repaired, simplified
from service.feeds.html_text import plain_text

SAID = "招聘缝纫工十名，赣州市章贡区演示电子厂，月薪五千至七千元，包吃住。"
TRADITIONAL = str(opencc.OpenCC("s2t").convert(SAID))
FEEDS = Path(__file__).resolve().parents[3] / "seed_jobs" / "feeds"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32"])
@pytest.mark.parametrize("declared", ["", "utf-8", "gb2312", "iso-8859-1"])
def test_bytes_are_what_they_are_whatever_is_declared(encoding: str, declared: str) -> None:
    text, found = decode(SAID.encode(encoding), declared)
    assert text == SAID
    assert found == encoding.removesuffix("-sig")


def test_big5_is_told_from_gb18030() -> None:
    assert decode(TRADITIONAL.encode("big5hkscs")) == (TRADITIONAL, "big5hkscs")
    assert simplified(TRADITIONAL) == SAID


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(NoEncoding):
        decode(b"\xff\xff\x80\x00\x81")


@pytest.mark.parametrize(
    ("meant", "read_as"),
    [("utf-8", "gb18030"), ("utf-8", "latin-1"), ("gb18030", "latin-1"), ("big5hkscs", "gb18030")],
)
def test_a_text_that_was_read_wrongly_is_repaired(meant: str, read_as: str) -> None:
    text = (TRADITIONAL if meant == "big5hkscs" else SAID)[:30]
    wrong = text.encode(meant).decode(read_as, errors="ignore")
    assert wrong != text
    if wrong.encode(read_as) == text.encode(meant):
        assert repaired(wrong) == text


def test_what_is_lost_for_good_is_seen() -> None:
    assert broken("锟斤拷锟斤拷")
    assert broken("招聘\ufffd工")
    assert not broken(SAID)


@pytest.mark.parametrize(
    "text", [SAID, "CNC操机", "鑫淼焱垚", "Ａ类", "café", "演示（香港）有限公司", "𠮷野家", "℃±5", "¥6000–8000", "<18岁", "瞿塍"]
)
def test_a_right_text_is_left_alone(text: str) -> None:
    assert repaired(text) == text
    assert simplified(text) == text
    assert plain_text(text) == text


@pytest.mark.parametrize("name", ["51job_2023-12.csv.gz", "shortage_lists_2021_2026.csv.gz"])
def test_real_lists_come_through_unchanged(name: str) -> None:
    """23,900 rows of real adverts and lists: nothing is taken for broken that is not."""
    rows = csv.reader(io.StringIO(gzip.decompress((FEEDS / name).read_bytes()).decode()))
    cells = [cell for row in rows for cell in row if not cell.isascii()]
    assert len(cells) > 10_000
    assert [cell for cell in cells if simplified(plain_text(repaired(cell))) != cell] == []


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<p>一、包吃住</p><p>二、五险</p>", "一、包吃住\n二、五险"),
        ("焊工<br/>两名", "焊工\n两名"),
        ("&lt;p&gt;长白班&lt;/p&gt;", "长白班"),
        ("&amp;lt;b&amp;gt;月结&amp;lt;/b&amp;gt;", "月结"),
        ("<script>alert(1)</script>招工<style>p{}</style>", "招工"),
        ("<td>工资</td><td>6000</td>", "工资 6000"),
        ("a &amp; b", "a & b"),
        ("<img src=x onerror=alert(1)>保安", "保安"),
        ("<!-- 内部 -->保洁", "保洁"),
        ("要求<号码>之内，<30岁", "要求<号码>之内，<30岁"),
        ("<p>没写完", "没写完"),
    ],
)
def test_the_words_of_a_page(page: str, words: str) -> None:
    assert plain_text(page) == words
