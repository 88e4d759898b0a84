"""What becomes of one line of a sheet: published, held for review, or given back, with the reason in plain words. No database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from matching.model import Kind
from matching.rules import region as region_rules
from service.imports.days import moment_of
from service.imports.owner import Owner
from service.imports.said import Said
from service.jobs.advert import Advert, GigAdvert, Reading, read_advert
from service.jobs.checks import verdict
from service.jobs.contacts import without_contacts
from service.jobs.findings import Finding
from service.jobs.hold import ADVERT, EMPLOYER
from service.jobs.lifetimes import lifetime
from service.sheets.write import unquoted

Outcome = Literal["published", "unchanged", "held", "rejected"]
OUTCOMES: dict[str, str] = {"published": "已发布", "unchanged": "没有变化", "held": "等待审核", "rejected": "没有采用"}
KIND_NAMES: dict[Kind, str] = {"public": "岗位", "gig": "零工"}
_NO_PLACE = "D-07.place"
LONGEST_REASON = 512
_MOST_SENTENCES = 3
_LABELLED = (("benefits", "福利"), ("hours", "上班时间"), ("major", "专业"), ("settlement", "结算"))
"""What has no field of its own and is said in the text."""
_HINTS = frozenset({"work_unsaid", "shift_twice", "wage_wrong", "wage_unread"})
"""What is told of a line although it is published: the sheet can be made better."""
_FOREVER = re.compile(r"长期|常年|长年|不限|招满为止|招满即止")
_SAY_KIND = ("title", "settlement", "wage_unit", "hours", "description", "benefits", "remarks")
_SHORT = re.compile(
    r"(?<![不非无])(?:日结|天结|现结|当[天日](?:结|完工|干完|做完)|[干做]完[就即]?结|一[天日]一结)"
    r"|(?<![不非拒无])(?:临时工|零工(?!市场|驿站|平台)|散工|短工|打零工)"
)
_LASTING = re.compile(r"长期|常年|长年|月薪|/月|每月|一个月|底薪|五险|社保|劳动合同|转正|试用期|月结")
_LOOSE_NAME = re.compile(r"[\s()（）]|有限责任公司|股份有限公司|有限公司")


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer. ``advert`` is there when the job has to be written, ``held_for`` says what it then waits for; ``reading`` is
    what was read, also of what is not taken."""

    outcome: Outcome
    code: str = ""
    reason: str = ""
    advert: Advert | None = None
    reading: Reading | None = None
    held_for: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Drafted:
    """A line as an advert, and what was read of it."""

    advert: Advert
    reading: Reading


def kind_of(said: Said, owner: Owner) -> Kind:
    """What a line is about: a gig when it says when the work is over, or, on a station's sheet, when its words do (日结, 当天结,
    临时工) and none speaks of a lasting job (月薪, 长期, 五险). Pay by the day or the hour alone is usual in factories."""
    if said.text("ends_at"):
        return "gig"
    if owner.station_id is None:
        return "public"
    words = "\n".join((said.wage, *(said.text(name) for name in _SAY_KIND)))
    return "gig" if _SHORT.search(words) and not _LASTING.search(words) else "public"


def drafted(said: Said, owner: Owner, region: str, now: datetime) -> Drafted | Settled:
    """A line as an advert, or why it is given back unread. ``region``: the division that all jobs of the sheet lie in, empty when
    nobody said so."""
    if owner.refused:
        return Settled("rejected", "employer_refused", owner.refused)
    if said.slipped:
        return Settled("rejected", "row_shape", "这一行的栏数比表头多，栏目错位了，不能确定哪一格是什么。")
    if not said.text("title"):
        return Settled("rejected", "title_missing", "没有写岗位名称，不知道招什么人。")
    stranger = _another_employer(said, owner)
    if stranger:
        return Settled("rejected", "another_employer", stranger)
    gig = _gig(said, owner, now)
    if isinstance(gig, Settled):
        return gig
    advert = _advert(said, owner, region, gig, now)
    return Drafted(advert, read_advert(advert, now))


def decided(draft: Drafted, findings: tuple[Finding, ...], owner: Owner) -> Settled:
    """What becomes of a line about which this was found."""
    advert, reading = draft.advert, draft.reading
    judged = verdict(findings)
    if judged == "refuse":
        blocking = _told_best([found for found in findings if found.severity == "block"], findings)
        return Settled("rejected", blocking[0].rule, _sentences(blocking), reading=reading)
    held_for = {ADVERT} if judged == "hold" else set()
    if owner.waits:
        held_for.add(EMPLOYER)
    if not held_for:
        hints = [found for found in findings if found.rule in _HINTS]
        code, told = (hints[0].rule, _sentences(hints)) if hints else ("", "")
        return Settled("published", code, told, advert, reading, findings=findings)
    warned = [found for found in findings if verdict((found,)) == "hold"]
    reason = _sentences(warned) if warned else owner.waits
    code = warned[0].rule if warned else "employer_waits"
    return Settled("held", code, reason or "要等工作人员看过才会显示。", advert, reading, frozenset(held_for), findings)


def repeated(said: Said, first: str, first_content: str) -> Settled:
    """A line whose job stood before on the line that people find as ``first``."""
    if said.content == first_content:
        return Settled("rejected", "duplicate", f"与{first}完全相同，只用{first}。")
    if said.number:
        return Settled("rejected", "duplicate_number", f"编号“{said.number}”与{first}重复而内容不同，只用{first}。")
    return Settled(
        "rejected",
        "duplicate_job",
        f"与{first}是同一个岗位，只有人数、联系方式或有效期不同：请合并成一行，或加一栏“编号”分开。",
    )


def _another_employer(said: Said, owner: Owner) -> str:
    """An employer's own sheet is about its own jobs; only who passes on people or work writes for others."""
    named = said.text("employer")
    if owner.employer_id is None or not named or owner.publisher_class != "employer":
        return ""
    theirs, ours = (_LOOSE_NAME.sub("", name) for name in (named, owner.name))
    if theirs in ours or ours in theirs:
        return ""
    return f"用人单位一栏写的是“{without_contacts(named)[:40]}”，不是您的单位；请只填本单位的岗位。"


def _gig(said: Said, owner: Owner, now: datetime) -> GigAdvert | Settled | None:
    starts, ends = said.text("starts_at"), said.text("ends_at")
    if kind_of(said, owner) != "gig":
        return None
    if not ends:
        return Settled(
            "rejected",
            "gig_time_missing",
            "这一行看起来是日结、临时的零工，零工要写开工、完工时间，请加上这两栏；如果是长期岗位，请在工作内容里写明“长期”。",
        )
    begin, end = moment_of(starts, now, end=False), moment_of(ends, now, end=True)
    if begin is None or end is None:
        wrong = starts if begin is None else ends
        return Settled(
            "rejected",
            "gig_time_unread",
            f"零工的开工、完工时间没读懂（“{without_contacts(wrong)[:20] or '空'}”），请写成“2026-12-01 08:00”这样。",
        )
    if said.headcount is None:
        return Settled("rejected", "gig_seats", "零工要写明要几个人，请在“招聘人数”里填一个数。")
    return GigAdvert(begin, end, said.headcount, said.text("insurance"), owner.station_id)


def _advert(said: Said, owner: Owner, region: str, gig: GigAdvert | None, now: datetime) -> Advert:
    return Advert(
        kind="gig" if gig is not None else "public",
        title=said.text("title"),
        source=owner.source(said.original_id),
        description=_description(said, owner, gig, now),
        employer_id=owner.employer_id,
        employer_name=owner.name if owner.employer_id is not None else said.text("employer"),
        trade=said.text("trade") or None,
        headcount=said.headcount,
        education=said.text("education"),
        experience=said.text("experience"),
        wage=said.wage,
        age=_age(said),
        age_reason=said.text("age_reason"),
        region=said.text("region") or _where(said.text("address"), region),
        address=said.text("address"),
        contact_name=said.contact_name,
        contact_phone=said.contact_phone,
        valid_until=_end(said, gig, now),
        gig=gig,
    )


def _description(said: Said, owner: Owner, gig: GigAdvert | None, now: datetime) -> str:
    lines = [said.text("description")]
    lines += [f"{label}：{text}" for name, label in _LABELLED if (text := said.text(name))]
    if gig is None and said.text("starts_at"):
        lines.append(f"开工时间：{said.text('starts_at')}")
    if gig is None and said.text("insurance"):
        lines.append(f"保险：{said.text('insurance')}")
    until = said.text("valid_until")
    if until and gig is None and not _FOREVER.search(until) and _end(said, gig, now) is None:
        lines.append(f"有效期：{until}")  # 月底, 招满: read by people
    if owner.employer_id is not None and owner.publisher_class != "employer" and said.text("employer"):
        lines.append(f"用工单位：{said.text('employer')}")
    return "\n".join(line for line in (*lines, said.text("remarks")) if line)


def _where(address: str, everywhere: str) -> str:
    """The division that all jobs of the sheet lie in, unless the address itself names another place."""
    return "" if everywhere and address and region_rules.find(address).code else everywhere


def _age(said: Said) -> str:
    if said.text("age"):
        return said.text("age")
    low, high = said.text("age_min").removesuffix("岁"), said.text("age_max").removesuffix("岁")
    if low or high:
        return f"{low}-{high}岁" if low and high else f"{low}岁以上" if low else f"{high}岁以下"
    parts = [f"{sex}{text}" for sex, text in (("男", said.text("age_men")), ("女", said.text("age_women"))) if text]
    return "，".join(parts)


def _end(said: Said, gig: GigAdvert | None, now: datetime) -> datetime | None:
    """The end that the line says, at most the longest that its kind lives; None where it says none that can be read: then the
    rule of ``put.py`` holds. A gig ends with its work."""
    text = unquoted(said.text("valid_until"))
    if not text or gig is not None or _FOREVER.search(text):
        return None
    found = moment_of(text, now, end=True)
    return None if found is None else min(found, now + lifetime("public", now).longest)


def _told_best(blocking: list[Finding], findings: Sequence[Finding]) -> list[Finding]:
    """A place that was said and not found is told as such, and not as one that was never said."""
    place = next((found for found in findings if found.field == "region" and found.severity != "block" and found.words), None)
    return [place if place is not None and found.rule == _NO_PLACE else found for found in blocking]


def _sentences(findings: Sequence[Finding]) -> str:
    """The first few things to mend, each with its words and its article."""
    said = []
    for found in findings:
        words = f"“{found.words}”：" if found.words and found.words not in found.advice else ""
        sentence = f"{words}{found.advice.rstrip('。')}" + (f"（{found.article}）" if found.article else "")
        if sentence not in said:
            said.append(sentence)
    more = f"；另有 {len(said) - _MOST_SENTENCES} 处" if len(said) > _MOST_SENTENCES else ""
    return without_contacts("；".join(said[:_MOST_SENTENCES]) + more + "。")[:LONGEST_REASON]
