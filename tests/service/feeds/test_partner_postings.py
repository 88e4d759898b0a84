"""A partner's XML: schema.org and HR Open names, conditions, and XML that is made to do harm."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service.db import Database
from service.errors import Refusal
from service.feeds.ingest import pull
from service.feeds.models import FeedRecord
from service.feeds.report import Report
from service.feeds.source import FeedSource, open_source
from service.jobs.models import Job
from tests.service.feeds.conftest import NOW
from tests.service.feeds.serving import Behave, Server, says, sleeps

Run = Callable[..., Report]


def posting(number: int, **changed: str) -> str:
    """One posting with schema.org's names."""
    said = {
        "title": f"装配工{'甲乙丙丁戊己庚辛壬癸'[number % 10]}线",
        "description": "&lt;ul&gt;&lt;li&gt;装配家具&lt;/li&gt;&lt;li&gt;电话 13800000002&lt;/li&gt;&lt;/ul&gt;",
        "currency": "CNY",
    } | changed
    return f"""
    <JobPosting>
      <identifier><name>partner</name><value>X{number}</value></identifier>
      <title>{said["title"]}</title>
      <description>{said["description"]}</description>
      <hiringOrganization><name>演示家具厂</name><taxID></taxID></hiringOrganization>
      <totalJobOpenings>4</totalJobOpenings>
      <educationRequirements><credentialCategory>high school</credentialCategory></educationRequirements>
      <baseSalary><currency>{said["currency"]}</currency>
        <value><minValue>200</minValue><maxValue>260</maxValue><unitText>DAY</unitText></value></baseSalary>
      <jobBenefits>包吃</jobBenefits><jobBenefits>包住</jobBenefits>
      <jobLocation><address><addressRegion>江西省</addressRegion><addressLocality>赣州市南康区</addressLocality>
        <streetAddress>演示大道 2 号</streetAddress></address>
        <geo><latitude>25.6610</latitude><longitude>114.7650</longitude></geo></jobLocation>
      <datePosted>2026-11-20</datePosted><validThrough>2026-12-20T00:00:00+08:00</validThrough>
    </JobPosting>"""


HR_OPEN = """
    <PositionOpening xmlns="http://www.hr-xml.org/3">
      <DocumentID>H1</DocumentID>
      <PositionProfile><PositionTitle>叉车司机</PositionTitle>
        <Organization><OrganizationName>演示物流有限公司</OrganizationName></Organization></PositionProfile>
      <OpeningQuantity>2</OpeningQuantity><PositionQualifications>有叉车证</PositionQualifications>
      <OfferedRemunerationPackage><MinimumAmount>6000</MinimumAmount><MaximumAmount>8000</MaximumAmount>
        <Interval>Monthly</Interval></OfferedRemunerationPackage>
      <PositionFormattedDescription><Content><![CDATA[<p>开叉车装卸货物</p>]]></Content></PositionFormattedDescription>
      <PositionLocation><Address><CityName>江西省赣州市章贡区</CityName>
        <AddressLine>演示路 3 号</AddressLine></Address></PositionLocation>
      <PostDate>2026-11-20</PostDate><PostingEndDate>2026-12-20</PostingEndDate>
    </PositionOpening>"""


def document(*postings: str, total: int | None = None, encoding: str = "UTF-8") -> str:
    count = len(postings) if total is None else total
    return f'<?xml version="1.0" encoding="{encoding}"?>\n<postings total="{count}">{"".join(postings)}</postings>'


@pytest.fixture
def source(server: Server, tmp_path: Path) -> FeedSource:
    return set_up(server, tmp_path)


def set_up(server: Server, folder: Path, items: str = "JobPosting") -> FeedSource:
    (folder / "partner_postings.toml").write_text(
        f"""
        [source]
        enabled = true
        [fetch]
        url = "{server.url}/postings.xml"
        allow = ["{server.url}"]
        [fetch.paging]
        items = "{items}"
        [fetch.limits]
        tries = 1
        whole_seconds = 2
        plain_bytes = 2000000
        """,
        encoding="utf-8",
    )
    return open_source("partner_postings", folder)


@pytest.fixture
def run(feed_database: Database, source: FeedSource) -> Run:
    def once(*, minutes: int = 0, **more: Any) -> Report:
        return pull(feed_database, source, now=NOW + timedelta(minutes=minutes), write=True, **more)

    return once


def job(database: Database, original_id: str) -> Job:
    with database.read_session() as session:
        found = session.scalars(select(Job).where(Job.original_id == original_id)).one()
        assert found.contact_phone is not None
        return found


def test_postings_are_published(feed_database: Database, server: Server, run: Run) -> None:
    server.paths["/postings.xml"] = says(document(posting(1), posting(2)).encode())
    assert run().outcomes == {"published": 2}
    found = job(feed_database, "X1")
    assert found.description == "装配家具\n电话 （联系方式略）"
    assert (found.wage_min, found.wage_max, found.wage_unit, found.education) == (200, 260, "day", "高中")
    assert (found.region_code, found.point_source, found.headcount) == ("360703000000", "given", 4)
    assert found.lat is not None
    assert 0.001 < abs(found.lat - 25.6610) < 0.01  # WGS 84 as said, GCJ-02 as kept
    assert (found.contact_phone, set(found.tags) >= {"包吃", "包住"}) == ("13800000002", True)
    assert found.valid_until.isoformat() == "2026-12-20T15:59:59+00:00"
    assert found.publisher_class == "agency"


def test_the_names_of_hr_open(feed_database: Database, server: Server, tmp_path: Path) -> None:
    source = set_up(server, tmp_path, items="PositionOpening")
    server.paths["/postings.xml"] = says(document(HR_OPEN).encode())
    assert pull(feed_database, source, now=NOW, write=True).outcomes == {"published": 1}
    found = job(feed_database, "H1")
    assert (found.title, found.employer_name, found.description) == ("叉车司机", "演示物流有限公司", "开叉车装卸货物")
    assert (found.wage_min, found.region_code) == (6000, "360702000000")


@pytest.mark.parametrize("declared", ["UTF-8", "GB2312", "Big5", "nonsense-8"])
def test_gb18030_whatever_it_says_of_itself(feed_database: Database, server: Server, run: Run, declared: str) -> None:
    server.paths["/postings.xml"] = says(document(posting(1), encoding=declared).encode("gb18030"))
    report = run()
    assert (report.form, report.outcomes) == ("xml/gb18030", {"published": 1})
    assert job(feed_database, "X1").employer_name == "演示家具厂"


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">]>
<postings><JobPosting>&e;</JobPosting></postings>"""
FILE = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<postings><JobPosting><title>&f;</title></JobPosting></postings>"""
ELSEWHERE = """<!DOCTYPE x SYSTEM "http://127.0.0.1:1/evil.dtd"><postings/>"""


@pytest.mark.parametrize("harm", [BOMB, FILE, ELSEWHERE], ids=["entity bomb", "our own file", "a DTD elsewhere"])
def test_declarations_of_entities_are_refused(feed_database: Database, server: Server, run: Run, harm: str) -> None:
    server.paths["/postings.xml"] = says(document(posting(1)).encode())
    run()
    server.paths["/postings.xml"] = says(harm.encode())
    with pytest.raises(Refusal) as caught:
        run(full=True)
    assert caught.value.error == "feed_xml_unsafe"
    assert job(feed_database, "X1").status == "open"


@pytest.mark.parametrize(
    "body",
    [
        document(posting(1), posting(2))[:-40],
        "<html><body>系统维护中</body></html>",
        "<a>" * 100_000,
        "not xml",
        "",
    ],
    ids=["cut off", "a web page", "very deep", "no XML", "nothing"],
)
def test_what_is_no_whole_document_fails_the_run(feed_database: Database, server: Server, run: Run, body: str) -> None:
    server.paths["/postings.xml"] = says(document(posting(1)).encode())
    run()
    server.paths["/postings.xml"] = says(body.encode())
    with pytest.raises(Refusal) as caught:
        run(full=True)
    assert caught.value.error == "feed_page_broken"
    assert job(feed_database, "X1").status == "open"


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (sleeps, "feed_slow"),
        (says(document(posting(1)).encode(), Content_Length="90000"), "feed_cut"),
        (says(b"", 500), "feed_answer"),
        (says(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"), "feed_too_big"),
        (says(b"", 302, Location="http://169.254.169.254/latest/meta-data"), "feed_address_refused"),
        (says(b"", 302, Location="http://10.0.0.1/"), "feed_address_refused"),
    ],
    ids=["slow", "cut off", "500", "gzip bomb", "metadata address", "private address"],
)
def test_a_server_in_trouble_fails_the_run(feed_database: Database, server: Server, run: Run, trouble: Behave, code: str) -> None:
    server.paths["/postings.xml"] = says(document(posting(1)).encode())
    run()
    server.paths["/postings.xml"] = trouble
    with pytest.raises(Refusal) as caught:
        run(full=True)
    assert caught.value.error == code
    assert job(feed_database, "X1").status == "open"


def test_the_same_page_again_closes_nothing(feed_database: Database, server: Server, run: Run) -> None:
    """A page that names itself as the next one: it is not read for ever, and what is not on it stays."""
    server.paths["/postings.xml"] = says(document(posting(1), posting(2)).encode())
    run()
    server.paths["/postings.xml"] = says(document(f"<next>{server.url}/postings.xml</next>", posting(1), total=2).encode())
    report = run(full=True)
    assert report.gap
    assert (report.read, report.closed) == (1, 0)
    assert job(feed_database, "X2").status == "open"


def test_an_empty_document_stops_it(feed_database: Database, server: Server, run: Run) -> None:
    server.paths["/postings.xml"] = says(document(posting(1)).encode())
    run()
    server.paths["/postings.xml"] = says(document().encode())
    assert run(full=True).stopped
    assert job(feed_database, "X1").status == "open"


def test_a_list_that_has_not_changed_is_not_read_again(feed_database: Database, server: Server, run: Run) -> None:
    body = document(posting(1)).encode()

    def answer(request: BaseHTTPRequestHandler) -> None:
        same = request.headers.get("If-None-Match") == '"v1"'
        assert not same or request.headers.get("If-Modified-Since") == "Fri, 20 Nov 2026 00:00:00 GMT"
        marks = {"ETag": '"v1"', "Last_Modified": "Fri, 20 Nov 2026 00:00:00 GMT"}
        says(b"" if same else body, 304 if same else 200, **marks)(request)

    server.paths["/postings.xml"] = answer
    assert run().mode == "full"
    report = run(minutes=60)
    assert (report.mode, report.read, report.stopped) == ("same", 0, "")
    assert job(feed_database, "X1").status == "open"
    # Now and then it is read all the same, so that what has no end of its own is renewed.
    assert run(minutes=60 * 24 * 8).mode == "full"


def test_following_pages(feed_database: Database, server: Server, run: Run) -> None:
    server.paths["/postings.xml"] = says(document(f"<next>{server.url}/2.xml</next>", posting(1), total=2).encode())
    server.paths["/2.xml"] = says(document(posting(2), total=2).encode())
    assert run().outcomes == {"published": 2}
    server.paths["/2.xml"] = says(b"", 500)
    assert run(full=True).gap
    server.paths["/postings.xml"] = says(document("<next>http://10.0.0.1/2.xml</next>", posting(1), total=2).encode())
    report = run(full=True)
    assert "不在该来源允许的地址里" in report.gap
    assert job(feed_database, "X2").status == "open"


def test_wages_in_other_money_wait_for_a_person(feed_database: Database, server: Server, run: Run) -> None:
    server.paths["/postings.xml"] = says(document(posting(1), posting(2, currency="USD")).encode())
    assert run().outcomes == {"published": 1, "held": 1}
    with feed_database.read_session() as session:
        assert session.scalars(select(FeedRecord.reason_code).where(FeedRecord.outcome == "held")).one() == "currency"
