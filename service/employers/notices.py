"""What will run out soon, said before it does: on the file at any time, and once to whoever is to be told (``tasks.py``)."""

from __future__ import annotations

from datetime import datetime, timedelta

from service import clock
from service.employers.claims import LOST
from service.employers.models import Employer
from service.employers.standing import Standing
from service.employers.tables import deadline, reasons_of


def notices_of(employer: Employer, standing: Standing, now: datetime) -> list[str]:
    """Sentences for the owner, the first the most urgent; empty when nothing runs out soon."""
    found: list[str] = []
    if employer.claim_ended_at is not None:
        found.append(reasons_of("reject")[LOST])
    if standing.due_at is not None and not employer.demo:
        before = timedelta(days=deadline("reverification_notice", now).days)
        if standing.due_at <= now:
            found.append("单位材料核验已满半年，请重新提交核验。")
        elif standing.due_at - before <= now:
            found.append(f"单位材料核验到 {clock.show(standing.due_at)[:10]} 满半年，请提前重新提交核验。")
    until = employer.agency_licence_until
    if employer.publisher_class == "agency" and until is not None:
        left = (until - now.astimezone(clock.BEIJING).date()).days
        if 0 <= left <= deadline("licence_notice", now).days:
            found.append(f"人力资源服务许可证到 {until.isoformat()} 到期，请换证后更新有效期并重新核验。")
    return found
