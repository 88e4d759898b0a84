"""An identity service on 127.0.0.1: a real HTTP server with discovery, keys that change, and tokens that can be spoilt."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey


@dataclass
class LoopbackIssuer:
    """The service. A person "signs in" by :meth:`visit`, which gives the code that the browser would bring back."""

    client_id: str = "chengnuan"
    client_secret: str = "a secret of the test"
    key: Any = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    raw: Callable[[dict[str, Any]], str] | None = None
    document: dict[str, Any] = field(default_factory=dict)
    port: int = 0
    failing: str = ""
    asked: list[str] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Its name."""
        return f"http://127.0.0.1:{self.port}/realm"

    def start(self) -> LoopbackIssuer:
        """Listen."""
        handler = type("Handler", (_Handler,), {"issuer": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def visit(self, authorization_url: str, subject: str) -> dict[str, str]:
        """A person signs in there; what the browser brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(authorization_url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked | {"subject": subject}
        return {"code": code, "state": asked["state"]}

    def rotate(self) -> None:
        """Another key, and the one before is gone."""
        self.key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)})

    def token(self, body: dict[str, list[str]], authorization: str) -> tuple[int, dict[str, Any]]:
        """The token endpoint."""
        wanted = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if authorization != f"Basic {wanted}":
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(body.get("code", [""])[0], None)
        digest = hashlib.sha256(body.get("code_verifier", [""])[0].encode()).digest()
        if asked is None or base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url, "sub": asked["subject"], "aud": self.client_id, "nonce": asked["nonce"], "iat": now, "exp": now + 300
        }  # fmt: skip
        header = {"alg": "RS256" if isinstance(self.key, RSAKey) else "ES256", "kid": self.key.kid}
        header |= self.header
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        token = self.raw(claims) if self.raw is not None else jwt.encode(header, claims, self.key, algorithms=[header["alg"]])
        return 200, {"access_token": "not used", "token_type": "Bearer", "id_token": token}


def unsigned(claims: dict[str, Any]) -> str:
    """alg=none."""
    parts = [json.dumps({"alg": "none"}).encode(), json.dumps(claims).encode(), b""]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def signed_with_the_public_key(issuer: LoopbackIssuer) -> Callable[[dict[str, Any]], str]:
    """HS256 with the public key as the secret."""
    secret = OctKey.import_key(json.dumps(issuer.key.as_dict(private=False)))
    return lambda claims: jwt.encode({"alg": "HS256", "kid": issuer.key.kid}, claims, secret, algorithms=["HS256"])


class _Handler(BaseHTTPRequestHandler):
    issuer: LoopbackIssuer

    def do_GET(self) -> None:
        issuer = self.issuer
        issuer.asked.append(self.path)
        if issuer.failing == "away":
            return self._answer(503, {})
        if issuer.failing == "huge":
            return self._answer(200, {"x": "x" * 400_000})
        if self.path == "/realm/.well-known/openid-configuration":
            document = {
                "issuer": issuer.url,
                "authorization_endpoint": f"{issuer.url}/authorize",
                "token_endpoint": f"{issuer.url}/token",
                "jwks_uri": f"{issuer.url}/keys",
            }
            return self._answer(200, document | issuer.document)
        if self.path == "/realm/keys":
            oct_key = {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"}
            return self._answer(200, {"keys": [oct_key, issuer.key.as_dict(private=False)]})
        return self._answer(404, {})

    def do_POST(self) -> None:
        body = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())
        status, answer = self.issuer.token(body, self.headers.get("Authorization", ""))
        return self._answer(status, answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the library's name
        """Nothing."""

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
