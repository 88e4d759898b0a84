"""What is wrong with an advert, before it is published: what it does not say, what it must not say, what we could not read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from matching.rules.benefits import TAGS, tags_named
from matching.rules.minimum_wage import last_known
from service import clock
from service.jobs.advert import Advert, Reading, read_advert
from service.jobs.findings import Finding
from service.jobs.rules import Rule, rules_on
from service.wechat.safety import Fitness, worst_word

Verdict = Literal["publish", "hold", "refuse"]
LEGAL_AGE = 16
ADULT_AGE = 18
_WRITTEN = ("description", "title", "experience", "education", "age", "wage")
"""Where words can stand, the usual place first: the person is sent to the field that holds them."""
_HOLDING = frozenset({"region_unknown", "region_ambiguous", "text_review"})


def check_advert(advert: Advert, now: datetime, reading: Reading | None = None) -> tuple[Finding, ...]:
    """All findings about an advert, the gravest first: from reading it, from the rules of the day, and from plain sense."""
    reading = reading or read_advert(advert, now)
    found = [*reading.findings, *_sense(advert, now), *_below_minimum(reading.fields, now), *_unfit(advert)]
    for rule in rules_on(now):
        finding = None if rule.kinds and advert.kind not in rule.kinds else _hold_against(rule, advert, reading.fields)
        if finding is not None:
            found.append(finding)
    order = {"block": 0, "warn": 1, "note": 2}
    return tuple(sorted(found, key=lambda finding: order[finding.severity]))


def verdict(findings: tuple[Finding, ...]) -> Verdict:
    """``refuse`` when anything blocks, ``hold`` when somebody must look before it can be found, else ``publish``."""
    if any(finding.severity == "block" for finding in findings):
        return "refuse"
    return "hold" if any(finding.rule in _HOLDING for finding in findings) else "publish"


def of_wechat(fit: Fitness) -> tuple[Finding, ...]:
    """What WeChat's check of the words adds: it refuses, or a person has to look, also when WeChat did not answer."""
    if fit == "risky":
        return (Finding("text_unfit", "description", "", "文字里有不能公开显示的内容，请改过再提交。", "block"),)
    if fit in {"review", "unknown"}:
        return (Finding("text_review", "description", "", "文字要等工作人员看过才会显示，请稍等。", "warn"),)
    return ()


def _unfit(advert: Advert) -> list[Finding]:
    """Words that no public page shows, whatever the law of adverts says."""
    for name in _WRITTEN:
        fit, word = worst_word(getattr(advert, name))
        if fit == "risky":
            return [Finding("text_unfit", name, word, f"「{word}」不能出现在公开的招聘信息里，请删掉。", "block")]
        if fit == "review":
            return [Finding("text_doubtful", name, word, f"「{word}」容易让人误会，建议换一个说法。", "warn")]
    return []


_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_SPLIT = re.compile(r"(?<=[\u3400-\u9fff])[ \u3000\u00a0·.．。*＊_\-|]{1,3}(?=[\u3400-\u9fff])")


def plain_words(texts: Iterable[str]) -> str:
    """The words as a reader sees them: 「押 金」 is 押金, unseen signs too. Both spellings, since a stop may end a sentence."""
    text = _INVISIBLE.sub("", "\n".join(texts))
    joined = _SPLIT.sub("", text)
    return text if joined == text else f"{text}\n{joined}"


def _words_of(advert: Advert) -> str:
    return plain_words(
        (advert.title, advert.description, advert.experience, advert.education, advert.age, advert.wage, *advert.tags)
    )


def _hold_against(rule: Rule, advert: Advert, fields: dict[str, Any]) -> Finding | None:
    if rule.missing:
        present = {
            **fields,
            "gig_seats": advert.gig.seats if advert.gig else None,
            "gig_insurance": advert.gig.insurance if advert.gig else None,
        }
        return None if any(present.get(name) for name in rule.missing) else _finding(rule, "")
    if rule.check == "under_16":
        lowest = [low for low in (fields["age_min"], *_lows(fields)) if low is not None]
        return _finding(rule, fields["age_text"]) if any(low < LEGAL_AGE for low in lowest) or _below(fields) else None
    if rule.check == "minor_hazard":
        words = rule.found_in(_words_of(advert))
        youngest = fields["age_min"]
        return _finding(rule, words) if words and youngest is not None and LEGAL_AGE <= youngest < ADULT_AGE else None
    if rule.check == "age_without_reason":
        limited = fields["age_max"] is not None and fields["age_max"] < 60
        return _finding(rule, fields["age_text"]) if limited and not fields["age_reason"] else None
    words = rule.found_in(_words_of(advert))
    if not words:
        return None
    stands_in = next((name for name in _WRITTEN if words in getattr(advert, name)), rule.field)
    return replace(_finding(rule, words), field=stands_in) if rule.field == "description" else _finding(rule, words)


def _lows(fields: dict[str, Any]) -> list[int | None]:
    return [limits[0] for limits in (fields["age_men"], fields["age_women"]) if limits]


def _below(fields: dict[str, Any]) -> bool:
    """Whether the upper limit alone asks for children: 「15岁以下」."""
    return fields["age_max"] is not None and fields["age_max"] < LEGAL_AGE


def _finding(rule: Rule, words: str) -> Finding:
    return Finding(rule.rule, rule.field, words, rule.advice, rule.effect, rule.article, rule.source, rule.verified)


def _below_minimum(fields: dict[str, Any], now: datetime) -> list[Finding]:
    """Pay below the local minimum wage. Only by the month or the hour, as the standards are written; it warns and never blocks,
    since no standard was read in its own text (rows of matching/rules/data/minimum_wages.csv)."""
    unit, lowest = fields["wage_unit"], fields["wage_min"]
    if lowest is None or unit not in {"month", "hour"} or not fields["region_code"]:
        return []
    if unit == "month" and fields["contract_kind"] in {"part_time", "internship"}:
        return []
    row = last_known(fields["region_code"], now.astimezone(clock.BEIJING).date())
    least = None if row is None else row.month_yuan if unit == "month" else row.hour_yuan
    if row is None or least is None or lowest >= least:
        return []
    kind = "每月" if unit == "month" else "每小时"
    known = f"{row.rule.effective_from.year} 年{row.class_name}区域{kind} {least:g} 元"
    advice = f"工资低于当地最低工资标准（我们记录的是{known}），请以当地人社部门公布的为准。"
    rule = row.rule
    return [Finding(rule.rule_id, "wage", fields["wage_text"], advice, "warn", rule.text, rule.source, rule.verified)]


def _sense(advert: Advert, now: datetime) -> list[Finding]:
    """What no law needs to say: times that cannot be, a gig without its terms."""
    found: list[Finding] = []
    unknown = [tag for word in advert.tags for tag in tags_named(word) if tag not in TAGS]
    if unknown:
        usual = "、".join(list(TAGS)[:8])
        advice = f"「{unknown[0]}」不是通用的福利标签，找工作的人很少按它筛选；通用的有：{usual}等。"
        found.append(Finding("tag_unknown", "tags", unknown[0], advice, "note"))
    gig = advert.gig
    if advert.kind == "gig" and gig is None:
        found.append(Finding("gig_terms", "gig", "", "零工要写明什么时候开始、什么时候结束、要几个人。", "block"))
    if advert.kind == "live" and advert.live is None:
        found.append(Finding("live_terms", "live", "", "直播带岗要写明是哪一场直播、几号链接。", "block"))
    if gig is not None:
        if gig.ends_at <= gig.starts_at:
            found.append(Finding("gig_period", "gig.ends_at", "", "结束时间要晚于开始时间。", "block"))
        elif gig.ends_at <= now:
            found.append(Finding("gig_over", "gig.ends_at", "", "这个零工的时间已经过了，请填将来的时间。", "block"))
        if advert.valid_until is not None and advert.valid_until > gig.ends_at:
            found.append(Finding("valid_after_end", "valid_until", "", "有效期不能晚于零工结束的时间。", "block"))
    if advert.published_at is not None and advert.valid_until is not None and advert.valid_until <= advert.published_at:
        found.append(Finding("valid_before_start", "valid_until", "", "有效期要晚于发布时间。", "block"))
    return found
