"""The JSON of partners."""

from __future__ import annotations

from marshmallow import fields, validate

from service.errors import Refusal
from service.fields import Flag, In, Moment, Out, Text, one_of
from service.jobs.advert import LENGTHS
from service.jobs.bodies import JobDraft
from service.jobs.schemas import FindingOut
from service.log_masks import mask_text
from service.partners.place import Placed

THEIR_ID = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
SOURCE_KEY = r"^partner-[a-z0-9-]{2,23}$"
_URL = r"^https?://[^\s<>\"\\]{4,500}$"
KINDS = {"public": "公共招聘岗位", "gig": "零工，还要填 gig"}
"""What a partner may send; listings of a stream come by their own way (``service/live``)."""
OUTCOMES = {
    "created": "新写入", "changed": "有变化，已更新", "unchanged": "没有变化", "withdrawn": "已撤下",
    "conflict": "已由用人单位或驿站自己发布", "refused": "没有收，见 error 和 message",
}  # fmt: skip


class ClientBody(In):
    """The credentials of a client."""

    client_id = Text(longest=40, shortest=1, required=True)
    client_secret = fields.String(required=True, validate=validate.Length(1, 128), metadata={"format": "password"})


class ClientToken(Out):
    """A short token (RFC 6749 section 4.4 in our words)."""

    access_token = fields.String(attribute="token", required=True)
    token_type = fields.Constant("Bearer", required=True, metadata={"type": "string"})
    expires_in = fields.Integer(attribute="seconds", required=True, metadata={"description": "秒"})
    expires_at = Moment(required=True)
    scopes = fields.List(fields.String(), required=True)


class IssueBody(In):
    """Who gets a client."""

    source_key = Text(longest=32, required=True, pattern=SOURCE_KEY, metadata={"description": "来源代码，例如 partner-gz01"})
    name = Text(longest=64, shortest=2, required=True, metadata={"description": "登记的名称，每条岗位都会注明"})


class ClientOut(Out):
    """A client, without its secret."""

    partner_id = fields.Integer(required=True)
    client_id = fields.String(required=True)
    source_key = fields.String(required=True)
    name = fields.String(required=True)
    region_code = fields.String(required=True)
    conflicts = fields.Integer(required=True, metadata={"description": "一共有多少次提交了用人单位或驿站自己发布过的岗位"})
    created_at = Moment(required=True)
    last_used_at = Moment(required=True, allow_none=True)
    ended_at = Moment(required=True, allow_none=True)


class ClientIssued(ClientOut):
    """A new client with its secret, this once."""

    client_secret = fields.String(required=True, metadata={"description": "只显示这一次，请立刻保存到安全的地方"})


class ClientListed(ClientOut):
    """A client of the list."""

    jobs = fields.Integer(required=True, metadata={"description": "它的来源正在展示的岗位"})


class ClientsAnswer(Out):
    """All clients."""

    items = fields.List(fields.Nested(ClientListed), required=True)


class ConflictOut(Out):
    """One advert that was there."""

    their_id = fields.String(attribute="original_id", required=True)
    job_id = fields.Integer(required=True)
    attempts = fields.Integer(required=True)
    first_at = Moment(required=True)
    last_at = Moment(required=True)


class ClientDetail(ClientOut):
    """A client with its latest conflicts."""

    latest_conflicts = fields.List(fields.Nested(ConflictOut), required=True)


class PartnerJob(JobDraft):
    """An advert of a partner."""

    class Meta(JobDraft.Meta):
        exclude = ("live",)

    kind = fields.String(
        required=True,
        validate=one_of(KINDS),
        error_messages={"required": f"这一项必须填：{'、'.join(f'{kind}（{name}）' for kind, name in KINDS.items())}。"},
    )
    employer_name = Text(
        shortest=2, longest=LENGTHS["employer_name"], required=True, metadata={"description": "用人单位名称；会注明未经我们核验"}
    )
    url = Text(longest=512, pattern=_URL, metadata={"description": "这条岗位在合作平台上的网址"})


class BulkJob(PartnerJob):
    """One item of a bulk request: an advert with its number, or only the number of one that is to be withdrawn."""

    their_id = Text(longest=64, required=True, pattern=THEIR_ID, metadata={"description": "合作平台自己的编号"})
    withdrawn = Flag(metadata={"description": "true：撤下这个编号，其他内容都不用填"})


class BulkWithdrawal(In):
    """One item that is to be withdrawn."""

    their_id = Text(longest=64, required=True, pattern=THEIR_ID)
    withdrawn = Flag(required=True)


class ErrorPart(Out):
    """Why one was not taken: as in a whole error answer."""

    error = fields.String(required=True)
    message = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


class PlacedOut(Out):
    """What became of one advert."""

    their_id = fields.String(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(list(OUTCOMES)))
    job_id = fields.Integer(required=True, allow_none=True, metadata={"description": "冲突时是已有的那一条"})
    status = fields.String(required=True, metadata={"description": "open 展示中，held 等人看过，closed 已关闭；没有收的是空的"})
    waits_for = fields.List(fields.String(), required=True)
    findings = fields.List(fields.Nested(FindingOut), required=True)
    refusal = fields.Nested(ErrorPart, required=True, allow_none=True)


class BulkLine(PlacedOut):
    """One of many, with its place in the request from 1."""

    line = fields.Integer(required=True)


class BulkAnswer(Out):
    """All of them, in the order of the request."""

    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    items = fields.List(fields.Nested(BulkLine), required=True)


BULK_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": BulkJob(many=True)},
        "application/x-ndjson": {"schema": {"type": "string", "description": "一行一个 JSON 对象"}},
    },
}
"""For the document: the body is read line by line, so that a wrong line spoils no other."""


def placed_row(placed: Placed) -> dict[str, object]:
    """One result as its schema reads it."""
    names = ("their_id", "outcome", "job_id", "status", "waits_for", "findings")
    return {name: getattr(placed, name) for name in names} | {"refusal": refusal_row(placed.refusal)}


def refusal_row(refusal: Refusal | None) -> dict[str, object] | None:
    """A refusal as a part of an answer."""
    if refusal is None:
        return None
    errors = {name: [mask_text(sentence) for sentence in said] for name, said in refusal.errors.items()}
    return {"error": refusal.error, "message": mask_text(refusal.message), "errors": errors}
