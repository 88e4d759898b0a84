"""The JSON of employers, their papers and the checking of them."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validate, validates_schema

from service.crypto import masking
from service.employers.lists import MOST_ROWS, NAME_LENGTH
from service.employers.models import PUBLISHER_CLASSES, SCAN_STATES, VERIFICATION_STATES
from service.employers.tables import check_names, class_names, list_rows, paper_names
from service.fields import MAX_ID, Division, Few, Flag, In, Moment, Out, Text, Whole, integer, one_of

OUTCOMES = {"approve": "通过", "reject": "不通过", "ask": "要补充"}


class ReasonLine(Out):
    """What stands in the way, and the rule behind it."""

    code = fields.String(required=True)
    effect = fields.String(required=True, validate=validate.OneOf(("warn", "hold", "refuse")))
    sentence = fields.String(required=True)
    article = fields.String(required=True)
    source = fields.String(required=True)
    verified = fields.String(required=True)


class StandingOut(Out):
    """How an employer stands: what becomes of its jobs, and why."""

    outcome = fields.String(required=True, validate=validate.OneOf(("publish", "hold", "refuse")))
    state = fields.String(required=True)
    reasons = fields.List(fields.Nested(ReasonLine), required=True)
    due_at = Moment(required=True, allow_none=True, metadata={"description": "下次重新核验的日期"})


class EmployerCard(Out):
    """What everybody may know of an employer."""

    employer_id = fields.Integer(required=True)
    name = fields.String(required=True)
    label = fields.String(required=True, metadata={"description": "招聘服务"})
    publisher_class = fields.String(required=True, validate=validate.OneOf(PUBLISHER_CLASSES))
    class_name = fields.String(required=True)
    licence_no = fields.String(required=True, allow_none=True)
    verified = fields.Boolean(required=True, metadata={"description": "证照核验过，而且还没有到重新核验的日期"})
    verified_at = Moment(required=True, allow_none=True)
    verified_note = fields.String(required=True, metadata={"description": "核验过但已到期的，写明哪天核验过、哪天起该重新核验"})
    region_code = fields.String(required=True, allow_none=True)
    industry_code = fields.String(required=True)
    size = fields.String(required=True)
    about = fields.String(required=True)
    flags = fields.List(fields.String(), required=True, metadata={"description": "主管部门公开名单上的提醒"})


class PaperOut(Out):
    """A picture of a paper; the picture itself has its own address."""

    paper_id = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(paper_names())))
    scan_state = fields.String(required=True, validate=validate.OneOf(SCAN_STATES))
    size_bytes = fields.Integer(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    uploaded_at = Moment(required=True)


class DecisionOut(Out):
    """What was decided, and what the employer is to do."""

    outcome = fields.String(required=True, validate=validate.OneOf(list(OUTCOMES)))
    reasons = fields.List(fields.String(), required=True)
    advice = fields.List(fields.String(), required=True, metadata={"description": "每个理由对应的一句话"})
    sentence = fields.String(required=True)
    checked = fields.List(fields.String(), required=True)
    decided_at = Moment(required=True)


class SameCode(Out):
    """Another employer that gives the same credit code, and how far its own round is (empty: none yet)."""

    employer_id = fields.Integer(required=True)
    name = fields.String(required=True)
    region_code = fields.String(required=True)
    verified_at = Moment(required=True, allow_none=True)
    created_at = Moment(required=True)
    verification_id = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(("", *VERIFICATION_STATES)))


class VerificationOut(Out):
    """One round of checking."""

    verification_id = fields.Integer(required=True)
    employer_id = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(VERIFICATION_STATES))
    submitted_at = Moment(required=True)
    due_at = Moment(required=True, metadata={"description": "承诺在此之前给出结果"})
    overdue = fields.Boolean(required=True)
    decided_at = Moment(required=True, allow_none=True)
    decisions = fields.List(fields.Nested(DecisionOut), required=True)
    same_code = fields.List(
        fields.Nested(SameCode),
        required=True,
        metadata={"description": "填了同一个信用代码的其他登记，只给核验人员看；通过一家，其余的就不能再用这个代码"},
    )
    version = fields.Integer(required=True)


class EmployerRecord(Out):
    """The whole file of an employer. Name and number of the handler are masked here."""

    employer_id = fields.Integer(required=True)
    name = fields.String(required=True)
    credit_code = fields.String(attribute="said_code", required=True, allow_none=True)
    publisher_class = fields.String(required=True, validate=validate.OneOf(PUBLISHER_CLASSES))
    region_code = fields.String(required=True)
    address = fields.String(required=True)
    industry_code = fields.String(required=True)
    size = fields.String(required=True)
    about = fields.String(required=True)
    agency_licence_no = fields.String(required=True)
    agency_licence_until = fields.Date(required=True, allow_none=True)
    handler_name = fields.Function(lambda row: masking.name(row.handler_name), required=True, metadata={"type": "string"})
    handler_id = fields.Function(lambda row: masking.id_number(row.handler_id), required=True, metadata={"type": "string"})
    verified_at = Moment(required=True, allow_none=True)
    suspended_at = Moment(required=True, allow_none=True)
    suspended_reason = fields.String(required=True)
    suspended_note = fields.String(required=True)
    standing = fields.Nested(StandingOut, required=True)
    papers = fields.List(fields.Nested(PaperOut), required=True)
    papers_needed = fields.List(fields.String(), required=True)
    checks_needed = fields.List(fields.String(), required=True)
    verification = fields.Nested(VerificationOut, required=True, allow_none=True)
    notices = fields.List(fields.String(), required=True, metadata={"description": "到期提醒"})
    version = fields.Integer(required=True)


class Handler(Out):
    """Who acts for an employer, in full; every look is noted."""

    name = fields.String(attribute="handler_name", required=True)
    id_number = fields.String(attribute="handler_id", required=True)


class EmployerPatch(In):
    """What an employer says of itself. Verified, suspended, listed: nobody can say that of himself."""

    name = Text(shortest=2, longest=128)
    credit_code = Text(longest=32, allow_none=True, metadata={"description": "统一社会信用代码；个人或家庭不填"})
    publisher_class = fields.String(validate=one_of(class_names()))
    region = Division(attribute="region_code")
    address = Text(longest=256)
    industry_code = Text(longest=4, pattern=r"^([A-T]\d{0,3})?$", metadata={"description": "国民经济行业分类代码"})
    size = Text(longest=32)
    about = Text(longest=1000)
    handler_name = Text(longest=32, metadata={"description": "经办人姓名，加密保存"})
    handler_id = Text(longest=24, metadata={"description": "经办人身份证号码，加密保存，只给核验人员看"})
    agency_licence_no = Text(longest=64, metadata={"description": "人力资源服务许可证号"})
    agency_licence_until = fields.Date(allow_none=True)


class EmployerDraft(EmployerPatch):
    """A new employer."""

    name = Text(shortest=2, longest=128, required=True)
    publisher_class = fields.String(required=True, validate=one_of(class_names()))
    region = Division(attribute="region_code", required=True)


class OwnerBody(In):
    """To whom the employer is handed on."""

    account_id = integer(1, MAX_ID, required=True)


class StaffLine(Out):
    """An account of an employer."""

    account_id = fields.Integer(required=True)
    display_name = fields.String(required=True)
    role = fields.String(required=True)
    disabled = fields.Function(lambda row: row.disabled_at is not None, required=True, metadata={"type": "boolean"})


class StaffList(Out):
    """The accounts of an employer."""

    items = fields.List(fields.Nested(StaffLine), required=True)


class DecisionBody(In):
    """A decision about a round."""

    outcome = fields.String(required=True, validate=one_of(OUTCOMES))
    reasons = Few(Text(shortest=1, longest=32), most=10, required=True)
    sentence = Text(longest=500, load_default="")
    checked = Few(fields.String(validate=one_of(check_names())), most=10, load_default=list)


class SuspendBody(In):
    """Why an employer is stopped."""

    reason = Text(shortest=1, longest=32, required=True)
    note = Text(longest=500, load_default="")


class QueueQuery(In):
    """Which rounds."""

    state = fields.String(load_default="pending", validate=validate.OneOf(VERIFICATION_STATES))
    overdue = Flag(load_default=False, metadata={"description": "只看超过承诺时间的"})
    cursor = Text(longest=64, load_default="")
    limit = integer(1, 100, load_default=20)


class QueueLineOut(Out):
    """A round in the queue."""

    verification_id = fields.Integer(attribute="verification.verification_id", required=True)
    employer_id = fields.Integer(attribute="employer.employer_id", required=True)
    employer_name = fields.String(attribute="employer.name", required=True)
    publisher_class = fields.String(attribute="employer.publisher_class", required=True)
    region_code = fields.String(attribute="verification.region_code", required=True)
    state = fields.String(attribute="verification.state", required=True)
    submitted_at = Moment(attribute="verification.submitted_at", required=True)
    due_at = Moment(attribute="verification.due_at", required=True)
    overdue = fields.Boolean(required=True)
    contested = fields.Boolean(required=True, metadata={"description": "还有别的登记填了同一个信用代码，请两家都看"})


class QueuePage(Out):
    """A page of the queue, the most urgent first."""

    items = fields.List(fields.Nested(QueueLineOut), required=True)
    next = fields.String(required=True, allow_none=True)


class ListRowIn(In):
    """A line of a list."""

    credit_code = Text(longest=32, required=True)
    name = Text(longest=NAME_LENGTH, load_default="")
    listed_on = Text(longest=10, required=True, metadata={"description": "2026-01-31"})
    until = Text(longest=10, load_default="")


class ListImport(In):
    """A list, as rows or as the text of a CSV."""

    list = fields.String(required=True, validate=one_of({row.kind: row.name for row in list_rows().values()}))
    source = Text(shortest=2, longest=256, required=True, metadata={"description": "列入决定的文号，或公布的单位"})
    source_url = Text(longest=512, load_default="", pattern=r"^(https?://[^\s]+)?$")
    rows = Few(fields.Nested(ListRowIn), most=MOST_ROWS)
    csv = Text(longest=200_000, metadata={"description": "CSV 全文，表头：统一社会信用代码、单位名称、列入日期、到期日期"})

    @validates_schema
    def one_form(self, data: dict[str, object], **_: object) -> None:
        """Rows or a CSV, not both and not neither."""
        if ("rows" in data) == ("csv" in data):
            raise ValidationError("请用 rows 或 csv 其中一种。", "rows")


class RefusedRow(Out):
    """A row that was not taken."""

    row = fields.Integer(required=True)
    reason = fields.String(required=True)


class ListTaken(Out):
    """What became of a list."""

    new = fields.Integer(required=True)
    known = fields.Integer(required=True)
    employers = fields.Integer(required=True, metadata={"description": "涉及多少家已登记的单位"})
    refused = fields.List(fields.Nested(RefusedRow), required=True)


class EntryOut(Out):
    """A line of a list."""

    entry_id = fields.Integer(required=True)
    list = fields.String(attribute="list_kind", required=True)
    credit_code = fields.String(required=True)
    name = fields.String(required=True)
    source = fields.String(required=True)
    source_url = fields.String(required=True)
    listed_on = fields.Date(required=True)
    until = fields.Date(required=True, allow_none=True)
    removed_on = fields.Date(required=True, allow_none=True)
    removed_because = fields.String(required=True)
    version = fields.Integer(required=True)


class EntryPage(Out):
    """A page of lines."""

    items = fields.List(fields.Nested(EntryOut), required=True)
    next_after = fields.Integer(required=True, allow_none=True)


class EntryQuery(In):
    """Which lines."""

    list = fields.String(load_default="", validate=validate.OneOf(["", *list_rows()]))
    credit_code = Text(longest=32, load_default="")
    after = Whole(load_default=0, validate=validate.Range(0, MAX_ID))
    limit = integer(1, 100, load_default=50)


class EntryRemoval(In):
    """An employer leaves a list."""

    removed_on = fields.Date(required=True)
    because = Text(shortest=2, longest=256, required=True)
