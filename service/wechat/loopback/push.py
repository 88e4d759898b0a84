"""Pushes as WeChat sends them: signed, encrypted or plain, as JSON or XML, once or again and again."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import httpx

from service.wechat.push_crypto import Envelope, signature


@dataclass
class Pusher:
    """Sends to one address. Without ``aes_key`` in plain mode."""

    url: str
    token: str
    appid: str
    aes_key: str = ""
    xml: bool = False
    skew: float = 0.0
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=5))

    def event(self, openid: str, event: str, more: Mapping[str, Any], *, created: int | None = None) -> httpx.Response:
        """One event of a person."""
        body = {
            "ToUserName": "gh_demo00000000",
            "FromUserName": openid,
            "CreateTime": created or int(time.time() + self.skew),
            "MsgType": "event",
            "Event": event,
            **more,
        }
        return self.post(*self.request(body))

    def post(self, query: Mapping[str, str], content: bytes) -> httpx.Response:
        """Send what :meth:`request` made; the same again is a repeated push."""
        kind = "text/xml" if self.xml else "application/json"
        return self.http.post(self.url, params=query, content=content, headers={"Content-Type": kind})

    def request(self, body: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
        """Query and content of a push."""
        return self.sealed(_xml(body) if self.xml else json.dumps(body, ensure_ascii=False), str(body.get("FromUserName", "")))

    def sealed(self, inner: str, openid: str = "") -> tuple[dict[str, str], bytes]:
        """Query and content of a push with this very text inside."""
        stamp, nonce = str(int(time.time() + self.skew)), str(secrets.randbelow(10**9))
        query = {
            "signature": signature(self.token, stamp, nonce),
            "timestamp": stamp,
            "nonce": nonce,
            "openid": openid,
        }
        if not self.aes_key:
            return query, inner.encode()
        encrypted = Envelope(self.aes_key, self.appid).close(inner.encode())
        query |= {"encrypt_type": "aes", "msg_signature": signature(self.token, stamp, nonce, encrypted)}
        outer = {"ToUserName": "gh_demo00000000", "Encrypt": encrypted}
        return query, (_xml(outer) if self.xml else json.dumps(outer)).encode()

    def verification(self) -> dict[str, str]:
        """The query of the GET by which WeChat makes sure that the address is ours."""
        stamp, nonce = str(int(time.time() + self.skew)), str(secrets.randbelow(10**9))
        echo = str(secrets.randbelow(10**18))
        return {"signature": signature(self.token, stamp, nonce), "timestamp": stamp, "nonce": nonce, "echostr": echo}


def _xml(body: Mapping[str, Any]) -> str:
    return "<xml>" + "".join(_element(name, value) for name, value in body.items()) + "</xml>"


def _element(name: str, value: Any) -> str:
    if name == "List" and isinstance(value, list):
        rows = "".join(f"<List>{''.join(_element(k, v) for k, v in row.items())}</List>" for row in value)
        return f"<SubscribeMsgPopupEvent>{rows}</SubscribeMsgPopupEvent>"
    if isinstance(value, dict):
        return f"<{name}>{''.join(_element(k, v) for k, v in value.items())}</{name}>"
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"
