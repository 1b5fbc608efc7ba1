"""Common shapes of time-of-use plans, to start from instead of from nothing.

The rates are plausible ones in $/kWh; everyone has their own to fill in.
"""

from collections.abc import Mapping
from types import MappingProxyType

from .model.retail import Days
from .model.tariff_plan import PlanPeriod, PlanSeason, TariffPlan
from .plan_names import OFF_PEAK, PEAK, SHOULDER

_DAILY_CHARGE = 1.1
_EXPORT = 0.05


def _period(
    name: str, rate: float, start: int, end: int, days: Days = Days.EVERY
) -> PlanPeriod:
    """Return a period between two full hours."""
    return PlanPeriod(
        name=name,
        days=days,
        start=start * 60,
        end=end * 60,
        import_rate=rate,
        export_rate=_EXPORT,
    )


def _season(
    name: str, first: tuple[int, int], last: tuple[int, int], *periods: PlanPeriod
) -> PlanSeason:
    """Return a season between two dates (month, day)."""
    return PlanSeason(
        name=name,
        from_month=first[0],
        from_day=first[1],
        to_month=last[0],
        to_day=last[1],
        periods=periods,
    )


def _all_year(name: str, *periods: PlanPeriod) -> TariffPlan:
    """Return a plan that is the same all year round."""
    return TariffPlan(
        name=name,
        seasons=(_season("All year", (1, 1), (12, 31), *periods),),
        daily_charge=_DAILY_CHARGE,
    )


TEMPLATES: Mapping[str, TariffPlan] = MappingProxyType(
    {
        "flat": _all_year("Flat rate", _period("Anytime", 0.3, 0, 0)),
        "two_rates": _all_year(
            "Peak and off-peak",
            _period(PEAK, 0.38, 7, 22, Days.WEEKDAYS),
            _period(OFF_PEAK, 0.22, 22, 0, Days.WEEKDAYS),
            _period(OFF_PEAK, 0.22, 0, 7, Days.WEEKDAYS),
            _period(OFF_PEAK, 0.22, 0, 0, Days.WEEKENDS),
        ),
        "three_rates": _all_year(
            "Peak, shoulder and off-peak",
            _period(PEAK, 0.48, 15, 21, Days.WEEKDAYS),
            _period(SHOULDER, 0.32, 7, 15, Days.WEEKDAYS),
            _period(SHOULDER, 0.32, 21, 22, Days.WEEKDAYS),
            _period(SHOULDER, 0.32, 7, 22, Days.WEEKENDS),
            _period(OFF_PEAK, 0.22, 22, 7),
        ),
        "solar_soak": _all_year(
            "Solar soak",
            _period("Solar soak", 0.12, 10, 15),
            _period(PEAK, 0.45, 15, 21),
            _period(SHOULDER, 0.3, 21, 10),
        ),
        "ev_night": _all_year(
            "Electric car at night",
            _period("Night", 0.08, 0, 6),
            _period("Day", 0.33, 6, 0),
        ),
        "seasonal": TariffPlan(
            name="Summer and winter peak",
            seasons=(
                _season(
                    "Summer",
                    (10, 1),
                    (3, 31),
                    _period(PEAK, 0.5, 14, 20),
                    _period(OFF_PEAK, 0.25, 20, 14),
                ),
                _season(
                    "Winter",
                    (4, 1),
                    (9, 30),
                    _period(PEAK, 0.42, 17, 21),
                    _period(OFF_PEAK, 0.25, 21, 17),
                ),
            ),
            daily_charge=_DAILY_CHARGE,
        ),
    }
)
"""Sound plans by what they are called in a list of choices."""
