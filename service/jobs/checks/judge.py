"""What is wrong with an advert, before it is published: what it does not say, what it must not say, what we could not read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from matching.rules.benefits import TAGS, tags_named
from service.jobs.advert import Advert, Reading, read_advert
from service.jobs.checks.ages import of_ages
from service.jobs.checks.hours import no_rest, too_long
from service.jobs.checks.masks import as_written
from service.jobs.checks.pay import ONE_DAY, UsualWage, above_ceiling, below_minimum, day_below, far_above
from service.jobs.checks.words import WRITTEN, Seam, seam_of, words_of
from service.jobs.findings import Finding
from service.jobs.rules import Possible, Rule, families, found_by, possible_words, rules_on
from service.wechat.safety import Fitness, worst_word

Verdict = Literal["publish", "hold", "refuse"]
_REST = "-99-00"
_STEADY, _TURNING = "长白班", frozenset({"两班倒", "三班倒"})
_HOLDING = frozenset({"region_unknown", "region_ambiguous", "text_review"})


def check_advert(
    advert: Advert, now: datetime, reading: Reading | None = None, *, usual: UsualWage | None = None
) -> tuple[Finding, ...]:
    """All findings about an advert, the gravest first: from reading it, from the rules of the day, and from plain sense.

    ``usual``: what its trade is paid around there; without it nothing is said about pay that is too good to be true.
    """
    reading = reading or read_advert(advert, now)
    words = words_of(advert)
    possible = possible_words(words)
    seam = seam_of(advert)
    found = [
        *reading.findings,
        *_sense(advert, now),
        *_thin(reading.fields),
        *below_minimum(reading.fields, now),
        *_unfit(advert, words),
    ]
    for rule in rules_on(now):
        if rule.kinds and advert.kind not in rule.kinds:
            continue
        if rule.publishers and advert.source.publisher_class not in rule.publishers:
            continue
        if rule.only_words and rule.number not in possible and (seam is None or rule.number not in seam.possible):
            continue
        finding = _hold_against(rule, advert, reading.fields, words, possible, seam, usual, now)
        if finding is not None:
            found.append(finding)
    order = {"block": 0, "hold": 1, "warn": 2, "note": 3}
    return tuple(sorted(_said_once(found), key=lambda finding: order[finding.severity]))


def _said_once(found: list[Finding]) -> list[Finding]:
    """Without warnings about words of which a graver finding of the same kind speaks already."""
    kinds = families()
    grave = [(kinds.get(one.rule), one.words) for one in found if one.severity in {"block", "hold"} and one.words]
    return [
        one
        for one in found
        if one.severity != "warn"
        or one.rule not in kinds
        or not any(kind == kinds[one.rule] and one.words and (one.words in words or words in one.words) for kind, words in grave)
    ]


def verdict(findings: tuple[Finding, ...]) -> Verdict:
    """``refuse`` when anything blocks, ``hold`` when somebody must look before it can be found, else ``publish``."""
    if any(finding.severity == "block" for finding in findings):
        return "refuse"
    return "hold" if any(holds(finding) for finding in findings) else "publish"


def holds(finding: Finding) -> bool:
    """Whether somebody must look because of it; what somebody has seen already is only noted."""
    return finding.severity == "hold" or (finding.rule in _HOLDING and finding.severity != "note")


def of_wechat(fit: Fitness) -> tuple[Finding, ...]:
    """What WeChat's check of the words adds: it refuses, or a person has to look, also when WeChat did not answer."""
    if fit == "risky":
        return (Finding("text_unfit", "description", "", "文字里有不能公开显示的内容，请改过再提交。", "block"),)
    if fit in {"review", "unknown"}:
        return (Finding("text_review", "description", "", "文字要等工作人员看过才会显示，请稍等。", "warn"),)
    return ()


def _names_work(fields: dict[str, Any]) -> bool:
    """Whether the trade that was read says what the work is; the rest classes of the classification hold everything else."""
    return any(not code.endswith(_REST) for code in fields["trade_codes"])


def _thin(fields: dict[str, Any]) -> list[Finding]:
    """What may be shown and helps nobody: a trade without a word about the work, shifts that cannot both be."""
    found = []
    if not fields["description"] and _names_work(fields):
        advice = "没有写每天做什么、上几天班：可以显示，写上一两句更容易招到人。"
        found.append(Finding("work_unsaid", "description", "", advice, "note"))
    turning = [tag for tag in fields["tags"] if tag in _TURNING]
    if turning and _STEADY in fields["tags"]:
        words = f"{turning[0]}、{_STEADY}"
        advice = "又写倒班又写长白班，找工作的人看不明白：请只留一个，或者写清哪些人上哪个班。"
        found.append(Finding("shift_twice", "shift", words, advice))
    return found


def _unfit(advert: Advert, words: str) -> list[Finding]:
    """Words that no public page shows, whatever the law of adverts says."""
    fit, word = worst_word(words)
    if fit not in {"risky", "review"}:
        return []
    stands_in = next((name for name in WRITTEN if worst_word(getattr(advert, name))[1] == word), "description")
    if fit == "risky":
        return [Finding("text_unfit", stands_in, word, f"「{word}」不能出现在公开的招聘信息里，请删掉。", "block")]
    return [Finding("text_doubtful", stands_in, word, f"「{word}」容易让人误会，建议换一个说法。", "warn")]


def _hold_against(
    rule: Rule,
    advert: Advert,
    fields: dict[str, Any],
    words: str,
    possible: Possible,
    seam: Seam | None,
    usual: UsualWage | None,
    now: datetime,
) -> Finding | None:
    if rule.missing or rule.parts:
        return _lacking(rule, advert, fields, words)
    if rule.check in {"under_16", "minor_hazard", "age_without_reason"}:
        return of_ages(rule, fields, words, possible)
    if rule.check == "high_pay":
        return far_above(rule, fields, usual)
    if rule.check == "pay_ceiling":
        return above_ceiling(rule, fields)
    if rule.check == "day_pay":
        return day_below(rule, advert, fields, now)
    if rule.check == "long_day":
        found = too_long(words, fields["hours_per_day"], rule.limits)
    elif rule.check == "no_rest":
        found = no_rest(words)
    elif rule.check == "name":
        found = rule.found_in(advert.employer_name)
    else:
        found = rule.found_in(words, possible)
        if not found and seam is not None:
            found = rule.found_across(seam.text, seam.middle, seam.possible)
    if not found:
        return None
    stands_in, found = _stands(found, advert, rule.field)
    return replace(found_by(rule, found), field=stands_in) if rule.field == "description" else found_by(rule, found)


def _stands(found: str, advert: Advert, usual: str) -> tuple[str, str]:
    """The field that holds the words, and the words as they are written there: 「押金」 may stand there as 「鸭金」."""
    for name in WRITTEN:
        if found in getattr(advert, name):
            return name, found
    for name in WRITTEN:
        if written := as_written(found, getattr(advert, name)):
            return name, written
    return usual, found


def _lacking(rule: Rule, advert: Advert, fields: dict[str, Any], words: str) -> Finding | None:
    """What an advert does not say: one finding, however many parts are missing."""
    gig = advert.gig
    present = {
        **fields,
        "gig_seats": gig.seats if gig else None,
        "gig_insurance": gig.insurance if gig else None,
        "named_work": _names_work(fields),
        "gig_day": gig is not None and gig.ends_at - gig.starts_at <= ONE_DAY,
    }
    if rule.missing:
        return None if any(present.get(name) for name in rule.missing) else found_by(rule, "")
    lacking = "、".join(part.name for part in rule.parts if not part.is_said(present, words))
    return found_by(rule, "", missing=lacking) if lacking else None


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
