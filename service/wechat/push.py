"""Message push: is it WeChat, is it for us, is it new? Then it is kept, and worked off in the background.

微信开放文档, 消息推送: a push that is not answered within five seconds comes again, up to three times.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException
from prometheus_client import Counter
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service import clock
from service.config import WechatSettings
from service.crypto.sealed import new_row_key
from service.tasks import enqueue
from service.wechat.models import WechatEvent
from service.wechat.push_crypto import Envelope, NotGenuine, signed

FRESH = timedelta(minutes=5)
"""A signed push that is older is not taken: somebody may have kept it."""
LARGEST_PUSH = 64 * 1024
TASK = "wechat.event"
KNOWN = frozenset(
    {
        "subscribe_msg_popup_event",
        "subscribe_msg_change_event",
        "subscribe_msg_sent_event",
        "wxa_media_check",
        "user_authorization_revoke",
        "user_authorization_cancellation",
    }
)
PUSHES = Counter("chengnuan_wechat_pushes", "Pushes that came, by kind and outcome", ["kind", "outcome"])


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a push."""

    signature: str = ""
    msg_signature: str = ""
    timestamp: str = ""
    nonce: str = ""
    encrypt_type: str = ""
    echostr: str = ""


def verify_address(settings: WechatSettings, query: Query, now: datetime) -> str:
    """WeChat makes sure that the address is ours: what to answer. Raises NotGenuine."""
    _fresh(query, now)
    if not signed(query.signature, settings.push_token, query.timestamp, query.nonce):
        raise NotGenuine("signature")
    return query.echostr


def open_push(settings: WechatSettings, query: Query, content: bytes, now: datetime) -> dict[str, Any]:
    """The message of a push. Raises NotGenuine for whatever WeChat did not send to us, now."""
    _fresh(query, now)
    if query.encrypt_type == "aes" or (not query.encrypt_type and query.msg_signature):
        if not settings.push_aes_key:
            raise NotGenuine("no key")
        encrypted = _parse(content).get("Encrypt")
        if not isinstance(encrypted, str):
            raise NotGenuine("no envelope")
        if not signed(query.msg_signature, settings.push_token, query.timestamp, query.nonce, encrypted):
            raise NotGenuine("signature")
        return _parse(Envelope(settings.push_aes_key, settings.appid).open(encrypted))
    if not settings.push_plain:
        raise NotGenuine("plain")
    if not signed(query.signature, settings.push_token, query.timestamp, query.nonce):
        raise NotGenuine("signature")
    return _parse(content)


def keep(session: Session, message: Mapping[str, Any], now: datetime) -> bool:
    """Keep a message once and have it worked off. False when it was here before."""
    text = json.dumps(message, sort_keys=True)  # plain ASCII: half of a surrogate pair could not be sealed
    row_key = new_row_key()
    values = {
        "event_key": event_key(message),
        "kind": kind_of(message),
        "row_key": row_key,
        "received_at": now,
        **WechatEvent.body.columns(WechatEvent, row_key, text),
    }
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(WechatEvent).values(values).on_conflict_do_nothing(index_elements=["event_key"])
    event_id = session.execute(insert.returning(WechatEvent.event_id)).scalar()
    if event_id is None:
        return False
    enqueue(session, TASK, {"event_id": event_id}, key=str(event_id))
    return True


def kind_of(message: Mapping[str, Any]) -> str:
    """What a message is, in at most 48 plain characters."""
    said = str(message.get("Event") or message.get("MsgType") or "")
    return "".join(c for c in said.lower() if c.isascii() and (c.isalnum() or c == "_"))[:48] or "unknown"


def known_kind(message: Mapping[str, Any]) -> str:
    """The kind as a label of metrics: few and fixed."""
    kind = kind_of(message)
    return kind if kind in KNOWN else "other"


def event_key(message: Mapping[str, Any]) -> str:
    """What makes two pushes the same: the message id, else sender, second and event; and of a media check its trace, since two of
    them may come in one second."""
    if message.get("MsgId"):
        parts = ["message", str(message["MsgId"])]
    else:
        parts = [str(message.get(name, "")) for name in ("FromUserName", "CreateTime", "Event", "trace_id", "OpenID")]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _fresh(query: Query, now: datetime) -> None:
    if not (query.timestamp.isascii() and query.timestamp.isdigit() and len(query.timestamp) <= 12):
        raise NotGenuine("timestamp")
    if abs(now - clock.from_seconds(int(query.timestamp))) > FRESH:
        raise NotGenuine("timestamp")


def _parse(content: bytes) -> dict[str, Any]:
    """The object of a JSON or XML text. Raises NotGenuine; entities and document types are never opened."""
    try:
        if content.lstrip()[:1] == b"<":
            told = _value(defusedxml.ElementTree.fromstring(content, forbid_dtd=True), depth=0)
        else:
            told = json.loads(content)
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        raise NotGenuine("content") from None
    if not isinstance(told, dict):
        raise NotGenuine("content")
    return told


def _value(element: Element, depth: int) -> Any:
    """Text of a leaf, object of a node; what stands there twice is a list."""
    if depth > 8:
        raise NotGenuine("content")
    if len(element) == 0:
        return (element.text or "").strip()
    told: dict[str, Any] = {}
    for child in element:
        value = _value(child, depth + 1)
        if child.tag in told:
            before = told[child.tag]
            told[child.tag] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            told[child.tag] = value
    return told
