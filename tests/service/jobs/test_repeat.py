"""What makes a repeat offender (adverts that were unlawful, not places that are filled), and how it objects."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from service import clock
from service.employers.models import Employer
from service.jobs.reviews.models import JobReview, RepeatObjection
from service.jobs.reviews.tables import decision_reasons, repeat_row, unlawful_reasons
from tests.service.conftest import NANCHANG
from tests.service.jobs.test_reviews import DOWN, HELD, Desk, desk

__all__ = ["desk"]


def test_a_filled_place_is_no_offence(desk: Desk) -> None:
    assert {"filled", "other"} == set(decision_reasons("refuse")) - unlawful_reasons()
    for _ in range(repeat_row(clock.now()).upheld):
        job_id = desk.publish()["job_id"]
        desk.report(job_id, desk.worker(), "filled")
        review = desk.waiting()[0]["review_id"]
        assert desk.decide(review, {"outcome": "refuse", "reason": "filled"}).status_code in {200, 201}
    assert desk.publish()["status"] == "open"


@dataclass(slots=True)
class Locked:
    """A desk whose employer has offended often enough, and where it objects."""

    desk: Desk

    @property
    def address(self) -> str:
        """The employer's record."""
        return f"/v1/employers/{self.desk.people.employer_id}/repeat-hold"

    def object(self, words: str = "三个岗位都已经整改。", who: dict[str, str] | None = None) -> TestResponse:
        """The employer objects."""
        return self.desk.send("POST", f"{self.address}/objections", who or self.desk.people.employer, {"words": words})

    def waiting(self, who: dict[str, str] | None = None, **query: str) -> list[dict[str, Any]]:
        """What an office has to answer."""
        answer = self.desk.client.get("/v1/objections", query_string=query, headers=who or self.desk.reviewer)
        assert answer.status_code == 200, answer.get_json()
        items: list[dict[str, Any]] = answer.get_json()["items"]
        return items

    def answer(self, objection_id: int, *, upheld: bool, sentence: str, who: dict[str, str] | None = None) -> TestResponse:
        """An office answers."""
        said = {"upheld": upheld, "sentence": sentence}
        return self.desk.send("POST", f"/v1/objections/{objection_id}/answers", who or self.desk.reviewer, said)

    def record(self) -> dict[str, Any]:
        """What the employer reads."""
        found: dict[str, Any] = self.desk.client.get(self.address, headers=self.desk.people.employer).get_json()
        return found


@pytest.fixture
def locked(desk: Desk) -> Locked:
    """An employer whose new adverts are looked at first."""
    for _ in range(repeat_row(clock.now()).upheld):
        desk.publish(**HELD)
        desk.decide(desk.waiting()[0]["review_id"], DOWN)
    assert desk.publish()["status"] == "held"
    return Locked(desk)


def test_an_objection_that_is_right_lets_the_employer_start_anew(locked: Locked) -> None:
    assert locked.record()["objection"] is None
    made = locked.object("都已经整改，电话13800000077联系。")
    assert made.status_code == 201
    assert (made.get_json()["state"], made.headers["Location"]) == ("waiting", locked.address)
    assert "13800000077" not in made.get_data(as_text=True)
    assert made.get_json()["due_at"] > made.get_json()["made_at"]
    again = locked.object()
    assert (again.status_code, again.get_json()["error"]) == (409, "objection_open")
    (line,) = locked.waiting()
    assert (line["employer_name"], line["overdue"]) == ("演示电子厂", False)
    done = locked.answer(line["objection_id"], upheld=True, sentence="看过整改，恢复。")
    assert (done.status_code, done.get_json()["state"]) == (201, "upheld")
    told = locked.record()
    assert (told["held"], told["lifted_reason"], told["objection"]["answer"]) == (False, "看过整改，恢复。", "看过整改，恢复。")
    assert locked.desk.publish()["status"] == "open"
    assert locked.waiting() == []
    assert [one["objection_id"] for one in locked.waiting(state="upheld")] == [line["objection_id"]]
    assert (locked.object().status_code, locked.object().get_json()["error"]) == (409, "not_held")
    twice = locked.answer(line["objection_id"], upheld=False, sentence="再看一次。")
    assert (twice.status_code, twice.get_json()["error"]) == (409, "objection_answered")


def test_one_that_is_not_right_is_told_why_and_may_object_again(locked: Locked) -> None:
    first = locked.object().get_json()["objection_id"]
    assert locked.answer(first, upheld=False, sentence="").status_code == 422
    assert locked.answer(first, upheld=False, sentence="还有一个岗位收押金。").status_code == 201
    told = locked.record()
    assert (told["held"], told["objection"]["state"], told["objection"]["answer"]) == (True, "dismissed", "还有一个岗位收押金。")
    second = locked.object("押金已经退了。").get_json()["objection_id"]
    lifted = locked.desk.send("POST", f"{locked.address}/lifts", locked.desk.reviewer, {"reason": "押金已退清"})
    assert lifted.status_code == 201
    assert (lifted.get_json()["objection"]["objection_id"], lifted.get_json()["objection"]["state"]) == (second, "upheld")


def test_an_objection_belongs_to_its_employer_and_its_office(locked: Locked) -> None:
    desk = locked.desk
    assert locked.object(who=desk.reviewer).status_code == 403
    assert locked.object(who=desk.worker()).status_code == 403
    objection_id = locked.object().get_json()["objection_id"]
    assert locked.waiting(desk.far) == []
    far = locked.answer(objection_id, upheld=True, sentence="看过整改，恢复。", who=desk.far)
    assert (far.status_code, far.get_json()["error"]) == (404, "objection_not_found")
    assert locked.answer(objection_id, upheld=True, sentence="恢复恢复。", who=desk.people.employer).status_code == 403
    assert desk.client.get("/v1/objections", headers=desk.people.employer).status_code == 403
    with desk.database.write_session() as session:
        session.execute(update(RepeatObjection).values(due_at=clock.now() - timedelta(hours=1)))
    assert [line["overdue"] for line in locked.waiting()] == [True]


def test_who_is_right_starts_anew_though_he_is_not_held_any_more(locked: Locked) -> None:
    desk, objection_id = locked.desk, locked.object().get_json()["objection_id"]
    with desk.database.write_session() as session:
        oldest = session.scalars(select(JobReview).order_by(JobReview.review_id).limit(1)).one()
        oldest.decided_at = clock.now() - timedelta(days=repeat_row(clock.now()).days + 1)
    assert locked.record()["held"] is False
    assert locked.answer(objection_id, upheld=True, sentence="看过整改，恢复。").status_code == 201
    assert (locked.record()["lifted_reason"], locked.record()["upheld"]) == ("看过整改，恢复。", 0)


def test_an_objection_goes_where_the_employer_goes(locked: Locked) -> None:
    desk, objection_id = locked.desk, locked.object().get_json()["objection_id"]
    with desk.database.write_session() as session:
        session.get_one(Employer, desk.people.employer_id).region_code = NANCHANG
    assert (locked.waiting(), len(locked.waiting(desk.far))) == ([], 1)
    assert locked.answer(objection_id, upheld=True, sentence="看过整改，恢复。").status_code == 404
    assert locked.answer(objection_id, upheld=True, sentence="看过整改，恢复。", who=desk.far).status_code == 201


@pytest.mark.parametrize("said", ["no", "off", 1, None])
def test_right_is_true_or_false_and_nothing_like_it(locked: Locked, said: Any) -> None:
    objection_id = locked.object().get_json()["objection_id"]
    body = {"upheld": said, "sentence": "看过整改，恢复。"}
    assert locked.desk.send("POST", f"/v1/objections/{objection_id}/answers", locked.desk.reviewer, body).status_code == 422


def test_two_who_answer_at_once_are_one_answer(locked: Locked) -> None:
    objection_id = locked.object().get_json()["objection_id"]

    def answers(number: int) -> int:
        said = {"upheld": bool(number % 2), "sentence": f"第{number}位答复。"}
        who = (locked.desk.reviewer, locked.desk.second)[number % 2] | {"Idempotency-Key": f"objection-{number:04d}"}
        return locked.desk.app.test_client().post(f"/v1/objections/{objection_id}/answers", json=said, headers=who).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(answers, range(4))) == [201, 409, 409, 409]
