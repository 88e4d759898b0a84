"""注销: at once out of everything, minutes later nothing of the person left, and what the law keeps until its day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update

from service import clock
from service.accounts.models import Account, ActingGrant
from service.accounts.tokens import issue_token
from service.consents import record, texts
from service.consents.models import ConsentRecord, Disclosure
from service.db import Base, Database
from service.errors import NotFound
from service.matches.models import WorkerMatch
from service.privacy import retention
from service.privacy.leave import ERASE, erase
from service.privacy.limits import inactive, limits, promised_minutes
from service.privacy.models import Erasure, LegalHold, RetentionNotice
from service.tasks.models import Task
from service.wechat.models import OutgoingMessage
from service.workers.models import Worker
from tests.service.conftest import People
from tests.service.privacy.conftest import SECRETS, Somebody

DAY = timedelta(days=1)


def leave_now(client: FlaskClient, somebody: Somebody) -> int:
    answer = client.delete("/v1/me?confirm=true", headers=somebody.headers)
    assert answer.status_code == 202, answer.get_json()
    found: int = answer.get_json()["erasure_id"]
    return found


def dump(database: Database) -> str:
    """Everything in every table as it is kept."""
    with database.read_session() as session:
        return "\n".join(str(session.execute(select(*table.c)).all()) for table in Base.metadata.sorted_tables)


class TestAtOnce:
    def test_signed_out_and_nobody_acts(
        self, client: FlaskClient, people: People, somebody: Somebody, database: Database
    ) -> None:
        with database.read_session() as session:
            grant = session.scalars(select(ActingGrant.grant_id)).one()
        acting_headers = people.staff | {"X-Acting-For": str(grant)}
        assert client.get("/v1/me/profile", headers=acting_headers).status_code == 200
        leave_now(client, somebody)
        assert client.get("/v1/me", headers=somebody.headers).status_code == 401
        assert client.get("/v1/me/profile", headers=acting_headers).get_json()["error"] == "grant_ended"
        assert client.get(f"/v1/workers/{somebody.worker_id}/hardships", headers=people.bureau).status_code == 404

    def test_not_matched_and_no_consent_holds(self, client: FlaskClient, somebody: Somebody, database: Database) -> None:
        leave_now(client, somebody)
        with database.read_session() as session:
            assert session.scalar(select(func.count()).select_from(WorkerMatch)) == 0
            for purpose in (texts.BASIC, texts.BATCH, texts.RANKING, texts.CANDIDATE_LIST):
                assert not record.has_consent(session, somebody.worker_id, purpose, clock.now())
            assert session.scalars(select(Task.kind).where(Task.kind == ERASE)).all() == [ERASE]

    def test_it_is_said_on_purpose(self, client: FlaskClient, somebody: Somebody) -> None:
        for path in ("/v1/me", "/v1/me?confirm=false"):
            assert client.delete(path, headers=somebody.headers).status_code == 422
        assert client.get("/v1/me", headers=somebody.headers).status_code == 200

    def test_two_taps_at_once_are_one(self, app: flask.Flask, somebody: Somebody, database: Database) -> None:
        def tap(_: int) -> int:
            return app.test_client().delete("/v1/me?confirm=true", headers=somebody.headers).status_code

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(tap, range(4))) <= {202, 401, 404}
        with database.read_session() as session:
            assert session.scalar(select(func.count()).select_from(Erasure)) == 1

    @pytest.mark.parametrize("who", ["staff", "bureau", "operator"])
    def test_an_office_is_no_person(self, client: FlaskClient, people: People, who: str) -> None:
        assert client.delete("/v1/me?confirm=true", headers=getattr(people, who)).status_code == 403

    def test_somebody_must_answer_for_the_jobs(self, client: FlaskClient, people: People, database: Database) -> None:
        answer = client.delete("/v1/me?confirm=true", headers=people.employer)
        assert (answer.status_code, answer.get_json()["error"]) == (409, "owner_last")
        with database.write_session() as session:
            session.get_one(Account, people.account_ids["other-employer"]).employer_id = people.employer_id
        assert client.delete("/v1/me?confirm=true", headers=people.employer).status_code == 202


class TestErasing:
    def test_nothing_of_the_person_is_left_anywhere(self, client: FlaskClient, somebody: Somebody, database: Database) -> None:
        exported = client.get("/v1/me/export", headers=somebody.headers).get_data(as_text=True)
        for secret in SECRETS:
            assert secret in exported, secret
        erasure_id = leave_now(client, somebody)
        with database.write_session() as session:
            assert erase(session, erasure_id, clock.now())
        kept = dump(database)
        for secret in SECRETS:
            assert secret not in kept, secret
        with database.read_session() as session:
            row = session.get_one(Worker, somebody.worker_id)
            assert (row.display_name, row.wish, row.lat, row.skills, row.real_name) == ("已注销", "", None, [], "")
            assert (row.real_name_sealed, row.id_number_sealed, row.health_limits_sealed) == (None, None, None)
            account = session.get_one(Account, somebody.account_id)
            assert account.login.startswith("gone-")
            assert session.get_one(Erasure, erasure_id).done_at is not None

    def test_what_the_law_keeps_is_kept(self, client: FlaskClient, somebody: Somebody, database: Database) -> None:
        erasure_id = leave_now(client, somebody)
        with database.write_session() as session:
            erase(session, erasure_id, clock.now())
        with database.read_session() as session:
            assert session.scalar(select(func.count()).select_from(Disclosure)) == 1
            given = session.scalar(select(func.count()).select_from(ConsentRecord).where(ConsentRecord.action == "give"))
            assert given == len(texts.purposes()) - 1

    def test_again_and_again_is_the_same(self, client: FlaskClient, somebody: Somebody, database: Database) -> None:
        erasure_id = leave_now(client, somebody)
        with database.write_session() as session:
            erase(session, erasure_id, clock.now())
            session.rollback()  # the process dies before the commit
        assert SECRETS[4] in dump(database)
        for _ in range(2):
            with database.write_session() as session:
                erase(session, erasure_id, clock.now())
        after = dump(database)
        with database.write_session() as session:
            erase(session, erasure_id, clock.now())
        assert dump(database) == after

    def test_who_comes_again_begins_anew(self, client: FlaskClient, somebody: Somebody, database: Database) -> None:
        with database.write_session() as session:
            erase(session, leave_now(client, somebody), clock.now())
            row = session.get_one(Account, somebody.account_id)
            row.disabled_at = None  # even if somebody opened the old account again, there is no record behind it
            token = issue_token(session, row.account_id, clock.now())
        answer = client.get("/v1/me/profile", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.get_json()["error"]) == (404, "profile_missing")

    def test_sooner_than_the_law_wants(self) -> None:
        assert promised_minutes() <= 60


class TestHolds:
    def hold(self, client: FlaskClient, people: People, somebody: Somebody, reference: str = "演示案号一") -> int:
        body = {"reason": "欠薪案件未结", "reference": reference}
        answer = client.post(f"/v1/workers/{somebody.worker_id}/holds", json=body, headers=people.bureau)
        assert answer.status_code == 201, answer.get_json()
        found: int = answer.get_json()["hold_id"]
        return found

    def test_the_data_wait_the_person_does_not(
        self, client: FlaskClient, people: People, somebody: Somebody, database: Database
    ) -> None:
        first, second = self.hold(client, people, somebody), self.hold(client, people, somebody, "演示案号二")
        answer = client.delete("/v1/me?confirm=true", headers=somebody.headers)
        assert "依法保留" in answer.get_json()["message"]
        assert client.get("/v1/me", headers=somebody.headers).status_code == 401
        erasure_id = answer.get_json()["erasure_id"]
        with database.write_session() as session:
            assert not erase(session, erasure_id, clock.now())
            assert session.get_one(Worker, somebody.worker_id).wish == SECRETS[4]
        for number, hold_id in enumerate((first, second)):
            assert client.post(f"/v1/holds/{hold_id}/lift", headers=people.bureau).status_code == 200
            with database.read_session() as session:
                waiting = session.scalar(select(func.count()).select_from(Task).where(Task.kind == ERASE))
                assert waiting == 1 + number  # asked again when the last one is gone
        with database.write_session() as session:
            assert erase(session, erasure_id, clock.now())

    def test_one_a_case(self, client: FlaskClient, people: People, somebody: Somebody) -> None:
        hold_id = self.hold(client, people, somebody)
        body = {"reason": "欠薪案件未结", "reference": "演示案号一"}
        path = f"/v1/workers/{somebody.worker_id}/holds"
        assert client.post(path, json=body, headers=people.bureau).get_json()["error"] == "hold_stands"
        assert client.post(f"/v1/holds/{hold_id}/lift", headers=people.other_bureau).status_code == 404
        client.post(f"/v1/holds/{hold_id}/lift", headers=people.bureau)
        assert client.post(path, json=body, headers=people.bureau).status_code == 201

    def test_the_person_can_read_it(self, client: FlaskClient, people: People, somebody: Somebody) -> None:
        self.hold(client, people, somebody)
        assert "欠薪案件未结" in client.get("/v1/me/export", headers=somebody.headers).get_data(as_text=True)


class TestRetention:
    def test_past_its_day_it_goes_and_not_before(self, client: FlaskClient, somebody: Somebody, database: Database) -> None:
        erasure_id = leave_now(client, somebody)
        with database.write_session() as session:
            erase(session, erasure_id, clock.now())
        kept = limits()["consents"].kept
        with database.write_session() as session:
            retention.forget_old(session, clock.now() + kept - DAY)
            assert session.scalar(select(func.count()).select_from(Disclosure)) == 1
        with database.write_session() as session:
            for _ in range(3):  # what points at another row goes first
                retention.forget_old(session, clock.now() + kept + DAY)
            for model in (Disclosure, ConsentRecord):
                assert session.scalar(select(func.count()).select_from(model)) == 0, model

    def test_what_still_holds_is_never_too_old(self, somebody: Somebody, database: Database) -> None:
        later = clock.now() + 3 * limits()["consents"].kept
        with database.write_session() as session:
            retention.forget_old(session, later)
            assert record.has_consent(session, somebody.worker_id, texts.RANKING, later)
            assert session.scalar(select(func.count()).select_from(Disclosure)) == 0

    def test_a_hold_keeps_what_is_past_its_day(self, people: People, somebody: Somebody, database: Database) -> None:
        with database.write_session() as session:
            bureau = people.account_ids["bureau"]
            hold = LegalHold(worker_id=somebody.worker_id, reason="演示", set_by_account_id=bureau, set_at=clock.now())
            session.add(hold)
            session.flush()
            retention.forget_old(session, clock.now() + 3 * limits()["consents"].kept)
            assert session.scalar(select(func.count()).select_from(Disclosure)) == 1

    def test_inactive_people_are_told_then_emptied(self, somebody: Somebody, database: Database) -> None:
        rule = inactive()
        start = clock.now() + rule.after + DAY
        with database.write_session() as session:
            assert somebody.worker_id in retention.notice_inactive(session, start)
            assert somebody.worker_id not in retention.notice_inactive(session, start)
            told = select(OutgoingMessage.message_key).where(OutgoingMessage.account_id == somebody.account_id)
            assert session.scalars(told).all() == [f"inactive-{somebody.account_id}-{clock.show(start + rule.notice)[:10]}"]
            assert retention.leave_inactive(session, start + rule.notice - DAY) == 0
            assert retention.leave_inactive(session, start + rule.notice) == 1
            assert session.get_one(Worker, somebody.worker_id).left_at is not None
            assert session.scalars(select(Erasure.cause)).all() == ["inactive"]

    def test_coming_back_takes_the_notice_away(self, somebody: Somebody, database: Database) -> None:
        rule = inactive()
        start = clock.now() + rule.after + DAY
        with database.write_session() as session:
            retention.notice_inactive(session, start)
            issue_token(session, somebody.account_id, start + DAY)
            assert retention.leave_inactive(session, start + rule.notice + DAY) == 0
            assert session.scalar(select(func.count()).select_from(RetentionNotice)) == 0

    @pytest.mark.usefixtures("somebody")
    def test_who_was_here_is_left_alone(self, database: Database) -> None:
        with database.write_session() as session:
            session.execute(update(Worker).values(created_at=clock.now() - 3 * inactive().after))
            session.execute(text("update access_token set created_at = :at"), {"at": clock.now() - 3 * inactive().after})
            session.execute(update(Worker).values(active_at=clock.now() - DAY))
            assert retention.notice_inactive(session, clock.now()) == []


def test_a_person_who_is_not_there(database: Database) -> None:
    with database.write_session() as session:
        assert erase(session, 4711, clock.now())
    with database.read_session() as session, pytest.raises(NotFound):
        texts.text_of("nothing", clock.now())
