"""What the server that stands in for WeChat remembers: people, codes, tokens, credits, what was sent. All made up, all in memory.

The rules are those of the documentation (微信开放文档): codes good once and for five minutes, a stable token that stays the same
until five minutes before its end, one message for one acceptance.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.wechat.template import Template, kind_of

CODE_SECONDS = 300
TOKEN_SECONDS = 7200
OVERLAP_SECONDS = 300
ACTIVE_SECONDS = 7200
FORCED_A_DAY = 20
_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
_PHONE = re.compile(r"1[3-9]\d{9}")
RISKY_WORDS, REVIEW_WORDS = ("演示违规",), ("演示待审",)
"""What the text check finds risky, and what it is not sure of."""


class Answered(Exception):  # noqa: N818  an answer, not a fault
    """An error code, as WeChat answers it."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errmsg)
        self.errcode = errcode
        self.errmsg = errmsg


@dataclass
class Code:
    """A code of wx.login or of the phone button."""

    openid: str
    until: float
    phone: str = ""
    spent: bool = False


@dataclass
class Memory:
    """Everything of one mini-program. ``templates``: by their id."""

    appid: str
    secret: str
    templates: Mapping[str, Template]
    pages: frozenset[str]
    skew: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    codes: dict[str, Code] = field(default_factory=dict)
    phone_codes: dict[str, Code] = field(default_factory=dict)
    people: dict[str, float] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    credits: Counter[tuple[str, str]] = field(default_factory=Counter)
    sent: list[dict[str, Any]] = field(default_factory=list)
    traces: dict[str, str] = field(default_factory=dict)
    forced: list[float] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> float:
        """The moment, moved on by ``skew`` seconds."""
        return time.time() + self.skew

    def openid_of(self, person: str) -> str:
        """28 characters, always the same for the same name and appid."""
        digest = hashlib.sha256(f"{self.appid}:{person}".encode()).digest()
        return "o" + base64.urlsafe_b64encode(digest).decode()[:27]

    def log_in(self, person: str) -> str:
        """What ``wx.login`` gives on the phone of this person."""
        with self.lock:
            openid, code = self.openid_of(person), f"0{secrets.token_hex(15)}"
            self.people[openid] = self.now()
            self.codes[code] = Code(openid, self.now() + CODE_SECONDS)
            return code

    def tap_phone(self, person: str, phone: str) -> str:
        """What the phone button gives."""
        if not _PHONE.fullmatch(phone):
            raise Answered(40097, "invalid args")
        with self.lock:
            openid, code = self.openid_of(person), secrets.token_hex(32)
            self.people[openid] = self.now()
            self.phone_codes[code] = Code(openid, self.now() + CODE_SECONDS, phone)
            return code

    def session(self, query: Mapping[str, str]) -> dict[str, Any]:
        """code2session."""
        if query.get("appid") != self.appid:
            raise Answered(40013, "invalid appid")
        if query.get("secret") != self.secret:
            raise Answered(40125, "invalid appsecret")
        if not query.get("js_code"):
            raise Answered(41008, "missing code")
        found = self._spend(self.codes, query["js_code"], twice=40163)
        return {"session_key": base64.b64encode(secrets.token_bytes(16)).decode(), "openid": found.openid}

    def phone(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """getuserphonenumber."""
        found = self._spend(self.phone_codes, str(body.get("code")), twice=40029)
        mark = {"timestamp": int(self.now()), "appid": self.appid}
        told = {"phoneNumber": found.phone, "purePhoneNumber": found.phone, "countryCode": "86", "watermark": mark}
        return {"errcode": 0, "errmsg": "ok", "phone_info": told}

    def _spend(self, codes: dict[str, Code], text: str, *, twice: int) -> Code:
        with self.lock:
            found = codes.get(text)
            if found is None or found.until < self.now():
                raise Answered(40029, "invalid code")
            if found.spent:
                raise Answered(twice, "code been used")
            found.spent = True
            return found

    def token(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """stable_token: the same until five minutes before its end, then a new one beside it."""
        if body.get("grant_type") != "client_credential":
            raise Answered(40002, "invalid grant_type")
        if body.get("appid") != self.appid:
            raise Answered(40013, "invalid appid")
        if body.get("secret") != self.secret:
            raise Answered(40125, "invalid appsecret")
        with self.lock:
            now = self.now()
            if body.get("force_refresh"):
                self.forced = [moment for moment in self.forced if moment > now - 86400]
                if len(self.forced) >= FORCED_A_DAY or (self.forced and self.forced[-1] > now - 30):
                    raise Answered(45009, "reach max api daily quota limit")
                self.forced.append(now)
                self.tokens.clear()
            newest = max(self.tokens, key=self.tokens.__getitem__, default=None)
            if newest is None or self.tokens[newest] - now <= OVERLAP_SECONDS:
                newest = f"{len(self.forced)}_{secrets.token_urlsafe(96)}"
                self.tokens[newest] = now + TOKEN_SECONDS
            return {"access_token": newest, "expires_in": int(self.tokens[newest] - now)}

    def check_token(self, text: str) -> None:
        """What every other call does first."""
        if not text:
            raise Answered(41001, "access_token missing")
        until = self.tokens.get(text)
        if until is None:
            raise Answered(40001, "invalid credential, access_token is invalid or not latest")
        if until < self.now():
            raise Answered(42001, "access_token expired")

    def accept(self, person: str, template_ids: list[str]) -> str:
        """The person lets one message of each template come. Returns his openid."""
        with self.lock:
            openid = self.openid_of(person)
            for template_id in template_ids:
                self.credits[openid, template_id] += 1
            return openid

    def reject(self, person: str, template_ids: list[str]) -> str:
        """The person wants none of these any more."""
        with self.lock:
            openid = self.openid_of(person)
            for template_id in template_ids:
                self.credits[openid, template_id] = 0
            return openid

    def send(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """subscribe/send."""
        openid, template = str(body.get("touser")), self.templates.get(str(body.get("template_id")))
        with self.lock:
            if openid not in self.people:
                raise Answered(40003, "invalid openid")
            if template is None:
                raise Answered(40037, "invalid template_id")
            page = str(body.get("page", "")).partition("?")[0]
            if page and page not in self.pages:
                raise Answered(41030, "invalid page")
            self._check_fields(template, body.get("data"))
            if self.credits[openid, template.template_id] < 1:
                raise Answered(43101, "user refuse to accept the msg")
            if not template.long_term:
                self.credits[openid, template.template_id] -= 1
            self.sent.append({**body, "at": self.now()})
        return {"errcode": 0, "errmsg": "ok"}

    def _check_fields(self, template: Template, data: Any) -> None:
        wanted = set(template.fields.values())
        if not isinstance(data, dict) or set(data) != wanted:
            raise Answered(47003, "argument invalid! data")
        for keyword, said in data.items():
            value = said.get("value") if isinstance(said, dict) else None
            if not isinstance(value, str) or not value or len(value) > kind_of(keyword).longest:
                raise Answered(47003, f"argument invalid! data.{keyword}.value")

    def check_text(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """msg_sec_check, version 2."""
        self._active(body)
        content = body.get("content")
        if not isinstance(content, str) or not content or body.get("version") != 2:
            raise Answered(40097, "invalid args")
        if len(content) > 2500:
            raise Answered(45002, "content size out of limit")
        suggest = "risky" if any(word in content for word in RISKY_WORDS) else "pass"
        if suggest == "pass" and any(word in content for word in REVIEW_WORDS):
            suggest = "review"
        result = {"suggest": suggest, "label": 100 if suggest == "pass" else 20001}
        return {"errcode": 0, "errmsg": "ok", "result": result, "detail": [], "trace_id": self._trace(str(body["openid"]))}

    def check_media(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """media_check_async: the verdict comes later, by push."""
        self._active(body)
        if not str(body.get("media_url", "")).startswith(("http://", "https://")) or body.get("media_type") not in (1, 2):
            raise Answered(40097, "invalid args")
        return {"errcode": 0, "errmsg": "ok", "trace_id": self._trace(str(body["openid"]))}

    def _active(self, body: Mapping[str, Any]) -> None:
        seen = self.people.get(str(body.get("openid")))
        if seen is None:
            raise Answered(40003, "invalid openid")
        if body.get("scene") not in (1, 2, 3, 4):
            raise Answered(40129, "invalid scene")
        if seen < self.now() - ACTIVE_SECONDS:
            raise Answered(61010, "code is expired")

    def _trace(self, openid: str) -> str:
        with self.lock:
            trace = "-".join(secrets.token_hex(4) for _ in range(3))
            self.traces[trace] = openid
            return trace

    def check_scene(self, body: Mapping[str, Any]) -> str:
        """getwxacodeunlimit: what the picture stands for."""
        scene, page = body.get("scene"), str(body.get("page", ""))
        if not isinstance(scene, str) or not _SCENE.fullmatch(scene):
            raise Answered(40129, "invalid scene")
        if body.get("check_path", True) and page not in self.pages:
            raise Answered(41030, "invalid page")
        return f"{page}?scene={scene}"
