"""What columns are called, and how what stands in them is written, for the person who reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from service import clock
from service.accounts.permissions import PROXY, ROLE_TITLES
from service.consents.models import CHANNELS
from service.workers.choices import hardships, health_limits
from service.workers.schemas import SEXES

_TITLES = MappingProxyType(
    {
        "account_id": "账号编号",
        "acting": "代办授权编号",
        "acting_for": "代办授权编号",
        "action": "做了什么",
        "active_at": "最近一次使用",
        "address": "网络地址",
        "answer": "系统的回答",
        "answered_at": "答复时间",
        "asked_at": "提出时间",
        "asked_by_account_id": "谁提出的（账号编号）",
        "at": "时间",
        "basis": "依据（consent 本人同意，duty 依法履职）",
        "birth_month": "出生年月",
        "body": "内容",
        "bound_at": "绑定时间",
        "category": "类别",
        "cause": "怎么注销的",
        "certificates": "证书",
        "certified": "核对属实",
        "changed_at": "最近修改",
        "channel": "通过什么方式",
        "check_id": "检查编号",
        "claimed_at": "登记时间",
        "class": "单位种类",
        "confirmed_at": "确认时间",
        "consent_id": "同意记录编号",
        "contact": "联系方式",
        "couple": "夫妻一起",
        "created_at": "建立时间",
        "created_by": "谁建的（账号编号）",
        "day": "日期",
        "decided_at": "核对时间",
        "decided_by_account_id": "核对人（账号编号）",
        "details": "细节",
        "device_name": "设备",
        "disabled_at": "停用时间",
        "disclosure_id": "记录编号",
        "display_name": "称呼",
        "done_at": "办完时间",
        "drops_second_factor": "同时解除动态验证码",
        "due_at": "到哪天",
        "employer": "单位编号",
        "employer_id": "单位编号",
        "end_reason": "为什么结束",
        "ended": "结束了几次登录",
        "ended_at": "结束时间",
        "ended_by": "谁结束的（账号编号）",
        "erased_at": "清空时间",
        "erasure_id": "注销编号",
        "evidence": "材料编号",
        "expires_at": "到期时间",
        "female_track": "原退休年龄",
        "fields": "哪几项",
        "from": "从第几条起",
        "given_by_account_id": "谁按的（账号编号）",
        "grant": "代办授权编号",
        "grant_id": "代办授权编号",
        "group_size": "几个人一起",
        "guardian": "监护人",
        "handler_id": "经办人身份证号码",
        "handler_name": "经办人姓名",
        "hardship_id": "登记编号",
        "headers": "回答的附加信息",
        "health_limits": "身体限制",
        "hold_id": "保留编号",
        "holder_account_id": "代办人账号编号",
        "hours_max": "每天最多几小时",
        "id_number": "身份证号",
        "into": "并到哪个账号（编号）",
        "issuer": "身份服务",
        "item": "事项",
        "job": "岗位",
        "job_id": "岗位编号",
        "key": "重发用的编号",
        "kind": "种类",
        "kinds": "想找哪类",
        "known": "已有的",
        "last_seen_at": "最近一次使用",
        "last_step": "最近用过的验证码序号",
        "last_used_at": "最近一次使用",
        "lat": "纬度",
        "left_at": "注销时间",
        "lifted_at": "解除时间",
        "lifted_by_account_id": "谁解除的（账号编号）",
        "linked": "绑定了",
        "linked_by": "谁绑定的（账号编号）",
        "lng": "经度",
        "login": "登录名",
        "long_term": "长期订阅",
        "message": "消息种类",
        "message_id": "消息编号",
        "message_key": "消息的识别号",
        "method": "登录方式",
        "name": "名称",
        "new": "新的",
        "note": "说明",
        "noticed_at": "提醒时间",
        "object_id": "对象编号",
        "object_kind": "对象种类",
        "openid": "微信号标识",
        "outcome": "结果",
        "page_query": "打开的页面",
        "pending": "还差动态验证码",
        "personal_ranking": "按我的情况排序",
        "phone": "手机号",
        "place": "地点",
        "point_exact": "准确位置",
        "proved_by": "怎么验证的",
        "purpose": "用途",
        "queued_at": "排队时间",
        "radius_km": "多少公里以内",
        "rank": "名次",
        "reader_account_id": "查看人（账号编号）",
        "reader_role": "查看人的身份",
        "real_name": "真实姓名",
        "reason": "理由",
        "reasons": "理由",
        "recipient_id": "给了谁（编号）",
        "recipient_kind": "给了哪一类",
        "recipient_name": "给了谁",
        "reference": "台账编号",
        "refused": "没收的",
        "region_code": "地区代码",
        "register": "台账",
        "remaining": "还能收几条",
        "report_id": "举报编号",
        "reported_at": "举报时间",
        "review_id": "审看编号",
        "objection_id": "申诉编号",
        "revoked_at": "作废时间",
        "role": "身份",
        "rows": "几行",
        "scopes": "可以代办的事",
        "score": "分数",
        "second_factor": "用过动态验证码",
        "second_factor_at": "动态验证时间",
        "session_id": "登录编号",
        "set_at": "设定时间",
        "settlements": "结算方式",
        "sex": "性别",
        "shifts": "班次",
        "shown": "看了几个人",
        "skill_levels": "技能等级",
        "skills": "技能",
        "source_key": "来源",
        "starts_at": "开始时间",
        "state": "状态",
        "station": "驿站编号",
        "station_id": "驿站编号",
        "status": "回答的状态",
        "subject": "身份服务里的编号",
        "tags_wanted": "想要的福利",
        "template_id": "模板编号",
        "text_version": "文字版本",
        "title": "名称",
        "to": "交给谁（编号）",
        "trace_id": "检查的识别号",
        "trades": "工种",
        "tries": "试过几次",
        "unanswered": "还没有回音",
        "unionid": "微信统一标识",
        "updated_at": "最近修改",
        "used_at": "使用时间",
        "values": "消息内容",
        "verification_id": "核验编号",
        "version": "第几版",
        "wage": "工资",
        "wage_min": "期望工资",
        "wage_min_yuan_month": "期望工资折合每月",
        "wage_unit": "工资单位",
        "full": "是否重新要全部",
        "job_ids": "岗位编号",
        "waits": "等几秒再试",
        "wish": "想干什么活",
        "words": "补充的话",
        "worker_id": "档案编号",
    }
)

_SAID = {"give": "同意", "refuse": "不同意", "withdraw": "撤回"}
_ROLES = {**ROLE_TITLES, PROXY: "代办人", "system": "系统"}
_CODES: Mapping[str, Callable[[], Mapping[str, str]]] = MappingProxyType(
    {
        "action": lambda: _SAID,
        "category": hardships,
        "channel": lambda: CHANNELS,
        "fields": lambda: _TITLES,
        "health_limits": health_limits,
        "reader_role": lambda: _ROLES,
        "role": lambda: _ROLES,
        "sex": lambda: SEXES,
    }
)
"""Columns whose codes have names of their own."""
_JSON_TEXTS = frozenset({"health_limits", "values"})
_AGAIN = frozenset({"answer", "body", "headers"})
_AGAIN_SAID = "网断了重发时原样再给一次，内容和当时看到的一样；原文在 JSON 格式的导出里"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def column_title(name: str) -> str:
    """The Chinese name of a column; what has none (a name inside what another feature wrote) is at least said to be one."""
    return _TITLES.get(name) or f"其他（{name}）"


def in_words(name: str, value: Any) -> str:
    """What stands under a name, as one line: moments and days as they are said in Beijing, known codes by their names."""
    if name in _AGAIN:
        return _AGAIN_SAID
    if name in _JSON_TEXTS and isinstance(value, str) and value.startswith(("[", "{")):
        return in_words(name, json.loads(value))
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(in_words(name, one) for one in value)
    if isinstance(value, dict):
        return "；".join(f"{column_title(str(inner))}：{in_words(str(inner), one)}" for inner, one in value.items())
    text = str(value)
    if _MOMENT.fullmatch(text):
        moment = clock.parse(text).astimezone(clock.BEIJING)
        return f"{_day(moment)} {moment:%H:%M}"
    if _DAY.fullmatch(text):
        day = date.fromisoformat(text)
        return f"{day.year}年{day.month}月" if name == "birth_month" else _day(day)
    return _CODES[name]().get(text, text) if name in _CODES else text


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
