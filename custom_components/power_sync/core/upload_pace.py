"""How often a tariff may be uploaded."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from .model.moments import floor_to

INTERVAL = timedelta(minutes=5)
UPLOADS_PER_INTERVAL = 2
"""One for the estimate, one for the settled price."""


def may_upload(earlier: Iterable[datetime], now: datetime) -> bool:
    """Return whether another upload fits into the running 5-minute interval."""
    start = floor_to(now, INTERVAL)
    return sum(start <= upload <= now for upload in earlier) < UPLOADS_PER_INTERVAL
