"""Refreshing in any order, by the owner and by a thief, at any time: the model below is the rule in its plainest form."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from service.accounts.create import create_account
from service.accounts.models import Account
from service.accounts.tokens import caller_of
from service.db import Database
from service.employers.models import Employer
from service.signin import login_sessions
from service.signin.login_sessions import Device, Tokens
from service.signin.models import SignInSession
from service.signin.policy import policy

ROLE = "employer_owner"
START = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


@dataclass
class Given:
    """A pair that was given out: when, until when, and when its refresh token was used and what it gave."""

    tokens: Tokens
    idle_until: datetime
    access_until: datetime
    used_at: datetime | None = None
    gave: Given | None = None


@dataclass
class SignIn:
    """One sign-in as the rule sees it."""

    pairs: list[Given]
    until: datetime
    ended: bool = False


class Refreshing(RuleBasedStateMachine):
    """Two sign-ins of one account, whose tokens are used in any order."""

    path: Path

    def __init__(self) -> None:
        super().__init__()
        copy = self.path.with_name("machine.db")
        for old in self.path.parent.glob("machine.db*"):
            old.unlink()
        shutil.copy(self.path, copy)
        self.database = Database(f"sqlite:///{copy}")
        self.now = START
        self.sign_ins: list[SignIn] = []
        self.dropped: list[str] = []
        self.chosen = policy().sessions[ROLE]
        with self.database.write_session() as session:
            employer = Employer(name="演示单位", created_at=START)
            session.add(employer)
            session.flush()
            made = create_account(
                session, role=ROLE, login="hr", display_name="演示", now=START, employer_id=employer.employer_id
            )  # fmt: skip
            self.account_id = made.account_id

    def teardown(self) -> None:
        """Close the database."""
        self.database.close()

    def _given(self, tokens: Tokens, sign_in: SignIn) -> Given:
        assert tokens.refresh_token is not None
        return Given(tokens, min(self.now + self.chosen.idle, sign_in.until), min(self.now + self.chosen.access, sign_in.until))

    @precondition(lambda self: len(self.sign_ins) < 2)
    @rule()
    def sign_in(self) -> None:
        """A new sign-in."""
        with self.database.write_session() as session:
            account = session.get_one(Account, self.account_id)
            tokens = login_sessions.open_session(session, account, method="password", device=Device("", ""), now=self.now)
        made = SignIn([], self.now + self.chosen.absolute)
        made.pairs.append(self._given(tokens, made))
        self.sign_ins.append(made)

    @precondition(lambda self: self.sign_ins)
    @rule(which=st.integers(0, 1), back=st.integers(0, 3))
    def refresh(self, which: int, back: int) -> None:
        """Present one of the tokens that were given: the newest (``back`` 0) or an older one."""
        sign_in = self.sign_ins[which % len(self.sign_ins)]
        pair = sign_in.pairs[max(0, len(sign_in.pairs) - 1 - back)]
        assert pair.tokens.refresh_token is not None
        with self.database.write_session() as session:
            got = login_sessions.refresh(session, pair.tokens.refresh_token, "", self.now)
        if sign_in.ended:
            assert not isinstance(got, Tokens)
        elif pair.used_at is None:
            if self.now >= pair.idle_until:
                assert not isinstance(got, Tokens)
                sign_in.ended = True
                return
            assert isinstance(got, Tokens)
            pair.used_at, pair.gave = self.now, self._given(got, sign_in)
            sign_in.pairs.append(pair.gave)
        else:
            assert pair.gave is not None
            if self.now - pair.used_at <= self.chosen.grace and pair.gave.used_at is None:
                assert got == pair.gave.tokens, "a lost answer is the same answer"
            else:
                assert not isinstance(got, Tokens)
                sign_in.ended = True

    @precondition(lambda self: self.sign_ins)
    @rule(which=st.integers(0, 1))
    def end(self, which: int) -> None:
        """Log out."""
        sign_in = self.sign_ins[which % len(self.sign_ins)]
        with self.database.write_session() as session:
            row = session.get_one(SignInSession, sign_in.pairs[0].tokens.session_id)
            login_sessions.end(session, row, "logout", self.now, by=None)
        sign_in.ended = True

    @rule(seconds=st.sampled_from([1, 5, 10, 11, 600, 1800, 43_200, 86_400 * 31]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.now += timedelta(seconds=seconds)

    @rule()
    def forget(self) -> None:
        """The nightly task changes nothing that anybody can see: it drops sign-ins that are long over, whose tokens never open
        anything again. (SQLite may give the number of one to the next.)"""
        with self.database.write_session() as session:
            login_sessions.forget_old(session, self.now)
            kept = set(session.scalars(select(SignInSession.session_id)))
        for sign_in in [one for one in self.sign_ins if one.pairs[0].tokens.session_id not in kept]:
            assert sign_in.ended or self.now >= sign_in.until
            self.sign_ins.remove(sign_in)
            self.dropped += [pair.tokens.access_token for pair in sign_in.pairs]

    @invariant()
    def tokens_open_what_the_rule_says(self) -> None:
        """An access token opens until its time, as long as its sign-in has not ended; whatever else happens."""
        with self.database.read_session() as session:
            for sign_in in self.sign_ins:
                for pair in sign_in.pairs:
                    opens = caller_of(session, pair.tokens.access_token, now=self.now) is not None
                    assert opens == (not sign_in.ended and self.now < pair.access_until)
            assert all(caller_of(session, token, now=self.now) is None for token in self.dropped)


def test_refreshing_in_any_order(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "template.db")
    machine = type("Here", (Refreshing,), {"path": tmp_path / "template.db"})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        ),
    )
