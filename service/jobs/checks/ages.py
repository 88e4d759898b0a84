"""Ages that no advert may ask for, or only with a reason. The ages themselves are numbers of the rule's row."""

from __future__ import annotations

from typing import Any

from service.jobs.findings import Finding
from service.jobs.rules import Possible, Rule, found_by


def of_ages(rule: Rule, fields: dict[str, Any], words: str, possible: Possible) -> Finding | None:
    """Whether children are asked for, people of 16 and 17 for dangerous work, or an age limit stands without a reason."""
    limits, said = rule.limits, fields["age_text"]
    lowest, highest = fields["age_min"], fields["age_max"]
    if rule.check == "under_16":
        lows = [low for low in (lowest, *_lows(fields)) if low is not None]
        # The upper limit alone can ask for children: 「15岁以下」.
        below = highest is not None and highest < limits["youngest"]
        return found_by(rule, said) if below or any(low < limits["youngest"] for low in lows) else None
    if rule.check == "minor_hazard":
        young = lowest is not None and limits["youngest"] <= lowest < limits["grown"]
        named = rule.found_in(words, possible) if young else ""
        return found_by(rule, named) if named else None
    limited = highest is not None and highest < limits["below"]
    return found_by(rule, said) if limited and not fields["age_reason"] else None


def _lows(fields: dict[str, Any]) -> list[int | None]:
    return [limits[0] for limits in (fields["age_men"], fields["age_women"]) if limits]
