"""Read how long a service wants to be left alone, and how often it may be asked."""

from dataclasses import dataclass
from datetime import timedelta

_SAFETY = timedelta(seconds=2)
"""Added to the end of a window, because both clocks count whole seconds."""
_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateBudget:
    """What is left of a key's requests in the running window."""

    limit: int
    remaining: int
    resets_in: timedelta


def seconds(value: str | None) -> timedelta | None:
    """Return a header's number of seconds, None if it is absent or nonsense.

    A wait beyond a day is nonsense, and so is a date: nothing here knows the time.
    """
    try:
        wait = timedelta(seconds=float(value or ""))
    except ValueError, OverflowError:
        return None
    return wait if timedelta(0) <= wait <= _LONGEST else None


def wait_time(retry_after: str | None, reset: str | None) -> timedelta | None:
    """Return how long to wait after a 429 from its two headers.

    ``Retry-After`` counts if it is readable, else the end of the window plus two
    seconds, else None.
    """
    if (wait := seconds(retry_after)) is not None:
        return wait
    if (wait := seconds(reset)) is not None:
        return wait + _SAFETY
    return None


def budget(
    limit: str | None, remaining: str | None, reset: str | None
) -> RateBudget | None:
    """Return the budget that three headers describe, None unless all are readable."""
    resets_in = seconds(reset)
    if resets_in is None or limit is None or remaining is None:
        return None
    if not (limit.isdecimal() and remaining.isdecimal()):
        return None
    if max(len(limit), len(remaining)) > 9:
        return None
    return RateBudget(limit=int(limit), remaining=int(remaining), resets_in=resets_in)
