"""A partner that leaves out the kind, or invents one, reads which there are; the samples of the pages are taken as they stand."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service import clock
from service.partners.schemas import KINDS
from tests.service.conftest import draft
from tests.service.partners.conftest import Partner

DOCS = Path(__file__).parents[3] / "docs"


def samples(page: str) -> list[dict[str, Any]]:
    """The adverts that a page shows as a partner's body."""
    blocks = re.findall(r"```json\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    found = [item for block in blocks for said in [json.loads(block)] for item in (said if isinstance(said, list) else [said])]
    return [item | _terms_of_tomorrow(item) for item in found if "kind" in item]


def _terms_of_tomorrow(item: dict[str, Any]) -> dict[str, Any]:
    """The gig's own terms on a day that is not over: a page cannot know when it is read."""
    if "gig" not in item:
        return {}
    begins = clock.now() + timedelta(days=1)
    return {"gig": item["gig"] | {"starts_at": clock.show(begins), "ends_at": clock.show(begins + timedelta(hours=9))}}


@pytest.mark.parametrize("given", [{}, {"kind": "live"}])
def test_the_refusal_names_the_choices(client: FlaskClient, partner: Partner, given: dict[str, str]) -> None:
    advert = {name: said for name, said in draft(employer_name="演示制衣厂").items() if name != "kind"} | given
    alone = client.put("/v1/partners/jobs/K-1", json=advert, headers=partner.headers)
    assert alone.status_code == 422
    (line,) = client.post("/v1/partners/jobs:bulk", json=[advert | {"their_id": "K-1"}], headers=partner.headers).get_json()[
        "items"
    ]
    for errors in (alone.get_json()["errors"], line["refusal"]["errors"]):
        (sentence,) = errors["kind"]
        assert all(f"{kind}（{name}）" in sentence for kind, name in KINDS.items())


@pytest.mark.parametrize("page", ["partners.md", "manual.zh.md"])
def test_the_samples_of_the_documentation_are_taken(client: FlaskClient, partner: Partner, page: str) -> None:
    shown = samples(page)
    assert {item["kind"] for item in shown} == set(KINDS)
    answer = client.post("/v1/partners/jobs:bulk", json=shown, headers=partner.headers).get_json()
    assert [(item["outcome"], item["status"]) for item in answer["items"]] == [("created", "open")] * len(shown), answer


@pytest.mark.parametrize("left_out", ["kind", "title", "employer_name", "headcount", "wage", "region"])
def test_what_is_told_to_be_compulsory_is(client: FlaskClient, partner: Partner, left_out: str) -> None:
    sample = next(item for item in samples("partners.md") if item["kind"] == "public")
    without = {name: said for name, said in sample.items() if name != left_out}
    (line,) = client.post("/v1/partners/jobs:bulk", json=[without], headers=partner.headers).get_json()["items"]
    assert line["outcome"] == "refused", (left_out, line)
