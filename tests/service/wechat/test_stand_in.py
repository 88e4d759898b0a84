"""The stand-in as ``make run`` starts it: a process of its own, its pushes to the web, and what happens when it is killed."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import flask
import httpx
import pytest
from werkzeug.serving import make_server

from service.config import ConfigError, Settings, WechatSettings, load
from service.supervisor import children
from service.tasks.worker import Worker as TaskWorker
from service.wechat.client import Access, Wechat
from service.wechat.current import close_all, templates_of
from service.wechat.errcodes import WechatError
from service.wechat.loopback import embedded
from service.wechat.template import TemplatesUnusable
from service.welcome import wechat_lines


@pytest.fixture
def tried_out(app: flask.Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Settings]:
    """The application answers on a port, with the settings that the supervisor would give it."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    given = embedded.for_trying(dataclasses.replace(settings, demo=True))
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DEMO", "1")
    monkeypatch.setenv("PORT", str(server.port))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    chosen = dataclasses.replace(settings, demo=True, port=server.port, wechat=load().wechat)
    app.extensions["settings"] = chosen
    yield chosen
    server.shutdown()
    server.server_close()
    close_all()


@pytest.fixture
def process(tried_out: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """The stand-in, listening."""
    started = start(tried_out)
    yield started
    started.kill()
    started.wait()


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """Start it and wait until it answers."""
    process = subprocess.Popen([sys.executable, "-m", "service.wechat.loopback"])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{settings.wechat.url}/demo/messages", trust_env=False)
        except httpx.TransportError:
            assert process.poll() is None
            time.sleep(0.05)
        else:
            return process
    process.kill()
    pytest.fail("the stand-in does not listen")


def tap(settings: Settings, what: str, **said: Any) -> dict[str, Any]:
    """What the phone of a made-up person does."""
    answer = httpx.post(f"{settings.wechat.url}/demo/{what}", json={"person": "演示工友"} | said, trust_env=False, timeout=20)
    told: dict[str, Any] = answer.json()
    return told


def test_from_the_first_tap_to_a_message_that_may_come(
    app: flask.Flask, tried_out: Settings, process: subprocess.Popen[bytes]
) -> None:
    client = app.test_client()
    tokens = client.post("/v1/auth/wechat", json={"code": tap(tried_out, "login")["code"]}).get_json()
    who = {"Authorization": f"Bearer {tokens['access_token']}"}
    bound = client.post("/v1/me/phone", json={"code": tap(tried_out, "phone", phone="13800000001")["code"]}, headers=who)
    assert bound.get_json()["phone"] == "138****0001"
    assert tap(tried_out, "subscribe", template_ids=["demo-job-match"])["pushed"] is True
    worker = TaskWorker(app.extensions["database"], tried_out)
    while worker.step():
        pass
    items = client.get("/v1/me/subscriptions", headers=who).get_json()["items"]
    assert {row["message"]: row["remaining"] for row in items}["job_match"] == 1
    assert process.poll() is None


def test_killed_while_somebody_waits(tried_out: Settings, process: subprocess.Popen[bytes], tmp_path: Path) -> None:
    access = Access(tried_out.wechat.url, tried_out.wechat.appid, tried_out.wechat.secret, tmp_path)
    wechat = Wechat(access, seconds=1.5)
    wechat.mini_code("j=1", "pages/jobs/show")
    os.kill(process.pid, signal.SIGSTOP)  # it has the line and says nothing
    threading.Timer(0.4, process.kill).start()
    began = time.monotonic()
    with pytest.raises(WechatError) as raised:
        wechat.mini_code("j=2", "pages/jobs/show")
    assert raised.value.action == "retry"
    assert time.monotonic() - began < 3
    process.wait()
    again = start(tried_out)
    try:
        assert wechat.mini_code("j=2", "pages/jobs/show")  # it has forgotten our token; we get a new one
    finally:
        again.kill()
        again.wait()
        wechat.close()


def test_it_runs_only_where_things_are_tried_out(tried_out: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.wechat.loopback.__main__ import main  # noqa: PLC0415  importing it is what is tried

    for name, value in (("DEMO", "0"), ("WECHAT_APPID", "")):
        with monkeypatch.context() as other:
            other.setenv(name, value)
            with pytest.raises(ConfigError, match="试用"):
                main()


def test_the_supervisor_starts_it_only_without_a_mini_program(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.supervisor.metrics_dir", lambda _settings: tmp_path / "metrics")  # not that of a running service
    assert embedded.for_trying(settings) == {}  # DEMO=0
    demo = dataclasses.replace(settings, demo=True)
    assert embedded.for_trying(dataclasses.replace(demo, wechat=WechatSettings(appid="wxreal", secret="x"))) == {}
    first, second = embedded.for_trying(demo), embedded.for_trying(demo)
    assert first["WECHAT_SECRET"] != second["WECHAT_SECRET"]
    assert first["WECHAT_APPID"] == second["WECHAT_APPID"]
    with_it, without = children(demo, first), children(demo, {})
    assert with_it[0].name == "微信试用"
    assert len(with_it) == len(without) + 1
    assert all(child.environment["WECHAT_URL"] == first["WECHAT_URL"] for child in with_it)


def test_the_lines_of_the_greeting_name_both_addresses() -> None:
    lines = "\n".join(wechat_lines("http://127.0.0.1:8000", "http://127.0.0.1:8999"))
    assert "http://127.0.0.1:8999/demo/login" in lines
    assert "http://127.0.0.1:8000/v1/auth/wechat" in lines


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WECHAT_URL", "http://api.weixin.qq.com"),
        ("WECHAT_URL", "https://api.weixin.qq.com/sns"),
        ("WECHAT_URL", "http://127.0.0.1.evil.example"),
        ("WECHAT_URL", "ftp://127.0.0.1"),
        ("WECHAT_APPID", "wxdemo0000000001"),
        ("WECHAT_PUSH_AES_KEY", "short"),
        ("WECHAT_STATE", "final"),
        ("WECHAT_QR", "round"),
        ("PUBLIC_URL", "jobs.example.cn"),
        ("PUBLIC_URL", "https://user@jobs.example.cn"),
    ],
)
def test_settings_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name):
        load()


def test_one_setting_changes_the_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WECHAT_APPID", "wxdemo0000000001")
    monkeypatch.setenv("WECHAT_SECRET", "planted-secret-0001")
    assert load().wechat.url == "https://api.weixin.qq.com"
    assert load().wechat.qr == "mini"
    assert urlsplit(load().wechat.url).scheme == "https"
    monkeypatch.setenv("WECHAT_URL", "https://wechat-gate.example.cn")
    assert load().wechat.url == "https://wechat-gate.example.cn"
    assert "planted-secret-0001" not in repr(load())


def test_templates_of_the_operator(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "templates.toml"
    real = dataclasses.replace(settings, wechat=WechatSettings(appid="wxreal", secret="x", templates=path))
    row = '[[template]]\nmessage="job_match"\ntitle="新岗位"\ntemplate_id="real-1"\n'
    row += 'long_term=false\npage="p"\nfields={job="thing1"}\n'
    path.write_text(row, encoding="utf-8")
    assert templates_of(real)["job_match"].template_id == "real-1"
    for wrong in ("", "[[template]]", row * 2, row.replace("thing1", "sentence1"), "=", row.replace('"thing1"', "1")):
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(TemplatesUnusable, match="WECHAT_TEMPLATES"):
            templates_of(real)
    path.unlink()
    with pytest.raises(TemplatesUnusable):
        templates_of(real)
    assert templates_of(dataclasses.replace(settings, wechat=WechatSettings(appid="wxreal", secret="x"))) == {}
