"""Made-up workers, and an index over made-up adverts of today."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import flask
import pytest
from click.testing import Result

from matching import IndexWriter
from seed_jobs import synthesize
from service import clock
from service.config import Settings
from service.consents import texts
from service.workers.models import Worker
from tests.service.conftest import agree

PEOPLE = 160  # enough that a batch is still at work when a test comes to kill it
WISHES = ("焊工", "看大门的", "保洁", "包吃住的电子厂", "日结", "", "想找个叉车司机的活，五千以上", "CNC 操作工")
Row = tuple[int, int, int, int]
"""Worker, rank, job, score."""


@pytest.fixture(scope="session")
def made_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index over adverts, to copy."""
    folder = tmp_path_factory.mktemp("adverts")
    with IndexWriter(folder) as writer:
        writer.rebuild(synthesize.jobs(800, now=clock.seconds(clock.now())), "")
    return folder


@pytest.fixture
def jobs(settings: Settings, made_index: Path) -> None:
    """The index of the application is over those adverts."""
    shutil.copytree(made_index, settings.index_dir)


@pytest.fixture
def workers(app: flask.Flask) -> list[int]:
    """Workers with all kinds of wishes, places and ages."""
    places = [(job.lat, job.lng, job.region) for job in synthesize.jobs(PEOPLE)]
    made = []
    with app.extensions["database"].write_session() as session:
        for number, (lat, lng, region) in enumerate(places):
            row = Worker(
                display_name=f"演示工友{number:02d}",
                sex=(None, "male", "female")[number % 3],
                birth_month=clock.now().date().replace(year=1960 + number % 40, day=1) if number % 4 else None,
                wish=WISHES[number % len(WISHES)],
                skills=["电焊"] if number % 5 == 0 else [],
                region_code=region,
                lat=lat if number % 2 else None,
                lng=lng if number % 2 else None,
                radius_km=(None, 50.0)[number % 4 // 2],
                wage_min_yuan_month=(None, 4500)[number % 7 // 4],
                created_at=clock.now(),
            )
            session.add(row)
            session.flush()
            agree(session, row.worker_id, texts.RANKING, texts.BATCH)
            made.append(row.worker_id)
    return made


Command = Callable[..., Result]


@pytest.fixture
def match_all(app: flask.Flask) -> Command:
    """Run ``flask jobs match-all …`` in this process."""

    def run(*arguments: object) -> Result:
        return app.test_cli_runner().invoke(args=["jobs", "match-all", *map(str, arguments)])

    return run


def parts(folder: Path) -> list[Row]:
    """What the Parquet files of a batch hold."""
    with duckdb.connect() as connection:
        query = "SELECT worker_id, rank, job_id, score FROM read_parquet(?) ORDER BY ALL"
        found: Sequence[Row] = connection.execute(query, [f"{folder}/*/part-*.parquet"]).fetchall()
    return list(found)
