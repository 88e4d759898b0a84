"""The JSON of consents, the ledger, leaving and holds."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from service.consents.models import ACTIONS
from service.consents.texts import DISCLOSURE, purposes
from service.fields import MAX_ID, Few, Flag, In, Moment, Out, Text, Whole, one_of
from service.privacy.limits import law_working_days, promised_minutes
from service.workers.contact import FIELDS
from service.workers.schemas import EVIDENCE

CONTACT_NAMES = {"display_name": "称呼", "name": "真实姓名", "phone": "手机号"}
GUARDIANS = {"self_supporting": "主要靠自己劳动生活", "agreed": "监护人知道并且同意"}


_RIGHTS = (
    "看和改：GET、PATCH /v1/me/profile",
    "带走：GET /v1/me/export",
    "撤回：DELETE /v1/me/consents/{consent_id}",
    "谁看过：GET /v1/me/disclosures",
    "不按个人情况排序：PATCH /v1/me/profile 里 personal_ranking 填 false；删标签：DELETE /v1/me/tags",
    "注销：DELETE /v1/me?confirm=true",
)


def _leaving() -> str:
    return (
        f"注销后立刻不能登录、不再被搜索和匹配，{promised_minutes()} 分钟内清空资料（法律要求 {law_working_days()} 个工作日内）；"
        "注销不能反悔，以后再来会建新的档案。法律要求保留的记录到期删除。"
    )


class TextOut(Out):
    """The words of one purpose, as they are agreed to."""

    purpose = fields.String(required=True)
    version = fields.String(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    refused = fields.String(required=True, metadata={"description": "不同意会怎样"})
    separate = fields.Boolean(required=True, metadata={"description": "要单独同意，不能和别的一起勾"})
    lasts_days = fields.Integer(required=True, metadata={"description": "多少天后要重新问；0 是直到撤回"})
    text_hash = fields.String(required=True)
    article = fields.String(required=True)
    effective_from = fields.Date(required=True)


class LimitOut(Out):
    """How long one kind of data is kept."""

    rule = fields.String(required=True)
    title = fields.String(required=True)
    days = fields.Integer(required=True)
    counted = fields.String(required=True)
    article = fields.String(required=True)


class PrivacyOut(Out):
    """What is asked, what is kept, how long, and how to end it."""

    texts = fields.List(fields.Nested(TextOut), required=True)
    kept = fields.List(fields.Nested(LimitOut), required=True)
    leaving = fields.Function(lambda _: _leaving(), required=True, metadata={"type": "string"})
    rights = fields.Function(lambda _: list(_RIGHTS), required=True, metadata={"type": "array", "items": {"type": "string"}})


class ConsentIn(In):
    """One yes or no. ``disclosure`` names one employer, one job and what is given."""

    purpose = fields.String(required=True, validate=validate.OneOf(purposes()))
    version = Text(shortest=1, longest=16, required=True, metadata={"description": "刚刚看过的文字版本"})
    agree = Flag(load_default=True, metadata={"description": "false：不同意"})
    job_id = Whole(validate=validate.Range(1, MAX_ID), metadata={"description": "disclosure：为哪个岗位"})
    fields_ = Few(
        fields.String(validate=one_of(CONTACT_NAMES)),
        most=len(FIELDS),
        data_key="fields",
        load_default=list,
        metadata={"description": "disclosure：给哪几项"},
    )
    guardian = fields.String(
        validate=one_of(GUARDIANS), load_default="", metadata={"description": "16、17 岁的人单独同意敏感事项时要填"}
    )
    channel = fields.String(validate=validate.OneOf(["station_paper", "phone"]), metadata={"description": "驿站代办时填"})
    evidence = Text(shortest=2, longest=64, pattern=EVIDENCE, metadata={"description": "驿站代办时填：材料或录音编号"})

    @validates_schema
    def whole(self, data: dict[str, Any], **_: object) -> None:
        """A disclosure is whole or none."""
        is_disclosure = data.get("purpose") == DISCLOSURE
        if is_disclosure != ("job_id" in data) or is_disclosure != bool(data.get("fields_")):
            raise ValidationError("把联系方式给单位要写明为哪个岗位、给哪几项；别的事项不填这两样。", "job_id")
        if ("channel" in data) != ("evidence" in data):
            raise ValidationError("方式和材料编号要一起填。", "evidence")


class ConsentOut(Out):
    """One thing that was said."""

    consent_id = fields.Integer(required=True)
    purpose = fields.String(required=True)
    action = fields.String(required=True, validate=validate.OneOf(ACTIONS))
    text_version = fields.String(required=True)
    text_hash = fields.String(required=True)
    at = Moment(required=True)
    channel = fields.String(required=True)
    given_by_account_id = fields.Integer(required=True, allow_none=True)
    grant_id = fields.Integer(required=True, allow_none=True)
    employer_id = fields.Integer(required=True, allow_none=True)
    job_id = fields.Integer(required=True, allow_none=True)
    recipient_name = fields.String(required=True)
    fields_ = fields.List(fields.String(), attribute="fields", data_key="fields", required=True)


class StateOut(Out):
    """How a purpose stands now."""

    purpose = fields.String(required=True)
    title = fields.String(required=True)
    holds = fields.Boolean(required=True)
    ask_again = fields.Boolean(required=True, metadata={"description": "以前同意过，但文字更新或到期了"})
    last = fields.Nested(ConsentOut, required=True, allow_none=True)


class ConsentsOut(Out):
    """Every purpose as it stands, disclosures one by one, and everything that was ever said."""

    current = fields.List(fields.Nested(StateOut), required=True)
    disclosures = fields.List(fields.Nested(ConsentOut), required=True)
    history = fields.List(fields.Nested(ConsentOut), required=True)


class DisclosureOut(Out):
    """One line of the ledger."""

    disclosure_id = fields.Integer(required=True)
    at = Moment(required=True)
    reader_role = fields.String(required=True)
    recipient_kind = fields.String(required=True)
    recipient_name = fields.String(required=True)
    fields_ = fields.List(fields.String(), attribute="fields", data_key="fields", required=True)
    purpose = fields.String(required=True)
    basis = fields.String(required=True, metadata={"description": "consent 本人同意，duty 依法履职"})
    consent_id = fields.Integer(required=True, allow_none=True)
    job_id = fields.Integer(required=True, allow_none=True)


class DisclosuresOut(Out):
    """A page, the newest first."""

    items = fields.List(fields.Nested(DisclosureOut), required=True)
    next = fields.Integer(required=True, allow_none=True)


class LeaveArgs(In):
    """Said on purpose."""

    confirm = Flag(required=True, validate=validate.Equal(True, error="注销不能反悔，确定要注销请带 confirm=true。"))


class ProofIn(In):
    """The person's word on paper or by telephone."""

    channel = fields.String(required=True, validate=validate.OneOf(["station_paper", "phone"]))
    evidence = Text(shortest=2, longest=64, required=True, pattern=EVIDENCE)


class LeavingOut(Out):
    """What happens now."""

    erasure_id = fields.Integer(required=True)
    asked_at = Moment(required=True)
    message = fields.String(required=True)


class HoldIn(In):
    """Why, and under which case."""

    reason = Text(shortest=4, longest=200, required=True)
    reference = Text(shortest=1, longest=64, required=True, metadata={"description": "案号或文号"})


class HoldOut(Out):
    """A hold."""

    hold_id = fields.Integer(required=True)
    worker_id = fields.Integer(required=True)
    reason = fields.String(required=True)
    reference = fields.String(required=True)
    set_at = Moment(required=True)
    lifted_at = Moment(required=True, allow_none=True)


class HoldsOut(Out):
    """All of a person."""

    items = fields.List(fields.Nested(HoldOut), required=True)
