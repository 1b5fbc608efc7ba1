"""What prices set off in a home, told to the claims interval by interval."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .claims import Claim, Claims, Name, Rank
from .price_rules import INTERVAL, PriceRule, running

KNOWN_BY = timedelta(seconds=105)
"""How far into an interval its price is known for certain."""


@dataclass(slots=True, kw_only=True)
class Episodes:
    """One feature that prices switch on and off by themselves.

    ``price`` returns what the interval from a moment on costs in the end, in $/kWh.
    """

    rank: Rank
    values: Mapping[str, tuple[Name, ...]]
    rule: PriceRule
    price: Callable[[datetime], float]
    claims: Claims
    is_on: bool = False
    """Whether the user lets PowerSync do it."""
    _possible: Claim | None = field(default=None)
    _certain: Claim | None = field(default=None)
    _seen: datetime | None = field(default=None)

    def switch(self, now: datetime, *, on: bool) -> None:
        """Begin to follow prices, or end everything."""
        self.is_on = on
        self._end(now)
        self.rule.forget()
        self._seen = None
        if on:
            self.follow(now)

    def overrule(self) -> None:
        """Note that the user does not want the running episode."""
        if self.rule.may_be_on:
            self.rule.overruled = True
        self._possible = self._certain = None

    def follow(self, now: datetime) -> None:
        """Look at the price of the running interval, once."""
        start = running(now)
        if not self.is_on or self._seen == start:
            return
        if self._seen is not None and start - self._seen > INTERVAL:
            raise RuntimeError("an interval was not looked at")
        self._seen = start
        self.rule.step(self.price(start))
        if self.rule.overruled:
            self._end(now)
            return
        known_by = max(now, start + KNOWN_BY)
        if self.rule.may_be_on and self._possible is None:
            self._possible = self._claim(now, must=False)
        if not self.rule.may_be_on and self._possible is not None:
            self._possible.until = known_by
            self._possible = None
        if self.rule.is_on and self._certain is None:
            self._certain = self._claim(known_by, must=True)
        if not self.rule.is_on and self._certain is not None:
            self._certain.until = start
            self._certain = None

    def _claim(self, since: datetime, *, must: bool) -> Claim:
        return self.claims.add(
            Claim(rank=self.rank, values=self.values, since=since, must=must)
        )

    def _end(self, now: datetime) -> None:
        for claim in (self._possible, self._certain):
            if claim is not None and (claim.until is None or claim.until > now):
                claim.until = now
        self._possible = self._certain = None
