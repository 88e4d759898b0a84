"""Seal a text for one place: ``v1.<key id>.<suite>.<base64 of nonce, ciphertext and tag>``.

The place (``table:column:row key``) is authenticated with it, so a sealed text that was copied to another row or column does not
open there. What does not open is a clear fault, never garbage; no fault carries content.
"""

from __future__ import annotations

import base64
import os

from service.crypto import keyring
from service.crypto.keyring import KeysUnusable
from service.crypto.suites import NONCE_BYTES, NotAuthentic
from service.errors import Unavailable

VERSION = "v1"


class FieldLocked(Unavailable):
    """503: a sealed text cannot be opened: its key is not there, or it was changed or moved. ``reason`` is for the operator."""

    def __init__(self, reason: str) -> None:
        super().__init__("field_locked", "这项内容已加密，现在打不开，请联系管理员检查密钥文件。")
        self.reason = reason


def seal(text: str, aad: str) -> str:
    """Seal a text with the active key. Raises FieldLocked when there are no keys."""
    key = usable().key("field")
    nonce = os.urandom(NONCE_BYTES)
    sealed = key.suite.encrypt(key.secret, nonce, text.encode(), aad.encode())
    return f"{VERSION}.{key.key_id}.{key.suite.name}.{base64.b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, aad: str) -> str:
    """The text again. Raises FieldLocked with the reason: ``no_key``, ``not_authentic`` or ``unreadable``."""
    version, _, rest = sealed.partition(".")
    key_id, _, rest = rest.partition(".")
    suite, _, coded = rest.partition(".")
    key = usable().keys.get(key_id)
    if version != VERSION:
        raise FieldLocked("unreadable")
    if key is None or key.use != "field":
        raise FieldLocked("no_key")
    if key.suite.name != suite:
        raise FieldLocked("not_authentic")
    try:
        content = base64.b64decode(coded, validate=True)
        return key.suite.decrypt(key.secret, content[:NONCE_BYTES], content[NONCE_BYTES:], aad.encode()).decode()
    except ValueError:  # no base64, or no ASCII at all
        raise FieldLocked("unreadable") from None
    except NotAuthentic:
        raise FieldLocked("not_authentic") from None


def key_of(sealed: str) -> str:
    """The id of the key that a sealed text needs; empty for what is no sealed text."""
    parts = sealed.split(".")
    return parts[1] if len(parts) == 4 and parts[0] == VERSION else ""


def usable() -> keyring.Keyring:
    """The keys, for who answers requests. Raises FieldLocked when there are none."""
    try:
        return keyring.current()
    except KeysUnusable:
        raise FieldLocked("no_key_file") from None
