"""Whether a caller may do a thing with this very object. The table is in ``permissions.py``; actions call :func:`require`."""

from __future__ import annotations

from dataclasses import dataclass

from matching.rules import region
from service.accounts.caller import Caller
from service.accounts.permissions import PROXY, VISITOR, Permission, Scope, permission
from service.errors import Forbidden, NotFound, Unauthorized

Said = tuple[str, str]
"""An error code and its sentence."""
_MISSING: Said = ("not_found", "没有找到，请检查编号。")
_REFUSED: Said = ("not_yours", "这不归您管，不能做这个操作；如有需要请联系就业服务站。")


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


def require(caller: Caller | None, name: str, owned: Owned, *, missing: Said = _MISSING, refused: Said = _REFUSED) -> None:
    """Raises when the caller may not: NotFound when the object is not public, so that nobody learns that it exists; else
    Unauthorized for a visitor and Forbidden for the others. ``missing`` and ``refused`` say it in the words of the feature."""
    if may(caller, name, owned):
        return
    if not owned.public:
        raise NotFound(*missing)
    if caller is None:
        raise Unauthorized("not_signed_in", "请先登录再操作。")
    raise Forbidden(*refused)


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
