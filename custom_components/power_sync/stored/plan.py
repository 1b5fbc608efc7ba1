"""A tariff plan as its subentry stores it.

Rates are stored in $/kWh, times as minutes from local midnight, dates as ``MM-DD``.
The plan's name is the subentry's title.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.model.retail import Days
from ..core.model.tariff_plan import PlanPeriod, PlanSeason, TariffPlan
from ..core.tariff_plan import MonthDay, find_problem, season_dates


class StoredPlanError(ValueError):
    """What is stored is not a plan; the text names the field or the problem."""


def plan_to_stored(plan: TariffPlan) -> dict[str, Any]:
    """Return a plan as JSON; ``plan_from_stored`` reads it back."""
    return {
        "daily_charge": plan.daily_charge,
        "seasons": [_season_to_stored(season) for season in plan.seasons],
    }


def plan_from_stored(name: str, data: Mapping[str, Any]) -> TariffPlan:
    """Return the plan that a subentry holds under its title; it is a sound one.

    Raises StoredPlanError, a ValueError, for anything else.
    """
    plan = TariffPlan(
        name=name,
        seasons=tuple(
            _season_from_stored(item, f"seasons[{number}]")
            for number, item in enumerate(_list(data, "seasons", ""))
        ),
        daily_charge=_number(data, "daily_charge", ""),
    )
    if (problem := find_problem(plan)) is not None:
        raise StoredPlanError(f"the stored plan is not sound: {problem}")
    return plan


def _season_to_stored(season: PlanSeason) -> dict[str, Any]:
    first, last = season_dates(season)
    return {
        "name": season.name,
        "from": "{:02}-{:02}".format(*first),
        "to": "{:02}-{:02}".format(*last),
        "periods": [_period_to_stored(period) for period in season.periods],
    }


def _period_to_stored(period: PlanPeriod) -> dict[str, Any]:
    return {
        "name": period.name,
        "days": period.days.value,
        "start": period.start,
        "end": period.end,
        "import_rate": period.import_rate,
        "export_rate": period.export_rate,
    }


def _season_from_stored(value: object, where: str) -> PlanSeason:
    data = _mapping(value, where)
    first, last = _date(data, "from", where), _date(data, "to", where)
    return PlanSeason(
        name=_text(data, "name", where),
        from_month=first[0],
        from_day=first[1],
        to_month=last[0],
        to_day=last[1],
        periods=tuple(
            _period_from_stored(item, f"{where}.periods[{number}]")
            for number, item in enumerate(_list(data, "periods", where))
        ),
    )


def _period_from_stored(value: object, where: str) -> PlanPeriod:
    data = _mapping(value, where)
    try:
        days = Days(_text(data, "days", where))
    except ValueError as error:
        raise StoredPlanError(f"{where}.days names no days") from error
    return PlanPeriod(
        name=_text(data, "name", where),
        days=days,
        start=_minute(data, "start", where),
        end=_minute(data, "end", where),
        import_rate=_number(data, "import_rate", where),
        export_rate=_number(data, "export_rate", where),
    )


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise StoredPlanError(f"{where} is not an object")
    return value


def _list(data: Mapping[str, Any], key: str, where: str) -> Sequence[object]:
    value = data.get(key)
    if not isinstance(value, list | tuple):
        raise StoredPlanError(f"{_path(where, key)} is not a list")
    return value


def _text(data: Mapping[str, Any], key: str, where: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise StoredPlanError(f"{_path(where, key)} is not a text")
    return value


def _number(data: Mapping[str, Any], key: str, where: str) -> float:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise StoredPlanError(f"{_path(where, key)} is not a number")
    try:
        return float(value)
    except OverflowError as error:
        raise StoredPlanError(f"{_path(where, key)} is too large") from error


def _minute(data: Mapping[str, Any], key: str, where: str) -> int:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise StoredPlanError(f"{_path(where, key)} is not a whole number")
    return value


def _date(data: Mapping[str, Any], key: str, where: str) -> MonthDay:
    month, _, day = _text(data, key, where).partition("-")
    try:
        return int(month), int(day)
    except ValueError as error:
        raise StoredPlanError(f"{_path(where, key)} is not a date") from error


def _path(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
