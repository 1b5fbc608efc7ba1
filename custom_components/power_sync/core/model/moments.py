"""Arithmetic on moments that everybody needs."""

from datetime import UTC, datetime, timedelta


def floor_to(moment: datetime, step: timedelta) -> datetime:
    """Return a moment rounded down to a multiple of ``step`` since 1970."""
    return moment - (moment - datetime(1970, 1, 1, tzinfo=UTC)) % step
