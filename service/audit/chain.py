"""The links of the chain: one canonical form of a row, and its HMAC with the chain key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from service.crypto import keyring

EVENT_FIELDS = (
    "seq", "at", "account_id", "role", "acting_for", "worker_id", "action", "object_kind", "object_id", "region_code", "details",
    "request_id", "prev_hash",
)  # fmt: skip
"""What the hash of an event covers: everything but the hash itself."""
ARCHIVE_FIELDS = ("from_seq", "to_seq", "last_hash", "file_name", "file_hash", "rows", "at")


def canonical(row: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a row as plain JSON, the same whichever database they were read from."""
    said = {name: row[name] for name in fields}
    said["at"] = said["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return said


def text_of(said: Mapping[str, Any]) -> bytes:
    """Bytes of a canonical row: names in order, no spaces, UTF-8."""
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def link(ring: keyring.Keyring, said: Mapping[str, Any], key_id: str = "") -> str:
    """``<key id>.<HMAC>`` of a canonical row, with the active key or a named one. Raises KeyError for a key that is not there."""
    key = ring.keys[key_id] if key_id else ring.key("chain")
    return f"{key.key_id}.{key.suite.mac(key.secret, text_of(said))}"


def fits(ring: keyring.Keyring, said: Mapping[str, Any], claimed: str) -> bool:
    """Whether a link was made from this row, by a key that is here."""
    key_id = claimed.partition(".")[0]
    key = ring.keys.get(key_id)
    return key is not None and key.use == "chain" and link(ring, said, key_id) == claimed
