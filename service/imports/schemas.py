"""What an import looks like on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from service.fields import Division, Few, Flag, In, Moment, Out, Part, Whole, one_of
from service.imports.judge import OUTCOMES
from service.imports.meanings import names
from service.imports.shown import STATES
from service.jobs import schemas as jobs

_STATE = validate.OneOf(list(STATES))
_OUTCOME = validate.OneOf(list(OUTCOMES))
_MOST_COLUMNS = 100
_MOST_SHEETS = 30


class ImportColumnCorrection(In):
    """What a column really means; an empty meaning: it is not used."""

    column = Whole(required=True, validate=validate.Range(min=1, max=_MOST_COLUMNS))
    meaning = fields.String(required=True, validate=one_of({"": "不用这一栏"} | names()))


class ImportSheetCorrection(In):
    """Corrections of one sheet, or that it is not used at all."""

    sheet = Whole(required=True, validate=validate.Range(min=1, max=_MOST_SHEETS))
    skip = Flag(load_default=False)
    columns = Few(fields.Nested(ImportColumnCorrection), most=_MOST_COLUMNS, load_default=list)


class ImportConfirmation(In):
    """An empty body says: everything was understood as it is meant. ``region``: where all jobs lie whose line names no place."""

    sheets = Few(fields.Nested(ImportSheetCorrection), most=_MOST_SHEETS, load_default=list)
    region = Division()


class ImportLinesQuery(In):
    """Which lines."""

    outcome = fields.String(load_default="", validate=one_of({"": "全部"} | OUTCOMES))
    after = Whole(load_default=0, validate=validate.Range(min=0, max=1_000_000))
    limit = Whole(load_default=100, validate=validate.Range(min=1, max=500))


class ImportColumn(Out):
    """A column and what it was taken for."""

    column = fields.Integer(required=True)
    header = fields.String(required=True)
    meaning = fields.String(required=True)
    meaning_name = fields.String(required=True)
    used = fields.Boolean(required=True)
    sure = fields.String(required=True)
    sure_text = fields.String(required=True)


class ImportedJob(Out):
    """A job as it was read."""

    kind = fields.String(required=True)
    title = fields.String(required=True)
    employer_name = fields.String(required=True)
    headcount = fields.Integer(required=True, allow_none=True)
    trades = fields.Function(
        lambda job: jobs.trades_of(job.trade_codes), required=True, metadata={"type": "array", "items": {"type": "object"}}
    )
    wage = Part(jobs.Wage, required=True)
    age = Part(jobs.Age, required=True)
    place = Part(jobs.Place, required=True)
    tags = fields.List(fields.String(), required=True)


class ImportSample(Out):
    """A line as it would be taken."""

    row = fields.Integer(required=True)
    kind = fields.String(
        required=True, validate=validate.OneOf(("public", "gig")), metadata={"description": "这一行会发布成岗位还是零工"}
    )
    kind_text = fields.String(required=True)
    outcome = fields.String(required=True, validate=_OUTCOME)
    outcome_text = fields.String(required=True)
    reason = fields.String(required=True)
    contact_name = fields.String(required=True)
    contact_phone = fields.String(required=True)
    understood = fields.Nested(ImportedJob, required=True, allow_none=True)


class ImportSheet(Out):
    """A sheet as it was understood. ``skipped``: why it is not used, else empty."""

    sheet = fields.Integer(required=True)
    name = fields.String(required=True)
    rows = fields.Integer(required=True)
    skipped = fields.String(required=True)
    above = fields.List(fields.String(), required=True)
    notes = fields.List(fields.String(), required=True)
    columns = fields.List(fields.Nested(ImportColumn), required=True)
    samples = fields.List(fields.Nested(ImportSample), required=True)


class ImportReason(Out):
    """How many lines had one reason."""

    outcome = fields.String(required=True, validate=_OUTCOME)
    code = fields.String(required=True)
    count = fields.Integer(required=True)
    example = fields.String(required=True)


class ImportForeseenLine(Out):
    """A line that would not simply be published."""

    line = fields.String(required=True, metadata={"description": "哪一行，例如“第 5 行”"})
    outcome = fields.String(required=True, validate=_OUTCOME)
    outcome_text = fields.String(required=True)
    reason = fields.String(required=True)


class ImportForeseen(Out):
    """What would become of all lines, were it confirmed like this."""

    rows = fields.Integer(required=True)
    judged = fields.Integer(required=True, metadata={"description": "看了多少行；表格很大、时间不够时少于 rows"})
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    reasons = fields.List(fields.Nested(ImportReason), required=True)
    first = fields.List(fields.Nested(ImportForeseenLine), required=True)


class ImportMeaning(Out):
    """What a column may mean."""

    meaning = fields.String(required=True)
    name = fields.String(required=True)


class ImportOut(Out):
    """One import."""

    import_id = fields.Integer(required=True)
    station_id = fields.Integer(required=True, allow_none=True)
    employer_id = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True, validate=_STATE)
    state_text = fields.String(required=True)
    file_name = fields.String(required=True)
    form = fields.String(required=True)
    region_code = fields.String(required=True)
    rows = fields.Integer(required=True)
    done = fields.Integer(required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    joined = fields.Integer(
        required=True, metadata={"description": "其中多少行和别的岗位是同一个，并到那里显示（导入后稍等片刻才算出来）"}
    )
    reasons = fields.List(fields.Nested(ImportReason), required=True)
    foreseen = fields.Nested(
        ImportForeseen,
        required=True,
        allow_none=True,
        metadata={"description": "只有预演（preview）才有：照这样确认会怎样"},
    )
    sheets = fields.List(fields.Nested(ImportSheet), required=True)
    meanings = fields.List(fields.Nested(ImportMeaning), required=True)
    created_at = Moment(required=True)
    confirmed_at = Moment(required=True, allow_none=True)
    finished_at = Moment(required=True, allow_none=True)
    rejected_file = fields.String(required=True, allow_none=True)


class ImportLine(Out):
    """What became of a line."""

    line_no = fields.Integer(required=True)
    sheet = fields.Integer(required=True)
    row = fields.Integer(required=True)
    outcome = fields.String(required=True, validate=_OUTCOME)
    outcome_text = fields.String(required=True)
    reason_code = fields.String(required=True)
    reason = fields.String(required=True)
    job_id = fields.Integer(required=True, allow_none=True)
    joined_to = fields.Integer(
        required=True, allow_none=True, metadata={"description": "和这个岗位是同一个，所以并到那里显示；单独显示时为空"}
    )


class ImportLinePage(Out):
    """Lines in their order; ``next_after`` is the ``after`` of the next page."""

    items = fields.List(fields.Nested(ImportLine), required=True)
    next_after = fields.Integer(required=True, allow_none=True)


def dumped(body: dict[str, Any]) -> dict[str, Any]:
    """An import as JSON."""
    made: dict[str, Any] = ImportOut().dump(body)
    return made
