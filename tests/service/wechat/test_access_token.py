"""One token for all processes: shared, renewed in time, dropped when it is refused, and never forced."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from service import clock
from service.wechat.access_token import FileShelf, Token
from service.wechat.errcodes import WechatError
from service.wechat.loopback.server import Fault, Loopback
from tests.service.wechat.conftest import APPID, SECRET, Clients

TOKEN = "/cgi-bin/stable_token"
CODE = "/wxa/getwxacodeunlimit"
_ASK = """
import sys
from pathlib import Path
from service.wechat.client import Access, Wechat
url, appid, secret, folder = sys.argv[1:]
print(Wechat(Access(url, appid, secret, Path(folder))).tokens.get().text)
"""


@pytest.fixture(params=["file", "redis"])
def shared_url(request: pytest.FixtureRequest) -> str:
    """Where processes share the token: empty for the file."""
    url: str = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    return url


def test_processes_share_one_token(clients: Clients, loopback: Loopback, shared_url: str) -> None:
    made = [clients(redis_url=shared_url) for _ in range(4)]
    loopback.fail(TOKEN, Fault(slow_seconds=0.3, after=True))
    with ThreadPoolExecutor(4) as pool:
        tokens = set(pool.map(lambda each: each.tokens.get().text, made))
    assert len(tokens) == 1
    assert loopback.memory.calls[TOKEN] == 1


def test_real_processes_share_one_token(loopback: Loopback, tmp_path: Path) -> None:
    loopback.fail(TOKEN, Fault(slow_seconds=0.5, after=True))
    command = [sys.executable, "-c", _ASK, loopback.url, APPID, SECRET, str(tmp_path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [each.communicate(timeout=60)[0].strip() for each in started]
    assert told[0] == told[1] != ""
    assert loopback.memory.calls[TOKEN] == 1


def test_it_is_renewed_before_its_end(
    clients: Clients, loopback: Loopback, shared_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wechat = clients(redis_url=shared_url)
    first = wechat.tokens.get()
    began = clock.now()
    assert timedelta(seconds=6890) < first.until - began < timedelta(seconds=6910)
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(seconds=6800))
    assert wechat.tokens.get() is first
    loopback.memory.skew = 6920
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(seconds=6920))
    second = wechat.tokens.get()
    assert second.text != first.text
    loopback.memory.check_token(first.text)
    assert loopback.memory.calls[TOKEN] == 2


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_dropped_and_asked_for_once(
    clients: Clients, loopback: Loopback, shared_url: str, errcode: int
) -> None:
    wechat, other = clients(redis_url=shared_url), clients(redis_url=shared_url)
    other.tokens.get()
    loopback.fail(CODE, Fault(errcode=errcode))
    assert wechat.mini_code("j=1", "pages/jobs/show")
    assert loopback.memory.calls[TOKEN] == 2
    loopback.fail(CODE, Fault(errcode=errcode), times=2)
    with pytest.raises(WechatError) as raised:
        wechat.mini_code("j=1", "pages/jobs/show")
    assert raised.value.errcode == errcode
    assert loopback.memory.calls[TOKEN] == 3
    assert loopback.memory.forced == []


def test_a_token_that_somebody_else_has_replaced_is_left_alone(clients: Clients, shared_url: str) -> None:
    wechat, other = clients(redis_url=shared_url), clients(redis_url=shared_url)
    good = wechat.tokens.get()
    other.tokens.drop(Token("an-older-one", good.until))
    assert other.tokens.get().text == good.text


def test_a_wrong_secret_is_told_and_not_kept(clients: Clients, loopback: Loopback) -> None:
    wechat = clients(secret="wrong")
    for asked in (1, 2):
        with pytest.raises(WechatError) as raised:
            wechat.mini_code("j=1", "pages/jobs/show")
        assert (raised.value.errcode, raised.value.action) == (40125, "alert")
        assert loopback.memory.calls[TOKEN] == asked


def test_redis_going_away_costs_nothing(clients: Clients, loopback: Loopback, tmp_path: Path) -> None:
    wechat = clients(redis_url=f"unix://{tmp_path / 'nobody-listens'}")
    assert wechat.mini_code("j=1", "pages/jobs/show")
    assert clients().tokens.get().text == wechat.tokens.get().text
    assert loopback.memory.calls[TOKEN] == 1


def test_a_lock_of_a_killed_process_runs_out(
    clients: Clients, loopback: Loopback, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = redis.Redis.from_url(redis_url)
    held.set(f"chengnuan:wechat:token:{APPID}:lock", "of-a-dead-process", px=300)
    assert clients(redis_url=redis_url).tokens.get().text
    monkeypatch.setattr("service.wechat.access_token._WAIT_SECONDS", 0.2)
    held.set(f"chengnuan:wechat:token:{APPID}:lock", "of-somebody-very-slow", px=60_000)
    held.delete(f"chengnuan:wechat:token:{APPID}")
    assert clients(redis_url=redis_url).tokens.get().text
    assert held.get(f"chengnuan:wechat:token:{APPID}:lock") == b"of-somebody-very-slow"
    assert loopback.memory.calls[TOKEN] == 2
    held.close()


def test_the_file_is_for_us_alone_and_a_broken_one_is_replaced(clients: Clients, tmp_path: Path) -> None:
    token = clients().tokens.get()
    shelf = FileShelf(tmp_path / "wechat", APPID)
    assert shelf.path.stat().st_mode & 0o077 == 0
    shelf.path.write_text("{", encoding="utf-8")
    assert clients().tokens.get().text == token.text
    lying = shelf.read()
    assert lying is not None
    assert lying.text == token.text
    assert token.text not in repr(token)


def test_a_folder_that_cannot_be_written_costs_only_the_sharing(clients: Clients, tmp_path: Path) -> None:
    blocked = tmp_path / "no-folder"
    blocked.write_text("a file", encoding="ascii")
    assert clients(data_dir=blocked).tokens.get().text


def test_two_threads_that_are_refused_at_once_renew_once(clients: Clients, loopback: Loopback) -> None:
    wechat = clients()
    old = wechat.tokens.get()
    loopback.memory.tokens.clear()
    both = threading.Barrier(2)

    def ask() -> bytes:
        both.wait()
        return wechat.mini_code("j=1", "pages/jobs/show")

    with ThreadPoolExecutor(2) as pool:
        assert all(each.result() for each in [pool.submit(ask), pool.submit(ask)])
    assert wechat.tokens.get().text != old.text
    assert loopback.memory.calls[TOKEN] == 2
