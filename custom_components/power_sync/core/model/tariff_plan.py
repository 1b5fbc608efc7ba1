"""A retailer's time-of-use plan as its customer knows it.

Rates are in currency per kWh, minutes count from local midnight, Monday is day 0.
"""

from dataclasses import dataclass

from .retail import Days


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPeriod:
    """A named part of the day and its rates.

    An ``end`` that is not after ``start`` lies on the next day; equal ends mean the
    whole day. The same name may stand for several parts of the day if the rates
    are the same.
    """

    name: str
    days: Days
    start: int
    end: int
    import_rate: float
    export_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSeason:
    """A part of the year, both dates inclusive; it may run over New Year."""

    name: str
    from_month: int
    from_day: int
    to_month: int
    to_day: int
    periods: tuple[PlanPeriod, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffPlan:
    """A whole plan; seasons together cover each day of a leap year once."""

    name: str
    seasons: tuple[PlanSeason, ...]
    daily_charge: float = 0.0
