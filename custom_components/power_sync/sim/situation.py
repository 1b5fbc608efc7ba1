"""What happens to a site without its owner's doing."""

from dataclasses import dataclass


class SituationError(ValueError):
    """A situation that cannot be; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Storm, dispatch and outage.

    An announced ``storm`` fills the battery where Storm Watch is on. ``grid_services``
    is a dispatch of the owner's virtual power plant, which discharges the battery
    down to the reserve. ``off_grid`` is an outage of the grid.
    """

    storm: bool = False
    grid_services: bool = False
    off_grid: bool = False
