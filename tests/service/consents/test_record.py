"""Yes, no, and no longer: what holds, what is refused, and that nothing is ever overwritten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from service import clock
from service.consents import effects, record, texts
from service.consents.models import ConsentRecord
from service.consents.record import Recipient, Said
from service.db import Database
from service.employers.models import Employer
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.workers.models import Worker

BY_HAND = Said("wechat", None)
NOW = clock.now()


@pytest.fixture
def worker_id(database: Database) -> int:
    """Somebody who has not said anything yet."""
    with database.write_session() as session:
        row = Worker(display_name="演示工友01", created_at=NOW)
        session.add(row)
        session.flush()
        return row.worker_id


@pytest.fixture
def factory(database: Database) -> Recipient:
    """An employer with a job."""
    with database.write_session() as session:
        row = Employer(name="演示电子厂", created_at=NOW)
        session.add(row)
        session.flush()
        return Recipient(row.employer_id, 7, "演示电子厂")


def test_every_purpose_has_words_in_force_with_their_article() -> None:
    found = texts.current(NOW)
    assert [row.purpose for row in found] == list(texts.purposes())
    assert len({row.text_hash for row in found}) == len(found)
    for row in found:
        assert row.article
        assert row.refused, row.purpose  # what a person who says no goes on having


def test_give_withdraw_give(database: Database, worker_id: int) -> None:
    with database.write_session() as session:
        assert not record.has_consent(session, worker_id, texts.RANKING, NOW)
        given = record.give(session, worker_id, texts.RANKING, BY_HAND, NOW)
        assert given.text_hash == texts.text_of(texts.RANKING, NOW).text_hash
        assert record.has_consent(session, worker_id, texts.RANKING, NOW)
        assert not record.has_consent(session, worker_id, texts.BATCH, NOW)
        record.withdraw(session, worker_id, texts.RANKING, BY_HAND, NOW)
        assert not record.has_consent(session, worker_id, texts.RANKING, NOW)
        record.withdraw(session, worker_id, texts.RANKING, BY_HAND, NOW)  # twice
        record.give(session, worker_id, texts.RANKING, BY_HAND, NOW)
        assert record.has_consent(session, worker_id, texts.RANKING, NOW)
        said = list(session.scalars(select(ConsentRecord.action).order_by(ConsentRecord.consent_id)))
    assert said == ["give", "withdraw", "give"]


def test_a_no_ends_a_yes(database: Database, worker_id: int) -> None:
    with database.write_session() as session:
        record.give(session, worker_id, texts.BATCH, BY_HAND, NOW)
        record.give(session, worker_id, texts.BATCH, BY_HAND, NOW, refused=True)
        with pytest.raises(Forbidden) as refused:
            record.require_consent(session, worker_id, texts.BATCH, NOW)
    assert refused.value.error == "consent_needed"
    assert refused.value.details["purpose"] == texts.BATCH


def test_nothing_to_take_back(database: Database, worker_id: int) -> None:
    with database.write_session() as session, pytest.raises(Conflict):
        record.withdraw(session, worker_id, texts.BATCH, BY_HAND, NOW)
    with database.write_session() as session, pytest.raises(NotFound):
        record.give(session, worker_id, "world_domination", BY_HAND, NOW)


def test_other_words_ask_again(database: Database, worker_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.write_session() as session:
        record.give(session, worker_id, texts.RANKING, BY_HAND, NOW)
    old = texts.text_of(texts.RANKING, NOW)
    new = replace(old, version="2026-12-31", effective_from=old.effective_from + timedelta(days=1), text="换了一句话。")
    rows = tuple(replace(row, effective_to=old.effective_from) if row is old else row for row in texts.all_texts())
    monkeypatch.setattr(texts, "all_texts", lambda: (*rows, new))
    later = NOW + timedelta(days=2)
    with database.write_session() as session:
        assert not record.has_consent(session, worker_id, texts.RANKING, later)
        with pytest.raises(Conflict) as other:
            record.give(session, worker_id, texts.RANKING, BY_HAND, later, version=old.version)
        assert other.value.details["version"] == "2026-12-31"
        record.give(session, worker_id, texts.RANKING, BY_HAND, later, version="2026-12-31")
        assert record.has_consent(session, worker_id, texts.RANKING, later)


def test_a_proxy_is_asked_for_again_after_a_year(database: Database, worker_id: int) -> None:
    with database.write_session() as session:
        record.give(session, worker_id, texts.PROXY, BY_HAND, NOW)
        assert record.has_consent(session, worker_id, texts.PROXY, NOW + timedelta(days=364))
        assert not record.has_consent(session, worker_id, texts.PROXY, NOW + timedelta(days=365))


class TestDisclosure:
    def test_one_employer_and_one_job(self, database: Database, worker_id: int, factory: Recipient) -> None:
        with database.write_session() as session:
            record.give(session, worker_id, texts.DISCLOSURE, BY_HAND, NOW, recipient=factory, fields=["phone"])
            assert record.has_consent(session, worker_id, texts.DISCLOSURE, NOW, recipient=factory)
            for other in (replace(factory, job_id=8), replace(factory, employer_id=factory.employer_id + 1)):
                assert not record.has_consent(session, worker_id, texts.DISCLOSURE, NOW, recipient=other)

    def test_never_in_general(self, database: Database, worker_id: int, factory: Recipient) -> None:
        with database.write_session() as session:
            with pytest.raises(Invalid):
                record.give(session, worker_id, texts.DISCLOSURE, BY_HAND, NOW)
            with pytest.raises(Invalid):
                record.give(session, worker_id, texts.DISCLOSURE, BY_HAND, NOW, recipient=factory)
            with pytest.raises(Invalid):
                record.give(session, worker_id, texts.BATCH, BY_HAND, NOW, recipient=factory, fields=["phone"])
            with pytest.raises(ValueError, match="recipient"):
                record.has_consent(session, worker_id, texts.DISCLOSURE, NOW)


@pytest.mark.parametrize("channel", ["station_paper", "phone"])
def test_paper_and_telephone_need_a_proof(database: Database, worker_id: int, channel: str) -> None:
    with database.write_session() as session, pytest.raises(Invalid):
        record.give(session, worker_id, texts.PROXY, Said(channel, None), NOW)


def test_leaving_takes_back_everything_that_holds(database: Database, worker_id: int, factory: Recipient) -> None:
    with database.write_session() as session:
        record.give(session, worker_id, texts.RANKING, BY_HAND, NOW)
        record.give(session, worker_id, texts.BATCH, BY_HAND, NOW, refused=True)
        record.give(session, worker_id, texts.DISCLOSURE, BY_HAND, NOW, recipient=factory, fields=["phone"])
        assert record.withdraw_all(session, worker_id, BY_HAND, NOW) == 2
        assert not record.has_consent(session, worker_id, texts.DISCLOSURE, NOW, recipient=factory)
        assert record.withdraw_all(session, worker_id, BY_HAND, NOW) == 0
        assert session.scalar(select(func.count()).select_from(ConsentRecord)) == 5


def test_what_rested_on_it_ends_with_it(database: Database, worker_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(effects, "_EFFECTS", {texts.BATCH: [lambda _session, who, _now: ended.append(who)]})
    with database.write_session() as session:
        record.give(session, worker_id, texts.BATCH, BY_HAND, NOW)
        assert ended == []
        record.withdraw(session, worker_id, texts.BATCH, BY_HAND, NOW)
    assert ended == [worker_id]
