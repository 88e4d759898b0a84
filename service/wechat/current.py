"""The client of this process: made when first needed, the same for all threads, for the web and for background work."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from service.config import Settings
from service.errors import Unavailable
from service.wechat.client import Access, Wechat
from service.wechat.line import is_loopback
from service.wechat.template import Template, read_templates

_clients: dict[Access, Wechat] = {}
_lock = threading.Lock()


def wechat_of(settings: Settings) -> Wechat:
    """The client. Raises Unavailable when the operator has set up no mini-program."""
    chosen = settings.wechat
    if not chosen.appid:
        raise not_configured()
    access = Access(
        url=chosen.url,
        appid=chosen.appid,
        secret=chosen.secret,
        data_dir=settings.data_dir,
        redis_url=settings.redis_url,
        state=chosen.state,
    )
    with _lock:
        if access not in _clients:
            _clients[access] = Wechat(access)
        return _clients[access]


def close_all() -> None:
    """Forget every client and give its connections back."""
    with _lock:
        for client in _clients.values():
            client.close()
        _clients.clear()


def templates_of(settings: Settings) -> Mapping[str, Template]:
    """The templates of the account, by message; those for trying out only where WeChat is tried out. Raises TemplatesUnusable."""
    chosen = settings.wechat
    if chosen.templates is None and not is_loopback(chosen.url):
        return {}
    return read_templates(chosen.templates)


def not_configured() -> Unavailable:
    """What everybody is told when there is no WeChat here."""
    return Unavailable("wechat_not_configured", "这里还没有开通微信功能，请用手机号验证码登录，或到就业服务站办理。")
