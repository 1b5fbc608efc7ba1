"""Charge or discharge the battery for a while because its owner says so.

It begins at once and ends on a whole minute.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from .model.decisions import Feature, Lever, LeverValue, Reason, Want
from .model.force import (
    HIGHEST_RESERVE,
    LONGEST_MINUTES,
    SHORTEST_MINUTES,
    Direction,
    Force,
    ForceOverError,
    MinutesError,
    ReserveError,
    remaining,
    running,
)
from .model.moments import floor_to
from .model.powerwall import ExportRule, OperationMode
from .model.tesla_tariff import TeslaTariff

_MINUTE = timedelta(minutes=1)


def begin(
    direction: Direction, minutes: int, now: datetime, reserve: float | None = None
) -> Force:
    """Return a force that runs from now on.

    Its end is rounded down to the minute, so it never takes longer than asked for.
    Raises MinutesError outside of 15 to 240, and ReserveError if ``reserve`` is neither
    0 to 80 nor 100, or is given for a discharge, which keeps the reserve there is.
    """
    if not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        raise MinutesError(minutes, SHORTEST_MINUTES, LONGEST_MINUTES)
    if reserve is not None:
        if direction is Direction.DISCHARGE:
            raise ReserveError("is not changed by a discharge")
        if not (0 <= reserve <= HIGHEST_RESERVE or reserve == 100):
            raise ReserveError(f"must be 0 to {HIGHEST_RESERVE} or 100, not {reserve}")
    return Force(
        direction=direction,
        started_at=now,
        until=floor_to(now + minutes * _MINUTE, _MINUTE),
        reserve=reserve,
    )


def extend(force: Force, minutes: int, now: datetime) -> Force:
    """Return a force that ends so many minutes later, or earlier if negative.

    Raises ForceOverError if it has ended, and MinutesError if less than nothing or more
    than 240 minutes from now would be left.
    """
    if not running(force, now):
        raise ForceOverError
    left = remaining(force, now)
    least = -(left // _MINUTE)
    most = (LONGEST_MINUTES * _MINUTE - left) // _MINUTE
    if not least <= minutes <= most:
        raise MinutesError(minutes, least, most)
    return replace(force, until=force.until + minutes * _MINUTE)


def force_wants(
    force: Force | None, tariff: TeslaTariff, now: datetime
) -> tuple[Want, ...]:
    """Return what a force asks of the Powerwall, nothing when there is none any more.

    ``tariff`` is one that steers in the direction of the force. A charge leaves the
    export rule alone.
    """
    if force is None or not running(force, now):
        return ()
    asked: dict[Lever, LeverValue] = {}
    match force.direction:
        case Direction.DISCHARGE:
            asked[Lever.EXPORT_RULE] = ExportRule.BATTERY_OK
            asked[Lever.GRID_CHARGING] = False
        case Direction.CHARGE:
            asked[Lever.GRID_CHARGING] = True
            if force.reserve is not None:
                asked[Lever.BACKUP_RESERVE] = force.reserve
    asked[Lever.TARIFF] = tariff
    asked[Lever.OPERATION_MODE] = OperationMode.AUTONOMOUS
    return tuple(
        Want(
            lever=lever,
            value=value,
            feature=Feature.FORCE,
            reason=Reason.FORCED,
            expires=force.until,
        )
        for lever, value in asked.items()
    )
