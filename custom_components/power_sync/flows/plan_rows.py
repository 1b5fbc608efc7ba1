"""Seasons and periods of a plan, typed as rows of a list, and what is wrong with them."""

from collections.abc import Sequence
from dataclasses import replace
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    ObjectSelector,
    ObjectSelectorField,
    TextSelector,
)

from ..core.model.tariff_plan import PlanPeriod, PlanSeason, TariffPlan
from ..core.tariff_plan import MonthDay, PlanProblem, ProblemKind, find_problem
from .rate_fields import (
    CENTS_PER_KWH,
    cents_from_rate,
    number_field,
    rate_from_cents,
    shown_time,
)
from .rows import (
    CONF_NAME,
    day_part,
    day_part_fields,
    day_part_row,
    labelled_options,
    rows_field,
    typed_rows,
)
from .service import FormError

CONF_EXPORT_RATE = "export_rate"
CONF_FROM = "from"
CONF_IMPORT_RATE = "import_rate"
CONF_PERIODS = "periods"
CONF_SEASONS = "seasons"
CONF_TO = "to"

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_AND_MONTH = re.compile(r"\s*(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[.]?\s*")


def seasons_field() -> ObjectSelector:
    """Return the field for the seasons of a plan."""
    text = ObjectSelectorField(selector=TextSelector(), required=True)
    return rows_field(CONF_SEASONS, {CONF_NAME: text, CONF_FROM: text, CONF_TO: text})


async def periods_field(hass: HomeAssistant) -> ObjectSelector:
    """Return the field for the periods of a season."""
    rate = ObjectSelectorField(selector=number_field(CENTS_PER_KWH), required=True)
    return rows_field(
        CONF_PERIODS,
        await day_part_fields(hass) | {CONF_IMPORT_RATE: rate, CONF_EXPORT_RATE: rate},
    )


def rows_from_seasons(seasons: Sequence[PlanSeason]) -> list[dict[str, Any]]:
    """Return seasons as the list shows them."""
    return [
        {
            CONF_NAME: season.name,
            CONF_FROM: _shown_date((season.from_month, season.from_day)),
            CONF_TO: _shown_date((season.to_month, season.to_day)),
        }
        for season in seasons
    ]


def rows_from_periods(periods: Sequence[PlanPeriod]) -> list[dict[str, Any]]:
    """Return periods as the list shows them."""
    return [
        day_part_row(item.name, item.days, item.start, item.end)
        | {
            CONF_IMPORT_RATE: cents_from_rate(item.import_rate),
            CONF_EXPORT_RATE: cents_from_rate(item.export_rate),
        }
        for item in periods
    ]


async def typed_seasons(hass: HomeAssistant, value: Any) -> list[PlanSeason]:
    """Return the seasons of a list, still without periods.

    Raises FormError, naming the dates, unless they cover the year once.
    """
    seasons = []
    for row in typed_rows(CONF_SEASONS, value):
        name = row[CONF_NAME].strip()
        from_month, from_day = _typed_date(name, row[CONF_FROM])
        to_month, to_day = _typed_date(name, row[CONF_TO])
        seasons.append(
            PlanSeason(
                name=name,
                from_month=from_month,
                from_day=from_day,
                to_month=to_month,
                to_day=to_day,
                periods=(),
            )
        )
    whole_day = (
        PlanPeriod(**day_part(_WHOLE_DAY_ROW), import_rate=0.0, export_rate=0.0),
    )
    await _check(
        hass,
        CONF_SEASONS,
        tuple(replace(season, periods=whole_day) for season in seasons),
    )
    return seasons


async def typed_periods(
    hass: HomeAssistant, season: PlanSeason, value: Any
) -> PlanSeason:
    """Return a season with the periods of a list.

    Raises FormError, naming the row or the time, unless they cover the week once.
    """
    periods = []
    for row in typed_rows(CONF_PERIODS, value):
        part = day_part(row)
        try:
            import_rate = rate_from_cents(row[CONF_IMPORT_RATE])
        except ValueError as error:
            raise FormError(
                CONF_PERIODS, "implausible_import", row=part["name"]
            ) from error
        try:
            export_rate = rate_from_cents(row[CONF_EXPORT_RATE])
        except ValueError as error:
            raise FormError(
                CONF_PERIODS, "implausible_export", row=part["name"]
            ) from error
        periods.append(
            PlanPeriod(**part, import_rate=import_rate, export_rate=export_rate)
        )
    filled = replace(season, periods=tuple(periods))
    all_year = replace(filled, from_month=1, from_day=1, to_month=12, to_day=31)
    await _check(hass, CONF_PERIODS, (all_year,))
    return filled


_WHOLE_DAY_ROW = {"name": "-", "days": "every", "start": "00:00:00", "end": "00:00:00"}


async def _check(
    hass: HomeAssistant, field: str, seasons: tuple[PlanSeason, ...]
) -> None:
    """Raise FormError with what is wrong first."""
    problem = find_problem(TariffPlan(name="", seasons=seasons))
    if problem is None:
        return
    where = {"season": problem.season, "names": ", ".join(problem.names)}
    dates = {"first": _shown_date(problem.first), "last": _shown_date(problem.last)}
    times = {
        "days": await _shown_days(hass, problem),
        "start": shown_time(problem.start),
        "end": shown_time(problem.end),
    }
    match problem.kind:
        case ProblemKind.NO_SEASON:
            raise FormError(field, "plan_no_season")
        case ProblemKind.NO_PERIOD:
            raise FormError(field, "plan_no_period", **where)
        case ProblemKind.BAD_DATE:
            raise FormError(field, "plan_bad_date", row=problem.season)
        case ProblemKind.DATE_HOLE:
            raise FormError(field, "plan_date_hole", **dates)
        case ProblemKind.DATE_OVERLAP:
            raise FormError(field, "plan_date_overlap", **where, **dates)
        case ProblemKind.CONFLICTING_RATES:
            raise FormError(field, "plan_conflicting_rates", **where)
        case ProblemKind.HOLE:
            raise FormError(field, "plan_hole", **where, **times)
        case _:
            # The forms let nothing through that has no name, time or rate.
            raise FormError(field, "plan_overlap", **where, **times)


async def _shown_days(hass: HomeAssistant, problem: PlanProblem) -> str:
    """Return the days that a problem is about, in words."""
    if problem.days is not None:
        (option,) = await labelled_options(hass, "days", [problem.days])
        return option["label"]
    options = await labelled_options(
        hass, "weekday", [WEEKDAYS[number] for number in problem.weekdays]
    )
    return ", ".join(option["label"] for option in options)


def _typed_date(season: str, text: str) -> MonthDay:
    """Return month and day of a date that is written day first."""
    if (found := _DAY_AND_MONTH.fullmatch(text)) is None:
        raise FormError(CONF_SEASONS, "plan_bad_date", row=season)
    return int(found[2]), int(found[1])


def _shown_date(day: MonthDay | None) -> str:
    """Return a date as it is typed."""
    return f"{day[1]:02}/{day[0]:02}" if day else ""
