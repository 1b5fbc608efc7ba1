"""Turn a tariff plan into a Tesla tariff, and a Tesla tariff into a plan."""

from enum import StrEnum
from itertools import pairwise

from .model.retail import MINUTES_PER_DAY
from .model.tariff_plan import PlanPeriod, PlanSeason, TariffPlan
from .model.tesla_tariff import (
    ALL,
    DAYS_PER_WEEK,
    DailyCharge,
    SeasonRates,
    TariffSide,
    TeslaTariff,
    TouPeriod,
    TouSeason,
)
from .plan_names import distinct_name, period_labels, plan_name, season_labels
from .plan_week import DayPart, UnevenWeekError, windows_of_week
from .price_mapping import map_prices
from .tariff_plan import MonthDay, runs_of_year, within_dates
from .tesla_tariff import OUR_CODE
from .tou_windows import tou_windows

type _Rates = tuple[float, float]
"""An import and an export rate."""


class Obstacle(StrEnum):
    """Why a Tesla tariff cannot become a plan."""

    DATES = "dates"
    """A date belongs to no season, or to several."""
    TIMES = "times"
    """A time belongs to no period, or to several."""
    PRICES = "prices"
    """A period has no price."""
    DAYS = "days"
    """Weekdays differ from each other, or the two days of the weekend do."""
    DEMAND = "demand"
    """It charges for peaks of power, which a plan cannot say."""


class NoPlanInTariffError(ValueError):
    """A Tesla tariff says something that a plan cannot; ``obstacle`` says what.

    ``season`` is the tariff's own name for where, empty if it is not about one.
    """

    def __init__(self, obstacle: Obstacle, season: str = "") -> None:
        """Say what is in the way."""
        super().__init__(f"no plan can be made of the tariff: {obstacle} {season}")
        self.obstacle = obstacle
        self.season = season


def plan_tariff(plan: TariffPlan, *, utility: str, currency: str) -> TeslaTariff:
    """Return the tariff that charges what a sound plan does, all year round.

    Rates move only as far as Tesla's rule, import at least export and neither
    negative, asks for, and stay in order over the whole plan. The tariff depends on
    nothing but the plan, so it has to be sent only once.
    """
    mapped = _acceptable(plan)
    labels = period_labels(
        period.name for season in plan.seasons for period in season.periods
    )
    names = season_labels(season.name for season in plan.seasons)
    named = list(zip(names, plan.seasons, strict=True))
    seasons = tuple(
        TouSeason(
            name=name,
            from_month=season.from_month,
            from_day=season.from_day,
            to_month=season.to_month,
            to_day=season.to_day,
            periods=_tou_periods(season, labels),
        )
        for name, season in named
    )

    def side(direction: int, daily_charge: float) -> TariffSide:
        return TariffSide(
            name=plan.name,
            utility=utility,
            code=OUR_CODE,
            currency=currency,
            seasons=seasons,
            energy_rates=tuple(
                SeasonRates(
                    season=name,
                    rates=tuple(
                        {
                            labels[period.name]: mapped[
                                period.import_rate, period.export_rate
                            ][direction]
                            for period in season.periods
                        }.items()
                    ),
                )
                for name, season in named
            ),
            demand_rates=tuple(SeasonRates(season=name, rates=()) for name in names),
            daily_charges=(DailyCharge(name="Charge", amount=daily_charge),),
        )

    # What is paid by the day is paid to the one who sells to the home.
    return TeslaTariff(buy=side(0, plan.daily_charge), sell=side(1, 0))


def _acceptable(plan: TariffPlan) -> dict[_Rates, _Rates]:
    """Return what each pair of rates becomes so that Tesla takes it as it is."""
    pairs = list(
        dict.fromkeys(
            (period.import_rate, period.export_rate)
            for season in plan.seasons
            for period in season.periods
        )
    )
    # The mapping gives up the order for the running half hour and the next. Here no
    # time is special: two more copies take their places and are forgotten.
    padded = [pairs[0], pairs[0], *pairs]
    mapped = map_prices(
        [buy for buy, _ in padded], [sell for _, sell in padded], running=0
    )
    return dict(
        zip(pairs, zip(mapped.buy[2:], mapped.sell[2:], strict=True), strict=True)
    )


def _tou_periods(season: PlanSeason, labels: dict[str, str]) -> tuple[TouPeriod, ...]:
    """Return a season's periods, one for each name."""
    names = dict.fromkeys(period.name for period in season.periods)
    return tuple(
        TouPeriod(label=labels[name], windows=tou_windows(season, name))
        for name in names
    )


def plan_from_tariff(tariff: TeslaTariff, name: str) -> TariffPlan:
    """Return a sound plan that charges what a Tesla tariff does.

    Without a sell side, export earns nothing. What is charged by the month is
    spread over the days of a year; a monthly minimum is left out.
    Raises NoPlanInTariffError if the tariff cannot be said as a plan.
    """
    buy, sell = tariff.buy, tariff.sell
    for side in filter(None, (buy, sell)):
        if any(rate for table in side.demand_rates for _, rate in table.rates):
            raise NoPlanInTariffError(Obstacle.DEMAND)

    def seasons_on(day: MonthDay) -> tuple[TouSeason | None, TouSeason | None]:
        return _season_on(buy, day), _season_on(sell, day) if sell else None

    seasons: list[PlanSeason] = []
    for first, last, (buying, selling) in runs_of_year(seasons_on):
        season = buying or selling
        seasons.append(
            PlanSeason(
                name=distinct_name(
                    season.name if season else _ALL_YEAR,
                    {other.name for other in seasons},
                ),
                from_month=first[0],
                from_day=first[1],
                to_month=last[0],
                to_day=last[1],
                periods=_plan_periods(
                    _priced_week(buy, buying),
                    _priced_week(sell, selling) if sell else _NOTHING,
                    season.name if season else "",
                ),
            )
        )
    daily = sum(charge.amount for charge in buy.daily_charges)
    return TariffPlan(
        name=name,
        seasons=tuple(seasons),
        daily_charge=round(daily + buy.monthly_charges * 12 / 365, 4),
    )


type _Priced = tuple[str, float]
"""A label and its price."""
type _Week = list[list[DayPart[_Priced]]]

_ALL_YEAR = "All year"
_NOTHING: _Week = [[DayPart(0, MINUTES_PER_DAY, (ALL, 0.0))]] * DAYS_PER_WEEK


def _season_on(side: TariffSide, day: MonthDay) -> TouSeason | None:
    """Return the season a date belongs to, None for a tariff without any."""
    if not side.seasons:
        return None
    found = [
        season
        for season in side.seasons
        if within_dates(
            day,
            ((season.from_month, season.from_day), (season.to_month, season.to_day)),
        )
    ]
    if len(found) != 1:
        raise NoPlanInTariffError(Obstacle.DATES, found[0].name if found else "")
    return found[0]


def _priced_week(side: TariffSide, season: TouSeason | None) -> _Week:
    """Return what each weekday holds; a season without times has one price."""
    where = season.name if season else ALL
    week: _Week = [[] for _ in range(DAYS_PER_WEEK)]
    for period in season.periods if season else ():
        for window in period.windows:
            for day, start, end in window.spans():
                week[day].append(
                    DayPart(start, end, _priced(side, where, period.label))
                )
    if not any(week):
        return [[DayPart(0, MINUTES_PER_DAY, _priced(side, where, ALL))]] * len(week)
    for parts in week:
        parts.sort(key=lambda part: part.start)
        starts = [*(part.start for part in parts), MINUTES_PER_DAY]
        if starts != [0, *(part.end for part in parts)]:
            raise NoPlanInTariffError(Obstacle.TIMES, where)
    return week


def _priced(side: TariffSide, season: str, label: str) -> _Priced:
    if (price := side.rate(season, label)) is None:
        raise NoPlanInTariffError(Obstacle.PRICES, season)
    return label, price


def _plan_periods(buy: _Week, sell: _Week, season: str) -> tuple[PlanPeriod, ...]:
    """Return the periods of a season, cut wherever either side changes.

    Periods are called as on the buy side; what differs only in what export earns
    gets a number.
    """
    try:
        windows = windows_of_week(
            [_both(*days) for days in zip(buy, sell, strict=True)]
        )
    except UnevenWeekError as error:
        raise NoPlanInTariffError(Obstacle.DAYS, season) from error
    names: dict[tuple[str, float, float], str] = {}
    for window in windows:
        if window.value not in names:
            names[window.value] = distinct_name(
                plan_name(window.value[0]), names.values()
            )
    return tuple(
        PlanPeriod(
            name=names[window.value],
            days=window.days,
            start=window.start,
            end=window.end,
            import_rate=window.value[1],
            export_rate=window.value[2],
        )
        for window in windows
    )


def _both(
    buy: list[DayPart[_Priced]], sell: list[DayPart[_Priced]]
) -> list[DayPart[tuple[str, float, float]]]:
    """Return a day with the prices of both sides."""
    edges = {edge for part in (*buy, *sell) for edge in (part.start, part.end)}
    parts = []
    for start, end in pairwise(sorted(edges)):
        (label, import_rate), (other, export_rate) = (
            next(part.value for part in side if part.start <= start < part.end)
            for side in (buy, sell)
        )
        name = other if label == ALL else label
        parts.append(DayPart(start, end, (name, import_rate, export_rate)))
    return parts
