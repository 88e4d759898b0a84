"""Who may do what: the one table. A route names a permission (``@allow("job.edit")``), an action asks for it with the object in
hand (``require(caller, "job.edit", Owned(...))``, in ``permit.py``).

A new permission is one line of ``_ROWS``, in the order of the alphabet: its name (noun.verb), a short title that people read, and
the scope of each role that has it. A role that is not named does not have it. ``VISITOR`` is anybody, signed in or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, auto
from types import MappingProxyType

VISITOR = "visitor"
PROXY = "proxy"
"""Not a role of accounts: whoever acts for a worker under a grant has it while he does."""
ROLE_TITLES = MappingProxyType(
    {
        "worker": "工友",
        "employer_owner": "单位管理员",
        "employer_recruiter": "单位招工员",
        "station_staff": "驿站工作人员",
        "station_head": "驿站站长",
        "reviewer": "审核员",
        "bureau": "人社部门",
        "auditor": "审计员",
        "operator": "平台运营",
        "partner": "合作平台",
    }
)
ROLES = tuple(ROLE_TITLES)
"""The roles an account can have."""
ALL_ROLES = (*ROLES, PROXY)
EMPLOYER_ROLES = ("employer_owner", "employer_recruiter")
STATION_ROLES = ("station_staff", "station_head")


class Scope(Flag):
    """Whose objects a role may touch. Scopes add up: ``EMPLOYER | PUBLIC``."""

    PUBLIC = auto()
    """What is shown to everybody."""
    OWN = auto()
    """The person's own: the same worker, else the same account."""
    EMPLOYER = auto()
    """Of the same employer."""
    STATION = auto()
    """Of the same station."""
    SOURCE = auto()
    """Under the source key of a partner."""
    TERRITORY = auto()
    """In the caller's division or below: a county, a city, a province by its code. An operator without one looks after all."""
    ANY = auto()


@dataclass(frozen=True, slots=True)
class Permission:
    """One line of the table."""

    name: str
    title: str
    scopes: Mapping[str, Scope]

    @property
    def open(self) -> bool:
        """Whether nobody has to sign in for it."""
        return VISITOR in self.scopes

    def scope(self, role: str) -> Scope:
        """What a role may touch, what everybody may included; empty when nothing."""
        return self.scopes.get(role, Scope(0)) | self.scopes.get(VISITOR, Scope(0))

    def roles(self) -> frozenset[str]:
        """The roles that have it."""
        return frozenset(role for role in ALL_ROLES if self.scope(role))


_EVERYBODY = {VISITOR: Scope.ANY}
_SHOWN = {VISITOR: Scope.PUBLIC}
_THEMSELVES = dict.fromkeys(ALL_ROLES, Scope.OWN)
_IN_PERSON = dict.fromkeys(ROLES, Scope.OWN)
_EMPLOYERS = dict.fromkeys(EMPLOYER_ROLES, Scope.EMPLOYER)
_STATIONS = dict.fromkeys(STATION_ROLES, Scope.STATION)
_PARTNER = {"partner": Scope.SOURCE}
_OFFICES = dict.fromkeys(("bureau", "operator"), Scope.TERRITORY)
_ADMINISTRATORS = {"employer_owner": Scope.EMPLOYER, "station_head": Scope.STATION} | _OFFICES
_LOOKERS = dict.fromkeys(("reviewer", "auditor"), Scope.TERRITORY)
_SEEKERS = dict.fromkeys(("worker", PROXY), Scope.PUBLIC)
_HELPERS = dict.fromkeys(STATION_ROLES, Scope.STATION | Scope.PUBLIC)
_HELPERS |= dict.fromkeys(("reviewer", *_OFFICES), Scope.TERRITORY | Scope.PUBLIC)
_HEAD = {"station_head": Scope.STATION}
_OWNER = {"employer_owner": Scope.EMPLOYER}
_DECIDERS = dict.fromkeys(("reviewer", "bureau"), Scope.TERRITORY)
"""Who may find papers in order: the office, not whoever runs the platform."""
_VERIFIERS = _DECIDERS | {"operator": Scope.TERRITORY}
_STREAMERS = _EMPLOYERS | _HEAD | _OFFICES
_PUBLISHERS = _EMPLOYERS | _STATIONS | _PARTNER | _OFFICES
_WORKER = {"worker": Scope.OWN}
_WORKER_OR_PROXY = _WORKER | {PROXY: Scope.OWN}
_CASE_OFFICES = _STATIONS | {"bureau": Scope.TERRITORY}

_ROWS = (
    Permission("account.end_sessions", "让账号退出登录", _ADMINISTRATORS),
    Permission("account.invite", "开通账号", _ADMINISTRATORS),
    Permission("account.link", "绑定统一身份", _OFFICES),
    Permission("account.list", "查看管的账号", _ADMINISTRATORS),
    Permission("account.reset", "重设密码", _ADMINISTRATORS),
    Permission("account.switch", "停用和启用账号", _ADMINISTRATORS),
    Permission("act.read", "查看别人替我办了什么", _WORKER),
    Permission("audit.read", "查看操作记录", dict.fromkeys(("auditor", "bureau"), Scope.TERRITORY)),
    Permission("candidate.read", "查看岗位的合适人选（不含姓名电话）", _EMPLOYERS),
    Permission("consent.give", "同意或撤回", _WORKER_OR_PROXY),
    Permission("consent.read", "查看我同意过什么", _WORKER_OR_PROXY),
    Permission("disclosure.read", "查看谁看过我的信息", _WORKER_OR_PROXY),
    Permission("document.read", "查看接口文档", _EVERYBODY),
    Permission("employer.create", "登记单位", {"employer_owner": Scope.OWN} | _VERIFIERS),
    Permission("employer.edit", "修改单位信息", _OWNER | _VERIFIERS),
    Permission("employer.handler", "查看经办人完整信息", _OWNER | _DECIDERS),
    Permission("employer.list", "导入和移出单位名单", _OFFICES),
    Permission("employer.lists", "查看单位名单", _LOOKERS | _OFFICES),
    Permission("employer.read", "查看单位", _SHOWN | _EMPLOYERS | _LOOKERS | _OFFICES),
    Permission("employer.record", "查看单位档案", _EMPLOYERS | _LOOKERS | _OFFICES),
    Permission("employer.staff", "查看和移除单位账号", _OWNER),
    Permission("employer.suspend", "暂停和恢复单位招聘", _OFFICES),
    Permission("employer.transfer", "移交单位管理员", _OWNER),
    Permission("feed.pull", "从来源取数据", _OFFICES),
    Permission("feed.read", "查看来源和导入记录", dict.fromkeys(("bureau", "auditor", "operator"), Scope.ANY)),
    Permission("feed.record", "查看来源的原始记录", _OFFICES),
    Permission("feed.rollback", "撤回一次导入", _OFFICES),
    Permission("gig.accept", "确认本站零工", _STATIONS | _OFFICES),
    Permission("grant.accept", "接受代办", _WORKER),
    Permission("grant.end", "结束代办", _WORKER | _CASE_OFFICES),
    Permission("grant.give", "请人代办", _WORKER),
    Permission("grant.held", "查看我能替谁办事", dict.fromkeys(("worker", *STATION_ROLES), Scope.OWN)),
    Permission("grant.read", "查看谁能替我办事", _WORKER),
    Permission("grant.take", "驿站代办", _STATIONS),
    Permission("hardship.certify", "核对就业困难类别", _CASE_OFFICES),
    Permission("hardship.claim", "登记就业困难类别", _WORKER_OR_PROXY),
    Permission("hardship.read", "查看就业困难类别", _WORKER_OR_PROXY | _CASE_OFFICES),
    Permission("hold.read", "查看依法暂不删除的", dict.fromkeys(("bureau", "auditor"), Scope.TERRITORY)),
    Permission("hold.set", "依法暂不删除", dict.fromkeys(("bureau", "auditor"), Scope.TERRITORY)),
    Permission("import.confirm", "确认导入岗位表格", _EMPLOYERS | _STATIONS),
    Permission("import.create", "上传岗位表格", _EMPLOYERS | _STATIONS),
    Permission("import.read", "查看导入的进度和退回的行", _EMPLOYERS | _STATIONS),
    Permission("import.template", "下载岗位表格模板", _EVERYBODY),
    Permission("job.check", "发布前检查岗位", _PUBLISHERS),
    Permission("job.close", "关闭岗位", _PUBLISHERS),
    Permission("job.confirm", "确认岗位还在招", _PUBLISHERS),
    Permission("job.contact", "查看岗位的完整电话", _PUBLISHERS | _SEEKERS | _HELPERS),
    Permission("job.edit", "修改岗位", _PUBLISHERS),
    Permission("job.export", "导出岗位表格", _OFFICES),
    Permission("job.export_phones", "导出岗位表格里的联系电话（留痕）", {"bureau": Scope.TERRITORY}),
    Permission("job.parse", "把群里的招工消息读成草稿", _EMPLOYERS | _STATIONS | _OFFICES),
    Permission("job.publish", "发布岗位", _PUBLISHERS),
    Permission("job.put", "按自己的编号写入岗位", {"partner": Scope.SOURCE | Scope.PUBLIC}),
    Permission("job.quality", "查看岗位的完整度", _PUBLISHERS | _LOOKERS),
    Permission("job.read", "查看岗位", _SHOWN | _PUBLISHERS | _LOOKERS),
    Permission("job.remind", "查看快到期的岗位", _PUBLISHERS),
    Permission("job.renew", "岗位续期", _PUBLISHERS),
    Permission("job.search", "找岗位", _EVERYBODY),
    Permission("job.separate", "认定不是重复岗位", _VERIFIERS),
    Permission("job.similar", "看相似的岗位", _SHOWN),
    Permission("job.verify", "核实岗位还在招", _DECIDERS),
    Permission("job.withdraw", "按自己的编号撤下岗位", _PARTNER),
    Permission("live.create", "新建直播场次", _STREAMERS),
    Permission("live.edit", "安排直播的岗位", _STREAMERS),
    Permission("live.read", "看直播场次", _EVERYBODY),
    Permission("match.read", "查看适合我的岗位", _WORKER_OR_PROXY),
    Permission("me.erase", "注销账号", _WORKER | dict.fromkeys(EMPLOYER_ROLES, Scope.OWN)),
    Permission("me.export", "导出我的全部资料", dict.fromkeys(ROLES, Scope.OWN)),
    Permission("me.read", "查看我的账号", _THEMSELVES),
    Permission("objection.answer", "答复单位的申诉", _VERIFIERS),
    Permission("objection.make", "对先看后发申诉", _EMPLOYERS),
    Permission("objection.read", "查看单位的申诉", _LOOKERS | _OFFICES),
    Permission("open_data.read", "下载和跟随公开岗位数据", _EVERYBODY),
    Permission("paper.edit", "上传和撤下单位证照", _EMPLOYERS | _VERIFIERS),
    Permission("paper.read", "查看单位证照", _OWNER | _DECIDERS),
    Permission("partner.end", "停用合作平台的客户端", _OFFICES),
    Permission("partner.issue", "给合作平台开客户端", _OFFICES),
    Permission("partner.read", "查看合作平台的客户端", _OFFICES | {"auditor": Scope.TERRITORY}),
    Permission("password.change", "修改密码", _IN_PERSON),
    Permission("phone.bind", "绑定手机号", _IN_PERSON),
    Permission("phone.read", "查看绑定的手机号", _IN_PERSON),
    Permission("posting.read", "查看岗位的交换格式", _SHOWN),
    Permission("privacy.read", "查看隐私说明", _EVERYBODY),
    Permission("profile.edit", "修改求职档案", _WORKER_OR_PROXY),
    Permission("profile.read", "查看求职档案", _WORKER_OR_PROXY),
    Permission("repeat.lift", "恢复多次违规的单位", _VERIFIERS),
    Permission("repeat.read", "查看单位违规下架的次数", _EMPLOYERS | _LOOKERS | _OFFICES),
    Permission("report.make", "举报岗位", _SEEKERS),
    Permission("report.read", "查看我的举报", _WORKER_OR_PROXY),
    Permission("review.decide", "审看岗位", _VERIFIERS),
    Permission("review.read", "查看待审看的岗位", _LOOKERS | _OFFICES),
    Permission("search_report.read", "查看找不到的岗位", dict.fromkeys(("bureau", "auditor", "operator"), Scope.TERRITORY)),
    Permission("second_factor.enrol", "绑定动态验证码", _IN_PERSON),
    Permission("second_factor.remove", "解除动态验证码", _IN_PERSON),
    Permission("second_factor.verify", "输入动态验证码", _IN_PERSON),
    Permission("session.end", "让别的设备退出登录", _IN_PERSON),
    Permission("session.leave", "退出登录", _IN_PERSON),
    Permission("session.read", "查看登录的设备", _IN_PERSON),
    Permission("sign_in.try", "登录", _EVERYBODY),
    Permission("source.quality", "查看各来源的完整度", _PARTNER | _LOOKERS | _OFFICES),
    Permission("station.close", "撤销驿站", _OFFICES),
    Permission("station.create", "新设驿站", _OFFICES),
    Permission("station.edit", "修改驿站", _HEAD | _OFFICES),
    Permission("station.read", "找驿站", _EVERYBODY),
    Permission("station.staff", "查看和移除驿站账号", _HEAD | _OFFICES),
    Permission("subscription.read", "查看微信订阅消息", _IN_PERSON),
    Permission("subscription.report", "报告微信订阅消息", _IN_PERSON),
    Permission("system.read", "查看系统状态", _EVERYBODY),
    Permission("task.read", "查看后台任务", {"operator": Scope.ANY}),
    Permission("task.retry", "重试后台任务", {"operator": Scope.ANY}),
    Permission("verification.decide", "核验单位", _DECIDERS),
    Permission("verification.queue", "查看待核验单位", _LOOKERS | _OFFICES),
    Permission("verification.read", "查看核验进度", _EMPLOYERS | _LOOKERS | _OFFICES),
    Permission("verification.submit", "提交单位核验", _OWNER | _VERIFIERS),
    Permission("wechat.link", "绑定微信", _IN_PERSON),
    Permission("wechat.push", "微信消息推送", _EVERYBODY),
    Permission("worker.leave", "替没有手机的人注销", _STATIONS),
    Permission("worker.register", "给没有手机的人建档", _STATIONS),
)
PERMISSIONS: Mapping[str, Permission] = MappingProxyType({row.name: row for row in _ROWS})


def permission(name: str) -> Permission:
    """One line of the table. Raises ValueError for a name that is not in it: a fault of the program."""
    found = PERMISSIONS.get(name)
    if found is None:
        raise ValueError(f"unknown permission: {name}")
    return found


def granted_nouns() -> tuple[str, ...]:
    """What a worker can hand to a proxy: the nouns of the permissions that a proxy can have."""
    return tuple(sorted({row.name.partition(".")[0] for row in _ROWS if PROXY in row.scopes and not row.open}))
