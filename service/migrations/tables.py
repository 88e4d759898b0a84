"""All tables of the service, whichever feature they belong to: what Alembic compares with a database."""

from __future__ import annotations

import service.accounts.models
import service.audit.models
import service.consents.models
import service.crypto.models
import service.duplicates.models
import service.employers.models
import service.feeds.models
import service.idempotency
import service.imports.models
import service.jobs.models
import service.jobs.reviews.models
import service.matches.models
import service.partners.models
import service.performance.models
import service.privacy.models
import service.search.models
import service.signin.models
import service.stations.models
import service.tasks.models
import service.upkeep.models
import service.wechat.models
import service.workers.models  # noqa: F401  importing fills the metadata
from service.db import Base

METADATA = Base.metadata
ALL_TABLES = frozenset(METADATA.tables)
