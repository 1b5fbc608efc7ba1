"""When prices have set something off, as far as that is certain.

What the integration sees of a price comes some seconds late, and from Amber as an
estimate first. So the rule is applied twice: once as if everything spoke for it, and
once as if everything spoke against it. Written apart from the integration's own.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

INTERVAL = timedelta(minutes=5)


@dataclass(slots=True)
class _Reading:
    """One reading of the rule: on with a price, off after two calm intervals."""

    on: bool = False
    calm: int = 0

    def step(self, *, sets_off: bool, calm: bool) -> None:
        """Take in one interval."""
        if not self.on:
            self.on, self.calm = sets_off, 0
            return
        self.calm = self.calm + 1 if calm else 0
        if self.calm == 2:
            self.on = False


@dataclass(slots=True, kw_only=True)
class PriceRule:
    """Follows prices in which a high one (or with ``low`` a low one) sets it off.

    ``limit`` sets it off, ``calm`` ends it; what is nearer to them than ``doubt`` may
    have been seen on either side. All $/kWh.
    """

    limit: float
    calm: float
    doubt: float = 0.0
    low: bool = False
    _possible: _Reading = field(default_factory=_Reading)
    _certain: _Reading = field(default_factory=_Reading)
    overruled: bool = False
    """Whether the user does not want it this time."""

    def step(self, price: float) -> None:
        """Take in the price of another interval."""
        sign = -1 if self.low else 1
        above = sign * (price - self.limit)
        below = sign * (self.calm - price)
        tiny = 1e-9
        self._possible.step(
            sets_off=above >= -self.doubt - tiny, calm=below > self.doubt + tiny
        )
        self._certain.step(
            sets_off=above >= self.doubt - tiny, calm=below > -self.doubt + tiny
        )
        if not self._possible.on:
            self.overruled = False

    @property
    def may_be_on(self) -> bool:
        """Whether it may be on, were it not for the user."""
        return self._possible.on

    @property
    def is_on(self) -> bool:
        """Whether it certainly is, were it not for the user."""
        return self._certain.on and self._possible.on

    def forget(self) -> None:
        """Begin anew, after the feature was switched off."""
        self._possible, self._certain = _Reading(), _Reading()
        self.overruled = False


def running(now: datetime) -> datetime:
    """Return when the running interval began."""
    return datetime.fromtimestamp(now.timestamp() // 300 * 300, now.tzinfo)
