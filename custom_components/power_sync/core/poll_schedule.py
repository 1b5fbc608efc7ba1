"""When to ask a price source again.

Prices change every five minutes, but each source publishes a new one in its own time:
one look when it is due is followed by a few more only while there is something to wait
for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .model.moments import floor_to

INTERVAL = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The moments to ask, in seconds after the beginning of each interval.

    ``while_waiting`` and ``while_failing`` follow ``first`` in rising order, all of
    them within the interval. ``most_jitter`` is how far homes may be spread, in
    seconds, so that not everybody asks in the same instant.
    """

    first: float
    while_waiting: tuple[float, ...] = ()
    """Used while the running price is not known or not settled."""
    while_failing: tuple[float, ...] = ()
    """Used after an attempt that failed."""
    most_jitter: float = 0.0


AMBER_SCHEDULE = Schedule(
    first=1.0,
    while_waiting=(20.0, 30.0, 45.0),
    while_failing=(20.0, 45.0, 90.0, 180.0),
    most_jitter=1.0,
)
"""A new interval is there at once, as an estimate that settles within 15 to 40 s."""

AEMO_SCHEDULE = Schedule(
    first=20.0,
    while_waiting=tuple(20.0 + 12.0 * n for n in range(1, 11)),
    while_failing=(45.0, 90.0, 180.0),
    most_jitter=1.0,
)
"""A price appears 20 to 40 s into its interval; after two minutes something is wrong."""

COMED_SCHEDULE = Schedule(first=0.0, while_failing=(45.0, 150.0), most_jitter=240.0)
"""Nothing says when a price appears, so each home looks at a second of its own."""

LOCAL_SCHEDULE = Schedule(first=0.5)
"""Plans and sensors are at hand; their prices change at the boundary."""


def next_poll(
    now: datetime,
    schedule: Schedule,
    *,
    settled: bool,
    failing: bool,
    jitter: timedelta,
    not_before: datetime | None = None,
) -> datetime:
    """Return when to ask next, always later than ``now``.

    ``settled`` says that there is nothing to wait for in the running interval.
    ``jitter`` is this home's own delay, up to ``schedule.most_jitter``.
    ``not_before`` is what the service asked for.
    """
    retries: tuple[float, ...] = ()
    if failing:
        retries = schedule.while_failing
    elif not settled:
        retries = schedule.while_waiting
    # A late home is still busy with an interval when the next one has begun.
    boundary = floor_to(now - jitter, INTERVAL)
    moments = [
        boundary + timedelta(seconds=offset) + jitter
        for offset in (schedule.first, *retries)
    ]
    moments.append(moments[0] + INTERVAL)
    moment = next(moment for moment in moments if moment > now)
    return max(moment, not_before) if not_before else moment
