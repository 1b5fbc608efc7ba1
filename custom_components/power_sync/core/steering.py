"""The tariff that makes time-based control charge or discharge now.

It is made once for a force and once an hour for a spike, and then stays as it is: a
new one with every price would only be noticed later each time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from .day_plan import Plan, TariffTerms
from .journal import is_ours
from .model.force import Direction, running
from .model.moments import floor_to
from .model.spikes import SpikeTerms
from .model.tesla_tariff import TeslaTariff
from .spike_response import SpikeMemory, is_active
from .standing import Standing
from .steered_tariff import steered_tariff

_AN_HOUR = timedelta(hours=1)
SPIKE_AHEAD = timedelta(hours=2)
"""How far ahead a spike is assumed to last: long enough to be worth the discharge."""
_NAMES = {
    Direction.CHARGE: "PowerSync force charge",
    Direction.DISCHARGE: "PowerSync force discharge",
}
_SPIKE_NAME = "PowerSync price spike"
STEERING_NAMES = frozenset({*_NAMES.values(), _SPIKE_NAME})
"""How tariffs are called that say something else than prices."""


def is_steering(tariff: TeslaTariff | None) -> bool:
    """Return whether a tariff is one of ours that says something else than prices."""
    return tariff is not None and is_ours(tariff) and tariff.buy.name in STEERING_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """A tariff, and what it was made for."""

    cause: tuple[object, ...]
    tariff: TeslaTariff


def steer(
    known: Steering | None,
    standing: Standing,
    plan: Plan | None,
    terms: TariffTerms,
    spike: SpikeTerms,
    zone: tzinfo,
    now: datetime,
) -> Steering | None:
    """Return the tariff for what runs now, None if nothing does.

    A force comes before a spike, as it does for every lever. Prices outside of the
    window keep their order where ``plan`` knows them.
    """
    force = standing.force if running(standing.force, now) else None
    if force is not None:
        cause: tuple[object, ...] = (force.direction, force.started_at, force.until)
        # From its start, so that the same force always makes the same tariff.
        # A clock may have been set back since.
        start, end = min(force.started_at, now), force.until
        way = force.direction
        name, dear = _NAMES[force.direction], None
    elif is_active(standing.spike, now):
        hour = floor_to(now, _AN_HOUR)
        cause = (SpikeMemory, hour, spike.sell_price)
        start, end = hour, hour + _AN_HOUR + SPIKE_AHEAD
        way, name, dear = Direction.DISCHARGE, _SPIKE_NAME, spike.sell_price
    else:
        return None
    if known is not None and known.cause == cause:
        return known
    return Steering(
        cause=cause,
        tariff=steered_tariff(
            plan.mapped if plan else None,
            way,
            (start, end, zone),
            dear=dear,
            name=name,
            utility=terms.utility,
            currency=terms.currency,
        ),
    )
