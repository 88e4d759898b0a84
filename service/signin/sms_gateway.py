"""Hand a code to the SMS gateway: one HTTP POST, bounded in time, no redirects. Nothing here logs a phone or a code.

The wire (docs/sign-in.md): ``POST {SMS_URL}/v1/messages`` with ``Authorization: Bearer {SMS_KEY}`` and the JSON
``{"phone", "template": "sign_in", "values": {"code", "minutes"}, "reference"}``; 200 to 202 means: taken over. Every provider has
its own; a small adapter of the province's speaks this on one side and the provider's on the other.
"""

from __future__ import annotations

import secrets
import time

import httpx
import structlog

from service import tracing
from service.config import SignInSettings
from service.errors import Unavailable
from service.signin.policy import policy

log = structlog.get_logger(__name__)
AWAY_SECONDS = 5.0
"""After it did not answer nobody waits for the gateway again for so long: a few hanging requests would hold every thread."""
_RETRY = {"Retry-After": "30"}
_away_until: dict[str, float] = {}


def send_code(settings: SignInSettings, phone: str, code: str) -> None:
    """Send a code to a phone. Raises Unavailable when there is no gateway, or it does not take the message."""
    if not settings.sms_url:
        raise Unavailable("sms_off", "这里没有开通短信，请用微信登录，或到就业服务站办理。", headers=_RETRY)
    if time.monotonic() < _away_until.get(settings.sms_url, 0.0):
        raise _away()
    chosen = policy().sms
    message = {
        "phone": phone,
        "template": "sign_in",
        "values": {"code": code, "minutes": int(chosen.life.total_seconds() // 60)},
        "reference": secrets.token_hex(8),
    }
    try:
        answer = httpx.post(
            f"{settings.sms_url}/v1/messages",
            json=message,
            headers=tracing.headers() | {"Authorization": f"Bearer {settings.sms_key}"},
            timeout=chosen.longest_seconds,
            follow_redirects=False,  # it would carry the phone elsewhere
            trust_env=False,
        )
    except httpx.HTTPError as trouble:
        log.warning("sms_gateway_away", kind=type(trouble).__name__)
        _away_until[settings.sms_url] = time.monotonic() + AWAY_SECONDS
        raise _away() from None
    if answer.status_code not in {200, 201, 202}:
        log.warning("sms_gateway_refused", status=answer.status_code)
        raise _away()


def _away() -> Unavailable:
    return Unavailable("sms_unavailable", "短信暂时发不出去，请过一会儿再试，或用微信登录。", headers=_RETRY)
