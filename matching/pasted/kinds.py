"""What a clause is about, roughly: used to tell what belongs to one job of a message from what holds for all of them."""

from __future__ import annotations

import re
from functools import lru_cache

from matching.pasted.heads import heads_in
from matching.pasted.letters import HIDDEN
from matching.pasted.pay import read_wage
from matching.rules import region
from matching.rules.age import parse_age
from matching.rules.benefits import read_tags

SHIFTS: dict[str, str] = {"两班倒": "rotating", "三班倒": "rotating", "长白班": "day", "夜班": "night"}
SETTLEMENTS: dict[str, str] = {"日结": "day", "周结": "week", "月结": "month"}
_PLACE_LABEL = re.compile(r"地址|地点|位置|厂址|店址")


@lru_cache(maxsize=8192)
def kinds(clause: str) -> frozenset[str]:
    """Names of the fields that a clause of plain text says something about."""
    found: set[str] = set()
    wage = read_wage(clause)
    if wage.min is not None or wage.max is not None or wage.negotiable:
        found.add("wage")
    age = parse_age(clause)
    if age.min is not None or age.max is not None:
        found.add("age")
    if heads_in(clause, 0, len(clause)):
        found.add("headcount")
    if HIDDEN in clause:
        found.add("contact")
    if _PLACE_LABEL.search(clause) or (region.may_name(clause) >= 0 and region.find(clause).code):
        found.add("place")
    for tag in read_tags(clause):
        found.add(
            "piecework" if tag == "计件" else "shift" if tag in SHIFTS else "settlement" if tag in SETTLEMENTS else "benefits"
        )
    return frozenset(found)
