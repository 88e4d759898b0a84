"""From what somebody sends, and who he is, to an :class:`Advert`; and back from a row, so that an edit reads everything anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matching.classify import classify
from matching.rules import region
from matching.rules.benefits import read_tags
from service.accounts.caller import Caller
from service.accounts.permissions import EMPLOYER_ROLES, STATION_ROLES
from service.accounts.permit import in_territory
from service.employers.models import Employer
from service.errors import Forbidden, Invalid
from service.jobs.advert import Advert, GigAdvert, LiveAdvert, Source
from service.jobs.models import Job, LiveSession
from service.jobs.origins import DIRECT
from service.stations.models import Station

_PLAIN = (
    "title", "description", "skills", "headcount", "education", "experience", "wage", "age", "age_reason", "region", "address",
    "contract_kind", "hours_per_day", "shift", "settlement", "tags", "contact_name", "contact_phone", "trade", "valid_until",
)  # fmt: skip
"""Fields that go into an Advert as they are."""


@dataclass(frozen=True, slots=True)
class Poster:
    """Who stands behind an advert: the employer or station of the account that sends it."""

    employer: Employer | None
    station: Station | None


def advert_of_draft(session: Session, draft: dict[str, Any], caller: Caller, *, looking: bool = False) -> tuple[Advert, Poster]:
    """The advert that a loaded request body means when this caller sends it.

    ``looking``: only to judge it; a kind that he may not publish by himself is read all the same.
    Raises Forbidden for a kind or station that is not his, Invalid for a station or session that does not exist.
    """
    poster = _poster(session, caller)
    gig = _gig(session, draft.get("gig"), caller)
    live = _live(session, draft.get("live"))
    in_own_stream = live is not None and live.station_id is not None and live.station_id == caller.station_id
    if caller.role in STATION_ROLES and draft["kind"] != "gig" and not in_own_stream and not looking:
        raise Forbidden("kind_not_allowed", "驿站工作人员只能发布本站的零工和本站直播里的岗位，其他岗位请让用人单位自己发布。")
    name = poster.employer.name if poster.employer else draft.get("employer_name", "")
    demo = poster.employer.demo if poster.employer else bool(poster.station and poster.station.demo)
    if caller.role == "partner":
        source = Source(
            key=caller.source_key, name=caller.display_name, publisher_class="agency", legal_basis="合作平台按协议提供"
        )
    else:
        source = Source(
            key=DIRECT,
            name=poster.station.name if poster.station else name,
            source_class="demo" if demo else "vacancy",
            publisher_class=poster.employer.publisher_class if poster.employer else "public",
            legal_basis="用人单位自主发布" if poster.employer else "公共就业服务机构受托发布",
            label="演示" if demo else "",
        )
    point = {name: draft[name] for name in ("lat", "lng", "crs") if name in draft}
    advert = Advert(
        kind=draft["kind"],
        source=source,
        employer_id=poster.employer.employer_id if poster.employer else None,
        employer_name=name,
        # Papers of the employer are one thing, this job another: only who is not the poster can say that it is real.
        gig=gig,
        live=live,
        **point,
        **_plain(draft),
    )
    return advert, poster


def advert_with(session: Session, job: Job, patch: dict[str, Any], caller: Caller) -> Advert:
    """The advert of a row with some fields said anew. What was read from other fields before is read again from the new words."""
    advert = advert_of_row(job)
    if "title" in patch and "trade" not in patch and job.trade_codes and classify(job.title).code == job.trade_codes[0]:
        advert = replace(advert, trade=None)
    if ("region" in patch or "address" in patch) and "lat" not in patch:
        # The old point belongs to the old place.
        advert = replace(advert, lat=None, lng=None)
    if "address" in patch and "region" not in patch:
        advert = replace(advert, region=_without_town(job.region_code))
    said = read_tags(job.title, job.description, job.wage_text)
    advert = replace(advert, tags=tuple(tag for tag in job.tags if tag not in said))
    changes = _plain(patch) | {name: patch[name] for name in ("lat", "lng", "crs") if name in patch}
    if patch.get("gig") is not None:
        changes["gig"] = changed = _changed_gig(session, advert.gig, patch["gig"], caller)
        if "valid_until" not in patch and advert.gig is not None and advert.valid_until is not None:
            # The advert ends with its work unless it was told to end before.
            followed = advert.valid_until >= advert.gig.ends_at
            changes["valid_until"] = changed.ends_at if followed else min(advert.valid_until, changed.ends_at)
    if patch.get("live") is not None:
        changes["live"] = _live(session, patch["live"])
    if changes.get("wage") is not None and "settlement" not in changes:
        changes["settlement"] = None
    return replace(advert, **changes)


def _without_town(code: str) -> str:
    """The county of a town: a new address may lie in another town of it."""
    try:
        place = region.get(code) if code else None
    except region.UnknownRegion:
        return ""
    return code if place is None or place.level < 4 or place.parent is None else place.parent


def advert_of_row(job: Job) -> Advert:
    """The advert that a wholly loaded row means."""
    terms, listing = job.gig, job.listing
    given = job.point_source == "given"
    return Advert(
        kind=job.kind,  # type: ignore[arg-type]  # the table's check constraint holds the same words
        title=job.title,
        source=Source(
            key=job.source_key,
            name=job.source_name,
            source_class=job.source_class,
            original_id=job.original_id,
            url=job.source_url,
            legal_basis=job.legal_basis,
            publisher_class=job.publisher_class,
            label=job.label,
            missing=tuple(job.missing),
        ),
        description=job.description,
        employer_id=job.employer_id,
        employer_name=job.employer_name,
        trade=job.trade_codes[0] if job.trade_codes else None,
        skills=tuple(job.skills),
        headcount=job.headcount,
        education=job.education,
        experience=job.experience,
        wage=job.wage_text,
        age=job.age_text,
        age_reason=job.age_reason,
        region=job.region_code,
        address=job.address,
        lat=job.lat if given else None,
        lng=job.lng if given else None,
        contract_kind=job.contract_kind,
        hours_per_day=job.hours_per_day,
        shift=job.shift,
        settlement=job.settlement,
        tags=tuple(job.tags),
        contact_name=job.contact_name,
        contact_phone=job.contact_phone,
        published_at=job.published_at,
        verified_at=job.verified_at,
        valid_until=job.valid_until,
        gig=GigAdvert(terms.starts_at, terms.ends_at, terms.seats, terms.insurance, terms.station_id) if terms else None,
        live=LiveAdvert(listing.session_id, listing.listing_no, listing.session.station_id) if listing else None,
    )


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    found = {name: said[name] for name in _PLAIN if name in said}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def _poster(session: Session, caller: Caller) -> Poster:
    employer = session.get(Employer, caller.employer_id) if caller.role in EMPLOYER_ROLES and caller.employer_id else None
    station = session.get(Station, caller.station_id) if caller.role in STATION_ROLES and caller.station_id else None
    if caller.role in EMPLOYER_ROLES and employer is None:
        raise Forbidden("no_employer", "您的账号还没有绑定用人单位，请先完成单位登记。")
    if caller.role in STATION_ROLES and station is None:
        raise Forbidden("no_station", "您的账号还没有绑定驿站，请联系管理员。")
    return Poster(employer, station)


def _gig(session: Session, said: dict[str, Any] | None, caller: Caller) -> GigAdvert | None:
    if said is None:
        return None
    station_id = said.get("station_id", caller.station_id if caller.role in STATION_ROLES else None)
    _check_station(session, station_id, caller)
    return GigAdvert(said["starts_at"], said["ends_at"], said["seats"], said.get("insurance", ""), station_id)


def _changed_gig(session: Session, terms: GigAdvert | None, said: dict[str, Any], caller: Caller) -> GigAdvert:
    if terms is None:
        raise Invalid("not_a_gig", "这不是零工，没有零工的内容可改。", errors={"gig": ["这不是零工。"]})
    if "station_id" in said:
        _check_station(session, said["station_id"], caller)
    return replace(terms, **said)


def _check_station(session: Session, station_id: int | None, caller: Caller) -> None:
    if caller.role in STATION_ROLES and station_id != caller.station_id:
        raise Forbidden("not_your_station", "只能发布自己驿站的零工。")
    if station_id is None:
        return
    station = session.get(Station, station_id)
    if station is None or station.closed_at is not None:
        raise Invalid("station_unknown", "没有这个驿站，请检查编号。", errors={"gig.station_id": ["没有这个驿站。"]})
    if caller.role in {"bureau", "operator"} and not in_territory(caller, station.region_code):
        raise Forbidden("not_your_station", "只能写您负责地区里的驿站。")


def _live(session: Session, said: dict[str, Any] | None) -> LiveAdvert | None:
    if said is None:
        return None
    found = session.execute(
        select(LiveSession.session_id, LiveSession.station_id).where(LiveSession.code == said["session"])
    ).first()
    if found is None:
        raise Invalid("session_unknown", "没有这场直播，请检查场次编号。", errors={"live.session": ["没有这场直播。"]})
    return LiveAdvert(found.session_id, said["listing_no"], found.station_id)
