"""How personal data look where the whole of it is not needed: lists, logs, confirmations (GB/T 35273-2020, 7.2)."""

from __future__ import annotations

from service.crypto.blind import normal_phone


def phone(text: str) -> str:
    """``138****0001``; a shorter or other number keeps its last two digits."""
    bare = normal_phone(text)
    if not bare:
        return ""
    if len(bare) >= 11:
        return f"{bare[:3]}****{bare[-4:]}"
    return f"****{bare[-2:]}" if len(bare) > 4 else "****"


def id_number(text: str) -> str:
    """``360***********1234``; anything that is not 15 or 18 characters long is masked as a whole."""
    bare = text.strip()
    if not bare:
        return ""
    return f"{bare[:3]}{'*' * (len(bare) - 7)}{bare[-4:]}" if len(bare) in {15, 18} else "*" * 8


def name(text: str) -> str:
    """``张**``: the family name, and two stars however long the rest is."""
    bare = text.strip()
    return f"{bare[0]}**" if bare else ""


def account(text: str) -> str:
    """The first two characters of an openid, card number or other account, to tell two apart."""
    bare = text.strip()
    return "" if not bare else f"{bare[:2]}****" if len(bare) >= 8 else "****"
