"""Find a sealed text without opening it: a keyed hash beside it, equal for equal texts and useless without the key.

The hash begins with the id of its key, so that a new index key can come while rows still hold hashes of the old one: look-ups
ask for all of them (:func:`candidates`), writers write the newest.
"""

from __future__ import annotations

import re
import unicodedata

from service.crypto.keyring import Key
from service.crypto.seal import usable

INDEX_LENGTH = 80
"""Characters of an index column: id of the key, a dot, 64 hexadecimal digits."""
_LOOSE = re.compile(r"[\s().\-–—]")
_MOBILE = re.compile(r"(?:\+?86|0086)?(1\d{10})")


def normal_phone(text: str) -> str:
    """One spelling of a phone number: half width, no spaces or strokes, no +86 before a mobile number."""
    bare = _LOOSE.sub("", unicodedata.normalize("NFKC", text))
    mobile = _MOBILE.fullmatch(bare)
    return mobile[1] if mobile else bare


def blind_index(text: str, purpose: str) -> str:
    """What to keep in the index column for a text. ``purpose`` keeps equal texts of different fields apart."""
    return _hash(usable().key("index"), text, purpose)


def candidates(text: str, purpose: str) -> list[str]:
    """Every hash under which a text may stand now, the newest key first: ``where(Account.phone_index.in_(candidates(...)))``."""
    return [_hash(key, text, purpose) for key in usable().of_use("index")]


def index_key_of(index: str) -> str:
    """The id of the key that made an index."""
    return index.partition(".")[0]


def _hash(key: Key, text: str, purpose: str) -> str:
    value = normal_phone(text) if purpose == "phone" else text
    return f"{key.key_id}.{key.suite.mac(key.secret, f'{purpose}:{value}'.encode())}"
