"""Jobs of a territory as a sheet, for the office that looks after it: CSV or .xlsx, a row at a time.

Texts come from strangers and are opened in a spreadsheet: none is taken for a formula (``service/sheets``). Telephone numbers are
in it only for who may have them and asks. The trail says who takes what before the first row is read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, undefer_group

from matching.rules import region, trade
from service import audit, clock
from service.accounts.caller import Caller
from service.accounts.permit import Owned, require
from service.accounts.territory import within
from service.db import Database
from service.errors import Invalid
from service.jobs.contacts import without_contacts
from service.jobs.models import CONTACT, Job
from service.open_data.record import may_be_given
from service.open_data.selection import Selection
from service.sheets.write import Cell, Page, book_pieces, quoted

ROWS_MOST = 100_000
"""Of one sheet; an office with more asks for a part of its territory."""
BATCH = 500
SHEET = "岗位"
WHOLE_COUNTRY = "000000000000"
"""Of an operator who names no part of it, in the trail."""
_KINDS = {"public": "公共招聘", "gig": "零工", "live": "直播带岗"}
_CLASSES = {"catalogue": "目录（不计入岗位数）", "demo": "演示"}
"""What is no vacancy is not called one."""
_UNITS = {"month": "元/月", "week": "元/周", "day": "元/天", "hour": "元/小时", "piece": "计件", "year": "元/年"}
_SETTLED = {"day": "日结", "week": "周结", "month": "月结", "job": "完工结"}
HEADER = (
    "岗位编号", "类型", "岗位名称", "单位", "招工人数", "工资（原话）", "工资最低", "工资最高", "计薪单位", "年龄要求",
    "地区代码", "地区", "地址", "工种代码", "工种", "福利", "每天工时", "结算", "来源", "来源编号", "依据", "发布日期",
    "核验日期", "有效期至", "使用许可",
)  # fmt: skip
PHONES = ("联系人", "联系电话")
_WIDTHS = (10, 10, 24, 24, 8, 20, 10, 10, 10, 12, 14, 24, 28, 14, 16, 24, 8, 8, 16, 16, 20, 12, 12, 12, 24, 12, 14)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is asked for: which jobs, with or without the contacts; and under what they are given."""

    wanted: Selection
    phones: bool
    licence: str

    @property
    def header(self) -> tuple[str, ...]:
        """The first row."""
        return (*HEADER, *PHONES) if self.phones else HEADER


def asked_for(caller: Caller, wanted: Selection, licence: str, *, phones: bool) -> Sheet:
    """The sheet for a caller: his territory, or the part of it that he names.

    Raises Forbidden for another's territory, and for the contacts when he may not have them.
    """
    within_own = wanted if wanted.region else Selection(wanted.kinds, wanted.trades, caller.region_code)
    place = Owned(region_code=within_own.region, public=True)
    require(caller, "job.export", place, refused=("not_your_territory", "这个地区不归您管，请去掉地区，或者填您管的地区。"))
    if phones:
        refused = ("phones_not_yours", "您的账号不能导出联系电话；去掉 phones 就能导出不带电话的表。")
        require(caller, "job.export_phones", place, refused=refused)
    return Sheet(within_own, phones, licence)


def require_few(session: Session, sheet: Sheet, now: datetime) -> None:
    """Raises Invalid when there are more jobs than a sheet takes."""
    found = session.scalar(_asked(select(func.count()).select_from(Job), sheet, now)) or 0
    if found > ROWS_MOST:
        raise Invalid(
            "export_too_big",
            f"一共 {found} 个岗位，一张表最多 {ROWS_MOST} 行，请选一个小一些的地区或者一种类型再导出。",
            errors={"region": ["请选小一些的地区。"]},
        )


def note(caller: Caller, sheet: Sheet) -> None:
    """Into the audit trail, before a row is read: who takes the jobs of which territory, and whether with the numbers. Raises
    Unavailable when that cannot be written: then there is no sheet."""
    audit.read_personal(
        caller,
        "region",
        sheet.wanted.region or WHOLE_COUNTRY,
        fields=["contact_name", "contact_phone"] if sheet.phones else [],
        action="job.export_phones" if sheet.phones else "job.export",
        region_code=sheet.wanted.region,
    )


def csv_pieces(database: Database, sheet: Sheet, now: datetime) -> Iterator[bytes]:
    """UTF-8 with the mark that makes Excel read it as such."""
    yield b"\xef\xbb\xbf"
    out = io.StringIO()
    writer = csv.writer(out)
    for row in _rows(database, sheet, now):
        writer.writerow([quoted(cell) if isinstance(cell, str) else _written(cell) for cell in row])
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()


def xlsx_pieces(database: Database, sheet: Sheet, now: datetime) -> Iterator[bytes]:
    """An Excel file of one sheet."""
    return book_pieces([Page(SHEET, _rows(database, sheet, now), widths=_WIDTHS[: len(sheet.header)])])


def _rows(database: Database, sheet: Sheet, now: datetime) -> Iterator[Sequence[Cell]]:
    yield sheet.header
    after = 0
    while True:
        query = _asked(select(Job), sheet, now).where(Job.job_id > after).order_by(Job.job_id).limit(BATCH)
        with database.answer_session() as session:
            jobs = list(session.scalars(query.options(undefer_group(CONTACT)) if sheet.phones else query))
        for job in jobs:  # no connection is held while a slow line takes them
            if sheet.wanted.takes(job.kind, job.trade_codes, job.region_code):
                yield _row(job, sheet)
        if len(jobs) < BATCH:
            return
        after = jobs[-1].job_id


def _asked(query: Select[Any], sheet: Sheet, now: datetime) -> Select[Any]:
    query = query.where(may_be_given(), Job.valid_until > now, within(Job.region_code, sheet.wanted.region))
    return query.where(Job.kind.in_(sheet.wanted.kinds)) if sheet.wanted.kinds else query


def _row(job: Job, sheet: Sheet) -> tuple[Cell, ...]:
    # As in the record: rows may be older than the rule that lifts contacts from the texts.
    title, employer, wage, age, address = map(
        without_contacts, (job.title, job.employer_name, job.wage_text, job.age_text, job.address)
    )
    plain = (
        job.job_id, _CLASSES.get(job.source_class) or _KINDS[job.kind], title, employer, job.headcount, wage,
        job.wage_min, job.wage_max, _UNITS.get(job.wage_unit or "", ""), age, job.region_code,
        _region_name(job.region_code), address, "、".join(job.trade_codes),
        "、".join(found.name for code in job.trade_codes if (found := trade.occupation(code))), "、".join(job.tags),
        job.hours_per_day, _SETTLED.get(job.settlement or "", ""), job.source_name, job.original_id or "",
        job.legal_basis, _day(job.published_at), _day(job.verified_at), _day(job.valid_until), sheet.licence,
    )  # fmt: skip
    return (*plain, job.contact_name, job.contact_phone) if sheet.phones else plain


def _written(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if value != int(value) else str(int(value))


def _day(moment: datetime | None) -> str:
    return "" if moment is None else clock.show(moment)[:10]


def _region_name(code: str) -> str:
    try:
        return region.get(code).full_name if code else ""
    except region.UnknownRegion:
        return ""
