"""What the validation library says, in plain Chinese. What is Chinese already passes through."""

from __future__ import annotations

import re
from typing import Any

_OTHERWISE = "这一项填得不对，请检查。"
_FIXED = {
    "Missing data for required field.": "这一项必须填。",
    "Field may not be null.": "这一项不能是空值。",
    "Unknown field.": "没有这一项，请检查拼写。",
    "Not a valid string.": "这一项要填文字。",
    "Not a valid number.": "这一项要填数字。",
    "Not a valid integer.": "这一项要填整数。",
    "Not a valid boolean.": "这一项只能填 true 或 false。",
    "Not a valid list.": "这一项要填列表。",
    "Not a valid datetime.": "时间写法不对，例如 2026-12-01T08:00:00+08:00。",
    "Not a valid aware datetime.": "时间要带时区，例如 2026-12-01T08:00:00+08:00。",
    "Not a valid date.": "日期写法不对，例如 2026-12-01。",
    "Not a valid URL.": "网址写法不对，请以 http:// 或 https:// 开头。",
    "Not a valid utf-8 string.": "文字编码不对，请用 UTF-8。",
    "Invalid input type.": "这里的内容格式不对，请按接口文档填写。",
    "Number too large.": "数字太大了。",
    "Special numeric values (nan or infinity) are not permitted.": "这一项要填普通的数字。",
    "String does not match expected pattern.": "写法不对，请按说明填写。",
}
_SHAPED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"Must be one of: (?P<a>.*)\."), "只能填这些之一：{a}。"),
    (re.compile(r"One or more of the choices you made was not in: (?P<a>.*)\."), "只能从这些里选：{a}。"),
    (re.compile(r"Shorter than minimum length 1\."), "这一项不能为空。"),
    (re.compile(r"Shorter than minimum length (?P<a>\d+)\."), "太短了，至少要 {a} 个。"),
    (re.compile(r"Longer than maximum length (?P<a>\d+)\."), "太长了，最多 {a} 个。"),
    (re.compile(r"Length must be between (?P<a>\d+) and (?P<b>\d+)\."), "长度要在 {a} 到 {b} 之间。"),
    (re.compile(r"Length must be (?P<a>\d+)\."), "长度要正好是 {a}。"),
    (
        re.compile(r"Must be greater than or equal to (?P<a>\S+) and less than or equal to (?P<b>\S+)\."),
        "要在 {a} 到 {b} 之间。",
    ),
    (re.compile(r"Must be greater than or equal to (?P<a>\S+)\."), "不能小于 {a}。"),
    (re.compile(r"Must be less than or equal to (?P<a>\S+)\."), "不能大于 {a}。"),
    (re.compile(r"Must be greater than (?P<a>\S+)\."), "要大于 {a}。"),
    (re.compile(r"Must be less than (?P<a>\S+)\."), "要小于 {a}。"),
)
_LOCATIONS = frozenset({"json", "query", "querystring", "headers", "form", "path", "view_args", "files"})
_MOST = 50


def in_chinese(message: str) -> str:
    """One message of the validation library as a plain Chinese sentence."""
    if re.search(r"[\u4e00-\u9fff]", message):
        return message
    if message in _FIXED:
        return _FIXED[message]
    for pattern, sentence in _SHAPED:
        found = pattern.fullmatch(message)
        if found:
            return sentence.format(**found.groupdict())
    return _OTHERWISE


def by_field(messages: Any) -> dict[str, list[str]]:
    """Nested messages (``{"json": {"gig": {"seats": [...]}}}``) as ``{"gig.seats": [...]}``, at most 50 fields."""
    found: dict[str, list[str]] = {}
    _collect(messages, (), found)
    return dict(list(found.items())[:_MOST])


def printable(name: str) -> str:
    """A name that a client made up, cut short and without what UTF-8 cannot carry (half a surrogate pair)."""
    return name[:64].encode("utf-8", "replace").decode("utf-8")


def _collect(messages: Any, path: tuple[str, ...], found: dict[str, list[str]]) -> None:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            skipped = (not path and name in _LOCATIONS) or name == "_schema"
            _collect(inner, path if skipped else (*path, printable(str(name))), found)
    elif isinstance(messages, list):
        for message in messages:
            _collect(message, path, found)
    else:
        sentences = found.setdefault(".".join(path) or "body", [])
        sentence = in_chinese(str(messages))
        if sentence not in sentences:
            sentences.append(sentence)
