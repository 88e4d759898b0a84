"""Sketches kept from one task to the next: used while the row is as it was, and never longer."""

from __future__ import annotations

from datetime import timedelta

import flask
from sqlalchemy import update

from service import clock
from service.db import Database
from service.duplicates import stored
from service.duplicates.held import Held, Made, held
from service.duplicates.mark import mark
from service.duplicates.models import DuplicateKey
from service.duplicates.sketch import sketch
from service.duplicates.titles import title_of
from service.employers.models import Employer
from service.jobs.models import Job
from tests.service.conftest import People, Publish, draft
from tests.service.duplicates.given import given


def test_a_sketch_counts_for_the_state_it_was_made_of(app: flask.Flask, people: People, publish: Publish) -> None:
    database: Database = app.extensions["database"]
    now = clock.now()
    job_id = publish(draft(title="电焊工"), people.employer)["job_id"]
    with database.write_session() as session:
        mark(session, [job_id], now)
    with database.write_session() as session:
        before = stored.stamps(session, [job_id], now)
        assert [made.sketch.title for _, made in held(session).of(before)] == [title_of("电焊工")]
    with database.write_session() as session:
        job = session.get_one(Job, job_id)
        session.execute(update(Employer).where(Employer.employer_id == job.employer_id).values(credit_code="91360700MA00000000"))
    with database.write_session() as session:
        assert not list(held(session).of(stored.stamps(session, [job_id], now)))  # the employer's code is in the sketch too
        assert stored.stamps(session, [job_id], now + timedelta(days=400)) == {}  # what has run out is not compared
    with database.write_session() as session:
        job = session.get_one(Job, job_id)
        job.title, job.version = "保洁员", job.version + 1
        session.flush()
        mark(session, [job_id], now)
        assert [made.sketch.title for _, made in held(session).of(stored.stamps(session, [job_id], now))] == [title_of("保洁员")]


def test_of_too_many_every_other_one_goes() -> None:
    kept, made = Held(most=10), Made((1,), sketch(given(1, t="电焊工")), "")
    kept.keep(dict.fromkeys(range(16), made))
    assert [job_id for job_id, _ in kept.of(dict.fromkeys(range(16), (1,)))] == [0, 2, 4, 6, 8, 10, 12, 14]
    assert not list(kept.of({0: (2,)}))


def test_what_is_written_about_copies_leaves_a_sketch_as_it_is() -> None:
    now, kept = clock.now(), Held()
    kept.keep({1: Made((3, now, "x"), sketch(given(1, t="电焊工")), "")})
    later = now + timedelta(seconds=1)
    kept.moved(1, 4, later)
    assert [job_id for job_id, _ in kept.of({1: (4, later, "x")})] == [1]
    kept.moved(1, 9, later)  # somebody else changed it in between
    assert not list(kept.of({1: (9, later, "x")}))


def test_of_each_key_the_newest_are_given(app: flask.Flask) -> None:
    database: Database = app.extensions["database"]
    with database.write_session() as session:
        session.add_all(DuplicateKey(key=key, job_id=job_id) for key in (-5, 7) for job_id in range(1, 9))
        session.flush()
        found = stored.holders(session, [-5, 7, 11], 3)
    assert {key: sorted(jobs) for key, jobs in found.items()} == {-5: [6, 7, 8], 7: [6, 7, 8], 11: []}
