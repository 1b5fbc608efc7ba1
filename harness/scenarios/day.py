"""A day in a home, with everything that can be entered into its agenda."""

from .course import Action
from .orders import Orders
from .outside import Outside

__all__ = ["Action", "Day"]


class Day(Orders, Outside):
    """One home, its agenda, and all that may be on it.

    A scenario fills the agenda; everything goes through Home Assistant's own services
    and entities, Tesla's app, or the outside world.
    """
