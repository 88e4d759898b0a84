"""Every line of history that a run of a feed writes bears the run's number, and no other line does."""

from __future__ import annotations

from sqlalchemy import select

from service.db import Database
from service.feeds.ingest import pull
from service.jobs.close import close
from service.jobs.models import Job, JobHistory
from service.jobs.queries import any_state
from tests.service.feeds.conftest import NOW, MakeSource, WriteCsv, row


def test_created_changed_taken_down(feed_database: Database, make_source: MakeSource, write_csv: WriteCsv) -> None:
    source, numbers = make_source(vanish_share=1.0), []
    for rows in ([row(1), row(2)], [row(1, pay="6000-8000元/月"), row(2)], [row(1, pay="6000-8000元/月")]):
        report = pull(feed_database, source, now=NOW, path=write_csv("file.csv", rows), write=True)
        numbers.append(report.run_id)
    with feed_database.write_session() as session:
        first = session.scalars(select(Job.job_id).where(Job.original_id == "V1")).one()
        job = any_state(session, first, lock=True)
        assert job is not None
        close(session, job, "withdrawn", account_id=None, now=NOW)
    with feed_database.read_session() as session:
        lines = session.execute(
            select(Job.original_id, JobHistory.action, JobHistory.feed_run_id)
            .join(Job, Job.job_id == JobHistory.job_id)
            .order_by(JobHistory.history_id)
        ).all()
    created, changed, gone = numbers
    assert [tuple(line) for line in lines] == [
        ("V1", "create", created), ("V2", "create", created), ("V1", "put", changed), ("V2", "close", gone),
        ("V1", "close", None),
    ]  # fmt: skip
