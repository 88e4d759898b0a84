"""What we ask of WeChat, one function a call (微信开放文档, 小程序服务端). Server to server only; the secret stays here.

Every call has a bounded time for all its tries together. ``retry`` codes and failures of the line are tried again with growing,
random pauses; ``renew_token`` once, with a new token; the rest is the caller's. Never inside a transaction: an answer may take
seconds.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import structlog
from prometheus_client import Counter, Histogram

from service.wechat.access_token import AccessTokens, Token
from service.wechat.errcodes import WechatError, known
from service.wechat.line import Api, Line

Suggest = Literal["pass", "review", "risky"]
ENV_VERSIONS = {"formal": "release", "trial": "trial", "developer": "develop"}
"""One setting, two names in WeChat's API: ``miniprogram_state`` of messages and ``env_version`` of codes."""
WEB_SECONDS = 8.0
"""For all tries of a call that a person waits for."""
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
LONGEST_TEXT = 2500
SCENE_LETTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$&'()*+,/:;=?@-._~")
LONGEST_SCENE = 32
REST_AFTER_FAILURES = 5
REST_SECONDS = 10.0
_AWAY = frozenset({"unreachable", "timeout", "dropped", "cut", "http_5xx"})

CALLS = Counter("chengnuan_wechat_calls", "Answers of WeChat's server API, by error code", ["api", "errcode"])
SECONDS = Histogram(
    "chengnuan_wechat_seconds", "Time of one exchange with WeChat", ["api"], buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5)
)

LOGIN = Api("code2session", "GET", "/sns/jscode2session", token=False)
TOKEN = Api("stable_token", "POST", "/cgi-bin/stable_token", token=False)
PHONE = Api("getuserphonenumber", "POST", "/wxa/business/getuserphonenumber")
SEND = Api("subscribe_send", "POST", "/cgi-bin/message/subscribe/send")
TEXT = Api("msg_sec_check", "POST", "/wxa/msg_sec_check")
MEDIA = Api("media_check_async", "POST", "/wxa/media_check_async")
CODE = Api("getwxacodeunlimit", "POST", "/wxa/getwxacodeunlimit", image=True)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who has signed in. ``unionid`` only when the conditions for it hold; the session key is not kept."""

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check of a text says; ``label`` is the kind of offence (100: none)."""

    suggest: Suggest
    label: int
    trace_id: str


@dataclass(frozen=True, slots=True)
class Access:
    """How WeChat is reached, and as whom."""

    url: str
    appid: str
    secret: str = field(repr=False)
    data_dir: Path
    redis_url: str = field(default="", repr=False)
    state: str = "formal"


class Wechat:
    """The calls of one mini-program. Safe for threads; made once a process, opens nothing before the first call."""

    def __init__(self, access: Access, *, seconds: float = WEB_SECONDS) -> None:
        self.access = access
        self.seconds = seconds
        self.line = Line(access.url)
        self.tokens = AccessTokens(self._fetch_token, access.data_dir, access.redis_url, access.appid)
        self._rest = _Rest()

    def close(self) -> None:
        """Give the connections back."""
        self.line.close()

    def identity_of(self, code: str) -> Identity:
        """Who stands behind a code of ``wx.login``; a code is good once, for five minutes.

        Raises WechatError: 40029 or 40163 when the code is spent, 40226 when WeChat holds the person to be a risk.
        """
        told = self._call(
            LOGIN,
            query={
                "appid": self.access.appid,
                "secret": self.access.secret,
                "js_code": code,
                "grant_type": "authorization_code",
            },
        )
        return Identity(_text(LOGIN, told, "openid"), str(told["unionid"]) if told.get("unionid") else None)

    def phone_of(self, code: str) -> str:
        """The phone number behind a code of the phone button, with ``+`` and the country before it unless it is Chinese.

        WeChat charges for it. Raises WechatError: 40029 when the code is spent.
        """
        info = self._call(PHONE, body={"code": code}).get("phone_info")
        if not isinstance(info, dict):
            raise WechatError.of_line(PHONE.name, "broken", uncertain=False)
        mark = info.get("watermark")
        if not isinstance(mark, dict) or mark.get("appid") != self.access.appid:
            log.error("wechat_phone_of_another_app")
            raise WechatError(PHONE.name, "watermark", "alert")
        number, country = _text(PHONE, info, "purePhoneNumber"), str(info.get("countryCode") or "86")
        return number if country == "86" else f"+{country}{number}"

    def send(self, *, openid: str, template_id: str, data: Mapping[str, Any], page: str = "") -> None:
        """Hand over one subscribe message. Not tried again here when it may have arrived.

        Raises WechatError: 43101 when the person has not subscribed or the credit is spent.
        """
        body = {
            "touser": openid,
            "template_id": template_id,
            "data": dict(data),
            "miniprogram_state": self.access.state,
            "lang": "zh_CN",
        }
        self._call(SEND, body=body | ({"page": page} if page else {}), again_when_uncertain=False)

    def check_text(self, openid: str, text: str, scene: int) -> Verdict:
        """What WeChat says of a text of at most 2500 characters by somebody who was here in the last two hours.

        ``scene``: 1 profile, 2 comment, 3 forum, 4 social log. Raises WechatError: 61010 when he was not.
        """
        told = self._call(TEXT, body={"version": 2, "openid": openid, "scene": scene, "content": text[:LONGEST_TEXT]})
        result = told.get("result")
        suggest = result.get("suggest") if isinstance(result, dict) else None
        if not isinstance(result, dict) or suggest not in ("pass", "review", "risky"):
            raise WechatError.of_line(TEXT.name, "broken", uncertain=False)
        label = result.get("label")
        return Verdict(cast(Suggest, suggest), label if isinstance(label, int) else 0, str(told.get("trace_id") or ""))

    def check_media(self, openid: str, url: str, *, picture: bool = True, scene: int = 1) -> str:
        """Hand a picture (or sound) over for checking; the verdict comes by push under the trace id that is returned."""
        body = {"version": 2, "openid": openid, "scene": scene, "media_url": url, "media_type": 2 if picture else 1}
        return _text(MEDIA, self._call(MEDIA, body=body), "trace_id")

    def mini_code(self, scene: str, page: str, *, width: int = 430) -> bytes:
        """The picture (PNG or JPEG) of a mini-program code. Raises ValueError for a scene that WeChat does not take."""
        if not 1 <= len(scene) <= LONGEST_SCENE or not SCENE_LETTERS.issuperset(scene):
            raise ValueError("scene")
        env = ENV_VERSIONS[self.access.state]
        body = {"scene": scene, "page": page, "width": width, "env_version": env, "check_path": env == "release"}
        return self._picture(CODE, body)

    def _fetch_token(self) -> tuple[str, int]:
        body = {
            "grant_type": "client_credential",
            "appid": self.access.appid,
            "secret": self.access.secret,
            "force_refresh": False,
        }
        told = self._once(TOKEN, {}, body, self.seconds)
        if isinstance(told, bytes) or not isinstance(told.get("expires_in"), int):
            raise WechatError.of_line(TOKEN.name, "broken", uncertain=False)
        return _text(TOKEN, told, "access_token"), told["expires_in"]

    def _call(self, api: Api, **how: Any) -> dict[str, Any]:
        told = self._until_answered(api, **how)
        if isinstance(told, bytes):
            raise WechatError.of_line(api.name, "broken", uncertain=False)
        return told

    def _picture(self, api: Api, body: Mapping[str, Any]) -> bytes:
        told = self._until_answered(api, body=body)
        if not isinstance(told, bytes):
            raise WechatError.of_line(api.name, "broken", uncertain=False)
        return told

    def _until_answered(
        self,
        api: Api,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        again_when_uncertain: bool = True,
    ) -> dict[str, Any] | bytes:
        """Ask until there is an answer, the tries are of no use, or the time is over. Raises WechatError."""
        if self._rest.resting():  # while WeChat is not there at all, nobody waits for it
            CALLS.labels(api.name, "resting").inc()
            raise WechatError.of_line(api.name, "resting", uncertain=False)
        deadline = time.monotonic() + self.seconds
        renewed, tries = False, 0
        while True:
            token: Token | None = None
            try:
                if api.token:
                    token = self.tokens.get()
                asked = dict(query or {}) if token is None else {"access_token": token.text, **(query or {})}
                told = self._once(api, asked, body, max(0.1, deadline - time.monotonic()))
            except WechatError as trouble:
                if trouble.action == "renew_token" and token is not None and not renewed:
                    self.tokens.drop(token)
                    renewed = True
                    continue
                pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**tries) * random.uniform(0.5, 1)  # noqa: S311  no secret
                tries += 1
                hopeless = trouble.action != "retry"
                if hopeless or (trouble.uncertain and not again_when_uncertain) or time.monotonic() + pause >= deadline:
                    self._rest.after(trouble)
                    _tell(trouble)
                    raise
                time.sleep(pause)
            else:
                self._rest.worked()
                return told

    def _once(self, api: Api, query: Mapping[str, str], body: Mapping[str, Any] | None, seconds: float) -> dict[str, Any] | bytes:
        """One exchange, counted."""
        began = time.perf_counter()
        try:
            told = self.line.exchange(api, query=query, body=body, seconds=seconds)
        except WechatError as trouble:
            CALLS.labels(api.name, trouble.reason).inc()
            raise
        finally:
            SECONDS.labels(api.name).observe(time.perf_counter() - began)
        CALLS.labels(api.name, "0").inc()
        return told


class _Rest:
    """After some calls in a row that found no server nobody asks for a while; then one more is enough to rest again."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0
        self._lock = threading.Lock()

    def resting(self) -> bool:
        return time.monotonic() < self._until

    def after(self, trouble: WechatError) -> None:
        if trouble.reason not in _AWAY:
            self.worked()
            return
        with self._lock:
            self._failures += 1
            if self._failures >= REST_AFTER_FAILURES:
                self._until = time.monotonic() + REST_SECONDS

    def worked(self) -> None:
        with self._lock:
            self._failures = 0
            self._until = 0.0


def _tell(trouble: WechatError) -> None:
    """The log has the call and the code; what the code means stands beside it, for whoever is on duty."""
    if trouble.action == "give_up":
        return
    meaning = known(trouble.errcode).meaning if trouble.errcode is not None else ""
    # A token refused twice in a row is no longer a matter of renewing it.
    serious = trouble.action in {"alert", "renew_token"}
    say, event = (log.error, "wechat_alert") if serious else (log.warning, "wechat_away")
    say(event, api=trouble.api, reason=trouble.reason, errcode=trouble.errcode, meaning=meaning)


def _text(api: Api, told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= 1024:
        raise WechatError.of_line(api.name, "broken", uncertain=False)
    return value
