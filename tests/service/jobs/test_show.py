"""Looking at one job: ETag, the short form for elders, schema.org."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from service import clock
from tests.service.conftest import Publish, draft, gig_draft


def test_unchanged_is_not_sent_again(client: FlaskClient, publish: Publish) -> None:
    url = f"/v1/jobs/{publish()['job_id']}"
    tag = client.get(url).headers["ETag"]
    again = client.get(url, headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert again.data == b""
    assert client.get(url, headers={"If-None-Match": '"1-other"'}).status_code == 200


def test_elder_view_puts_first_what_matters(client: FlaskClient, publish: Publish) -> None:
    url = f"/v1/jobs/{publish(gig_draft(clock.now()))['job_id']}"
    elder, standard = client.get(f"{url}?view=elder").get_json(), client.get(url).get_json()
    assert list(elder)[:4] == ["wage", "place", "gig", "contact"]
    assert elder == standard


def test_schema_org(client: FlaskClient, publish: Publish) -> None:
    job = publish(draft(lat=25.83, lng=114.93, wage="22元/小时"))
    response = client.get(f"/v1/jobs/{job['job_id']}", headers={"Accept": "application/ld+json"})
    posting = response.get_json()
    assert response.mimetype == "application/ld+json"
    assert posting["@type"] == "JobPosting"
    assert posting["hiringOrganization"]["name"] == "演示电子厂"
    assert posting["baseSalary"]["value"] == {"@type": "QuantitativeValue", "unitText": "HOUR", "minValue": 22, "maxValue": 22}
    assert posting["jobLocation"]["address"]["addressRegion"] == "江西省"
    assert posting["jobLocation"]["address"]["addressLocality"] == "赣州市章贡区"
    assert posting["jobLocation"]["geo"] == {"@type": "GeoCoordinates", "latitude": 25.83, "longitude": 114.93}
    assert "13800000001" not in response.get_data(as_text=True)


def test_the_middle_of_a_region_is_not_given_out_as_a_workplace(client: FlaskClient, publish: Publish) -> None:
    job = publish()
    posting = client.get(f"/v1/jobs/{job['job_id']}", headers={"Accept": "application/ld+json"}).get_json()
    assert "geo" not in posting["jobLocation"]


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/json", "nonsense"])
def test_everything_else_is_json(client: FlaskClient, publish: Publish, accept: str) -> None:
    response = client.get(f"/v1/jobs/{publish()['job_id']}", headers={"Accept": accept})
    assert response.mimetype == "application/json"


@pytest.mark.parametrize(
    "number", ["0", "1", "9007199254740991", "9007199254740992", "99999999999999999999999", "-1", "abc", "1.5"]
)
def test_a_job_that_is_not_there(client: FlaskClient, app: object, number: str) -> None:
    response = client.get(f"/v1/jobs/{number}")
    assert response.status_code in {404, 405}
    assert response.get_json()["message"]
