"""``python -m service.wechat.loopback``: stand in for WeChat on the port of WECHAT_URL, for trying the service out.

The supervisor starts it when no appid is set and DEMO is on; what it needs to know comes from the settings, as everywhere.
"""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from service.config import ConfigError, load
from service.wechat.line import is_loopback
from service.wechat.loopback.memory import Memory
from service.wechat.loopback.push import Pusher
from service.wechat.loopback.server import Loopback
from service.wechat.template import read_templates


def main() -> int:
    """Serve until the process is told to end."""
    settings = load()
    wechat = settings.wechat
    if not settings.demo or not wechat.appid or not is_loopback(wechat.url):
        raise ConfigError("试用的微信服务器只在 DEMO=1 时、在本机地址上运行，由 make run 启动。")
    templates = read_templates(None)
    memory = Memory(
        wechat.appid,
        wechat.secret,
        {template.template_id: template for template in templates.values()},
        frozenset(template.page for template in templates.values()),
    )
    host = "127.0.0.1" if settings.bind_address in {"0.0.0.0", ""} else settings.bind_address  # noqa: S104  compared, not bound
    pusher = Pusher(f"http://{host}:{settings.port}/v1/wechat/push", wechat.push_token, wechat.appid, wechat.push_aes_key)
    Loopback(memory, pusher, port=urlsplit(wechat.url).port or 0).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
