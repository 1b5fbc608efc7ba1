"""What is known of one way in to Tesla, and when it may be asked again."""

from datetime import UTC, datetime, timedelta

from ..errors import AuthError, ClientError, RateLimitedError

STRIKES = 3
"""How many calls fail in a row before a way is given up."""
PROBE_EVERY = timedelta(minutes=5)
"""How long a way that was given up, or whose probe failed, is left alone."""
REFUSED_FOR = timedelta(minutes=15)
"""How long it is left alone if it did not accept the credentials."""

_LONGEST = timedelta(days=1)
"""No wait is longer: one that seems to be began before the clock was put back."""
_NEVER = datetime.min.replace(tzinfo=UTC)


class WayHealth:
    """The failures of one way.

    ``error`` is the newest one that no success has followed, ``refused`` whether its
    credentials were not accepted since the last success, and ``failures`` how many
    there ever were.
    """

    def __init__(self, strikes: int = STRIKES) -> None:
        """Believe in the way until so many calls have failed in a row."""
        self._enough = strikes
        self.error: ClientError | None = None
        self.refused = False
        self.failures = 0
        self._strikes = 0
        self._limited_until = _NEVER
        self._rests_until = _NEVER
        self._unprobed_until = _NEVER

    @property
    def given_up(self) -> bool:
        """Return whether its last failure was one too many, or of a kind that lasts."""
        return self._strikes >= self._enough

    def begin(self) -> None:
        """Forget how often it failed before it was taken into use."""
        self._strikes = 0

    def worked(self, failures: int) -> None:
        """Note a success of a call that began after that many failures.

        What a later one said holds nevertheless: a service that has asked to wait
        is not asked because an older answer was still on its way.
        """
        self._strikes = 0
        if failures == self.failures:
            self.error = None
            self.refused = False
            self._limited_until = self._rests_until = self._unprobed_until = _NEVER

    def failed(self, error: ClientError, now: datetime, *, counts: bool) -> None:
        """Note a failure; it ``counts`` towards giving the way up while in use."""
        self.error = error
        self.failures += 1
        if counts:
            lasting = isinstance(error, AuthError | RateLimitedError)
            self._strikes = self._enough if lasting else self._strikes + 1
        match error:
            case AuthError():
                self.refused = True
                self._rests_until = now + REFUSED_FOR
            case RateLimitedError():
                wait = PROBE_EVERY if error.retry_after is None else error.retry_after
                self._limited_until = max(
                    self._limited_until, now + min(wait, _LONGEST)
                )
            case _ if self.given_up:
                self._rests_until = max(self._rests_until, now + PROBE_EVERY)
        self.probe_later(now)

    def probe_later(self, now: datetime) -> None:
        """Do not probe it for a while, because it has failed or is being probed."""
        self._unprobed_until = now + PROBE_EVERY

    def is_limited(self, now: datetime) -> bool:
        """Return whether the service has asked not to be asked yet."""
        return _holds(self._limited_until, now)

    def may_take_over(self, now: datetime) -> bool:
        """Return whether there is a point in asking it for another way's sake."""
        return not (self.is_limited(now) or _holds(self._rests_until, now))

    def may_be_probed(self, now: datetime) -> bool:
        """Return whether it is time to see if it works again."""
        return self.may_take_over(now) and not _holds(self._unprobed_until, now)

    def free_in(self, now: datetime) -> timedelta:
        """Return how long until ``may_take_over``."""
        ends = (self._limited_until, self._rests_until)
        return max((end - now for end in ends if _holds(end, now)), default=timedelta())


def _holds(until: datetime, now: datetime) -> bool:
    return now < until <= now + _LONGEST
