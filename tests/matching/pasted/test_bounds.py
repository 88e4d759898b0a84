"""Any text is read in bounded time, and every place it is said to be read from gives the value that was read."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.pasted import MOST_CHARS, Draft, parse_message, read_message
from matching.pasted.letters import plain
from matching.pasted.pay import read_wage
from matching.pasted.slips import righted
from matching.pasted.split import MOST_JOBS
from matching.rules.age import parse_age
from matching.rules.benefit_talk import SPOKEN
from matching.rules.benefits import BOTH, TAGS
from tests.matching.pasted.cases import FILES, TODAY, cases

FRAGMENTS = (
    "招", "1", "招普工1名，", "普工", "0797", "1 ", "138", "、", "工资", "5000-", "(", "男", "装车20，卸车30，", "打农药200",
    "微信",
    "a@", "a.", "一", "¦",
    "😀", "  ", ",", "18-45岁", "各2名", "包吃", "章贡区", "地址：", "白班5000夜班", "\n", "1、\n",
    "A厂：招工 \n",
    "8:00-", "日结", "师傅", "www.", "1.", "五六个", "[玫瑰]", "急 ", "1块5", "保底",
    "男160女",
    "招普工1名\n", "招焊工2名包吃住\n\n", "演示厂：招普工1名\n", "普工5000元\n", "焊工2名，", "招聘焊工2名6000-8000元/月\n",
    "招普工1名 13800000001\n",
    "[普工]5000；", "1.普工5000 ", "招普工1名；", "形象岗 4200\n", "一万一十一月三十号",
    "白班普工 200元/天\n夜班普工 230元/天\n", "普工1名5000\n焊工1名6000\n",
)  # fmt: skip
_WORDS = st.sampled_from(
    [
        *FRAGMENTS,
        "招聘",
        "焊工2名",
        "6000-8000元/月",
        "200一天",
        "45岁以下",
        "包吃住",
        "五险",
        "南康区",
        "地址：唐江镇",
        "\n\n",
        "。",
    ]
)


def _cpu_seconds(message: str) -> float:
    begun = time.process_time()
    parse_message(message, TODAY)
    return time.process_time() - begun


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_ten_thousand_characters_of_anything(fragment: str) -> None:
    for head in ("", "招普工2名，5000元\n"):
        message = (head + fragment * 10_000)[:10_000]
        # 0.2 s at most on a quiet machine, where what grows with the square takes 2;
        # once more when it was slow: another process on the machine is no fault of the reader
        assert _cpu_seconds(message) < 1.0 or _cpu_seconds(message) < 1.0, fragment


@pytest.mark.parametrize("seam", ["，", "\n"])
def test_a_long_foot_of_many_jobs(seam: str) -> None:
    """What holds for all the jobs is read for each of them: the words of it only once."""
    jobs = "\n".join(f"{letter}招普工{number}名" for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz" * 2, 1))
    foot = seam.join(
        f"{18 + n % 20}-{45 + n % 9}岁可{n}{seam}工资{n}00元{seam}章贡区沙河{n}{seam}包住{n}间" for n in range(30, 150)
    )
    message = f"{jobs}\n\n{foot}"[:MOST_CHARS]
    assert len(parse_message(message, TODAY)) == 52
    assert _cpu_seconds(message) < 2 or _cpu_seconds(message) < 2


def test_more_jobs_than_are_read_are_counted_and_say_nothing_of_the_others() -> None:
    many = "".join(f"{letter}招普工{number}名{number}000元\n" for letter in "abcd" for number in range(1, 21))
    reading = read_message(f"演示厂，包住\n{many}\n地址：章贡区沙河工业园\n电话：13800000001", TODAY)
    assert (len(reading.drafts), reading.more_jobs, reading.more_chars) == (MOST_JOBS, 20, 0)
    assert reading.note() == "一次最多读 60 个岗位，后面还有约 20 个没有读，请把没读到的部分另外粘贴一次。"
    for draft in (reading.drafts[0], reading.drafts[-1]):
        assert (draft.region, draft.address, draft.contact_phone) == ("360702000000", "沙河工业园", "13800000001")
        assert draft.benefits == ("包住",)
        assert draft.wage is not None
        assert draft.wage.min == draft.headcount * 1000  # type: ignore[operator]
        assert "d招" not in draft.text


def test_what_stands_behind_the_last_character_is_counted() -> None:
    reading = read_message("招普工2名，5000元" + "。" * MOST_CHARS, TODAY)
    assert len(reading.drafts) == 1
    assert reading.more_chars == len("招普工2名，5000元")
    assert "5000 个字" in reading.note()
    assert read_message("招普工2名，5000元", TODAY).note() == ""


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(_WORDS, min_size=5, max_size=40), st.integers(1, 60))
def test_mixtures_up_to_the_limit_are_read_in_bounded_time(words: list[str], times: int) -> None:
    message = ("".join(words) * times)[:MOST_CHARS]
    assert _cpu_seconds(message) < 2 or _cpu_seconds(message) < 2
    assert len(parse_message(message, TODAY)) <= MOST_JOBS


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(max_size=300))
def test_no_text_at_all_is_too_odd(text: str) -> None:
    for draft in parse_message(text, TODAY):
        _holds(draft, text)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(_WORDS | st.text(max_size=5), max_size=14))
def test_no_mixture_of_words_is_too_odd(words: list[str]) -> None:
    text = "".join(words)
    for draft in parse_message(text, TODAY):
        _holds(draft, text)


@pytest.mark.parametrize("which", FILES)
def test_places_give_the_value(which: str) -> None:
    for case in cases(which):
        for draft in parse_message(case.message, TODAY):
            _holds(draft, case.message)


@pytest.mark.parametrize("message", ["招普工2名，18-45岁，45岁以下", "男18-45，女18-40岁，招普工，60岁以下"])
def test_ages_of_several_clauses_stand_at_their_places(message: str) -> None:
    drafts = parse_message(message, TODAY)
    assert drafts
    for draft in drafts:
        _holds(draft, message)


def _holds(draft: Draft, message: str) -> None:
    """Each field once more, out of the places alone that it names."""
    assert all(0 <= start < end <= len(message) for spans in draft.spans.values() for start, end in spans)
    said = {name: righted(plain(draft.said(name, message)).text) for name in draft.spans}
    if draft.wage is not None and draft.wage.min is not None:
        amounts = {f"{amount:g}" for amount in (draft.wage.min, draft.wage.max) if amount is not None}
        again = read_wage(said["wage"])
        together = {f"{float(amount) * 2:g}" for amount in amounts}  # a couple's pay is halved
        stands = _amounts(said["wage"]) >= amounts or _amounts(said["wage"]) >= together
        read = [None if one is None else one * 2 for one in (draft.wage.min, draft.wage.max)]
        whole = [(draft.wage.min, draft.wage.max), tuple(read)]
        assert (again.min, again.max) in whole or stands, said["wage"]
    if draft.age is not None and (draft.age.min or draft.age.max):
        text = said["age_min" if draft.age.min else "age_max"]
        again_age = parse_age(text)
        assert (again_age.min, again_age.max) == (draft.age.min, draft.age.max), text
    if draft.headcount is not None:
        assert re.search(r"[\d一二两三四五六七八九十壹贰叁肆伍陆柒捌玖拾俩仨对个位名]", said["headcount"]), said["headcount"]
    if draft.contact_phone:
        assert len(draft.contact_phone) >= 7
        assert said["contact_phone"]
    for tag in draft.benefits:
        spoken = tag in SPOKEN and SPOKEN[tag].search(said["benefits"])
        assert spoken or any(word in said["benefits"] for word in (*TAGS[tag], *BOTH)), (tag, said["benefits"])


def _amounts(text: str) -> set[str]:
    return {f"{float(number):g}" for number in re.findall(r"\d+(?:\.\d+)?", text)}
