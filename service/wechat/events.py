"""What a push changes, in one transaction with the note that it is done."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from prometheus_client import Counter
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from service.accounts.models import Account, AccountPhone
from service.accounts.tokens import revoke_all
from service.wechat import media, subscriptions
from service.wechat.identities import identity_of_openid
from service.wechat.models import SubscriptionCredit, WechatEvent, WechatIdentity
from service.wechat.template import Template

EVENTS = Counter("chengnuan_wechat_events", "Pushes worked off, by kind and outcome", ["kind", "outcome"])
_ACCEPTED = frozenset({"accept", "acceptWithAudio"})


def work_off(session: Session, event: WechatEvent, templates: Mapping[str, Template], now: datetime) -> str:
    """Do what an event asks for, once. Returns the outcome: ``done``, ``ignored`` or ``again`` (it was done before)."""
    if event.done_at is not None:
        return "again"
    act = _ACTS.get(event.kind)
    outcome = "ignored"
    if act is not None and act(session, json.loads(event.body), templates, now):
        outcome = "done"
    event.done_at = now
    EVENTS.labels(event.kind if act is not None else "other", outcome).inc()
    return outcome


def _choice(session: Session, message: dict[str, Any], templates: Mapping[str, Template], now: datetime) -> bool:
    """subscribe_msg_popup_event: the person was asked, and took or refused each template."""
    account_id = _account(session, message.get("FromUserName"))
    if account_id is None:
        return False
    accepted = [row["TemplateId"] for row in _rows(message) if row.get("SubscribeStatusString") in _ACCEPTED]
    found = subscriptions.by_id(templates, accepted)
    for template in found:
        subscriptions.accept(session, account_id, template, now)
    return bool(found)


def _refusal(session: Session, message: dict[str, Any], _templates: Mapping[str, Template], now: datetime) -> bool:
    """subscribe_msg_change_event: the person has switched a template off in WeChat's own settings."""
    account_id = _account(session, message.get("FromUserName"))
    refused = [row["TemplateId"] for row in _rows(message) if row.get("SubscribeStatusString") not in _ACCEPTED]
    if account_id is None:
        return False
    for template_id in refused:
        subscriptions.clear(session, account_id, template_id, now)
    return bool(refused)


def _verdict(session: Session, message: dict[str, Any], _templates: Mapping[str, Template], now: datetime) -> bool:
    """wxa_media_check: what WeChat thinks of a picture."""
    result = message.get("result")
    suggest = result.get("suggest") if isinstance(result, dict) else None
    # A check that failed on their side has no verdict: a person looks.
    sound = str(message.get("errcode", "0")) == "0" and suggest in {"pass", "review", "risky"}
    return media.decide(session, str(message.get("trace_id") or ""), str(suggest) if sound else "review", now)


def _revocation(session: Session, message: dict[str, Any], _templates: Mapping[str, Template], _now: datetime) -> bool:
    """user_authorization_revoke: the person has taken back what he let us have; what came from there goes."""
    account_id = _account(session, message.get("OpenID"))
    if account_id is None or _revocations().get(str(message.get("RevokeInfo"))) != "phone":
        return False
    gone = delete(AccountPhone).where(AccountPhone.account_id == account_id, AccountPhone.proved_by == "wechat")
    session.execute(gone)
    return True


def _cancellation(session: Session, message: dict[str, Any], _templates: Mapping[str, Template], now: datetime) -> bool:
    """user_authorization_cancellation: the person has closed his WeChat account. Nobody can come in by it any more."""
    account_id = _account(session, message.get("OpenID"))
    if account_id is None:
        return False
    session.execute(delete(WechatIdentity).where(WechatIdentity.account_id == account_id))
    session.execute(delete(SubscriptionCredit).where(SubscriptionCredit.account_id == account_id))
    revoke_all(session, account_id, now=now)
    if session.get(AccountPhone, account_id) is None:  # there is no other way in
        own = update(Account).where(Account.account_id == account_id, Account.disabled_at.is_(None))
        session.execute(own.values(disabled_at=now))
    return True


_ACTS: Mapping[str, Callable[[Session, dict[str, Any], Mapping[str, Template], datetime], bool]] = {
    "subscribe_msg_popup_event": _choice,
    "subscribe_msg_change_event": _refusal,
    "wxa_media_check": _verdict,
    "user_authorization_revoke": _revocation,
    "user_authorization_cancellation": _cancellation,
}


def _account(session: Session, openid: object) -> int | None:
    row = identity_of_openid(session, openid) if isinstance(openid, str) and openid and openid.isascii() else None
    return None if row is None else row.account_id


def _rows(message: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of a choice: in JSON under ``List``, in XML one floor deeper, and a single one without a list."""
    inner = message.get("SubscribeMsgPopupEvent") or message.get("SubscribeMsgChangeEvent") or message
    rows = inner.get("List", inner) if isinstance(inner, dict) else inner
    listed = rows if isinstance(rows, list) else [rows]
    return [row for row in listed if isinstance(row, dict) and isinstance(row.get("TemplateId"), str)]


@cache
def _revocations() -> Mapping[str, str]:
    """The number of what is taken back -> what of ours came from it."""
    text = files("service.wechat").joinpath("data/revocations.csv").read_text(encoding="utf-8")
    return {row["revoke_info"]: row["ours"] for row in csv.DictReader(text.splitlines())}
