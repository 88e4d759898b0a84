"""The code on a job's poster: a mini-program code that is kept, or an ordinary QR code."""

from __future__ import annotations

import dataclasses
import io
import os
import time
from collections.abc import Iterator

import flask
import pytest
from flask.testing import FlaskClient
from PIL import Image

from service.config import Settings
from service.wechat import codes
from service.wechat.current import close_all
from service.wechat.loopback.server import Fault, Loopback
from tests.service.conftest import People, Publish
from tests.service.wechat.conftest import mini_program

CODE = "/wxa/getwxacodeunlimit"


@pytest.fixture
def mini(app: flask.Flask, settings: Settings, loopback: Loopback) -> Iterator[flask.Flask]:
    """The application with a mini-program."""
    app.extensions["settings"] = dataclasses.replace(settings, wechat=mini_program(loopback.url, qr="mini"))
    yield app
    close_all()


def test_an_ordinary_code_without_a_mini_program(client: FlaskClient, publish: Publish) -> None:
    job_id = publish()["job_id"]
    answer = client.get(f"/v1/jobs/{job_id}/qr")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.get_data())).size[0] > 100
    same = client.get(f"/v1/jobs/{job_id}/qr", headers={"If-None-Match": answer.headers["ETag"], "Host": "evil.example"})
    assert same.status_code == 304  # the address in it is ours, whatever the client calls us


def test_where_an_ordinary_code_leads(settings: Settings) -> None:
    assert codes.job_link(settings, 7) == "http://127.0.0.1:8000/v1/jobs/7"
    public = dataclasses.replace(settings, public_url="https://jobs.example.cn")
    assert codes.job_link(public, 7) == "https://jobs.example.cn/v1/jobs/7"


def test_a_mini_program_code_is_made_once(mini: flask.Flask, client: FlaskClient, publish: Publish, loopback: Loopback) -> None:
    job_id = publish()["job_id"]
    first = client.get(f"/v1/jobs/{job_id}/qr")
    assert (first.status_code, first.mimetype) == (200, "image/png")
    loopback.stop()
    assert client.get(f"/v1/jobs/{job_id}/qr").get_data() == first.get_data()
    assert loopback.memory.calls[CODE] == 1
    chosen = mini.extensions["settings"]
    kept = next((chosen.data_dir / "wechat" / "codes").iterdir())
    assert codes.forget_old(chosen) == 0
    old = time.time() - 40 * 86400
    os.utime(kept, (old, old))
    assert codes.forget_old(chosen) == 1


@pytest.mark.parametrize("errcode", [41030, 40129, 99999])
def test_an_error_is_not_kept_as_a_picture(
    mini: flask.Flask, client: FlaskClient, publish: Publish, loopback: Loopback, errcode: int
) -> None:
    job_id = publish()["job_id"]
    loopback.fail(CODE, Fault(errcode=errcode))
    answer = client.get(f"/v1/jobs/{job_id}/qr")
    assert (answer.status_code, answer.get_json()["error"]) == (503, "wechat_unavailable")
    assert client.get(f"/v1/jobs/{job_id}/qr").status_code == 200


def test_jobs_that_are_not_shown_have_no_code(client: FlaskClient, publish: Publish, people: People) -> None:
    job_id = publish()["job_id"]
    closed = client.post(f"/v1/jobs/{job_id}/close", json={"reason": "filled"}, headers=people.employer)
    assert closed.status_code == 200
    for number in (job_id, 999_999):
        assert client.get(f"/v1/jobs/{number}/qr").status_code == 404
