"""An order to charge or discharge the battery for a while.

Times are aware UTC, so that it takes as long as it was asked for on the nights on
which the clocks change too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

DURATIONS = (15, 30, 45, 60, 90, 120, 180, 240)
"""Minutes that are offered for choice; any number between them will do as well."""
SHORTEST_MINUTES, LONGEST_MINUTES = DURATIONS[0], DURATIONS[-1]
HIGHEST_RESERVE = 80
"""%: Tesla stores 81 to 99 and turns them into 80 within half an hour."""


class Direction(StrEnum):
    """What the Powerwall is to do."""

    CHARGE = "charge"
    DISCHARGE = "discharge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Force:
    """A running order; ``reserve`` in % is raised with a charge, None leaves it."""

    direction: Direction
    started_at: datetime
    until: datetime
    reserve: float | None = None


class ForceError(ValueError):
    """An order that cannot be given; ``field`` says what is wrong with it."""

    def __init__(self, field: str, problem: str) -> None:
        """Name the field and what is wrong."""
        super().__init__(f"{field} {problem}")
        self.field = field


class MinutesError(ForceError):
    """So many minutes are too few or too many."""

    def __init__(self, minutes: int, least: int, most: int) -> None:
        """Take what was asked for and what can be had."""
        super().__init__("minutes", f"must be {least} to {most}, not {minutes}")
        self.least, self.most = least, most


class ReserveError(ForceError):
    """The reserve cannot be that."""

    def __init__(self, problem: str) -> None:
        """Say what is wrong."""
        super().__init__("reserve", problem)


class ForceOverError(ForceError):
    """There is nothing left to extend."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("force", "is over")


def running(force: Force | None, now: datetime) -> bool:
    """Return whether there is a force that still has time left."""
    return force is not None and now < force.until


def remaining(force: Force | None, now: datetime) -> timedelta:
    """Return how long a force still takes, zero when there is none any more."""
    return timedelta(0) if force is None else max(timedelta(0), force.until - now)
