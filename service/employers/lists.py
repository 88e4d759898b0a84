"""Lists of authorities about employers: take them in, row by row with a reason for each that is not taken, and take out again.

Nothing is ever deleted: who was on a list, from when to when and on whose word, stays known.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import clock
from service.accounts.caller import Caller
from service.accounts.permit import in_territory
from service.audit import trail
from service.employers import credit_code
from service.employers.claims import gives
from service.employers.closing import close_or_reopen
from service.employers.models import Employer, ListEntry
from service.employers.tables import list_rows
from service.employers.watch import standing_changed
from service.errors import Conflict, Invalid

COLUMNS = {"credit_code": "统一社会信用代码", "name": "单位名称", "listed_on": "列入日期", "until": "到期日期"}
"""Columns of a table, by our name and by the one that offices use."""
MOST_ROWS = 2_000
NAME_LENGTH = 128


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken: its number as people count (1 is the first below the heading), and why."""

    row: int
    reason: str


@dataclass(slots=True)
class Taken:
    """What became of a list: lines that are new and known, rows that were not taken, and how many employers it concerns."""

    new: int
    known: int
    refused: list[Refused]
    employers: int


def rows_of_csv(text: str) -> list[dict[str, str]]:
    """The rows of a CSV with a heading in our names or the offices'. Raises Invalid when the heading lacks the code."""
    lines = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    by_name = {word: name for name, chinese in COLUMNS.items() for word in (name, chinese)}
    try:
        heading = [by_name.get((word or "").strip(), "") for word in lines.fieldnames or ()]
        if "credit_code" not in heading or "listed_on" not in heading:
            raise Invalid("list_heading", "表头要有“统一社会信用代码”和“列入日期”两列，还可以有“单位名称”“到期日期”。")
        return [
            {
                name: (value or "").strip()
                for name, value in zip(heading, row.values(), strict=False)
                if name and isinstance(value, str)
            }
            for row in lines
        ]
    except csv.Error:
        raise Invalid("list_unreadable", "表格读不了，请另存为 UTF-8 的 CSV 再导入。") from None


def take_in(
    session: Session,
    kind: str,
    rows: Sequence[dict[str, str]],
    *,
    source: str,
    source_url: str,
    caller: Caller | None,
    now: datetime,
) -> Taken:
    """Write the lines of a list that are new, and let what is published follow. The same list twice changes nothing.

    A list that stops an employer is taken only from the office in whose territory the employer is; one that workers see must
    name where it was published. ``caller`` None is the operator at the machine. Raises Invalid for the list as a whole.
    """
    row = list_rows()[kind]
    if row.shown and not source_url:
        raise Invalid(
            "source_url_needed", "这个名单会给求职者看，请写明公布它的网址。", errors={"source_url": ["请填写公布名单的网址。"]}
        )
    if len(rows) > MOST_ROWS:
        raise Invalid("list_too_long", f"一次最多导入 {MOST_ROWS} 行，请分几次导入。")
    taken = Taken(0, 0, [], 0)
    concerned: set[int] = set()
    today = now.astimezone(clock.BEIJING).date()
    registered = _registered(session, rows)
    for number, said in enumerate(rows, 1):
        try:
            values = _read(said, today)
            employers = registered.get(values["credit_code"], [])
            _require_own(employers, caller, published=kind == "arrears")
        except _RowWrongError as wrong:
            taken.refused.append(Refused(number, str(wrong)))
            continue
        same = select(ListEntry.entry_id).where(
            ListEntry.list_kind == kind,
            ListEntry.credit_code == values["credit_code"],
            ListEntry.listed_on == values["listed_on"],
        )
        if session.scalar(same) is not None:
            taken.known += 1
            continue
        session.add(
            ListEntry(
                **values,
                list_kind=kind,
                version=1,
                region_code=caller.region_code if caller is not None else "",
                source=source,
                source_url=source_url,
                imported_by=None if caller is None else caller.account_id,
                imported_at=now,
            )
        )
        session.flush()
        taken.new += 1
        concerned |= {employer.employer_id for employer in employers}
    taken.employers = len(concerned)
    trail.record(
        session, caller, "employer.list", "list", kind,
        details={"new": taken.new, "known": taken.known, "refused": len(taken.refused)},
    )  # fmt: skip
    for employer_id in sorted(concerned):
        close_or_reopen(session, session.get_one(Employer, employer_id), now)
        standing_changed(session, employer_id, now)
    return taken


def take_out(session: Session, entry: ListEntry, removed_on: date, because: str, caller: Caller, now: datetime) -> None:
    """An employer leaves a list from that day on; the line stays. Raises Conflict when it has left, Invalid for a day before."""
    if entry.removed_on is not None:
        raise Conflict("entry_removed", "这一条已经移出名单了。")
    if removed_on < entry.listed_on:
        raise Invalid("removed_before", "移出日期不能早于列入日期。", errors={"removed_on": ["请检查日期。"]})
    entry.removed_on, entry.removed_because = removed_on, because
    entry.version += 1
    trail.record(session, caller, "employer.list", "list_entry", entry.entry_id, region_code=entry.region_code)
    session.flush()
    for employer in _registered(session, [{"credit_code": entry.credit_code}]).get(entry.credit_code, []):
        close_or_reopen(session, employer, now)
        standing_changed(session, employer.employer_id, now)


class _RowWrongError(ValueError):
    """Why one row is not taken."""


def _registered(session: Session, rows: Sequence[dict[str, str]]) -> dict[str, list[Employer]]:
    """The employers that rows are about, as far as they are registered here, by the code that they give: held, in the order of
    their ids, so that what they publish at this moment is settled too and two lists do not wait for each other."""
    codes = {credit_code.tidy(row.get("credit_code", "")) for row in rows}
    wanted = select(Employer).where(gives(sorted(codes))).order_by(Employer.employer_id)
    found: dict[str, list[Employer]] = {}
    for row in session.scalars(wanted.with_for_update(key_share=True)):
        found.setdefault(row.said_code or "", []).append(row)
    return found


def _require_own(employers: Sequence[Employer], caller: Caller | None, *, published: bool) -> None:
    """Of a list that its keeper publishes for the whole country everybody may take lines; of one that stops an employer, only the
    office above that employer: the verified one, or any of those who give its code while none is."""
    proven = [row for row in employers if row.verified_at is not None] or employers
    if proven and caller is not None and not published and not any(in_territory(caller, row.region_code) for row in proven):
        raise _RowWrongError("这个单位不在您负责的地区，请由当地人社部门列入。")


def _read(said: dict[str, str], today: date) -> dict[str, Any]:
    code = credit_code.tidy(said.get("credit_code", ""))
    wrong = credit_code.what_is_wrong(code)
    if wrong:
        raise _RowWrongError(wrong)
    listed_on = _day(said.get("listed_on", ""), "列入日期")
    if listed_on is None or listed_on > today:
        raise _RowWrongError("列入日期没有填，或者在今天以后。")
    until = _day(said.get("until", ""), "到期日期")
    name = "".join(c for c in said.get("name", "") if c.isprintable())[:NAME_LENGTH]
    return {"credit_code": code, "name": name, "listed_on": listed_on, "until": until}


def _day(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text.replace("/", "-").replace(".", "-"))
    except ValueError:
        raise _RowWrongError(f"{name}要写成 2026-01-31 这样。") from None
