"""Advert checks: what an advert does not say, what it must not say, what looks like a trap; with the article and what to change.

:func:`check_advert` is the front door, :func:`verdict` says what follows: published, held for a person, or refused.
"""

from __future__ import annotations

from service.jobs.checks.judge import Verdict, check_advert, holds, of_wechat, verdict

__all__ = ["Verdict", "check_advert", "holds", "of_wechat", "verdict"]
