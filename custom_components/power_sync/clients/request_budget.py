"""Keep everything that shares one API key within the requests the key may make.

Time is the event loop's, so setting the clock neither grants nor costs anything.
Source of the headers' names and of the limit: Amber's captured answers.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from datetime import timedelta

from .errors import RateLimitedError
from .rate_limit import budget, seconds, wait_time

LIMIT = 50
WINDOW = timedelta(seconds=300)
"""What Amber grants each key."""

_SAFETY = 2.0
"""Seconds: services count whole ones, and requests when they arrive."""
_SAME_WINDOW = 2.0
"""Seconds by which two answers may differ about the end of one window."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 300.0


class RequestBudget:
    """The requests of one key: those made here, and what the service says of all.

    Every method is to be called within the event loop.
    """

    def __init__(self, limit: int = LIMIT, window: timedelta = WINDOW) -> None:
        """Allow ``limit`` requests in any stretch of time as long as ``window``."""
        self._limit = limit
        self._window = window.total_seconds() + _SAFETY
        self._made: deque[float] = deque()
        self._left = limit
        self._left_until = 0.0
        self._closed_until = 0.0
        self._refusals = 0

    def take(self, spare: int = 0) -> None:
        """Count one request that is about to be made.

        With ``spare`` it is granted only while so many are left, which keeps them for
        requests that matter more; at most ``limit``. Raises RateLimitedError with the
        time to wait rather than grant what the service would refuse.
        """
        now = _now()
        while self._made and self._made[0] + self._window <= now:
            self._made.popleft()
        needed = max(1, spare)
        open_at = self._closed_until
        too_many = len(self._made) + needed - self._limit
        if too_many > 0:
            open_at = max(open_at, self._made[too_many - 1] + self._window)
        if now < self._left_until and self._left < needed:
            open_at = max(open_at, self._left_until + _SAFETY)
        if now < open_at:
            # Rounded up, because less than a microsecond would be no wait at all.
            wait = timedelta(seconds=open_at - now) + timedelta.resolution
            raise RateLimitedError("the API key has no request to spare", wait)
        self._made.append(now)
        self._left -= 1

    def answered(self, headers: Mapping[str, str]) -> None:
        """Learn from any answer but a refusal what others have left of the key."""
        self._refusals = 0
        self._learn(headers)

    def refused(self, headers: Mapping[str, str]) -> timedelta:
        """Learn from a refusal (429), and return how long to wait before the next try.

        Nothing is granted meanwhile if the service asked for a wait. Refusals although
        requests are left happen now and then: the first in a row costs nobody else
        anything, from the second on all wait, each time twice as long.
        """
        self._learn(headers)
        retry_after = headers.get("Retry-After")
        asked = wait_time(retry_after, headers.get("RateLimit-Reset"))
        said = budget(*_described(headers))
        used_up = said is None or said.remaining == 0
        if asked is not None and (used_up or seconds(retry_after) is not None):
            pause = asked.total_seconds()
        else:
            self._refusals += 1
            if self._refusals == 1:
                return timedelta(seconds=_FIRST_PAUSE)
            pause = _FIRST_PAUSE * 2.0 ** min(self._refusals - 2, 16)
            pause = min(pause, _LONGEST_PAUSE)
        self._closed_until = max(self._closed_until, _now() + pause)
        return timedelta(seconds=pause)

    def _learn(self, headers: Mapping[str, str]) -> None:
        """Keep what an answer says about the running window, if it does."""
        said = budget(*_described(headers))
        if said is None:
            return
        now = _now()
        until = now + said.resets_in.total_seconds()
        left = said.remaining
        if now < self._left_until and abs(until - self._left_until) <= _SAME_WINDOW:
            # Answers overtake each other, and know nothing of requests under way.
            left = min(left, self._left)
        self._left, self._left_until = left, until


def _described(headers: Mapping[str, str]) -> tuple[str | None, str | None, str | None]:
    """Return the headers about limit, what is left of it, and the window's end."""
    return (
        headers.get("RateLimit-Limit"),
        headers.get("RateLimit-Remaining"),
        headers.get("RateLimit-Reset"),
    )


def _now() -> float:
    """Return the event loop's time in seconds."""
    return asyncio.get_running_loop().time()
