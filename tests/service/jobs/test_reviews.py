"""Adverts that wait are looked at, what workers report comes to an answer, and who offends repeatedly is looked at first."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from service import clock
from service.accounts.create import create_account
from service.accounts.tokens import issue_token
from service.db import Database
from service.employers.models import ListEntry
from service.jobs.models import Job
from service.jobs.put import apply
from service.jobs.reviews.models import JobReport, JobReview, TradeWage
from service.jobs.reviews.queue import late
from service.jobs.reviews.sweep import sweep
from service.jobs.reviews.tables import repeat_row, taken_for
from service.workers.models import Worker
from tests.service.conftest import NANCHANG, ZHANGGONG, People, draft, gig_draft

_numbers = itertools.count(1)
HELD: dict[str, Any] = {"description": "夜总会招陪唱，小费日结，月休四天。"}
OK = {"outcome": "publish", "reason": "in_order"}
MEND = {"outcome": "mend", "reason": "words", "sentence": "请删掉陪唱。"}
DOWN = {"outcome": "refuse", "reason": "unlawful_work"}


@dataclass(slots=True)
class Desk:
    """The application, its people and three reviewers: two of the county, one of another city."""

    app: flask.Flask
    client: FlaskClient
    people: People
    reviewer: dict[str, str]
    second: dict[str, str]
    far: dict[str, str]

    @property
    def database(self) -> Database:
        """Its database."""
        found: Database = self.app.extensions["database"]
        return found

    def send(self, method: str, address: str, who: dict[str, str], body: Any = None, **headers: str) -> TestResponse:
        """A request with a fresh key."""
        given = {"Idempotency-Key": f"review-{next(_numbers):06d}", "If-Match": "*"} | headers
        return self.client.open(address, method=method, json=body, headers=who | given)

    def publish(self, who: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
        """A job just handed in."""
        made = self.send("POST", "/v1/jobs", who or self.people.employer, draft(**changes))
        assert made.status_code == 201, made.get_json()
        found: dict[str, Any] = made.get_json()
        return found

    def waiting(self, who: dict[str, str] | None = None, **query: str) -> list[dict[str, Any]]:
        """The queue as somebody sees it."""
        answer = self.client.get("/v1/reviews", query_string=query, headers=who or self.reviewer)
        assert answer.status_code == 200, answer.get_json()
        items: list[dict[str, Any]] = answer.get_json()["items"]
        return items

    def decide(self, review_id: int, said: dict[str, str], who: dict[str, str] | None = None) -> TestResponse:
        """A decision."""
        return self.send("POST", f"/v1/reviews/{review_id}/decisions", who or self.reviewer, said)

    def worker(self) -> dict[str, str]:
        """Somebody more who looks for work."""
        with self.database.write_session() as session:
            row = Worker(display_name="演示工友", created_at=clock.now())
            session.add(row)
            session.flush()
            made = create_account(
                session, role="worker", login=f"w-{next(_numbers)}", display_name="演示", now=clock.now(), worker_id=row.worker_id
            )
            return {"Authorization": f"Bearer {issue_token(session, made.account_id, clock.now())}"}

    def report(self, job_id: int, who: dict[str, str], reason: str = "fee", words: str = "") -> TestResponse:
        """A worker reports."""
        return self.send("POST", f"/v1/jobs/{job_id}/reports", who, {"reason": reason, "words": words})

    def shown(self, job_id: int) -> bool:
        """Whether a visitor sees the job."""
        return self.client.get(f"/v1/jobs/{job_id}").status_code == 200


@pytest.fixture
def desk(app: flask.Flask, client: FlaskClient, people: People) -> Desk:
    """Everybody at the desk."""
    with app.extensions["database"].write_session() as session:

        def reviewer(login: str, region: str) -> dict[str, str]:
            made = create_account(
                session, role="reviewer", login=login, display_name="演示审核", now=clock.now(), region_code=region
            )
            return {"Authorization": f"Bearer {issue_token(session, made.account_id, clock.now(), second_factor=True)}"}

        return Desk(app, client, people, reviewer("rev-1", ZHANGGONG), reviewer("rev-2", ZHANGGONG), reviewer("rev-3", NANCHANG))


def test_held_words_come_into_the_queue_and_a_decision_shows_them(desk: Desk) -> None:
    made = desk.publish(**HELD)
    assert (made["status"], made["waits_for"]) == ("held", ["advert"])
    (line,) = desk.waiting()
    assert (line["job_id"], line["causes"], line["state"]) == (made["job_id"], ["advert"], "waiting")
    assert line["due_at"] > line["opened_at"]
    whole = desk.client.get(f"/v1/reviews/{line['review_id']}", headers=desk.reviewer).get_json()
    assert {finding["rule"] for finding in whole["findings"]} >= {"D-07.ktv"}
    assert desk.decide(line["review_id"], OK).status_code == 201
    assert desk.shown(made["job_id"])
    assert desk.waiting() == []


def test_what_was_found_in_order_is_not_held_again_by_an_edit(desk: Desk) -> None:
    made = desk.publish(**HELD)
    desk.decide(desk.waiting()[0]["review_id"], OK)
    edited = desk.send("PATCH", f"/v1/jobs/{made['job_id']}", desk.people.employer, {"headcount": 5})
    assert edited.get_json()["status"] == "open"
    worse = desk.send(
        "PATCH", f"/v1/jobs/{made['job_id']}", desk.people.employer, {"description": "拉人头有奖，发展下线，月休四天。"}
    )
    assert worse.get_json()["status"] == "held"
    assert len(desk.waiting()) == 1


def test_an_employer_who_mends_it_leaves_the_queue(desk: Desk) -> None:
    made = desk.publish(**HELD)
    mended = desk.send("PATCH", f"/v1/jobs/{made['job_id']}", desk.people.employer, {"description": "端茶倒水，月休四天。"})
    assert mended.get_json()["status"] == "open"
    assert desk.waiting() == []
    assert len(desk.waiting(state="mended")) == 1


def test_what_staff_ask_to_mend_is_looked_at_again(desk: Desk) -> None:
    made = desk.publish(**HELD)
    desk.decide(desk.waiting()[0]["review_id"], MEND)
    told = desk.client.get(f"/v1/jobs/{made['job_id']}", headers=desk.people.employer).get_json()
    assert told["review"]["outcome"] == "mend"
    assert "请删掉陪唱" in told["review"]["answer"]
    again = desk.send("PATCH", f"/v1/jobs/{made['job_id']}", desk.people.employer, {"description": "端茶倒水，月休四天。"})
    assert again.get_json()["status"] == "held"
    (line,) = desk.waiting()
    desk.decide(line["review_id"], OK)
    shown = desk.client.get(f"/v1/jobs/{made['job_id']}")
    assert shown.status_code == 200
    assert "review" not in shown.get_json()


def test_only_staff_of_the_territory(desk: Desk) -> None:
    desk.publish(**HELD)
    review_id = desk.waiting()[0]["review_id"]
    assert desk.waiting(desk.far) == []
    for call in (
        desk.client.get(f"/v1/reviews/{review_id}", headers=desk.far),
        desk.send("POST", f"/v1/reviews/{review_id}/take", desk.far),
        desk.decide(review_id, OK, desk.far),
    ):
        assert (call.status_code, call.get_json()["error"]) == (404, "review_not_found")
    assert desk.client.get("/v1/reviews", headers=desk.people.employer).status_code == 403


def test_two_do_not_look_at_the_same(desk: Desk) -> None:
    desk.publish(**HELD)
    review_id = desk.waiting()[0]["review_id"]
    taken = desk.send("POST", f"/v1/reviews/{review_id}/take", desk.reviewer)
    assert (taken.status_code, taken.get_json()["state"]) == (200, "taken")
    assert [line["review_id"] for line in desk.waiting(mine="true")] == [review_id]
    assert desk.waiting(desk.second, mine="true") == []
    for call in (desk.send("POST", f"/v1/reviews/{review_id}/take", desk.second), desk.decide(review_id, OK, desk.second)):
        assert (call.status_code, call.get_json()["error"]) == (409, "review_taken")
    with desk.database.write_session() as session:
        session.execute(update(JobReview).values(taken_at=clock.now() - taken_for() - timedelta(minutes=1)))
    assert desk.decide(review_id, OK, desk.second).status_code == 201
    late = desk.decide(review_id, DOWN)
    assert (late.status_code, late.get_json()["error"]) == (409, "review_decided")


def test_a_decision_needs_a_reason_and_the_version_that_was_read(desk: Desk) -> None:
    desk.publish(**HELD)
    review_id = desk.waiting()[0]["review_id"]
    none = desk.decide(review_id, {"outcome": "refuse", "reason": "in_order"})
    assert (none.status_code, none.get_json()["error"]) == (422, "reason_needed")
    silent = desk.decide(review_id, {"outcome": "refuse", "reason": "other"})
    assert silent.get_json()["error"] == "sentence_needed"
    stale = desk.send("POST", f"/v1/reviews/{review_id}/decisions", desk.reviewer, OK, **{"If-Match": '"999-abc"'})
    assert stale.status_code == 412


def test_what_a_rule_forbids_cannot_be_let_through(desk: Desk) -> None:
    job_id = desk.publish()["job_id"]
    with desk.database.write_session() as session:
        job = session.get_one(Job, job_id)
        job.status, job.held_for, job.description = "held", ["advert"], "先交押金200元。"
    with desk.database.write_session() as session:
        sweep(session, clock.now())
    (line,) = desk.waiting()
    refused = desk.decide(line["review_id"], OK)
    assert (refused.status_code, refused.get_json()["error"]) == (409, "advert_blocked")
    assert desk.decide(line["review_id"], MEND).status_code == 201


def test_nobody_decides_on_his_own_advert(desk: Desk) -> None:
    bureau = desk.people.bureau
    desk.publish(bureau, **HELD, employer_name="演示公司")
    refused = desk.decide(desk.waiting()[0]["review_id"], OK, bureau)
    assert (refused.status_code, refused.get_json()["error"]) == (403, "own_advert")


def test_overdue_first_and_pages(desk: Desk) -> None:
    for number in range(3):
        desk.publish(**HELD, title=f"服务员{number}号")
    with desk.database.write_session() as session:
        last = session.scalars(select(JobReview).order_by(JobReview.review_id.desc()).limit(1)).one()
        last.due_at = clock.now() - timedelta(days=1)
        overdue_id = last.review_id
    assert [line["review_id"] for line in desk.waiting(overdue="true")] == [overdue_id]
    first = desk.client.get("/v1/reviews?limit=2", headers=desk.reviewer).get_json()
    assert first["items"][0]["review_id"] == overdue_id
    rest = desk.client.get(f"/v1/reviews?limit=2&cursor={first['next']}", headers=desk.reviewer).get_json()
    assert len({line["review_id"] for line in (*first["items"], *rest["items"])}) == 3
    assert rest["next"] is None
    assert desk.client.get("/v1/reviews?cursor=x", headers=desk.reviewer).status_code == 400


class TestReports:
    def test_tracked_to_an_outcome_that_the_reporter_sees(self, desk: Desk) -> None:
        job_id = desk.publish()["job_id"]
        made = desk.report(job_id, desk.people.worker, words="要交300块，电话13800000009")
        assert (made.status_code, made.get_json()["state"]) == (201, "open")
        assert "13800000009" not in made.get_data(as_text=True)
        assert desk.shown(job_id)
        (line,) = desk.waiting()
        assert line["causes"] == ["report"]
        whole = desk.client.get(f"/v1/reviews/{line['review_id']}", headers=desk.reviewer).get_json()
        assert [report["reason_title"] for report in whole["reports"]] == ["要交钱、押金或贷款"]
        assert "worker_id" not in str(whole)
        desk.decide(line["review_id"], {"outcome": "refuse", "reason": "fee_or_papers"})
        assert not desk.shown(job_id)
        (mine,) = desk.client.get("/v1/me/reports", headers=desk.people.worker).get_json()["items"]
        assert (mine["state"], mine["answer"]) == ("upheld", "向求职者收钱、扣证件，已经下架。")
        assert mine["answered_at"] is not None
        assert desk.client.get("/v1/me/reports", headers=desk.worker()).get_json()["items"] == []

    def test_dismissed_is_an_answer_too(self, desk: Desk) -> None:
        job_id = desk.publish()["job_id"]
        desk.report(job_id, desk.people.worker, "filled")
        desk.decide(desk.waiting()[0]["review_id"], {"outcome": "publish", "reason": "not_confirmed"})
        (mine,) = desk.client.get("/v1/me/reports", headers=desk.people.worker).get_json()["items"]
        assert mine["state"] == "dismissed"
        assert "没有查到" in mine["answer"]
        assert desk.shown(job_id)

    def test_once_a_person_and_job(self, desk: Desk) -> None:
        job_id = desk.publish()["job_id"]
        assert desk.report(job_id, desk.people.worker).status_code == 201
        again = desk.report(job_id, desk.people.worker, "other", "再说一次")
        assert (again.status_code, again.get_json()["error"]) == (409, "already_reported")
        assert desk.report(job_id, desk.worker()).status_code == 201
        with desk.database.read_session() as session:
            assert len(session.scalars(select(JobReport.report_id)).all()) == 2

    def test_many_for_a_grave_reason_hold_it_and_an_edit_does_not_free_it(self, desk: Desk) -> None:
        job_id = desk.publish()["job_id"]
        for _ in range(2):
            desk.report(job_id, desk.worker(), "fraud")
        desk.report(job_id, desk.worker(), "contact_wrong")
        assert desk.shown(job_id)
        desk.report(job_id, desk.worker(), "fee")
        assert not desk.shown(job_id)
        desk.send("PATCH", f"/v1/jobs/{job_id}", desk.people.employer, {"headcount": 6})
        assert not desk.shown(job_id)
        desk.decide(desk.waiting()[0]["review_id"], {"outcome": "publish", "reason": "not_confirmed"})
        assert desk.shown(job_id)

    def test_a_grave_report_is_due_sooner(self, desk: Desk) -> None:
        first, second = desk.publish()["job_id"], desk.publish()["job_id"]
        desk.report(first, desk.people.worker, "filled")
        desk.report(second, desk.people.worker, "papers")
        due = {line["job_id"]: line["due_at"] for line in desk.waiting()}
        assert due[second] < due[first]

    def test_the_poster_does_not_learn_who(self, desk: Desk) -> None:
        job_id = desk.publish()["job_id"]
        desk.report(job_id, desk.people.worker)
        assert "report" not in desk.client.get(f"/v1/jobs/{job_id}", headers=desk.people.employer).get_data(as_text=True)
        assert desk.report(job_id, desk.people.other_employer).status_code == 403

    def test_unknown_reasons_are_refused(self, desk: Desk) -> None:
        assert desk.report(desk.publish()["job_id"], desk.people.worker, "boring").status_code == 422


class TestRepeat:
    def _offend(self, desk: Desk, times: int) -> None:
        for _ in range(times):
            job_id = desk.publish()["job_id"]
            desk.report(job_id, desk.worker())
            desk.decide(desk.waiting()[0]["review_id"], DOWN)

    def test_new_adverts_are_held_until_staff_lift_it(self, desk: Desk) -> None:
        limit = repeat_row(clock.now()).upheld
        self._offend(desk, limit - 1)
        assert desk.publish()["status"] == "open"
        self._offend(desk, 1)
        made = desk.publish()
        assert (made["status"], made["findings"][0]["rule"]) == ("held", "repeat_offender")
        told = desk.send("POST", "/v1/jobs/check", desk.people.employer, draft()).get_json()
        assert told["verdict"] == "hold"
        pasted = {"text": "章贡区演示电子厂招普工20名，5000-6500元/月，包吃住，地址：章贡区沙河工业园"}
        (read,) = desk.send("POST", "/v1/jobs/parse", desk.people.employer, pasted).get_json()["jobs"]
        assert (read["verdict"], read["findings"][0]["rule"]) == ("hold", "repeat_offender")
        assert desk.publish(desk.people.other_employer)["status"] == "open"
        address = f"/v1/employers/{desk.people.employer_id}/repeat-hold"
        seen = desk.client.get(address, headers=desk.people.employer).get_json()
        assert (seen["held"], seen["upheld"]) == (True, limit)
        assert desk.send("POST", f"{address}/lifts", desk.people.employer, {"reason": "我们改了"}).status_code == 403
        assert desk.send("POST", f"{address}/lifts", desk.far, {"reason": "已经整改"}).status_code == 404
        assert desk.send("POST", f"{address}/lifts", desk.reviewer, {"reason": "已经整改，约谈过负责人"}).status_code == 201
        assert desk.publish()["status"] == "open"
        twice = desk.send("POST", f"{address}/lifts", desk.reviewer, {"reason": "再恢复一次"})
        assert (twice.status_code, twice.get_json()["error"]) == (409, "not_held")

    def test_what_is_long_ago_no_longer_counts(self, desk: Desk) -> None:
        rule = repeat_row(clock.now())
        self._offend(desk, rule.upheld)
        with desk.database.write_session() as session:
            session.execute(update(JobReview).values(decided_at=clock.now() - timedelta(days=rule.days + 1)))
        assert desk.publish()["status"] == "open"


def test_pay_far_above_the_pool_is_looked_at(desk: Desk) -> None:
    with desk.database.write_session() as session:
        session.add(
            TradeWage(
                trade_code="6-18-02-04", region_code="360700000000", jobs=50, employers=12, median_yuan_month=7000,
                computed_on=date(2026, 11, 1),
            )
        )  # fmt: skip
    told = desk.send("POST", "/v1/jobs/check", desk.people.employer, draft(title="电焊工", wage="30000元/月")).get_json()
    assert told["verdict"] == "hold"
    assert "D-09.bait_pay" in {finding["rule"] for finding in told["findings"]}
    assert desk.publish(title="电焊工", wage="30000元/月")["waits_for"] == ["advert"]


def test_a_name_on_a_list_is_remarked_upon(desk: Desk) -> None:
    with desk.database.write_session() as session:
        session.add(
            ListEntry(
                list_kind="arrears", credit_code="91360700MA00000000", name="演示欠薪建筑公司", region_code=ZHANGGONG,
                source="演示文号", listed_on=date(2026, 1, 1), imported_at=clock.now(), version=1,
            )
        )  # fmt: skip
    body = gig_draft(clock.now()) | {"employer_name": "演示欠薪建筑公司"}
    told = desk.send("POST", "/v1/jobs/check", desk.people.staff, body).get_json()
    assert "list.arrears" in {finding["rule"] for finding in told["findings"]}


def test_the_sweep_finds_what_came_in_another_way(desk: Desk) -> None:
    job_id = desk.publish()["job_id"]
    with desk.database.write_session() as session:
        job = session.get_one(Job, job_id)
        job.status, job.held_for = "held", ["advert"]
    with desk.database.write_session() as session:
        assert sweep(session, clock.now()) is None
    assert [line["job_id"] for line in desk.waiting()] == [job_id]
    with desk.database.write_session() as session:
        sweep(session, clock.now())
        assert len(session.scalars(select(JobReview.review_id)).all()) == 1


CITY = "360700000000"


def test_what_is_overdue_is_seen_and_decided_by_the_office_above(desk: Desk) -> None:
    with desk.database.write_session() as session:
        made = create_account(session, role="reviewer", login="rev-city", display_name="演示", now=clock.now(), region_code=CITY)
        above = {"Authorization": f"Bearer {issue_token(session, made.account_id, clock.now(), second_factor=True)}"}
    job_id = desk.publish(**HELD)["job_id"]
    review_id = desk.waiting()[0]["review_id"]
    assert desk.send("POST", f"/v1/reviews/{review_id}/take", desk.reviewer).status_code == 200
    assert desk.waiting(above, overdue="true") == []
    with desk.database.write_session() as session:
        long_ago = clock.now() - timedelta(days=2)
        session.execute(update(JobReview).values(due_at=long_ago, taken_at=long_ago))
    assert "chengnuan_reviews_overdue 1.0" in desk.client.get("/metrics").get_data(as_text=True)
    with desk.database.read_session() as session:
        assert [late(session, code, clock.now()) for code in ("", CITY, ZHANGGONG, NANCHANG)] == [1, 1, 1, 0]
    (line,) = desk.waiting(above, overdue="true")
    assert (line["review_id"], line["overdue"]) == (review_id, True)
    assert desk.decide(review_id, OK, above).status_code == 201
    assert desk.shown(job_id)
    assert "chengnuan_reviews_overdue 0.0" in desk.client.get("/metrics").get_data(as_text=True)


def test_a_report_from_first_to_last_names_nobody_and_repeats_end_in_a_hold(desk: Desk) -> None:
    rule = repeat_row(clock.now())
    reporter, name = desk.worker(), "演示工友"
    for number in range(rule.upheld):
        job_id = desk.publish(title=f"普工{number}号")["job_id"]
        assert desk.report(job_id, reporter, "papers", words="要收身份证").status_code == 201
        again = desk.report(job_id, reporter)
        assert (again.status_code, again.get_json()["error"]) == (409, "already_reported")
        desk.decide(desk.waiting()[0]["review_id"], {"outcome": "refuse", "reason": "fee_or_papers"})
        told = desk.client.get(f"/v1/jobs/{job_id}", headers=desk.people.employer)
        said = told.get_data(as_text=True)
        assert "向求职者收钱、扣证件" in json.dumps(told.get_json(), ensure_ascii=False)
        assert not any(word in said for word in (name, "要收身份证", "worker_id", "report_id"))
    outcomes = desk.client.get("/v1/me/reports", headers=reporter).get_json()["items"]
    assert [one["state"] for one in outcomes] == ["upheld"] * rule.upheld
    blocked = desk.publish()
    assert blocked["findings"][0]["rule"] == "repeat_offender"
    assert "联系当地人社部门" in blocked["findings"][0]["advice"]
    (line,) = desk.waiting()
    assert desk.decide(line["review_id"], {"outcome": "publish", "reason": "proved"}).status_code == 201
    assert desk.shown(blocked["job_id"])  # one looked at is shown, the next one waits again
    assert desk.publish(title="普工另一处")["status"] == "held"


def test_every_refusal_is_a_chinese_sentence(desk: Desk) -> None:
    job_id = desk.publish(**HELD)["job_id"]
    review_id = desk.waiting()[0]["review_id"]
    repeat = f"/v1/employers/{desk.people.employer_id}/repeat-hold"
    refused = [
        desk.decide(review_id, OK, desk.people.worker),
        desk.decide(review_id, {"outcome": "maybe", "reason": "x"}),
        desk.decide(review_id, {"outcome": "refuse", "reason": "other"}),
        desk.decide(999_999, OK),
        desk.send("POST", "/v1/reviews/999999/take", desk.reviewer),
        desk.client.get("/v1/reviews?cursor=x", headers=desk.reviewer),
        desk.client.get("/v1/reviews"),
        desk.report(job_id, desk.people.worker),
        desk.report(999_999, desk.people.worker),
        desk.send("POST", f"{repeat}/lifts", desk.reviewer, {"reason": "已经整改"}),
        desk.send("POST", f"{repeat}/lifts", desk.people.employer, {"reason": "已经整改"}),
        desk.client.get("/v1/employers/999999/repeat-hold", headers=desk.reviewer),
    ]
    for answer in refused:
        body = answer.get_json()
        assert 400 <= answer.status_code < 500, body
        assert re.fullmatch(r"[a-z_]+", body["error"])
        assert re.search(r"[\u4e00-\u9fff]{4,}", body["message"]), body


def test_the_sweep_leaves_alone_what_staff_asked_to_mend_and_nobody_changed(desk: Desk) -> None:
    job_id = desk.publish(**HELD)["job_id"]
    assert desk.decide(desk.waiting()[0]["review_id"], MEND).status_code == 201
    with desk.database.write_session() as session:
        sweep(session, clock.now())
    assert desk.waiting() == []
    with desk.database.write_session() as session:
        apply(
            session, session.get_one(Job, job_id), {"description": "招服务员。"}, action="put", account_id=None, now=clock.now()
        )
        sweep(session, clock.now())
    assert [line["job_id"] for line in desk.waiting()] == [job_id]
