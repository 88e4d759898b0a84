"""Numbers as people in China write them, brought into one plain form.

Adverts mix full-width digits, Chinese numerals (三千五, 四十五), traditional characters, and a dozen different dashes. Wage and
age both have to read them, so the folding stands here, once.

Source of the numeral grammar: ordinary written Chinese; the short forms (三千五 = 3500, 一万二 = 12000, 三四千 = 3000-4000) are
everyday speech and are what workers type.
"""

from __future__ import annotations

import re
import unicodedata

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_POWERS = {"十": 10, "百": 100, "千": 1000}
_D = "一二两三四五六七八九"

_FOLD = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−─━ー﹣－", "-"),
        **dict.fromkeys("〜∼～﹏˜", "~"),
        **dict.fromkeys("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳", ";"),  # a list number must not grow into the amount behind it
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", ""),
        **dict.fromkeys("\r\n\t\v\f\u2028\u2029", ";"),
        **dict(
            zip(
                "萬圓塊時個計資與間後週點歲滿過餘幾錢禮單兩亁陸貳叁肆伍",
                "万元块时个计资与间后周点岁满过余几钱礼单两千六二三四五",
                strict=True,
            )
        ),
        **dict(zip("壹贰弍柒捌玖拾佰仟", "一二二七八九十百千", strict=True)),
        "￥": "¥",
        "【": "(",
        "】": ")",
        "[": "(",
        "]": ")",
        "；": ";",
        "|": ";",
        "∶": ":",
        "≧": "≥",
        "≦": "≤",
    }
)
_SPACE_AFTER_OPEN_PLUS = re.compile(r"(?<=[0-9kw万千元块])\+ +(?=[^\s0-9])")
_SPACE = re.compile(r"(?<![0-9]) +| +(?![0-9])")
_THOUSANDS = re.compile(r"(?<![0-9.])([0-9]{1,2}),([0-9]{3})(?![0-9])")
_DASHES = re.compile(r"[-~]{2,}|~")
_DASH_WRITTEN_AS_ONE = re.compile(r"(?<=[0-9]{2})一(?=[0-9]{2})")
_DOTS = re.compile(r"(?<=[0-9])\.{2,}(?=[0-9])")

_TWO_DIGITS_ONE_POWER = re.compile(rf"(?<![{_D}十百千])([{_D}])([{_D}])([十百千万])")
_TEENS_PAIR = re.compile(rf"(?<![{_D}])十([{_D}])([{_D}])(?=[块元])")
_DIGIT_TO_POWER = re.compile(rf"(?<![{_D}十百千万])([{_D}])(到|至|-)(?=[{_D}]([百千万]))")
# in 两百一天 the 一 belongs to the day; 三千一包住, 两千一单休 are no pay by the packet
_ONE_OF = (
    r"一(?=个|天|日|小时|月|年|周|件|单(?![休双间位独])|车(?!间)|亩|趟|班|晚|米|吨|钟|平(?![时均常台日])|场(?![地所合])|方(?![便面向法式])|"
    r"立方|斤|次(?!性)|人(?![员民事])|套|棵|箱|桶|节(?!假)|扇|根|袋|桌|包(?![吃住餐食中三午五车]))"
)
_RUN = re.compile(rf"(?!{_ONE_OF})[{_D}十](?:(?!{_ONE_OF})[{_D}十百千万零〇])*")
_POWER_THEN_DIGIT = re.compile(rf"(?<=[0-9][百千万])([{_D}])(?![{_D}十百千万个天月年])")
_DIGIT_BEFORE_UNIT = re.compile(rf"(?<![{_D}十百千万第])([二两三四五六七八九])(?=块|元|毛|角|分钱|周?岁)")
_BLOCK_AND_DIME = re.compile(rf"([0-9]+)块(?!{_ONE_OF})([{_D}]|[1-9])(?:(?={_ONE_OF})|(?![0-9{_D}十百千万个天]))")
_TEN_ALONE = re.compile(r"元|块|毛|角|个|小时|天|日|月|年|号|点|周?岁|名|人|多|几|以|到|至|-")
_ABOUT_SO_MANY = re.compile(rf"([{_D}])([百千万])[来把](?:块钱?|元)")  # 两百来块
_VAGUE = {"百来块": "100元左右", "百把块": "100元左右", "千把块": "1000元左右", "千来块": "1000元左右", "万把块": "10000元左右"}


def plain(text: str) -> str:
    """The same text in one plain form: half width, simplified money words, one dash, lower case, Arabic digits.

    Spaces stay only between two digits (so that 5000 13800000000 does not become one number); a line break becomes `;`.
    Never raises.

    >>> plain("月薪　６０００～８０００ 元／月")
    '月薪6000-8000元/月'
    >>> plain("三千五到五千")
    '3500到5000'
    """
    s = unicodedata.normalize("NFKC", text.translate(_FOLD)).translate(_FOLD).lower()
    s = _SPACE_AFTER_OPEN_PLUS.sub("以上", s)
    s = _SPACE.sub("", s)
    s = _THOUSANDS.sub(r"\1\2", s)
    s = _DASHES.sub("-", s)
    s = _DASH_WRITTEN_AS_ONE.sub("-", s)
    s = _DOTS.sub("-", s)
    return _arabic(s)


def _arabic(s: str) -> str:
    """Chinese numerals to Arabic ones where they count something; 五险一金, 千灯, 百货 and 第一 stay as they are."""
    s = _ABOUT_SO_MANY.sub(lambda m: f"{_DIGITS[m[1]] * _POWERS.get(m[2], 10000)}元左右", s)
    for vague, clear in _VAGUE.items():
        s = s.replace(vague, clear)
    s = _TWO_DIGITS_ONE_POWER.sub(_pair, s)
    s = _TEENS_PAIR.sub(lambda m: f"{10 + _DIGITS[m[1]]}-{10 + _DIGITS[m[2]]}", s)
    s = _DIGIT_TO_POWER.sub(lambda m: f"{_DIGITS[m[1]] * _POWERS.get(m[3], 10000)}{m[2]}", s)
    s = _RUN.sub(_run, s)
    s = _POWER_THEN_DIGIT.sub(lambda m: str(_DIGITS[m[1]]), s)
    s = _DIGIT_BEFORE_UNIT.sub(lambda m: str(_DIGITS[m[1]]), s)
    return _BLOCK_AND_DIME.sub(lambda m: f"{m[1]}.{_DIGITS.get(m[2], m[2])}元", s)


def _pair(m: re.Match[str]) -> str:
    """三四千 = 3000-4000; two digits that do not grow (四三千) are no pair and stay."""
    low, high = _DIGITS[m[1]], _DIGITS[m[2]]
    if low >= high:
        return m[0]
    power = _POWERS.get(m[3], 10000)
    return f"{low * power}-{high * power}"


def _run(m: re.Match[str]) -> str:
    run = m[0]
    if not any(c in "十百千万" for c in run):
        return run
    if run == "十" and not _TEN_ALONE.match(m.string, m.end()):
        return run  # 十堰, 十字路口
    value = chinese_number(run)
    return run if value is None else str(value)


def chinese_number(run: str) -> int | None:
    """The value of a Chinese numeral up to 9999 万, or None when it is not one.

    A last digit without its power means the next lower one, as in speech: 三千五 = 3500, 一万二 = 12000, 一百零五 = 105.
    """
    total = section = 0
    digit: int | None = None
    last_power = 1
    zero = False
    for c in run:
        if c in "零〇":
            zero = True
        elif c in _DIGITS:
            if digit is not None:
                return None
            digit = _DIGITS[c]
        elif c == "万":
            if total or (digit is None and not section):
                return None
            total, section = (section + (digit or 0)) * 10000, 0
            digit, last_power, zero = None, 10000, False
        elif c in _POWERS:
            if (digit is None and c != "十") or _POWERS[c] >= last_power > 1:
                return None
            section += (1 if digit is None else digit) * _POWERS[c]
            digit, last_power, zero = None, _POWERS[c], False
        else:
            return None
    if digit is not None:
        section += digit if zero or last_power <= 10 else digit * last_power // 10
    return total + section
