"""The whole engine in loops and ``sorted()``: slow, obvious, sharing no code with the fast path.

What the score is stands here a second time, in words of its own. Given from outside: the words of an advert's fields (cutting is
tested against jieba, not here), the answers to the asked words (synonyms and corrections have their own tests) and which words
the index still ``knows``: those of a deleted advert stay until its segment is merged. Statistics are counted here, from the
jobs of the last full build.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from matching.model import Facets, Job, Parts, Query, Totals
from matching.rules import region

Concepts = list[list[tuple[str, int]]]
"""For each asked word its answers: (term, percent)."""
Fields = Callable[[Job], list[tuple[int, list[str]]]]
"""For a job, (weight of the field, its words) of every field."""

UNIT = 8_388_608
EARTH_KM = 6371.0088


@dataclass(frozen=True)
class Answer:
    job_id: int
    value: int
    published_at: int
    parts: Parts
    km: float | None


class Oracle:
    """``jobs`` are those that live now, ``base`` those of the last full build."""

    def __init__(self, jobs: Iterable[Job], base: Iterable[Job], fields: Fields, knows: Callable[[str], bool]) -> None:
        self.knows = knows
        self.jobs = {job.job_id: job for job in jobs}
        self.impacts = {job_id: impacts(job, fields(job)) for job_id, job in self.jobs.items()}
        built = {job.job_id: job for job in base}
        self.built = len(built)
        self.carriers = Counter(term for job in built.values() for term in impacts(job, fields(job)))

    def rarity(self, term: str) -> int | None:
        carriers = self.carriers[term]
        if not carriers:
            return None
        steps = 0
        while (self.built + 1) ** 16 >= carriers**16 * 2 ** (steps + 1):
            steps += 1
        return 8 + steps

    def weights(self, concepts: Concepts) -> list[dict[str, int]]:
        """Weights of the words of each asked word, and of its occupations (``#``) apart; sixteen in all."""
        rarities = []
        for answers in concepts:
            known = [rarity for term, _ in answers if (rarity := self.rarity(term)) is not None]
            rarities.append(known[0] if known else 160)
        carried = {term for held in self.impacts.values() for term in held}
        assert all(self.knows(term) for answers in concepts for term, _ in answers if term in carried)
        whole = sum(own for answers, own in zip(concepts, rarities, strict=True) if any(self.knows(term) for term, _ in answers))
        listed = []
        for number, (answers, rarity) in enumerate(zip(concepts, rarities, strict=True)):
            present = [(term, percent) for term, percent in answers if self.knows(term)]
            for turn, (term, percent) in enumerate(present):
                weight = max(1, 16_000 * rarity * percent // (100 * whole))
                listed.append((turn, -weight, number, term))
        groups: dict[tuple[int, bool], dict[str, int]] = {}
        for _, weight, number, term in sorted(listed)[:16]:
            groups.setdefault((number, term.startswith("#")), {})[term] = -weight
        return list(groups.values())

    def matches(self, query: Query, concepts: Concepts) -> list[Answer]:
        """Every match, best first; ``after`` and ``limit`` are for the caller."""
        weights = self.weights(concepts)
        found = []
        for job_id, job in self.jobs.items():
            impact = self.impacts[job_id]
            met = [max((weight * impact.get(term, 0) for term, weight in group.items()), default=0) for group in weights]
            barred = [*query.words_none, *("#" + code for code in query.trades_none)]
            if (concepts and not any(met)) or not passes(job, query) or any(term in impact for term in barred):
                continue
            text = min(1000, sum(met) // 1008)
            found.append(answer(job, query, text))
        return sorted(found, key=lambda found: (-found.value, -found.published_at, found.job_id))

    def search(self, query: Query, concepts: Concepts) -> list[Answer]:
        if query.age is not None and query.age < 16:
            return []
        found = self.matches(query, concepts)
        if query.after:
            last = (-query.after.value, -query.after.published_at, query.after.job_id)
            found = [one for one in found if (-one.value, -one.published_at, one.job_id) > last]
        return found[: query.limit]

    def count(self, query: Query, concepts: Concepts) -> Totals:
        if query.age is not None and query.age < 16:
            return Totals(0, Facets())
        jobs = [self.jobs[found.job_id] for found in self.matches(query, concepts)]
        kinds = Counter[str](job.kind for job in jobs)
        trades = Counter(code for job in jobs for code in set(job.trade_codes))
        counties = Counter(job.region[:6] + "000000" for job in jobs if job.region)
        tags = Counter(tag for job in jobs for tag in job.tags)
        return Totals(len(jobs), Facets(dict(kinds), dict(trades), dict(counties), dict(tags)))


def impacts(job: Job, fields: list[tuple[int, list[str]]]) -> dict[str, int]:
    frequency: Counter[str] = Counter()
    length = 0
    for weight, words in fields:
        for word in words:
            frequency[word] += weight
        length += weight * len(words)
    for code in job.trade_codes:
        parts = code.split("-")
        for level in range(len(parts)):
            frequency["#" + "-".join(parts[: level + 1])] = 4
    return {term: max(1, 63 * 160 * tf // (160 * tf + 48 + 3 * min(length, 60_000))) for term, tf in frequency.items()}


def limits(job: Job, sex: str | None) -> tuple[int | None, int | None]:
    both = [job.age_men or (job.age_min, job.age_max), job.age_women or (job.age_min, job.age_max)]
    if sex:
        return both[0 if sex == "male" else 1]
    lows, highs = [low for low, _ in both], [high for _, high in both]
    low = None if None in lows else min(low for low in lows if low is not None)
    high = None if None in highs else max(high for high in highs if high is not None)
    return low, high


def years_outside(age: int, low: int | None, high: int | None) -> int:
    if low is not None and age < low:
        return low - age
    return age - high if high is not None and age > high else 0


def passes(job: Job, query: Query) -> bool:
    chord = distance(job, query)
    reach = None if query.radius_km is None else 2 * math.sin(min(max(0.0, query.radius_km) / EARTH_KM, math.pi) / 2) * UNIT
    pay = max(job.wage_min_yuan_month or 0, job.wage_max_yuan_month or 0)
    low, high = limits(job, query.sex)
    checks = [
        job.valid_until is None or job.valid_until > query.now,
        not query.kinds or job.kind in query.kinds,
        query.published_since is None or job.published_at >= query.published_since,
        reach is None or query.lat is None or (chord is not None and chord <= math.floor(reach)),
        not query.regions or (job.region != "" and any(region.is_within(job.region, code) for code in query.regions)),
        query.tags_all <= job.tags,
        not query.tags_any or bool(query.tags_any & job.tags),
        not query.tags_none & job.tags,
        not query.settlements or job.settlement in query.settlements,
        query.hours_max is None or job.hours_per_day is None or round(job.hours_per_day * 4) <= round(query.hours_max * 4),
        query.wage_floor_yuan_month is None or pay >= query.wage_floor_yuan_month,
        job.employer_id is None or job.employer_id not in query.employers_blocked,
        query.age is None or query.age >= 18 or not job.minors_barred,
        query.age is None or not job.age_binding or years_outside(query.age, low, high) == 0,
    ]
    return all(checks)


def vector(lat: float, lng: float) -> tuple[int, int, int]:
    a, b = math.radians(lat), math.radians(lng)
    x, y, z = math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a)
    return round(x * UNIT), round(y * UNIT), round(z * UNIT)


def distance(job: Job, query: Query) -> int | None:
    """Whole chord units."""
    if job.lat is None or job.lng is None or query.lat is None or query.lng is None:
        return None
    here, there = vector(query.lat, query.lng), vector(job.lat, job.lng)
    return math.isqrt(sum((a - b) ** 2 for a, b in zip(here, there, strict=True)))


def place_points(chord: int) -> int:
    step = chord // 128
    along = 2 * EARTH_KM * math.asin(min(1.0, step * 128 / UNIT / 2))
    return round(600 * math.exp(-along / 30)) if step < 4096 else 0


def answer(job: Job, query: Query, text: int) -> Answer:
    if not query.personal:
        query = replace(query, age=None, lat=None, lng=None, wage_min_yuan_month=None, tags_wanted=frozenset())
    chord = distance(job, query)
    wage = wage_points(query.wage_min_yuan_month or 0, job.wage_min_yuan_month or 0, job.wage_max_yuan_month or 0)
    low, high = limits(job, query.sex)
    age = 0
    if query.age is not None:
        outside = years_outside(query.age, low, high)
        age = 70 if low is None and high is None else 100 if not outside else max(0, 60 - 6 * outside)
    fresh = max(0, 100 - 2 * (max(0, query.now - job.published_at) // 86_400))
    wanted = len(query.tags_wanted)
    preference = 100 * len(query.tags_wanted & job.tags) // wanted if wanted else 0
    fair = 0 if query.fair_seed is None or query.sort != "score" or not query.personal else fair_points(query.fair_seed, job)
    parts = Parts(text, 0 if chord is None else place_points(chord), wage, age, fresh, preference, fair)
    value = sum(parts)
    if query.sort == "newest":
        value = job.published_at
    elif query.sort == "wage":
        value = job.wage_min_yuan_month or job.wage_max_yuan_month or 0
    elif query.sort == "applications":
        value = -min(65_535, job.applications)
    elif query.sort == "distance":
        value = 0 if query.lat is None else -99_999_999 if chord is None else -(chord * 6_371_009 // UNIT)
    km = None if chord is None else 2 * EARTH_KM * math.asin(min(1.0, chord / UNIT / 2))
    return Answer(job.job_id, value, job.published_at, parts, km)


def fair_points(seed: int, job: Job) -> int:
    """Fifteen less the crowd (none, 1, 2-3, 4-7 … applications), and a lot of 0..15 that the seed draws."""
    crowd = 0
    while crowd < 15 and 2**crowd <= job.applications:
        crowd += 1
    lot = job.job_id * 0x9E3779B97F4A7C15 % 2**64 // 2**58
    drawn = (seed % 2**24 * 64 + lot) * 0x5E3779B1 % 2**31
    drawn = (drawn ^ drawn // 2**15) * 0x45EBCA77 % 2**31
    return 15 - crowd + drawn // 2**27


def wage_points(wish: int, low: int, high: int) -> int:
    if not wish:
        return 0
    if not low and not high:
        return 40
    if low >= wish:
        return 200
    if max(low, high) >= wish:
        return 140
    return max(0, 100 - 400 * (wish - max(low, high)) // wish)


def fields_by(words: Callable[[str, bool], Iterable[str]]) -> Fields:
    """Fields of an advert, cut by ``words(text, singles)``."""

    def fields(job: Job) -> list[tuple[int, list[str]]]:
        cut = [(3, list(words(job.title, True)))]
        cut += [(2, list(words(skill, True))) for skill in job.skills]
        return [*cut, (1, list(words(job.description, False)))]

    return fields
