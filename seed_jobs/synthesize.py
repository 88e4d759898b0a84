"""Believable made-up jobs and queries, as many as wanted, for measuring and for tests.

Real division codes and coordinates, real titles with their frequencies; everything else is put together from hand-written phrases
(``data/synthesis.toml``). A job depends only on the seed and its position, so the first thousand of a million are the same as a
thousand alone. Numbers come from PCG64's raw 64-bit words and whole-number arithmetic: the same jobs on every machine and with
every version of NumPy. Nothing measured on these jobs says how well real people are served.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from matching.model import Job, Kind, Query, Settlement, Sex
from seed_jobs import vocabulary
from seed_jobs.draws import CHUNK, Draws, Ints, Weights, Words, below, bit_columns
from seed_jobs.vocabulary import FAVOURED, Title, Vocabulary

NOW = 1_795_305_600
"""2026-11-22 00:00 UTC: the moment at which the made-up world stands still unless told otherwise."""

EMPLOYERS = 40_000
DAY = 86_400
BLUE_COLLAR_PERCENT = 70
FAVOURED_PERCENT = 40

KIND_WEIGHTS = (70, 20, 10)
KIND_NAMES: tuple[Kind, ...] = ("public", "gig", "live")
GIG_SETTLEMENTS: tuple[Settlement, ...] = ("day", "day", "day", "day", "day", "day", "week", "job", "job", "month")
HOURS: tuple[float | None, ...] = (8.0, 8.0, 8.0, 8.0, 8.0, None, None, 10.0, 10.0, 9.0, 11.0, 12.0)

QUERY_SHARES = (("trade", 300), ("skills", 300), ("colloquial", 200), ("typing", 100), ("rare", 100))
RADIUS_SHARES: tuple[tuple[float | None, int], ...] = ((5.0, 100), (20.0, 250), (50.0, 300), (200.0, 150), (None, 200))


@dataclasses.dataclass(frozen=True, slots=True)
class _Tables:
    """The vocabulary with everything that is drawn by weight prepared."""

    words: Vocabulary
    titles: Weights
    counties: Weights
    benefits: Weights
    ages: Weights
    kinds: Weights
    title_family: Ints
    wage: Ints
    day: Ints
    centres: Ints
    tags: dict[tuple[int, Settlement | None], frozenset[str]]
    rare: tuple[Title, ...]


def jobs(n: int, seed: int = 1, now: int = NOW) -> Iterator[Job]:
    """``n`` made-up jobs with ids 1..n, one after the other; memory does not grow with ``n``. ``now`` in seconds since 1970."""
    tables = _tables()
    for chunk in range((n + CHUNK - 1) // CHUNK):
        yield from _chunk(tables, seed, chunk, min(CHUNK, n - chunk * CHUNK), now)


def queries(n: int, seed: int = 1, now: int = NOW) -> list[Query]:
    """``n`` made-up wishes: per 1,000 exactly 300 of one trade, 300 of several skills, 200 in everyday words, 100 with typing
    errors, 100 rare; radius 5/20/50/200 km or none for 10/25/30/15/20 %. Another seed gives queries never seen before.
    """
    tables = _tables()
    draw = Draws(seed)
    kinds = draw.shuffled(_deck([share for _, share in QUERY_SHARES], n))
    radii = draw.shuffled(_deck([share for _, share in RADIUS_SHARES], n))
    return [
        _query(tables, draw, QUERY_SHARES[kind][0], RADIUS_SHARES[radius][0], now)
        for kind, radius in zip(kinds, radii, strict=True)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m seed_jobs.synthesize --jobs 10000 [--queries 1000] [--seed 1]``: one JSON object a line on stdout."""
    parser = argparse.ArgumentParser(
        prog="python -m seed_jobs.synthesize", description="造出用于测速的岗位和查询（全是编造的）。"
    )
    parser.add_argument("--jobs", type=int, default=0, help="岗位条数")
    parser.add_argument("--queries", type=int, default=0, help="查询条数")
    parser.add_argument("--seed", type=int, default=1, help="种子号，同号同结果")
    parser.add_argument("--now", type=int, default=NOW, help="当作“现在”的时刻，1970 年起的秒数")
    chosen = parser.parse_args(arguments)
    for job in jobs(chosen.jobs, chosen.seed, chosen.now):
        _print(job)
    for query in queries(chosen.queries, chosen.seed, chosen.now):
        _print(query)
    return 0


def _print(item: Job | Query) -> None:
    def plain(value: object) -> object:
        return sorted(value) if isinstance(value, frozenset) else str(value)

    json.dump(dataclasses.asdict(item), sys.stdout, ensure_ascii=False, default=plain)
    sys.stdout.write("\n")


def _chunk(tables: _Tables, seed: int, chunk: int, size: int, now: int) -> Iterator[Job]:
    bits = bit_columns(seed, chunk)
    title = tables.titles.pick(next(bits))
    family = tables.title_family[title]
    county = tables.counties.pick(next(bits))
    kind = tables.kinds.pick(next(bits))
    benefit = tables.benefits.pick(next(bits))
    age = tables.ages.pick(next(bits))
    low, high = _wages(tables, family, kind == 1, [next(bits) for _ in range(3)])
    lat, lng = _points(tables, county, [next(bits) for _ in range(5)])
    pointless = below(next(bits), 100) < 5
    published = now - _published_ago(kind == 1, next(bits))
    valid = _valid_until(now, kind == 1, next(bits), next(bits))
    settlement = below(next(bits), 100)
    limits = (vocabulary.SKILL_SETS, 6, 5, 10, len(tables.words.extras), len(tables.words.extras) - 1, len(HOURS), 100)
    small = [below(next(bits), limit) for limit in limits]
    employer = (below(next(bits), 2**16) ** 2 * EMPLOYERS >> 32) + 1
    applications = (below(next(bits), 2**10) ** 4 * 60) >> 40
    columns = [title, county, family, kind, benefit, age, low, high, lat, lng, pointless, published, valid, settlement]
    yield from _rows(tables, chunk * CHUNK, [column[:size].tolist() for column in [*columns, *small, employer, applications]])


def _wages(tables: _Tables, family: Ints, gig: NDArray[np.bool_], bits: list[Words]) -> tuple[Ints, Ints]:
    """Lowest and highest yuan a month, 0 = not said. 12 % say nothing readable (面议, 计件), a further 12 % only a lowest."""
    place, width, form = bits
    month, day = tables.wage[family], tables.day[family]
    low = month[:, 0] + (below(place, 1024) * (month[:, 1] - month[:, 0]) * 6 // 10240)
    high = low + (below(width, 1024) + 100) * (month[:, 1] - low) // 1300
    low, high = low // 100 * 100, high // 100 * 100
    day_low = (day[:, 0] + below(place, 1024) * (day[:, 1] - day[:, 0]) // 1024) // 10 * 10
    day_low = (day_low * 87 + 2) // 4  # a day's pay by 21.75 days
    said = below(form, 100)
    low = np.where(said < 12, 0, np.where(gig, day_low, low))
    return low, np.where((said < 24) | (low == 0), 0, np.where(gig, low, np.maximum(high, low)))


def _points(tables: _Tables, county: Ints, bits: list[Words]) -> tuple[Ints, Ints]:
    """GCJ-02 millionths of a degree: two in three near the county's centre, the others up to about 20 km away."""
    spread = np.where(below(bits[0], 3) < 2, 40_000, 100_000)
    lat = tables.centres[county, 0] + (below(bits[1], 2048) + below(bits[2], 2048) - 2047) * spread // 1024
    lng = tables.centres[county, 1] + (below(bits[3], 2048) + below(bits[4], 2048) - 2047) * spread // 1024
    return lat, lng


def _published_ago(gig: NDArray[np.bool_], bits: Words) -> Ints:
    """Seconds since publication; new adverts are the many: up to 60 days, gigs up to 10."""
    skewed = (bits * bits) >> np.uint64(32)
    return np.where(gig, below(skewed, 10 * DAY), below(skewed, 60 * DAY))


def _valid_until(now: int, gig: NDArray[np.bool_], form: Words, bits: Words) -> Ints:
    """End of validity, 0 = not said (8 %); 2 % are over already, as in any pool that is not swept this very minute."""
    ahead = np.where(gig, below(bits, 14 * DAY) + 6 * 3600, below(bits, 60 * DAY) + DAY)
    said = below(form, 100)
    return np.where(said < 8, 0, np.where(said < 10, now - below(bits, 10 * DAY), now + ahead))


def _rows(tables: _Tables, start: int, columns: list[list[int]]) -> Iterator[Job]:
    words = tables.words
    titles, counties, families, benefits, ages = words.titles, words.counties, words.families, words.benefits, words.ages
    places, extras = words.places, words.extras
    job_id = start
    for (
        title_no,
        county_no,
        family_no,
        kind_no,
        benefit_no,
        age_no,
        low,
        high,
        lat,
        lng,
        pointless,
        published,
        valid,
        settled,
        *rest,
    ) in zip(*columns, strict=True):
        skill_no, duty_no, other_no, place_no, extra_no, more_no, hours_no, adorned, employer, applications = rest
        job_id += 1
        title, county, family, age = titles[title_no], counties[county_no], families[family_no], ages[age_no]
        benefit, duties = benefits[benefit_no], family.duties
        settlement: Settlement | None = GIG_SETTLEMENTS[settled % 10] if kind_no == 1 else "month" if settled < 85 else None
        more = extras[(extra_no + 1 + more_no) % len(extras)]
        duty, other = duties[duty_no % len(duties)], duties[(duty_no + 1 + other_no) % len(duties)]
        yield Job(
            job_id=job_id,
            kind=KIND_NAMES[kind_no],
            title=title.text if adorned < 88 else f"急招{title.text}" if adorned < 94 else f"{title.text}（{county.name}）",
            published_at=published,
            valid_until=valid or None,
            trade_codes=(title.code,) if title.code else (),
            skills=family.skill_sets[skill_no],
            description=f"{duty}，{other}。{county.name}{places[place_no]}，{benefit.text}。{age.text}，{extras[extra_no]}，{more}。",
            region=county.code,
            lat=None if pointless else lat / 1e6,
            lng=None if pointless else lng / 1e6,
            wage_min_yuan_month=low or None,
            wage_max_yuan_month=high or None,
            age_min=age.min,
            age_max=age.max,
            age_men=age.men,
            age_women=age.women,
            age_binding=family.minors_barred and extra_no == 0 and age.max is not None,
            minors_barred=family.minors_barred,
            tags=tables.tags[benefit_no, settlement],
            settlement=settlement,
            hours_per_day=HOURS[hours_no],
            employer_id=employer,
            applications=applications,
        )


@cache
def _tables() -> _Tables:
    words = vocabulary.load()
    blue = sum(title.count for title in words.titles if title.blue_collar)
    white = sum(title.count for title in words.titles if not title.blue_collar)
    settlements: tuple[Settlement | None, ...] = ("day", "week", "month", "job", None)
    named = {"day": "日结", "week": "周结"}
    return _Tables(
        words=words,
        titles=Weights.of(
            [
                title.count * (BLUE_COLLAR_PERCENT * white if title.blue_collar else (100 - BLUE_COLLAR_PERCENT) * blue) // 100
                for title in words.titles
            ]
        ),
        counties=Weights.of(_county_weights(words)),
        benefits=Weights.of([benefit.weight for benefit in words.benefits]),
        ages=Weights.of([age.weight for age in words.ages]),
        kinds=Weights.of(KIND_WEIGHTS),
        title_family=np.array([title.family for title in words.titles], dtype=np.int64),
        wage=np.array([family.wage for family in words.families], dtype=np.int64),
        day=np.array([family.day for family in words.families], dtype=np.int64),
        centres=np.array([(county.lat_e6, county.lng_e6) for county in words.counties], dtype=np.int64),
        tags={
            (number, settlement): benefit.tags | ({named[settlement]} if settlement in named else set())
            for number, benefit in enumerate(words.benefits)
            for settlement in settlements
        },
        rare=tuple(title for title in words.titles if title.count == 1 and len(title.text) >= 4),
    )


def _county_weights(words: Vocabulary) -> list[int]:
    """Zipf over counties (the k-th largest has 1/k of the largest) inside the favoured provinces and inside the rest.

    Behind the well-known leaders the order is settled by mixing the code: there is no open table of vacancies by county.
    """

    def order(code: str) -> tuple[int, int]:
        lead = words.largest.index(code) if code in words.largest else len(words.largest)
        return lead, int(code) * 2_654_435_761 % 2**32

    weights = [0] * len(words.counties)
    groups: tuple[list[int], list[int]] = ([], [])
    for number, county in enumerate(words.counties):
        groups[county.code[:2] in FAVOURED].append(number)
    for members, percent in zip(groups, (100 - FAVOURED_PERCENT, FAVOURED_PERCENT), strict=True):
        ranked = sorted(members, key=lambda number: order(words.counties[number].code[:6]))
        shares = [10**9 // rank for rank in range(1, len(ranked) + 1)]
        for number, share in zip(ranked, shares, strict=True):
            weights[number] = share * percent * 10_000 // sum(shares) * 100
    return weights


def _deck(shares: Sequence[int], n: int) -> list[int]:
    """``n`` cards in the wanted proportion: exact for multiples of the sum of the shares, else the nearest below, filled up."""
    whole = sum(shares)
    cards = [number for number, share in enumerate(shares) for _ in range(n * share // whole)]
    return cards + [number % len(shares) for number in range(n - len(cards))]


def _query(tables: _Tables, draw: Draws, kind: str, radius_km: float | None, now: int) -> Query:
    words = tables.words
    title = words.titles[int(tables.titles.pick(draw.bits())[0])]
    family = words.families[title.family]
    text, skills = title.text, ()  # type: tuple[str, tuple[str, ...]]
    if kind == "skills":
        text, skills = ("" if draw.below(2) else title.text), draw.one(family.skill_sets)
    elif kind == "colloquial":
        text = f"{draw.one(words.heads)}{draw.one(family.colloquial)}"
        tail = draw.one(words.tails)
        text = f"{text}，{tail}" if tail else text
    elif kind == "typing":
        text = _mistyped(title.text, draw, words.typing)
    elif kind == "rare":
        text = draw.one(tables.rare).text
    lat, lng = _somewhere(tables, draw)
    placed = radius_km is not None or draw.below(2) == 0
    ages: tuple[int | None, ...] = (None, None, None, 17, *range(19, 67, 2))
    sexes: tuple[Sex | None, ...] = (None, None, "male", "female")
    return Query(
        now=now,
        text=text,
        skills=skills,
        age=draw.one(ages),
        sex=draw.one(sexes),
        lat=lat if placed else None,
        lng=lng if placed else None,
        radius_km=radius_km,
        kinds=draw.one((frozenset[Kind](),) * 8 + (frozenset[Kind](["gig"]), frozenset[Kind](["public", "live"]))),
        wage_min_yuan_month=draw.one((None, None, 3000, 4000, 5000, 6000, 8000)),
        tags_wanted=draw.one((frozenset[str](),) * 7 + (frozenset(["包吃", "包住"]), frozenset(["五险"]), frozenset(["日结"]))),
    )


def _somewhere(tables: _Tables, draw: Draws) -> tuple[float, float]:
    """A point where jobs are: people look from the places in which there is work and from beside them."""
    county = tables.counties.pick(draw.bits())
    lat, lng = _points(tables, county, [draw.bits() for _ in range(5)])
    return int(lat[0]) / 1e6, int(lng[0]) / 1e6


def _mistyped(text: str, draw: Draws, homophones: dict[str, str]) -> str:
    """One error: a character that sounds alike (where the table has one, in two of three cases), two swapped, or one left out."""
    sounding = [position for position, character in enumerate(text) if character in homophones]
    if sounding and draw.below(3):
        position = draw.one(sounding)
        return text[:position] + homophones[text[position]] + text[position + 1 :]
    position = draw.below(len(text) - 1)
    if len(text) > 3 and draw.below(2):
        return text[:position] + text[position + 1 :]
    return text[:position] + text[position + 1] + text[position] + text[position + 2 :]


if __name__ == "__main__":
    sys.exit(main())
