"""When to ask a price source again.

Prices change every five minutes. A new interval appears at once but is often
an estimate that settles within 15 to 40 seconds, so one call right after the
boundary is followed by a few more only while there is something to wait for.
"""

from datetime import datetime, timedelta

from .timeline import floor_to

INTERVAL = timedelta(minutes=5)
FIRST = 1.0
WHILE_ESTIMATE = (20.0, 30.0, 45.0)
WHILE_FAILING = (20.0, 45.0, 90.0, 180.0)


def next_poll(
    now: datetime,
    *,
    settled: bool,
    failing: bool,
    jitter: timedelta,
    not_before: datetime | None = None,
) -> datetime:
    """Return when to ask next, always later than ``now``.

    ``jitter`` is this home's own small delay, so that not everybody asks in
    the same instant. ``not_before`` is what the service asked for.
    """
    retries: tuple[float, ...] = ()
    if failing:
        retries = WHILE_FAILING
    elif not settled:
        retries = WHILE_ESTIMATE
    boundary = floor_to(now, INTERVAL)
    moments = [
        boundary + timedelta(seconds=offset) + jitter for offset in (FIRST, *retries)
    ]
    moments.append(boundary + INTERVAL + timedelta(seconds=FIRST) + jitter)
    moment = next(moment for moment in moments if moment > now)
    return max(moment, not_before) if not_before else moment
