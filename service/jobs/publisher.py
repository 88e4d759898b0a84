"""Who stands behind a job, as a reader is to see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service.employers.shown import LABEL
from service.employers.standing import flags_for_workers
from service.employers.tables import class_names
from service.jobs.models import Job


def publisher_of(session: Session, job: Job, now: datetime) -> dict[str, Any]:
    """Label, class, licence and public warnings of a wholly loaded job."""
    employer = job.employer
    return {
        "label": LABEL,
        "publisher_class": job.publisher_class,
        "class_name": class_names().get(job.publisher_class, ""),
        "licence_no": (employer.agency_licence_no or None) if employer is not None else None,
        "flags": [] if employer is None else flags_for_workers(session, employer.said_code, now),
    }
