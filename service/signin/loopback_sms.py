"""``python -m service.signin.loopback_sms``: stands in for the SMS gateway on 127.0.0.1, for tests and for trying the service
out.

A real HTTP server that speaks the wire of ``sms_gateway.py`` and keeps the last messages in memory; whoever sits at this machine
reads them at ``/inbox``. It can be told to fail: ``refuse`` (500), ``slow`` (answers after the service has given up), ``cut``.
Nothing is printed and nothing is written: a code in a log would be a key under the mat.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from service.config import ConfigError, Settings, load

LARGEST = 16 * 1024
KEPT = 100


@dataclass
class LoopbackSms:
    """The server. ``port`` 0 takes a free one."""

    key: str
    port: int = 0
    failing: str = ""
    slow_seconds: float = 0.0
    messages: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    _server: ThreadingHTTPServer | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """What goes into SMS_URL."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> LoopbackSms:
        """Listen, in threads of its own."""
        handler = type("Handler", (_Handler,), {"loopback": self})
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
            self._server = None

    def code_for(self, phone: str) -> str:
        """The last code sent to a phone. Raises LookupError when there is none."""
        for message in reversed(self.messages):
            if message["phone"] == phone:
                return str(message["values"]["code"])
        raise LookupError(phone)


class _Handler(BaseHTTPRequestHandler):
    """One exchange."""

    loopback: LoopbackSms
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take a message over."""
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(min(length, LARGEST))
        if self.loopback.failing == "cut":
            self.close_connection = True
            return None
        if self.loopback.failing == "slow":
            time.sleep(self.loopback.slow_seconds)
        if self.loopback.failing == "refuse":
            return self._answer(500, {"error": "internal"})
        if self.path != "/v1/messages":
            return self._answer(404, {"error": "not_found"})
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), f"Bearer {self.loopback.key}".encode()):
            return self._answer(401, {"error": "bad_key"})
        try:
            message = json.loads(body)
            kept = {name: message[name] for name in ("phone", "template", "values", "reference")}
        except (ValueError, KeyError, TypeError):
            return self._answer(400, {"error": "bad_message"})
        self.loopback.messages.append(kept | {"at": time.time()})
        return self._answer(202, {"reference": kept["reference"]})

    def do_GET(self) -> None:
        """The inbox, of one phone (``?phone=``) or of all."""
        address = urlsplit(self.path)
        if address.path != "/inbox":
            return self._answer(404, {"error": "not_found"})
        phone = parse_qs(address.query).get("phone", [""])[0]
        found = [message for message in self.loopback.messages if phone in ("", message["phone"])]
        return self._answer(200, {"messages": found[::-1]})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the library's name
        """Nothing: an address may hold a phone."""

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body, ensure_ascii=False, indent=1).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def for_trying(settings: Settings) -> dict[str, str]:
    """Settings for the web and the stand-in, with a key that is new at every start; empty when there is a gateway, or nothing is
    to be tried out."""
    if not settings.demo or settings.sign_in.sms_url:
        return {}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {"SMS_URL": f"http://127.0.0.1:{port}", "SMS_KEY": secrets.token_hex(16)}


def main() -> int:
    """Serve on the port of SMS_URL until the process is told to end; the supervisor starts it when DEMO is on and none is set."""
    settings = load()
    where = urlsplit(settings.sign_in.sms_url)
    if not settings.demo or where.hostname != "127.0.0.1":
        raise ConfigError("试用的短信网关只在 DEMO=1 时、在本机地址上运行，由 make run 启动。")
    LoopbackSms(settings.sign_in.sms_key, port=where.port or 0).start()
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
