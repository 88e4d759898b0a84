"""The table of permissions, and whose object is whose."""

from __future__ import annotations

import pytest

from service.accounts.caller import Caller
from service.accounts.permissions import ALL_ROLES, PERMISSIONS, Scope
from service.accounts.permit import Owned, in_territory, may, may_at_all, require, role_refused, what_next
from service.errors import Forbidden, NotFound, Unauthorized
from tests.service.conftest import GANZHOU, NANCHANG, ZHANGGONG

JIANGXI = "360000000000"
TOWN = "360702001000"
OUTSIDE = ("worker", "proxy", "employer_owner", "employer_recruiter", "partner")
"""Who is not of the service, and may be sent to a station."""


def caller(role: str, **stands_for: object) -> Caller:
    """Somebody of a role, who stands for nothing unless told."""
    return Caller(account_id=1, role=role, display_name="演示", **stands_for)  # type: ignore[arg-type]


def test_every_line_of_the_table_names_roles_that_exist() -> None:
    for row in PERMISSIONS.values():
        assert set(row.scopes) <= {*ALL_ROLES, "visitor"}, row.name
        assert row.title, row.name
        assert row.roles(), row.name


class TestWhoseItIs:
    def test_nothing_is_the_same_as_nothing(self) -> None:
        """An object without an employer is not that of an account without an employer."""
        for role in ("employer_owner", "station_staff", "partner", "worker", "bureau", "reviewer"):
            for name, row in PERMISSIONS.items():
                if Scope.ANY not in row.scope(role):
                    assert not may(caller(role), name, Owned()), (role, name)

    @pytest.mark.parametrize(
        ("who", "owned"),
        [
            (caller("employer_recruiter", employer_id=7), Owned(employer_id=7)),
            (caller("station_head", station_id=3), Owned(station_id=3, employer_id=8)),
            (caller("partner", source_key="partner-aa"), Owned(source_key="partner-aa")),
            (caller("bureau", region_code=GANZHOU), Owned(region_code=ZHANGGONG)),
            (caller("operator"), Owned()),
            (caller("operator", region_code=ZHANGGONG), Owned(region_code=TOWN)),
        ],
    )
    def test_ones_own(self, who: Caller, owned: Owned) -> None:
        assert may(who, "job.edit", owned)

    @pytest.mark.parametrize(
        ("who", "owned"),
        [
            (caller("employer_recruiter", employer_id=7), Owned(employer_id=8)),
            (caller("employer_owner", employer_id=7, region_code=GANZHOU), Owned(region_code=ZHANGGONG)),
            (caller("station_staff", station_id=3), Owned(station_id=4, employer_id=3)),
            (caller("partner", source_key="partner-aa"), Owned(source_key="direct")),
            (caller("bureau", region_code=NANCHANG), Owned(region_code=ZHANGGONG)),
            (caller("bureau", region_code=ZHANGGONG), Owned(region_code=GANZHOU)),
            (caller("operator", region_code=NANCHANG), Owned(region_code=ZHANGGONG)),
            (caller("reviewer", region_code=GANZHOU), Owned(region_code=ZHANGGONG)),
            (caller("worker", worker_id=1), Owned(worker_id=1)),
            (None, Owned(public=True)),
        ],
    )
    def test_anothers(self, who: Caller | None, owned: Owned) -> None:
        assert not may(who, "job.edit", owned)

    def test_a_proxy_is_the_worker_and_not_himself(self) -> None:
        acting = caller("proxy", worker_id=5, acting_for=1, limits=frozenset({"me"}))
        assert may(acting, "me.read", Owned(worker_id=5))
        assert not may(acting, "me.read", Owned(worker_id=6))
        assert not may(acting, "me.read", Owned(account_id=1))

    def test_what_is_limited_keeps_what_everybody_may(self) -> None:
        limited = caller("partner", source_key="partner-aa", limits=frozenset({"job.publish"}))
        own = Owned(source_key="partner-aa")
        assert may(limited, "job.publish", own)
        assert not may(limited, "job.edit", own)
        assert not may_at_all(limited, "job.edit")
        assert may(limited, "job.read", Owned(public=True))
        assert not may(limited, "job.read", own)


class TestTerritory:
    @pytest.mark.parametrize(
        ("territory", "place", "inside"),
        [
            (ZHANGGONG, TOWN, True),
            (GANZHOU, ZHANGGONG, True),
            (JIANGXI, TOWN, True),
            (JIANGXI, NANCHANG, True),
            (ZHANGGONG, GANZHOU, False),
            (GANZHOU, NANCHANG, False),
            (GANZHOU, "", False),
            (GANZHOU, "999999000000", False),
            ("999999000000", ZHANGGONG, False),
            ("", ZHANGGONG, False),
        ],
    )
    def test_county_city_province(self, territory: str, place: str, inside: bool) -> None:
        assert in_territory(caller("bureau", region_code=territory), place) is inside


class TestRefusal:
    def test_what_is_not_public_is_not_there(self) -> None:
        with pytest.raises(NotFound):
            require(caller("employer_owner", employer_id=1), "job.edit", Owned(employer_id=2))
        with pytest.raises(NotFound):
            require(None, "job.read", Owned(employer_id=2))

    def test_what_is_public_is_refused(self) -> None:
        with pytest.raises(Forbidden):
            require(caller("employer_owner", employer_id=1), "job.edit", Owned(employer_id=2, public=True))
        with pytest.raises(Unauthorized):
            require(None, "job.edit", Owned(employer_id=2, public=True))

    def test_a_permission_that_does_not_exist(self) -> None:
        with pytest.raises(ValueError, match="unknown permission"):
            require(caller("operator"), "job.eat", Owned())


class TestWhatIsSaidToWhom:
    def test_everybody_is_told_something(self) -> None:
        assert all(what_next(role).endswith("。") for role in ALL_ROLES)

    @pytest.mark.parametrize("role", [role for role in ALL_ROLES if role not in OUTSIDE])
    def test_nobody_in_an_office_is_sent_to_himself(self, role: str) -> None:
        for row in PERMISSIONS.values():
            if not row.scope(role):
                assert "就业服务站" not in role_refused(role, row), (role, row.name)
        with pytest.raises(Forbidden) as refused:
            require(caller(role, region_code=ZHANGGONG), "job.edit", Owned(region_code=NANCHANG, public=True))
        assert "就业服务站" not in refused.value.message
        assert refused.value.message.endswith(what_next(role))

    @pytest.mark.parametrize(
        ("role", "name", "said"),
        [
            ("worker", "task.read", "工友账号不能做这个操作，如有需要请到就业服务站问问。"),
            ("employer_owner", "profile.edit", "单位管理员账号不能做这个操作，如有需要请联系当地就业服务站。"),
            ("employer_recruiter", "employer.edit", "单位招工员账号不能做这个操作，要由单位管理员来做。"),
            ("station_staff", "station.edit", "驿站工作人员账号不能做这个操作，要由驿站站长来做。"),
            ("station_head", "hold.set", "驿站站长账号不能做这个操作（人社部门、审计员可以），请联系当地人社部门。"),
            ("bureau", "profile.edit", "人社部门账号不能做这个操作（工友可以），如果是工作需要，请联系平台运营。"),
        ],
    )
    def test_the_sentence_fits_who_is_asking(self, role: str, name: str, said: str) -> None:
        assert role_refused(role, PERMISSIONS[name]) == said
