"""Whether a caller may do a thing with this very object. The table is in ``permissions.py``; actions call :func:`require`."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from matching.rules import region
from service.accounts.caller import Caller
from service.accounts.permissions import PROXY, ROLE_TITLES, STATION_ROLES, VISITOR, Permission, Scope, permission
from service.errors import Forbidden, NotFound, Unauthorized

_ABOVE = MappingProxyType({"employer_recruiter": "employer_owner", "station_staff": "station_head"})
_IN_OFFICES = frozenset({*STATION_ROLES, "reviewer", "bureau", "auditor", "operator"})
Said = tuple[str, str]
"""An error code and its sentence."""
_MISSING: Said = ("not_found", "没有找到，请检查编号。")
_NEXT = MappingProxyType(
    {
        "worker": "如有需要请到就业服务站问问。",
        PROXY: "请让本人自己办，或者到就业服务站问问。",
        "employer_owner": "如有需要请联系当地就业服务站。",
        "employer_recruiter": "请先问本单位的管理员。",
        "station_staff": "请先问本站站长。",
        "station_head": "请联系当地人社部门。",
        "reviewer": "请联系本单位负责人或平台运营。",
        "bureau": "如果是工作需要，请联系平台运营。",
        "auditor": "如果是工作需要，请联系平台运营。",
        "operator": "请让能办的账号来办。",
        "partner": "如有需要请联系平台运营。",
    }
)
"""What whoever is refused can do next. Who works at a station or an office is not sent to himself."""


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose an object is, taken from its row. ``public`` says that everybody may know of it."""

    worker_id: int | None = None
    employer_id: int | None = None
    station_id: int | None = None
    region_code: str = ""
    account_id: int | None = None
    source_key: str = ""
    public: bool = False


def may(caller: Caller | None, name: str, owned: Owned) -> bool:
    """Whether the caller (None: a visitor) has the permission for this object. Raises ValueError for an unknown permission."""
    row = permission(name)
    scope = _scope(caller, row)
    if Scope.ANY in scope or (Scope.PUBLIC in scope and owned.public):
        return True
    if caller is None:
        return False
    return (
        (Scope.OWN in scope and _own(caller, owned))
        or (Scope.EMPLOYER in scope and owned.employer_id is not None and owned.employer_id == caller.employer_id)
        or (Scope.STATION in scope and owned.station_id is not None and owned.station_id == caller.station_id)
        or (Scope.SOURCE in scope and bool(owned.source_key) and owned.source_key == caller.source_key)
        or (Scope.TERRITORY in scope and in_territory(caller, owned.region_code))
    )


def may_at_all(caller: Caller | None, name: str) -> bool:
    """Whether there are objects for which the caller has the permission; which ones, only the row itself can say."""
    return bool(_scope(caller, permission(name)))


def what_next(role: str) -> str:
    """Where somebody of a role turns to who may not do a thing: one sentence."""
    return _NEXT[role]


def role_refused(role: str, row: Permission) -> str:
    """Why a role that has nothing of a permission is refused, who can do it, and where to ask: in words that fit the role.
    People from outside are not told who in which office can."""
    said = f"{ROLE_TITLES.get(role, '您的')}账号不能做这个操作"
    above = _ABOVE.get(role)
    if above is not None and row.scope(above):
        return f"{said}，要由{ROLE_TITLES[above]}来做。"
    able = [title for other, title in ROLE_TITLES.items() if row.scope(other)]
    if role in _IN_OFFICES and able:
        return f"{said}（{'、'.join(able)}可以），{what_next(role)}"
    return f"{said}，{what_next(role)}"


def require(caller: Caller | None, name: str, owned: Owned, *, missing: Said = _MISSING, refused: Said | None = None) -> None:
    """Raises when the caller may not: NotFound when the object is not public, so that nobody learns that it exists; else
    Unauthorized for a visitor and Forbidden for the others. ``missing`` and ``refused`` say it in the words of the feature."""
    if may(caller, name, owned):
        return
    if not owned.public:
        raise NotFound(*missing)
    if caller is None:
        raise Unauthorized("not_signed_in", "请先登录再操作。")
    raise Forbidden(*(refused or ("not_yours", f"这不归您管，不能做这个操作；{what_next(caller.role)}")))


def in_territory(caller: Caller, region_code: str) -> bool:
    """Whether a division lies in the caller's territory. An operator without a territory looks after everything."""
    if not caller.region_code:
        return caller.role == "operator"
    if not region_code:
        return False
    try:
        return region.is_within(region_code, caller.region_code)
    except region.UnknownRegion:
        return False


def _scope(caller: Caller | None, row: Permission) -> Scope:
    everybody = row.scope(VISITOR)
    if caller is None or not _within(caller.limits, row.name):
        return everybody
    return row.scope(caller.role)


def _within(limits: frozenset[str] | None, name: str) -> bool:
    return limits is None or name in limits or name.partition(".")[0] in limits


def _own(caller: Caller, owned: Owned) -> bool:
    if owned.worker_id is not None:
        return owned.worker_id == caller.worker_id
    # A proxy acts for a worker, whose objects say so; the account is the proxy's own, and not what the grant is about.
    return caller.role != PROXY and owned.account_id is not None and owned.account_id == caller.account_id
