"""Who may hold which lever when: a small model of its own, without the integration.

It knows what the owner chose last, and what was asked of the home and by whom.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from .cloud import TARIFF, Value, is_named

type Name = str | bool | float
"""A value of a lever; a tariff goes by its name."""

OWNERS_TARIFF_RESTS = timedelta(hours=4)
"""How long a tariff stays that the owner chose while another one was held."""


class Rank(IntEnum):
    """What may move a lever; the lower number comes first."""

    FALLBACK = 2
    FORCE = 3
    SPIKE = 4
    CURTAILMENT = 5
    SYNC = 7
    REPLAN = 8


PRICES, CHARGE, DISCHARGE, SPIKE = (
    "PowerSync",
    "PowerSync force charge",
    "PowerSync force discharge",
    "PowerSync price spike",
)
"""Names of tariffs."""
STEERING = frozenset({CHARGE, DISCHARGE, SPIKE})
"""Tariffs that say something else than prices, and must not stay."""
FORCE_LEVERS: Mapping[str, Mapping[str, tuple[Name, ...]]] = {
    "charge": {
        "grid_charging": (True,),
        "tariff": (CHARGE,),
        "operation_mode": ("autonomous",),
    },
    "discharge": {
        "export_rule": ("battery_ok",),
        "grid_charging": (False,),
        "tariff": (DISCHARGE,),
        "operation_mode": ("autonomous",),
    },
}
SPIKE_LEVERS: Mapping[str, tuple[Name, ...]] = {
    **FORCE_LEVERS["discharge"],
    "tariff": (SPIKE,),
}
"""Where a force or a spike puts the levers."""


@dataclass(slots=True, kw_only=True, eq=False)
class Claim:
    """Something that may put a lever to certain values for a while.

    Of several values it is the first that is wanted. ``must`` says whether the lever
    has to be there, or only may be; ``until`` is None while nobody knows.
    """

    rank: Rank
    values: Mapping[str, tuple[Name, ...]]
    since: datetime
    until: datetime | None = None
    must: bool = True
    needs: tuple[str, Name] | None = None
    """A lever, and what the owner must have chosen for it if this is to count."""

    def lives(self, begin: datetime, end: datetime) -> bool:
        """Return whether it does at any time from ``begin`` to ``end``."""
        return self.since <= end and (self.until is None or begin <= self.until)

    def spans(self, begin: datetime, end: datetime) -> bool:
        """Return whether it does all the time from ``begin`` to ``end``."""
        return self.since <= begin and (self.until is None or end < self.until)


@dataclass(slots=True, kw_only=True)
class Claims:
    """What the owner chose, and everything that may hold something else."""

    chosen: dict[str, Value]
    """The owner's newest choice of each lever."""
    chosen_at: dict[str, datetime] = field(default_factory=dict)
    """When the owner chose it in Tesla's app."""
    all: list[Claim] = field(default_factory=list)
    rests_until: datetime | None = None
    """Until when the tariff is left at the owner's choice."""

    def add(self, claim: Claim) -> Claim:
        """Take a claim in."""
        self.all.append(claim)
        return claim

    def live(
        self, lever: str, now: datetime, grace: timedelta = timedelta()
    ) -> list[Claim]:
        """Return who may hold a lever now, or might a moment ago; the first first."""
        return sorted(
            (
                claim
                for claim in self.all
                if lever in claim.values
                and claim.lives(now - grace, now)
                and self._counts(claim, now)
            ),
            key=lambda claim: claim.rank,
        )

    def _counts(self, claim: Claim, now: datetime) -> bool:
        """Return whether the owner's choices let a claim count."""
        if claim.rank is Rank.SPIKE and self.rests(now):
            # It waits for a tariff that was just chosen.
            return False
        if claim.needs is None:
            return True
        lever, name = claim.needs
        return is_named(lever, self.chosen[lever], name)

    def may(self, lever: str, value: Value, now: datetime, grace: timedelta) -> bool:
        """Return whether anybody may have put a lever there."""
        if lever == TARIFF and self.rests(now):
            return False
        return any(
            is_named(lever, value, name)
            for claim in self.live(lever, now, grace)
            for name in claim.values[lever]
        )

    def must(self, lever: str, now: datetime, grace: timedelta) -> Name | None:
        """Return where a lever has to be by now, None if that is not certain."""
        if self.rests(now - grace):
            # The tariff's rest, and what waits for it, may be just over.
            return None
        live = self.live(lever, now, grace)
        if not live:
            return None
        first = live[0]
        certain = (
            first.must
            and first.spans(now - grace, now)
            and len(first.values[lever]) == 1
        )
        return first.values[lever][0] if certain else None

    def rests(self, now: datetime) -> bool:
        """Return whether the owner's tariff is to be left alone."""
        return self.rests_until is not None and now < self.rests_until

    def owner_chose(self, lever: str, value: Value, now: datetime) -> list[Claim]:
        """Note a change in Tesla's app; return whom it ends."""
        held_by = [
            claim
            for claim in self.live(lever, now)
            if not any(is_named(lever, value, name) for name in claim.values[lever])
        ]
        self.chosen[lever] = value
        self.chosen_at[lever] = now
        if lever == TARIFF and held_by:
            self.rests_until = now + OWNERS_TARIFF_RESTS
        # A plain sync goes on where it was.
        ended = [claim for claim in held_by if claim.rank < Rank.SYNC]
        for claim in ended:
            claim.until = now
        return ended

    def unseen(self, lever: str) -> None:
        """Go on as if the owner had not changed a lever."""
        del self.chosen_at[lever]
        if lever == TARIFF:
            self.rests_until = None

    def end(self, rank: Rank, now: datetime) -> None:
        """End all claims of a kind."""
        for claim in self.all:
            if claim.rank == rank and (claim.until is None or claim.until > now):
                claim.until = now

    def forget(self, before: datetime) -> None:
        """Forget what ended long ago."""
        self.all = [
            claim for claim in self.all if claim.until is None or claim.until >= before
        ]


def steering(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims that make the battery charge or discharge at once."""
    return [claim for claim in claims if claim.rank in (Rank.FORCE, Rank.SPIKE)]
