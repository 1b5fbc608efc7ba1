"""When the market publishes what. All times are unix seconds."""

from .noise import uniform
from .prices import HALF_HOUR, INTERVAL

NEM_OFFSET = 36_000
"""Seconds by which market time is ahead of UTC."""
_DAY = 86_400
_FOUR = 4 * 3600
_HALF_PAST_TWELVE = 12 * 3600 + 1800


def horizon_end(now: int) -> int:
    """Return where the forecast ends: 04:00 market time of the last published day.

    A trading day runs from 04:00 to 04:00 and is published at 12:30 the day before,
    so that the horizon jumps from about 16 to about 40 hours then.
    """
    day, second = divmod(now + NEM_OFFSET, _DAY)
    ahead = 2 if second >= _HALF_PAST_TWELVE else 1
    return (day + ahead) * _DAY + _FOUR - NEM_OFFSET


def dashboard_at(seed: int, start: int) -> float:
    """Return when the dashboard shows the price of the five minutes from ``start``.

    22 to 28 s after they began as a rule, 40 s at most.
    """
    draw = uniform(seed, 51, start)
    return start + (22 + 7 * draw if draw < 0.85 else 28 + (draw - 0.85) * 80)


def dispatch_file_at(seed: int, start: int) -> float:
    """Return when the dispatch file of the five minutes from ``start`` is listed."""
    return start + 20 + 5 * uniform(seed, 52, start)


def hour_file_at(seed: int, start: int) -> float:
    """Return when the forecast of the hour from ``start`` is listed."""
    return start + 12 + 12 * uniform(seed, 53, start)


def run_at(seed: int, start: int) -> float:
    """Return when the half-hourly forecast made at ``start`` is listed.

    Half a minute to two minutes later: the long one of 12:30 at about 12:31.
    """
    return start + 30 + 90 * uniform(seed, 54, start)


def last_dispatched(seed: int, now: float) -> int:
    """Return the start of the newest five minutes of which the dashboard knows."""
    start = int(now // INTERVAL) * INTERVAL
    return start if now >= dashboard_at(seed, start) else start - INTERVAL


def last_run(seed: int, now: float) -> int:
    """Return when the newest half-hourly forecast that is published was made."""
    start = int(now // HALF_HOUR) * HALF_HOUR
    return start if now >= run_at(seed, start) else start - HALF_HOUR
