"""Times at which the Powerwall does not obey anyway, and is left alone.

Without a grid, before a storm and while a programme of the utility has the battery,
Tesla decides. Commands would not show, or come through when it is over.
"""

from datetime import datetime, timedelta

from .model.decisions import KEEP, Feature, Lever, Reason, Want
from .model.powerwall import GridStatus, LiveStatus

STILL_TRUE = timedelta(minutes=5)
"""How long a live status speaks for the moment."""

_OFF_GRID = frozenset({GridStatus.OFF_GRID, GridStatus.OFF_GRID_INTENTIONAL})


def hands_off(live: LiveStatus | None, now: datetime) -> Reason | None:
    """Return why nothing should be commanded now, None if nothing speaks against it.

    A status that is missing or old says nothing.
    """
    if live is None or now - live.measured_at > STILL_TRUE:
        return None
    if live.grid_status in _OFF_GRID:
        return Reason.OFF_GRID
    if live.storm_mode_active:
        return Reason.STORM
    if live.grid_services_active:
        return Reason.GRID_SERVICES
    return None


def hands_off_wants(live: LiveStatus | None, now: datetime) -> tuple[Want, ...]:
    """Return the wish to leave every lever as it is, where there is cause for it."""
    if (reason := hands_off(live, now)) is None:
        return ()
    return tuple(
        Want(lever=lever, value=KEEP, feature=Feature.SAFETY, reason=reason)
        for lever in Lever
    )
