"""The province's identity service: OpenID Connect, authorization code with PKCE (RFC 7636), over httpx and joserfc.

Nothing is kept on the way there and back. The browser that begins gets a random key, and brings it back with the code; the
state is signed by us and names that key's hash; nonce and PKCE verifier are made of the key. So a code that is pushed on
somebody else's browser, or a state seen in an address line, opens nothing, and there is no table to fill.

Checked of an id token: the algorithm (asymmetric ones only), the signature by a key of the issuer, ``iss aud azp exp iat nbf
nonce sub``. Keys are fetched again when a token names one that is not known, at most every few seconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service import clock, tracing
from service.config import SignInSettings
from service.crypto.blind import blind_index, candidates
from service.errors import NotFound, Refusal, Unauthorized, Unavailable
from service.signin.policy import policy

log = structlog.get_logger(__name__)
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")
"""No HMAC, which would make the public key a secret, and never ``none``."""
KINDS = frozenset({"RSA", "EC"})
LARGEST = 256 * 1024
REFETCH_SECONDS = 10.0
AWAY_SECONDS = 5.0
"""After a failure nobody waits for the service again for so long: a few hanging requests would hold every thread."""
_RETRY = {"Retry-After": "30"}


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it must keep and bring back."""

    authorization_url: str
    browser_key: str
    expires_at: datetime


@dataclass(slots=True)
class _Held:
    """What the issuer said of itself, and its keys."""

    document: dict[str, Any]
    keys: KeySet
    fetched: float


@dataclass
class Issuer:
    """One identity service, asked by one process."""

    settings: SignInSettings
    _held: _Held | None = field(default=None, repr=False)
    _fetching: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _away_until: float = 0.0

    def begin(self, now: datetime) -> Begun:
        """Send a browser there. Raises NotFound when there is no service here, Unavailable when it does not answer."""
        document = self._known().document
        browser_key, chance = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        until = now + policy().oidc.life
        state = _state(clock.seconds(until), chance, browser_key)
        asked = {
            "response_type": "code",
            "client_id": self.settings.oidc_client_id,
            "redirect_uri": self.settings.oidc_redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": _made(browser_key, "nonce", chance),
            "code_challenge": _b64(hashlib.sha256(_made(browser_key, "pkce", chance).encode()).digest()),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in document["authorization_endpoint"] else "?"
        return Begun(f"{document['authorization_endpoint']}{joint}{urlencode(asked)}", browser_key, until)

    def finish(self, code: str, state: str, browser_key: str, now: datetime) -> str:
        """The subject that a code stands for. Raises Unauthorized for anything that does not fit, Unavailable when the service
        does not answer."""
        chance = _chance(state, browser_key, now)
        document = self._known().document
        answer = self._ask(
            "POST",
            document["token_endpoint"],
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.settings.oidc_redirect_uri,
                "client_id": self.settings.oidc_client_id,
                "code_verifier": _made(browser_key, "pkce", chance),
            },
            auth=(self.settings.oidc_client_id, self.settings.oidc_client_secret) if self.settings.oidc_client_secret else None,
        )
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _refused("no_id_token")
        return self._subject(token, _made(browser_key, "nonce", chance), now)

    def _subject(self, token: str, nonce: str, now: datetime) -> str:
        claims = self._claims(token)
        skew, moment = policy().oidc.clock_skew.total_seconds(), now.timestamp()
        mine, audience = self.settings.oidc_client_id, claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        subject = claims.get("sub")
        checks = {
            "iss": claims.get("iss") == self.settings.oidc_issuer,
            "aud": mine in audiences,
            "azp": claims.get("azp", self.settings.oidc_client_id if len(audiences) == 1 else None)
            == self.settings.oidc_client_id,
            "exp": _number(claims.get("exp")) > moment - skew,
            "iat": _number(claims.get("iat")) > 0 and _number(claims.get("iat")) <= moment + skew,
            "nbf": _number(claims.get("nbf", 0)) <= moment + skew,
            "nonce": hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()),
            "sub": isinstance(subject, str) and 0 < len(subject) <= 255,
        }
        wrong = [name for name, right in checks.items() if not right]
        if wrong:
            raise _refused(wrong[0])
        return str(subject)

    def _claims(self, token: str) -> dict[str, Any]:
        """The content of a token whose signature is right."""
        held = self._known()
        for again in (False, True):
            try:
                return dict(jwt.decode(token, held.keys, algorithms=list(ALGORITHMS)).claims)
            except (JoseError, ValueError, TypeError, KeyError) as wrong:
                # Perhaps the service has new keys; ask once, and not for every forged token.
                if again or time.monotonic() - held.fetched < REFETCH_SECONDS:
                    raise _refused(type(wrong).__name__) from None
                held = self._known(older_than=time.monotonic())
        raise _refused("unreachable")

    def _known(self, older_than: float | None = None) -> _Held:
        """The document and the keys, fetched when they are not there, too old, or were fetched before ``older_than``."""
        if not self.settings.oidc_issuer:
            raise NotFound("oidc_off", "这里没有接入统一身份认证平台，请用密码登录。")
        oldest = time.monotonic() - policy().oidc.keys_life.total_seconds() if older_than is None else older_than
        with self._fetching:
            if self._held is None or self._held.fetched < oldest:
                if time.monotonic() < self._away_until:
                    raise _away()
                try:
                    self._held = self._fetch()
                except Unavailable:
                    self._away_until = time.monotonic() + AWAY_SECONDS
                    raise
            return self._held

    def _fetch(self) -> _Held:
        issuer = self.settings.oidc_issuer
        document = self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        secure = issuer.startswith("https://")
        if document.get("issuer") != issuer or any(
            not isinstance(document.get(name), str) or (secure and not document[name].startswith("https://")) for name in names
        ):
            log.warning("oidc_document_unusable")
            raise _away()
        said = self._ask("GET", document["jwks_uri"]).get("keys")
        keys = [key for key in said if isinstance(key, dict) and key.get("kty") in KINDS] if isinstance(said, list) else []
        try:
            return _Held(document, KeySet.import_key_set({"keys": keys}), time.monotonic())
        except (JoseError, ValueError, TypeError, KeyError):
            log.warning("oidc_keys_unusable")
            raise _away() from None

    def _ask(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        """One exchange, bounded in time and size. Raises Unavailable, or Unauthorized when the service refuses what it was
        sent."""
        try:
            with (
                httpx.Client(
                    timeout=policy().oidc.longest_seconds, follow_redirects=False, trust_env=False, headers=tracing.headers()
                ) as client,
                client.stream(method, url, **{name: value for name, value in options.items() if value is not None}) as answer,
            ):
                content = b""
                for piece in answer.iter_bytes():
                    content += piece
                    if len(content) > LARGEST:
                        raise _away()
        except httpx.HTTPError as trouble:
            log.warning("oidc_away", kind=type(trouble).__name__)
            raise _away() from None
        if method == "POST" and answer.status_code in {400, 401, 403}:
            raise _refused("token_endpoint")
        try:
            body = json.loads(content) if answer.status_code == 200 else None
        except ValueError:
            body = None
        if not isinstance(body, dict):
            log.warning("oidc_answer_unusable", status=answer.status_code)
            raise _away()
        return body


def _state(until: int, chance: str, browser_key: str) -> str:
    return f"{until}.{chance}.{blind_index(_stated(until, chance, browser_key), 'oidc_state')}"


def _stated(until: int, chance: str, browser_key: str) -> str:
    return f"{until}.{chance}.{hashlib.sha256(browser_key.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _chance(state: str, browser_key: str, now: datetime) -> str:
    """The random part of a state that is ours, not too old, and of this browser. Raises Unauthorized."""
    until, _, rest = state.partition(".")
    chance, _, mac = rest.partition(".")
    if not until.isascii() or not until.isdigit() or len(until) > 12 or int(until) <= clock.seconds(now):
        raise _refused("state_old")
    mine = candidates(_stated(int(until), chance, browser_key), "oidc_state")
    if not any(hmac.compare_digest(mac.encode("utf-8", "surrogatepass"), one.encode()) for one in mine):
        raise _refused("state")
    return chance


def _made(browser_key: str, purpose: str, chance: str) -> str:
    return _b64(hmac.new(browser_key.encode("utf-8", "surrogatepass"), f"{purpose}:{chance}".encode(), hashlib.sha256).digest())


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else -1.0


def _refused(why: str) -> Refusal:
    log.warning("oidc_refused", why=why)
    return Unauthorized("oidc_refused", "统一身份认证没有通过，请回到登录页再试一次。")


def _away() -> Refusal:
    return Unavailable("oidc_unavailable", "统一身份认证平台暂时连不上，请稍后再试，或用密码登录。", headers=_RETRY)
