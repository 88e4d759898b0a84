"""A mini-program of its own for each test: WeChat's stand-in on loopback, and a client of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.config import WechatSettings
from service.wechat.client import Access, Wechat
from service.wechat.loopback.memory import Memory
from service.wechat.loopback.server import Loopback
from service.wechat.template import read_templates

APPID = "wxdemo0000000001"
SECRET = "demo-secret-0123456789"
PUSH_TOKEN = "demo-push-token"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


def make_loopback() -> Loopback:
    """WeChat's stand-in, listening on a free port."""
    templates = read_templates(None).values()
    memory = Memory(APPID, SECRET, {each.template_id: each for each in templates}, frozenset({each.page for each in templates}))
    loopback = Loopback(memory)
    loopback.start()
    return loopback


def mini_program(url: str, **changes: Any) -> WechatSettings:
    """Settings of a mini-program that is tried out at this address."""
    plain = WechatSettings(url=url, appid=APPID, secret=SECRET, push_token=PUSH_TOKEN, push_aes_key=AES_KEY)
    return replace(plain, **changes)


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """WeChat's stand-in."""
    made = make_loopback()
    yield made
    made.stop()


Clients = Callable[..., Wechat]


@pytest.fixture
def clients(loopback: Loopback, tmp_path: Path) -> Iterator[Clients]:
    """Makes clients that share a data folder, as processes of one service do."""
    made: list[Wechat] = []

    def make(*, seconds: float = 4.0, redis_url: str = "", data_dir: Path = tmp_path, secret: str = SECRET) -> Wechat:
        made.append(Wechat(Access(loopback.url, APPID, secret, data_dir, redis_url), seconds=seconds))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def wechat(clients: Clients) -> Wechat:
    """One client."""
    return clients()
