"""What ``make run`` sets when no mini-program is: a stand-in for WeChat on a free port, with keys that are new at every start."""

from __future__ import annotations

import secrets
import socket

from service.config import Settings

APPID = "wxdemo0000000001"
"""Always the same, so that a made-up person keeps his openid, and with it his account, from one start to the next."""


def for_trying(settings: Settings) -> dict[str, str]:
    """Settings for the web, the tasks and the stand-in; empty when there is a mini-program, or nothing is to be tried out."""
    if not settings.demo or settings.wechat.appid:
        return {}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "WECHAT_URL": f"http://127.0.0.1:{port}",
        "WECHAT_APPID": APPID,
        "WECHAT_SECRET": secrets.token_hex(16),
        "WECHAT_PUSH_TOKEN": secrets.token_hex(16),
        "WECHAT_PUSH_AES_KEY": secrets.token_hex(22)[:43],
        "WECHAT_QR": settings.wechat.qr,
    }
