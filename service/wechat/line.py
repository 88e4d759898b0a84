"""One HTTP exchange with WeChat: bounded in time and size, and what can go wrong with it told apart.

Nothing here logs or quotes an address: it holds the secret, the token and the codes of people.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

from service import tracing
from service.wechat.errcodes import WechatError

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
LARGEST_ANSWER = 2 * 2**20
"""A code image is below 100 kB; a megabyte of anything is a fault."""
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")

logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it writes every address, secrets included
logging.getLogger("httpcore").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Api:
    """One call of the server API. ``name`` is the label of its metrics."""

    name: str
    method: str
    path: str
    token: bool = True
    image: bool = False


class Line:
    """The connections to one address. Safe for threads; one to a process."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(
            base_url=url,
            follow_redirects=False,  # a redirect would carry the secret elsewhere
            trust_env=not is_loopback(url),
            headers={"Accept-Encoding": "identity", "User-Agent": "chengnuan"},  # a packed answer could be larger than it looks
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=4, keepalive_expiry=20),
        )

    def close(self) -> None:
        """Give the connections back."""
        self.http.close()

    def exchange(
        self, api: Api, *, query: Mapping[str, str], body: Mapping[str, Any] | None, seconds: float
    ) -> dict[str, Any] | bytes:
        """Ask once, for at most ``seconds``. Returns the JSON object, or the bytes of an image when the call gives one.

        Raises WechatError: of the code that was answered, or of the line.
        """
        deadline = time.monotonic() + seconds
        timeout = httpx.Timeout(min(READ_SECONDS, seconds), connect=min(CONNECT_SECONDS, seconds))
        sent = False
        try:
            content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
            headers = tracing.headers() | ({"Content-Type": "application/json"} if content is not None else {})
            with self.http.stream(
                api.method, api.path, params=query, content=content, headers=headers, timeout=timeout
            ) as response:
                sent = True
                raw = _read(api, response, deadline)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise WechatError.of_line(api.name, "unreachable", uncertain=False) from None
        except httpx.TimeoutException:
            raise WechatError.of_line(api.name, "timeout", uncertain=True) from None
        except (httpx.HTTPError, httpx.StreamError):
            raise WechatError.of_line(api.name, "cut" if sent else "dropped", uncertain=True) from None
        if response.status_code >= 500 or response.status_code == 429:
            raise WechatError.of_line(api.name, "http_5xx", uncertain=True)
        if response.status_code != 200:
            raise WechatError.of_line(api.name, "broken", uncertain=True)
        if api.image and response.headers.get("Content-Type", "").startswith("image/"):
            if not raw.startswith(_IMAGES):
                raise WechatError.of_line(api.name, "broken", uncertain=False)
            return raw
        return _json(api, raw)


def _read(api: Api, response: httpx.Response, deadline: float) -> bytes:
    """The body, as far as it is allowed to go: a server that drips a byte a second meets the deadline, too."""
    raw = bytearray()
    for piece in response.iter_bytes():
        raw += piece
        if len(raw) > LARGEST_ANSWER:
            raise WechatError.of_line(api.name, "large", uncertain=True)
        if time.monotonic() > deadline:
            raise WechatError.of_line(api.name, "timeout", uncertain=True)
    return bytes(raw)


def _json(api: Api, raw: bytes) -> dict[str, Any]:
    """The object that was answered; its type is not looked at, since some calls say text/plain."""
    try:
        told = json.loads(raw)
        errcode = int(told.get("errcode") or 0)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise WechatError.of_line(api.name, "broken", uncertain=True) from None
    if errcode:
        raise WechatError.of_code(api.name, errcode)
    if api.image:
        raise WechatError.of_line(api.name, "broken", uncertain=False)
    return dict(told)


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's own: the only kind that may go without TLS."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
