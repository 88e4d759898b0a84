"""Any story of one person's consents: given, refused, withdrawn, asked again with other words, used, exported, and left.

The model beside it is a dict. Bounded: the examples of one run take some seconds on each database.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from service import clock
from service.accounts.caller import Caller
from service.accounts.create import create_account
from service.accounts.models import Account, AccountPhone
from service.consents import record, texts
from service.consents.models import ConsentRecord, Disclosure
from service.consents.record import Recipient, Said
from service.db import Database
from service.employers.models import Employer
from service.errors import Conflict, Forbidden, NotFound
from service.matches import endings as _matches_endings  # noqa: F401  importing registers them
from service.matches.models import WorkerMatch
from service.privacy import export, holds
from service.privacy.leave import erase, leave
from service.privacy.models import Erasure
from service.privacy.registry import person_of
from service.workers import endings as _workers_endings  # noqa: F401  the same
from service.workers import profile
from service.workers.contact import release_contact
from service.workers.models import Worker

PURPOSES = tuple(purpose for purpose in texts.purposes() if purpose != texts.DISCLOSURE)
NEEDS = {"health_limits": (texts.HEALTH, ["no_height"]), "real_name": (texts.ID_NUMBER, "演示张三")}
SAID = Said("web", None)
ALL_TEXTS = texts.all_texts
A_DAY = timedelta(days=1)


class Story(RuleBasedStateMachine):
    """One person, one employer with two jobs, and the words of the consents."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.now = clock.now()
        self.words = list(ALL_TEXTS())
        texts.all_texts = lambda: tuple(self.words)  # type: ignore[assignment]
        self.held: dict[Any, str] = {}  # purpose, or job, to the version agreed to
        self.rows = self.released = 0
        self.kept: set[str] = set()
        self.left = self.erased = False
        self.hold: int | None = None

    def teardown(self) -> None:
        """Other tests read the real words."""
        texts.all_texts = ALL_TEXTS

    @initialize()
    def somebody(self) -> None:
        """A new person for every story, in the same database."""
        with self.database.write_session() as session:
            worker = profile.new_worker(session, self.now, display_name="演示工友")
            employer = Employer(name="演示电子厂", created_at=self.now)
            session.add(employer)
            session.flush()
            self.worker_id, self.employer_id = worker.worker_id, employer.employer_id
            account = create_account(
                session,
                role="worker",
                login=f"story-{self.worker_id}",
                display_name="演示",
                now=self.now,
                worker_id=self.worker_id,
            )
            self.account_id = account.account_id
            self.phone = f"139{self.worker_id:08d}"
            row = AccountPhone(account_id=self.account_id, proved_by="sms", bound_at=self.now)
            row.phone = self.phone
            session.add(row)
        self.caller = Caller(self.account_id, "bureau", "演示人社局", region_code="360700000000")

    def version(self, purpose: str) -> str:
        return texts.text_of(purpose, self.now).version

    def holds(self, what: Any) -> bool:
        purpose = what if isinstance(what, str) else texts.DISCLOSURE
        return not self.left and self.held.get(what) == self.version(purpose)

    def recipient(self, job: int) -> Recipient:
        return Recipient(self.employer_id, job, "演示电子厂")

    @precondition(lambda self: not self.left)
    @rule(purpose=st.sampled_from(PURPOSES), refused=st.booleans())
    def says(self, purpose: str, refused: bool) -> None:
        with self.database.write_session() as session:
            record.give(session, self.worker_id, purpose, SAID, self.now, refused=refused)
        self.rows += 1
        if refused:
            self.ends(purpose)
        else:
            self.held[purpose] = self.version(purpose)

    @precondition(lambda self: not self.left)
    @rule(job=st.integers(1, 2))
    def lets_an_employer_have_the_phone(self, job: int) -> None:
        with self.database.write_session() as session:
            record.give(
                session, self.worker_id, texts.DISCLOSURE, SAID, self.now, recipient=self.recipient(job), fields=["phone"]
            )
        self.rows += 1
        self.held[job] = self.version(texts.DISCLOSURE)

    @precondition(lambda self: not self.left)
    @rule(what=st.sampled_from([*PURPOSES, 1, 2]))
    def withdraws(self, what: Any) -> None:
        purpose, recipient = (what, None) if isinstance(what, str) else (texts.DISCLOSURE, self.recipient(what))
        with self.database.write_session() as session:
            try:
                record.withdraw(session, self.worker_id, purpose, SAID, self.now, recipient=recipient)
            except Conflict:
                assert what not in self.held
                return
        if what in self.held:
            self.rows += 1
            self.ends(what)

    def ends(self, what: Any) -> None:
        self.held.pop(what, None)
        gone = {
            texts.BASIC: {"health_limits", "real_name", "wish", "match"},
            texts.HEALTH: {"health_limits"},
            texts.ID_NUMBER: {"real_name"},
            texts.RANKING: {"match"},
            texts.BATCH: {"match"},
        }
        self.kept -= gone.get(what, set())

    @rule(purpose=st.sampled_from(texts.purposes()))
    def the_words_change(self, purpose: str) -> None:
        """From tomorrow: whoever agreed to the old ones is asked again."""
        old = texts.text_of(purpose, self.now)
        today = self.now.astimezone(clock.BEIJING).date()
        self.words[self.words.index(old)] = replace(old, effective_to=today)
        new = replace(old, version=f"v{len(self.words)}", effective_from=today + A_DAY, text=f"{old.text}{len(self.words)}")
        self.words.append(new)
        self.now += A_DAY

    @precondition(lambda self: not self.left)
    @rule(field=st.sampled_from(sorted(NEEDS)))
    def writes_what_is_sensitive(self, field: str) -> None:
        purpose, value = NEEDS[field]
        allowed = self.holds(texts.BASIC) and self.holds(purpose)
        with self.database.write_session() as session:
            row = profile.worker_of(session, self.worker_id, lock=True)
            try:
                with session.begin_nested():
                    profile.save(session, row, {"wish": "看大门", field: value}, self.now, whole=False)
            except Forbidden:
                assert not allowed
                session.expire_all()
                return
        assert allowed
        self.kept |= {field, "wish"}

    @precondition(lambda self: not self.left)
    @rule()
    def is_matched_by_night(self) -> None:
        with self.database.write_session() as session:
            agreed = [
                self.worker_id in set(session.scalars(record.agreeing(one, self.now))) for one in (texts.BATCH, texts.RANKING)
            ]
            assert agreed == [self.holds(texts.BATCH), self.holds(texts.RANKING)]
            if all(agreed):
                session.merge(WorkerMatch(worker_id=self.worker_id, day=self.now.date(), rank=1, job_id=1, score=1))
                self.kept.add("match")

    @rule(job=st.integers(1, 2))
    def the_employer_asks_for_the_phone(self, job: int) -> None:
        with self.database.write_session() as session:
            try:
                contact = release_contact(session, self.caller, self.worker_id, self.employer_id, job, self.now)
            except (Forbidden, NotFound):
                assert not self.holds(job)
                return
        assert self.holds(job)
        assert contact.phone == self.phone
        self.released += 1

    @rule()
    def takes_everything_along(self) -> None:
        with self.database.read_session() as session:
            person = person_of(session, account_id=self.account_id, worker_id=self.worker_id)
            tables = {one["table"]: one["rows"] for one in export.collect(session, person, self.now)["tables"]}
        assert len(tables.get("consent_record", ())) == self.rows
        assert len(tables.get("disclosure", ())) == self.released
        assert ("account_phone" in tables) == (not self.erased)
        assert ("演示张三" in str(tables["worker"])) == ("real_name" in self.kept)

    @precondition(lambda self: self.hold is None and not self.erased)
    @rule()
    def a_court_says_keep_it(self) -> None:
        with self.database.write_session() as session:
            row = holds.set_hold(
                session, self.worker_id, self.caller, self.now, reason="演示案件", reference=f"{self.rows}", region_code="36"
            )
            self.hold = row.hold_id

    @precondition(lambda self: self.hold is not None)
    @rule()
    def the_case_is_closed(self) -> None:
        assert self.hold is not None
        with self.database.write_session() as session:
            holds.lift(session, self.hold, self.caller, self.now, region_code="36")
        self.hold = None

    @rule()
    def leaves(self) -> None:
        with self.database.write_session() as session:
            person = person_of(session, account_id=self.account_id, worker_id=self.worker_id)
            leave(session, person, SAID, self.now, cause="own", caller=self.caller)
        if not self.left:
            self.rows += len(self.held)
            self.held.clear()
            self.kept.discard("match")
        self.left = True

    @precondition(lambda self: self.left)
    @rule()
    def the_task_erases(self) -> None:
        with self.database.write_session() as session:
            mine = session.scalar(select(Erasure.erasure_id).where(Erasure.worker_id == self.worker_id))
            assert mine is not None
            done = erase(session, mine, self.now)
        assert done == (self.erased or self.hold is None)
        if done and not self.erased:
            self.erased = True
            self.kept.clear()

    @invariant()
    def what_holds_is_what_was_said_last(self) -> None:
        if not hasattr(self, "worker_id"):
            return
        with self.database.read_session() as session:
            for purpose in PURPOSES:
                assert record.has_consent(session, self.worker_id, purpose, self.now) == self.holds(purpose), purpose
            for job in (1, 2):
                agreed = record.has_consent(session, self.worker_id, texts.DISCLOSURE, self.now, recipient=self.recipient(job))
                assert agreed == self.holds(job)

    @invariant()
    def nothing_is_overwritten_and_nothing_outlives_its_ground(self) -> None:
        if not hasattr(self, "worker_id"):
            return
        with self.database.read_session() as session:
            for model, expected in ((ConsentRecord, self.rows), (Disclosure, self.released)):
                assert (
                    session.scalar(select(func.count()).select_from(model).where(model.worker_id == self.worker_id)) == expected
                )
            row = session.get_one(Worker, self.worker_id)
            matched = session.scalar(select(func.count()).where(WorkerMatch.worker_id == self.worker_id))
            there = {name for name in ("health_limits", "real_name", "wish") if getattr(row, name)} | (
                {"match"} if matched else set()
            )
            assert there == self.kept
            assert (row.left_at is not None) == self.left
            assert (row.erased_at is not None) == self.erased
            if self.left:
                assert session.get_one(Account, self.account_id).disabled_at is not None
            if self.erased:
                assert session.get(AccountPhone, self.account_id) is None


@pytest.mark.costly
@pytest.mark.timeout(240)
def test_any_story(database: Database) -> None:
    run_state_machine_as_test(
        cast("type[Story]", lambda: Story(database)),
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            phases=(Phase.generate,),  # a story that fails is told as it was: shrinking it takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
