"""``python -m service.duplicates.bench --jobs 1000000``: how fast duplicates are found, and how many of those planted.

The jobs are made up by ``seed_jobs.synthesize``; to every tenth a copy is planted as another source would write it. A further
hundredth comes later and is looked for in what is there. No database: this measures the comparing.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from matching.model import Job
from seed_jobs import synthesize
from service.clock import from_seconds
from service.duplicates.compare import same_job
from service.duplicates.find import PackedTexts
from service.duplicates.groups import Link, Looked, beside, grouped, nearest, pairs
from service.duplicates.sketch import TEXT_CHARS, Given, Sketch, sketch

_BRANCHES = ("电子", "家具", "服饰", "物业", "餐饮管理", "物流", "食品", "五金", "玩具", "光电")
_SIGNS = "禾沐青屿岚川拓丰织梦潮声鹿鸣速岭穗松云脉桐乐沐阳昱启棠驰越橘园泓远朗庭金渡富瑞旭日清恒木言布谷晨星橙心风"
COPY_EVERY = 10
MOST_SECONDS = 300


def employer(number: int) -> str:
    """The name of a made-up employer."""
    first, rest = divmod(number, len(_SIGNS))
    second, third = divmod(rest + first * 7, len(_SIGNS))
    sign = _SIGNS[first % len(_SIGNS)] + _SIGNS[third] + _SIGNS[(second + number // 1_600) % len(_SIGNS)]
    return f"{sign}{_BRANCHES[number % len(_BRANCHES)]}有限公司"


def given(job: Job, job_id: int, *, copied: bool) -> Given:
    """A made-up job as a row; ``copied``: as another source writes it."""
    name = employer(job.employer_id or 0)
    title = job.title.removeprefix("急招")
    return Given(
        job_id=job_id,
        kind=job.kind,
        title=(f"急招{title}10名", f"{title}（包吃住）", title)[job_id % 3] if copied else job.title,
        description=job.description[: len(job.description) * 3 // 4] if copied else job.description,
        employer_id=None if copied else job.employer_id,
        employer_name=name.removesuffix("有限公司") if copied else name,
        credit_code=None,
        publisher_class="employer",
        trade_codes=job.trade_codes,
        region_code=job.region,
        address="",
        lat=job.lat,
        lng=job.lng,
        point_source="given" if job.lat is not None and not copied else None,
        wage_min=job.wage_min_yuan_month,
        wage_max=job.wage_max_yuan_month,
        wage_unit="month" if job.wage_min_yuan_month else None,
        wage_min_yuan_month=job.wage_min_yuan_month,
        shift=None,
        headcount=None,
        tags=sorted(job.tags),
        contact_phone="",
        missing=(),
        source_key="feed" if copied else "direct",
        source_class="vacancy",
        published_at=from_seconds(job.published_at),
        starts_at=from_seconds(job.published_at // 86_400 * 86_400 + 86_400) if job.kind == "gig" else None,
    )


def adverts(count: int) -> Iterator[tuple[Given, int | None]]:
    """``count`` adverts, copies among them, each with the id of what it is a copy of."""
    job_id = 0
    for job in synthesize.jobs(count):
        job_id += 1
        yield given(job, job_id, copied=False), None
        if job_id % (COPY_EVERY + 1) == COPY_EVERY:
            job_id += 1
            yield given(job, job_id, copied=True), job_id - 1
        if job_id >= count:
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and give 1 when the requirement is missed (a million in five minutes)."""
    parser = argparse.ArgumentParser(prog="python -m service.duplicates.bench", description="测找重复有多快，岗位全是编造的。")
    parser.add_argument("--jobs", type=int, default=1_000_000, help="多少条")
    count = parser.parse_args(arguments).jobs
    texts, planted, later = PackedTexts(), dict[int, int](), list[Given]()
    pool: list[Sketch] = []
    sketching = work = 0.0
    for row, original in adverts(count + count // 100):
        texts.add(row.job_id, row.description[:TEXT_CHARS])
        if len(pool) == count:
            later.append(row)
            continue
        began, used = time.perf_counter(), time.process_time()
        pool.append(sketch(row))
        sketching += time.perf_counter() - began
        work += time.process_time() - used
        if original is not None:
            planted[row.job_id] = original
    began, used, looked = time.perf_counter(), time.process_time(), Looked()
    by_id = {one.job_id: one for one in pool}
    links = grouped(by_id, ((pool[a].job_id, pool[b].job_id, verdict) for a, b, verdict in pairs(pool, texts, looked)))
    comparing = time.perf_counter() - began
    work += time.process_time() - used
    joined = sum(_head(links, copy) == _head(links, original) for copy, original in planted.items())
    index = _Index(pool)
    began = time.perf_counter()
    found = sum(_same(index, sketch(row), texts) for row in later)
    late = time.perf_counter() - began
    whole = sketching + comparing
    lines = (
        f"adverts            {count:>12,}",
        f"sketches           {sketching:>12.1f} s",
        f"comparing          {comparing:>12.1f} s",
        f"together           {whole:>12.1f} s, {count / whole:,.0f} adverts/s",
        f"of it at work      {work:>12.1f} s on the processor, {count / work:,.0f} adverts/s",
        f"blocks             {looked.blocks:>12,}, largest {looked.largest:,}, cut {looked.large_blocks:,}",
        f"pairs looked at    {looked.pairs:>12,}, {looked.pairs / count:.2f} an advert; all with all: {count * count // 2:,}",
        f"duplicates         {len(links):>12,}",
        f"planted and joined {joined:>12,} of {len(planted):,} ({joined / max(1, len(planted)):.4f})",
        f"1 % new            {late:>12.1f} s for {len(later):,}, of which {found:,} are copies",
        f"memory             {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:>12,} MB at most",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if whole < MOST_SECONDS else 1


def _head(links: Mapping[int, Link], job_id: int) -> int:
    link = links.get(job_id)
    return job_id if link is None else link.canonical


class _Index:
    """Keys of the pool in order: what the table of keys is in the database."""

    def __init__(self, pool: Sequence[Sketch]) -> None:
        self.pool = pool
        count = sum(len(one.keys) for one in pool)
        keys = np.fromiter((key for one in pool for key in one.keys), dtype=np.int64, count=count)
        owners = np.fromiter((place for place, one in enumerate(pool) for _ in one.keys), dtype=np.int64, count=count)
        order = np.argsort(keys, kind="stable")
        self.keys, self.owners = keys[order], owners[order]

    def block(self, key: int) -> list[Sketch]:
        """The adverts with a key, sorted for :func:`nearest`."""
        start, end = np.searchsorted(self.keys, key, "left"), np.searchsorted(self.keys, key, "right")
        return sorted((self.pool[place] for place in self.owners[start:end].tolist()), key=beside)


def _same(index: _Index, one: Sketch, texts: PackedTexts) -> bool:
    near = {other.job_id: other for key in one.keys for other in nearest(index.block(key), one)}
    return any(same_job(one, other, texts) is not None for other in near.values())


if __name__ == "__main__":
    sys.exit(main())
