"""What makes a repeat offender: adverts that were unlawful, not places that are filled."""

from __future__ import annotations

from service import clock
from service.jobs.reviews.tables import decision_reasons, repeat_row, unlawful_reasons
from tests.service.jobs.test_reviews import Desk, desk

__all__ = ["desk"]


def test_a_filled_place_is_no_offence(desk: Desk) -> None:
    assert {"filled", "other"} == set(decision_reasons("refuse")) - unlawful_reasons()
    for _ in range(repeat_row(clock.now()).upheld):
        job_id = desk.publish()["job_id"]
        desk.report(job_id, desk.worker(), "filled")
        review = desk.waiting()[0]["review_id"]
        assert desk.decide(review, {"outcome": "refuse", "reason": "filled"}).status_code in {200, 201}
    assert desk.publish()["status"] == "open"
