"""Opening hours of stations that are there, from their text: 「周一至周六 06:30-18:00」 and nothing else is understood here.

What cannot be read stays text and is shown as before; going back leaves the text as it is.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

DAYS = "一二三四五六日"
WRITTEN = re.compile(r"周([一二三四五六日])至周([一二三四五六日]) ?(\d{2}:\d{2})-(\d{2}:\d{2})")


def upgrade() -> None:
    """Fill the column where it is empty."""
    station = sa.table(
        "station",
        sa.column("station_id", sa.BigInteger),
        sa.column("opening_hours", sa.String),
        sa.column("hours", sa.JSON(none_as_null=True)),
    )
    connection = op.get_bind()
    if connection is None:
        return  # offline: the statements alone cannot read
    rows = connection.execute(sa.select(station.c.station_id, station.c.opening_hours).where(station.c.hours.is_(None))).all()
    for station_id, text in rows:
        found = WRITTEN.fullmatch(text.strip())
        if found is None or found[3] >= found[4]:
            continue
        first, last = DAYS.index(found[1]), DAYS.index(found[2])
        hours = {str(day + 1): [[found[3], found[4]]] for day in range(first, last + 1)}
        connection.execute(station.update().where(station.c.station_id == station_id).values(hours=hours or None))


def downgrade() -> None:
    """Nothing: the column goes with the migration that made it."""
