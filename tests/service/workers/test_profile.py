"""The profile: three things are enough, ages are computed, what is sensitive waits for its own yes."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from service import clock
from service.accounts.create import create_account
from service.accounts.tokens import issue_token
from service.audit.models import AuditEvent
from service.consents import record, texts
from service.db import Database
from service.workers.ages import age_on, ages, is_child
from service.workers.models import Worker
from tests.service.conftest import People, agree
from tests.service.workers.conftest import Put

ID_NUMBER = "999999197505200017"
"""No division has this code; the check digit is right."""


def test_a_sentence_is_enough(client: FlaskClient, people: People, put: Put) -> None:
    answer = put()
    assert answer.status_code == 200, answer.get_json()
    body = client.get("/v1/me/profile", headers=people.worker).get_json()
    assert body["wish"] == "想找看大门的活"
    assert body["ages"] == {"age": None, "protected": False, "brackets": [], "over_age": "no", "note": ""}


def test_nothing_is_kept_without_the_basic_consent(client: FlaskClient, people: People, database: Database) -> None:
    answer = client.put("/v1/me/profile", json={"wish": "看大门"}, headers=people.worker)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "consent_needed")
    assert answer.get_json()["details"]["purpose"] == "basic"
    with database.read_session() as session:
        assert set(session.scalars(select(Worker.wish))) == {""}


def test_neither_trade_nor_wish_is_no_profile(put: Put) -> None:
    answer = put(wish=None)
    assert (answer.status_code, answer.get_json()["error"]) == (422, "profile_empty")


class TestEditing:
    def test_what_is_not_said_stays_or_goes(self, client: FlaskClient, people: People, put: Put) -> None:
        put(trades=["焊工"], skills=[{"name": "氩弧焊", "level": "senior"}], wage_min=5000, tags=["包吃", "包住"])
        etag = client.get("/v1/me/profile", headers=people.worker).headers["ETag"]
        answer = client.patch("/v1/me/profile", json={"wage_min": None}, headers=people.worker | {"If-Match": etag})
        body = answer.get_json()
        assert (body["wage_min"], body["wage_unit"], body["trades"]) == (None, None, ["焊工"])
        assert body["skills"] == [{"name": "氩弧焊", "level": "senior"}]
        assert body["tags"] == ["包住", "包吃"] or body["tags"] == ["包吃", "包住"]
        assert put().get_json()["trades"] == []

    def test_two_devices(self, client: FlaskClient, people: People, put: Put) -> None:
        put()
        etag = client.get("/v1/me/profile", headers=people.worker).headers["ETag"]
        first, second = (
            client.patch("/v1/me/profile", json={"hours_max": hours}, headers=people.worker | {"If-Match": etag})
            for hours in (8, 9)
        )
        assert (first.status_code, second.status_code) == (200, 412)
        without = client.patch("/v1/me/profile", json={"hours_max": 8}, headers=people.worker)
        assert without.status_code == 428

    @pytest.mark.parametrize("field", ["worker_id", "role", "score", "verified", "demo", "station_id", "version", "erased_at"])
    def test_nobody_writes_what_is_not_his(self, put: Put, field: str) -> None:
        assert put(**{field: 1}).status_code == 422

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("birth_month", "1972-13"),
            ("birth_month", "2999-01"),
            ("birth_month", 1972),
            ("skills", [{"name": "焊工", "level": "王者"}]),
            ("health_limits", ["no_wings"]),
            ("place", {"lat": 25.8}),
            ("radius_km", "NaN"),
            ("sex", "x"),
            ("region", "没有这个地方吧"),
            ("group_size", 0),
            ("wage_unit", "day"),
        ],
    )
    def test_what_cannot_be(self, put: Put, field: str, value: object) -> None:
        assert put(**{field: value}).status_code == 422

    def test_an_edit_is_in_the_audit_trail_without_its_content(self, put: Put, database: Database) -> None:
        put(display_name="演示老李")
        with database.read_session() as session:
            event = session.scalars(select(AuditEvent).where(AuditEvent.action == "profile.edit")).one()
        assert event.details == {"fields": ["display_name", "wish"]}


class TestSensitive:
    @pytest.mark.parametrize(
        ("purpose", "said", "field"),
        [
            (texts.HEALTH, {"health_limits": ["no_height"]}, "health_limits"),
            (texts.EXACT_PLACE, {"place": {"lat": 25.8312, "lng": 114.9345, "exact": True}}, "point_exact"),
            (texts.ID_NUMBER, {"id_number": ID_NUMBER, "real_name": "演示某"}, "id_number"),
        ],
    )
    def test_each_waits_for_its_own_yes(
        self,
        put: Put,
        client: FlaskClient,
        people: People,
        database: Database,
        worker_id: int,
        purpose: str,
        said: dict[str, object],
        field: str,
    ) -> None:
        refused = put(**said)
        assert (refused.status_code, refused.get_json()["details"]["purpose"]) == (403, purpose)
        assert put().status_code == 200  # saying no to it leaves the rest
        with database.write_session() as session:
            agree(session, worker_id, purpose)
        assert put(**said).status_code == 200
        assert client.get("/v1/me/profile", headers=people.worker).get_json()[field]
        with database.write_session() as session:
            record.withdraw(session, worker_id, purpose, record.Said("web", None), clock.now())
        assert not client.get("/v1/me/profile", headers=people.worker).get_json()[field]

    def test_the_place_is_rounded_before_it_is_kept(self, put: Put, database: Database, worker_id: int) -> None:
        put(place={"lat": 25.83129, "lng": 114.93455})
        with database.read_session() as session:
            row = session.get_one(Worker, worker_id)
            assert (row.lat, row.lng) == (25.83, 114.93)

    def test_sealed_in_the_table_and_masked_on_the_screen(self, put: Put, database: Database, worker_id: int) -> None:
        with database.write_session() as session:
            agree(session, worker_id, texts.ID_NUMBER, texts.HEALTH)
        body = put(id_number=ID_NUMBER.lower(), real_name="演示某", health_limits=["no_height"]).get_json()
        assert (body["id_number"], body["real_name"]) == ("999***********0017", "演**")
        with database.read_session() as session:
            kept = str(session.execute(text("select * from worker")).mappings().all())
            assert session.get_one(Worker, worker_id).id_number == ID_NUMBER
        for secret in (ID_NUMBER, "演示某", "no_height"):
            assert secret not in kept

    def test_a_wrong_digit_is_found_and_not_repeated(self, put: Put, database: Database, worker_id: int) -> None:
        with database.write_session() as session:
            agree(session, worker_id, texts.ID_NUMBER)
        wrong = ID_NUMBER[:-1] + "6"
        answer = put(id_number=wrong)
        assert (answer.status_code, answer.get_json()["error"]) == (422, "id_number_invalid")
        assert wrong not in answer.get_data(as_text=True)

    def test_the_number_tells_the_month_of_birth(self, put: Put, database: Database, worker_id: int) -> None:
        with database.write_session() as session:
            agree(session, worker_id, texts.ID_NUMBER)
        assert put(id_number=ID_NUMBER, birth_month="1999-01").get_json()["birth_month"] == "1975-05"

    @pytest.mark.parametrize("typed", ["1999-01", None])
    def test_another_month_makes_nobody_older_than_the_number_says(
        self, client: FlaskClient, people: People, put: Put, database: Database, worker_id: int, typed: str | None
    ) -> None:
        with database.write_session() as session:
            agree(session, worker_id, texts.ID_NUMBER)
        year = clock.now().year - 17
        assert put(id_number=_numbered(f"999999{year}0101001")).get_json()["ages"]["protected"]
        etag = client.get("/v1/me/profile", headers=people.worker).headers["ETag"]
        answer = client.patch("/v1/me/profile", json={"birth_month": typed}, headers=people.worker | {"If-Match": etag})
        assert answer.get_json()["birth_month"] == f"{year}-01"
        assert answer.get_json()["ages"]["protected"]


class TestAges:
    def test_under_16_nothing_is_kept_and_help_is_named(self, put: Put, database: Database, worker_id: int) -> None:
        today = clock.now().astimezone(clock.BEIJING).date()
        answer = put(wish="我想打工", birth_month=f"{today.year - 14}-01")
        body = answer.get_json()
        assert (answer.status_code, body["error"]) == (422, "under_16")
        assert {"phone": "12355", "name": "青少年服务热线"} in body["details"]["help"]
        with database.read_session() as session:
            row = session.get_one(Worker, worker_id)
            assert (row.wish, row.birth_month) == ("", None)

    def test_a_child_by_the_number_of_the_card(self, put: Put, database: Database, worker_id: int) -> None:
        with database.write_session() as session:
            agree(session, worker_id, texts.ID_NUMBER)
        year = clock.now().year - 10
        answer = put(id_number=_numbered(f"999999{year}0101001"), birth_month="1980-01")
        assert answer.get_json()["error"] == "under_16"

    @pytest.mark.parametrize(
        ("day", "child", "protected", "age"),
        [
            (date(2026, 11, 30), True, False, 15),  # born in November 2010: perhaps on the last day
            (date(2026, 12, 1), False, True, 16),
            (date(2028, 11, 30), False, True, 17),
            (date(2028, 12, 1), False, False, 18),
        ],
    )
    def test_sixteen_and_eighteen_on_the_day(self, day: date, child: bool, protected: bool, age: int) -> None:
        now = clock.parse(f"{day.isoformat()}T00:00:01+08:00")
        row = Worker(display_name="演示", birth_month=date(2010, 11, 1), region_code="")
        assert is_child(date(2010, 11, 1), now) is child
        assert (ages(row, now).age, ages(row, now).protected) == (age, protected)
        assert age_on(day, date(2010, 11, 1)) == age

    def test_brackets_and_over_age_are_computed(self, put: Put) -> None:
        older = put(birth_month="1974-05", sex="male").get_json()["ages"]
        assert older["brackets"] == ["older"]
        over = put(birth_month="1955-05", sex="male").get_json()["ages"]
        assert over["over_age"] == "yes"
        assert "可以工作" in over["note"]


class TestSwitch:
    def test_off_needs_nothing_on_needs_a_yes(
        self, client: FlaskClient, people: People, put: Put, database: Database, worker_id: int
    ) -> None:
        put()
        headers = people.worker | {"If-Match": "*"}
        off = client.patch("/v1/me/profile", json={"personal_ranking": False}, headers=headers)
        assert off.get_json()["personal_ranking"] is False
        on = client.patch("/v1/me/profile", json={"personal_ranking": True}, headers=headers)
        assert on.get_json()["details"]["purpose"] == "ranking"
        with database.write_session() as session:
            agree(session, worker_id, texts.RANKING)
        assert client.patch("/v1/me/profile", json={"personal_ranking": True}, headers=headers).status_code == 200

    def test_tags_can_be_deleted(self, client: FlaskClient, people: People, put: Put) -> None:
        put(trades=["焊工"], skills=[{"name": "电焊"}], tags=["包住"], shifts=["day"])
        assert client.delete("/v1/me/tags", headers=people.worker).status_code == 204
        body = client.get("/v1/me/profile", headers=people.worker).get_json()
        assert [body[name] for name in ("trades", "skills", "tags", "shifts", "personal_ranking")] == [[], [], [], [], False]


def test_another_worker_has_another_profile(client: FlaskClient, people: People, put: Put, database: Database) -> None:
    put()
    with database.write_session() as session:
        row = Worker(display_name="演示工友02", created_at=clock.now())
        session.add(row)
        session.flush()
        made = create_account(session, role="worker", login="w2", display_name="演示", now=clock.now(), worker_id=row.worker_id)
        other = {"Authorization": f"Bearer {issue_token(session, made.account_id, clock.now())}"}
    assert client.get("/v1/me/profile", headers=other).get_json()["wish"] == ""


def _numbered(first: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first + "10X98765432"[sum(w * int(c) for w, c in zip(weights, first, strict=True)) % 11]
