"""What is noticed about an advert: by reading it (``advert.py``) and by holding it against the rules (``checks``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["block", "hold", "warn", "note"]
"""``block``: may not be published like this; ``hold``: somebody has to look first; ``warn``: please look at it; ``note``:
read only in part, kept as text, or seen by somebody before."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark. ``rule`` is a stable code, ``words`` the text it is about, ``advice`` a plain Chinese sentence.

    ``article`` and ``source`` name the law when there is one; ``verified`` says how well that was read (``primary``,
    ``secondary``, ``unverified``; empty where no law stands behind the remark).
    """

    rule: str
    field: str
    words: str
    advice: str
    severity: Severity = "warn"
    article: str = ""
    source: str = ""
    verified: str = ""
