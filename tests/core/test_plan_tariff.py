"""Plans as Tesla tariffs, and Tesla tariffs as plans."""

from dataclasses import replace
from datetime import date
import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.core.model.tariff_document import (
    read_tariff,
    write_tariff,
)
from custom_components.power_sync.core.model.tariff_plan import TariffPlan
from custom_components.power_sync.core.model.tesla_tariff import (
    ALL,
    DailyCharge,
    SeasonRates,
    TariffSide,
    TeslaTariff,
    TouPeriod,
    TouSeason,
    TouWindow,
)
from custom_components.power_sync.core.plan_tariff import (
    NoPlanInTariffError,
    Obstacle,
    plan_from_tariff,
    plan_tariff,
)
from custom_components.power_sync.core.plan_templates import TEMPLATES
from custom_components.power_sync.core.tariff_plan import find_problem
from custom_components.power_sync.core.tesla_tariff import (
    OUR_CODE,
    largest_difference,
)
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF
from custom_components.power_sync.sim.tariff_readback import omit_zeros

from .plans import (
    EVERY,
    LEAP_YEAR,
    SYDNEYS,
    WEEKDAYS,
    WEEKENDS,
    WHOLE_DAY,
    painter,
    period,
    plan,
    plans,
    season,
)

SMALL = settings(max_examples=50, deadline=None)
FIXTURES = Path(__file__).parent.parent / "fixtures"


def tesla(whole: TariffPlan) -> TeslaTariff:
    return plan_tariff(whole, utility="Retailer", currency="AUD")


def tesla_rates(side: TariffSide | None, day: date) -> list[float]:
    """Return the price of each minute of a date; every minute has exactly one."""
    assert side is not None
    minutes: list[list[float]] = [[] for _ in range(1440)]
    for part in side.seasons:
        first = (part.from_month, part.from_day)
        last = (part.to_month, part.to_day)
        moment = (day.month, day.day)
        inside = (
            first <= moment <= last
            if first <= last
            else moment >= first or moment <= last
        )
        if not inside:
            continue
        for item in part.periods:
            for window in item.windows:
                days = {window.from_day}
                number = window.from_day
                while number != window.to_day:
                    number = (number + 1) % 7
                    days.add(number)
                assert window.start < window.end <= 1440
                if day.weekday() in days:
                    for minute in range(window.start, window.end):
                        rate = side.rate(part.name, item.label)
                        assert rate is not None
                        minutes[minute].append(rate)
    assert all(len(found) == 1 for found in minutes)
    return [price for (price,) in minutes]


def windows(tariff: TeslaTariff, label: str) -> list[tuple[int, int, int, int]]:
    return [
        (window.from_day, window.to_day, window.start, window.end)
        for part in tariff.buy.seasons
        for item in part.periods
        if item.label == label
        for window in item.windows
    ]


# --- to Tesla -------------------------------------------------------------------


@SMALL
@given(plans(tesla_rates=True), st.sampled_from(LEAP_YEAR))
def test_a_tariff_charges_what_the_plan_does(whole: TariffPlan, day: date) -> None:
    """Covers P-07: at every minute, both ways."""
    tariff = tesla(whole)
    lookup = painter(whole)

    expected = [lookup(day, minute)[0] for minute in range(1440)]

    assert tesla_rates(tariff.buy, day) == [item.import_rate for item in expected]
    assert tesla_rates(tariff.sell, day) == [item.export_rate for item in expected]


@SMALL
@given(plans())
def test_a_tariff_comes_back_from_tesla_as_it_went(whole: TariffPlan) -> None:
    """Covers P-07, B-04: what Tesla leaves out changes nothing."""
    tariff = tesla(whole)

    back = read_tariff(omit_zeros(json.loads(json.dumps(write_tariff(tariff)))))

    assert largest_difference(tariff, back) == 0
    assert write_tariff(back) == write_tariff(tariff)


@SMALL
@given(plans())
def test_rates_that_tesla_would_change_keep_their_order(whole: TariffPlan) -> None:
    """Covers P-07, B-04."""
    tariff = tesla(whole)
    lookup = painter(whole)
    rates = {
        (old.import_rate, old.export_rate): (buy, sell)
        for part in whole.seasons
        for day in [date(2028, part.from_month, part.from_day)]
        for minute, (buy, sell) in enumerate(
            zip(
                tesla_rates(tariff.buy, day),
                tesla_rates(tariff.sell, day),
                strict=True,
            )
        )
        for old in lookup(day, minute)
    }

    for buy, sell in rates.values():
        assert buy >= sell >= 0
    for old, new in rates.items():
        for other, another in rates.items():
            for way in (0, 1):
                assert (old[way] < other[way]) == (new[way] < another[way])


def test_no_moment_is_special_in_a_tariff_for_the_year() -> None:
    """Covers P-07: where export pays more than import, whichever comes first."""
    dear, cheap = (
        period("Dear", "00:00", "12:00", rate=0.2, export=0.5),
        period("Cheap", "12:00", "00:00", rate=0.1, export=0.5),
    )
    for pair in ((dear, cheap), (cheap, dear)):
        tariff = tesla(plan(season(*pair)))
        rates = {entry[0]: entry[1] for entry in tariff.buy.energy_rates[0].rates}
        assert rates["DEAR"] > rates["CHEAP"]


def test_what_a_tariff_says_about_itself() -> None:
    """Covers P-07."""
    tariff = tesla(SYDNEYS)

    for side in (tariff.buy, tariff.sell):
        assert side is not None
        assert side.name == "Mine"
        assert side.utility == "Retailer"
        assert side.code == OUR_CODE
        assert side.currency == "AUD"
        assert [part.name for part in side.seasons] == ["Summer", "Winter"]
        assert side.seasons[0].from_month == 10
        assert side.seasons[0].from_day == 4
        assert side.seasons[0].to_month == 4
        assert side.seasons[0].to_day == 4
    assert tariff.buy.daily_charges == (DailyCharge(name="Charge", amount=1.1),)
    assert tariff.sell is not None
    assert tariff.sell.daily_charges == (DailyCharge(name="Charge", amount=0),)


def test_usual_names_become_those_that_the_app_shows() -> None:
    """Covers P-07: others stay readable, and none is taken for another."""
    names = [
        "Peak",
        "Shoulder",
        "Off-peak",
        "Super off-peak",
        "Solar soak",
        "Höchstlast",
        "on peak",
        "all",
        "电",
        "!",
    ]
    hours = [f"{hour:02}:00" for hour in range(len(names))]
    whole = plan(
        season(
            *(
                period(name, start, end, rate=number / 10 + 0.1)
                for number, (name, start, end) in enumerate(
                    zip(names, hours, [*hours[1:], "00:00"], strict=True)
                )
            ),
            name="Été!",
        )
    )
    assert find_problem(whole) is None

    (part,) = tesla(whole).buy.seasons

    assert part.name == "Ete"
    assert [item.label for item in part.periods] == [
        "ON_PEAK",
        "PARTIAL_PEAK",
        "OFF_PEAK",
        "SUPER_OFF_PEAK",
        "SOLAR_SOAK",
        "HOCHSTLAST",
        "ON_PEAK_2",
        "ALL_2",
        "PERIOD",
        "PERIOD_2",
    ]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Mid-peak", "PARTIAL_PEAK"),
        ("Offpeak", "OFF_PEAK"),
        ("super offpeak", "SUPER_OFF_PEAK"),
        ("  Peak ", "ON_PEAK"),
        ("EV 2", "EV_2"),
    ],
)
def test_other_names_for_the_same(name: str, label: str) -> None:
    tariff = tesla(plan(season(replace(WHOLE_DAY, name=name))))

    assert tariff.buy.seasons[0].periods[0].label == label


def test_seasons_of_one_name_are_told_apart() -> None:
    """Covers P-07: Tesla finds seasons by their name."""
    whole = plan(
        season(WHOLE_DAY, name="Summer", last=(3, 31)),
        season(replace(WHOLE_DAY, import_rate=0.2), first=(4, 1), last=(9, 30)),
        season(WHOLE_DAY, name="ALL", first=(10, 1), last=(10, 31)),
        season(WHOLE_DAY, name="电", first=(11, 1), last=(12, 31)),
    )

    tariff = tesla(whole)

    assert [part.name for part in tariff.buy.seasons] == [
        "Summer",
        "Summer_2",
        "ALL_2",
        "Season",
    ]
    assert tesla_rates(tariff.buy, date(2026, 1, 1))[0] == 0.3
    assert tesla_rates(tariff.buy, date(2026, 5, 1))[0] == 0.2


def test_windows_are_few_and_end_at_midnight() -> None:
    """Covers P-07: the app shows a row for each window."""
    tariff = tesla(
        plan(
            season(
                period("Night", "22:00", "07:00", WEEKDAYS, 0.1),
                period("Weekend", "07:00", "07:00", WEEKENDS, 0.2),
                period("Day", "07:00", "12:00", WEEKDAYS, 0.3),
                period("Day", "12:00", "22:00", WEEKDAYS, 0.3),
            )
        )
    )

    assert windows(tariff, "NIGHT") == [(1, 5, 0, 420), (0, 4, 1320, 1440)]
    assert windows(tariff, "WEEKEND") == [
        (0, 0, 0, 420),
        (6, 6, 0, 1440),
        (5, 5, 420, 1440),
    ]
    assert windows(tariff, "DAY") == [(0, 4, 420, 1320)]


def test_days_that_are_alike_share_a_window_over_the_weeks_end() -> None:
    """Covers P-07: Sunday's and Monday's mornings after a weekend's nights."""
    tariff = tesla(
        plan(
            season(
                period("Day", "07:00", "22:00"),
                period("Night", "22:00", "07:00", WEEKENDS, 0.2),
                period("Work", "22:00", "07:00", WEEKDAYS, 0.1),
            )
        )
    )

    assert windows(tariff, "NIGHT") == [(6, 0, 0, 420), (5, 6, 1320, 1440)]
    assert windows(tariff, "WORK") == [(1, 5, 0, 420), (0, 4, 1320, 1440)]


def test_a_whole_day_is_one_window_from_midnight_to_midnight() -> None:
    """Covers P-07: which the document writes as from 0:00 to 0:00."""
    tariff = tesla(plan(season(WHOLE_DAY)))

    assert windows(tariff, "FLAT") == [(0, 6, 0, 1440)]
    document = write_tariff(tariff)
    assert document["seasons"]["Summer"]["tou_periods"]["FLAT"]["periods"] == [
        {
            "fromDayOfWeek": 0,
            "toDayOfWeek": 6,
            "fromHour": 0,
            "fromMinute": 0,
            "toHour": 0,
            "toMinute": 0,
        }
    ]


# --- from Tesla -----------------------------------------------------------------


def assert_same_plan(one: TariffPlan, other: TariffPlan, days: list[date]) -> None:
    first, second = painter(one), painter(other)
    for day in days:
        for minute in range(1440):
            (mine,), (theirs,) = first(day, minute), second(day, minute)
            assert (mine.import_rate, mine.export_rate) == (
                theirs.import_rate,
                theirs.export_rate,
            )


@SMALL
@given(plans(tesla_rates=True), st.lists(st.sampled_from(LEAP_YEAR), min_size=3))
def test_every_plan_can_be_read_from_its_tariff(
    whole: TariffPlan, days: list[date]
) -> None:
    """Covers P-07."""
    back = plan_from_tariff(tesla(whole), "Back")

    assert back.name == "Back"
    assert back.daily_charge == whole.daily_charge
    assert find_problem(back) is None
    assert_same_plan(whole, back, days[:7])


@pytest.mark.parametrize("key", TEMPLATES)
def test_a_template_reads_like_itself(key: str) -> None:
    """Covers P-07: no window is cut that a person would write as one."""
    template = TEMPLATES[key]

    back = plan_from_tariff(tesla(template), template.name)

    assert_same_plan(template, back, LEAP_YEAR[:8] + LEAP_YEAR[180:188])
    assert sum(len(part.periods) for part in back.seasons) == sum(
        len(part.periods) for part in template.seasons
    )
    assert {item.name for part in back.seasons for item in part.periods} == {
        item.name for part in template.seasons for item in part.periods
    }


def test_the_owners_tariff_as_a_plan() -> None:
    """Covers P-07: from a read-back, with names that people use."""
    back = plan_from_tariff(read_tariff(omit_zeros(OWNERS_TARIFF)), "Mine")

    assert back == plan(
        season(
            period("Super off-peak", "10:00", "15:00", rate=0.08, export=0),
            period("Off-peak", "15:00", "16:30", rate=0.22, export=0.05),
            period("Peak", "16:30", "20:30", rate=0.48, export=0.12),
            period("Off-peak", "20:30", "10:00", rate=0.22, export=0.05),
            name="AllYear",
        ),
        daily_charge=0,
    )


def test_a_documented_tariff_as_a_plan() -> None:
    """Covers P-07."""
    document = json.loads((FIXTURES / "tesla_tou_settings_request.json").read_text())
    tariff = read_tariff(document["tou_settings"]["tariff_content_v2"])

    assert find_problem(plan_from_tariff(tariff, "Mine")) is None


def side(
    *parts: TouSeason, rates: dict[str, dict[str, float]], **more: Any
) -> TariffSide:
    return TariffSide(
        name="Theirs",
        utility="U",
        code="X",
        currency="AUD",
        seasons=parts,
        energy_rates=tuple(
            SeasonRates(season=name, rates=tuple(table.items()))
            for name, table in rates.items()
        ),
        **more,
    )


def part(
    *periods: tuple[str, int, int, int, int],
    name: str = "S",
    first: tuple[int, int] = (1, 1),
    last: tuple[int, int] = (12, 31),
) -> TouSeason:
    labels = dict.fromkeys(item[0] for item in periods)
    return TouSeason(
        name=name,
        from_month=first[0],
        from_day=first[1],
        to_month=last[0],
        to_day=last[1],
        periods=tuple(
            TouPeriod(
                label=label,
                windows=tuple(
                    TouWindow(from_day=begin, to_day=until, start=start, end=end)
                    for other, begin, until, start, end in periods
                    if other == label
                ),
            )
            for label in labels
        ),
    )


RATES = {"S": {"A": 0.5, "B": 0.2, "C": 0.1}}
WHOLE = ("A", 0, 6, 0, 1440)


def read(buy: TariffSide, sell: TariffSide | None = None) -> TariffPlan:
    return plan_from_tariff(TeslaTariff(buy=buy, sell=sell), "Mine")


def rows(whole: TariffPlan) -> list[tuple[str, str, int, int, float, float]]:
    return [
        (
            item.name,
            item.days.value,
            item.start,
            item.end,
            item.import_rate,
            item.export_rate,
        )
        for part in whole.seasons
        for item in part.periods
    ]


def test_a_flat_tariff_has_its_price_in_all() -> None:
    """Covers P-07: with or without a season, there are no times to go by."""
    flat = {ALL: {ALL: 0.3}}

    for buy in (side(rates=flat), side(part(), rates=flat)):
        assert rows(read(buy)) == [("All", "every", 0, 0, 0.3, 0)]
    assert read(side(rates=flat)).seasons[0].name == "All year"
    own = side(part(), rates={"S": {ALL: 0.4}, ALL: {ALL: 0.3}})
    assert rows(read(own)) == [("All", "every", 0, 0, 0.4, 0)]


def test_a_flat_export_rate_changes_no_names() -> None:
    """Covers P-07."""
    buy = side(part(("A", 0, 6, 0, 600), ("B", 0, 6, 600, 1440)), rates=RATES)

    whole = read(buy, side(rates={ALL: {ALL: 0.07}}))

    assert rows(whole) == [
        ("A", "every", 0, 600, 0.5, 0.07),
        ("B", "every", 600, 0, 0.2, 0.07),
    ]


def test_export_may_have_other_times_and_seasons() -> None:
    """Covers P-07."""
    buy = side(part(WHOLE), rates=RATES)
    sell = side(
        part(WHOLE, name="One", last=(6, 30)),
        part(("A", 0, 6, 0, 720), ("B", 0, 6, 720, 1440), name="Two", first=(7, 1)),
        rates={"One": {"A": 0.1}, "Two": {"A": 0.1, "B": 0.2}},
    )

    whole = read(buy, sell)

    assert [
        (it.name, it.from_month, it.from_day, it.to_month, it.to_day)
        for it in whole.seasons
    ] == [("S", 1, 1, 6, 30), ("S 2", 7, 1, 12, 31)]
    assert rows(whole) == [
        ("A", "every", 0, 0, 0.5, 0.1),
        ("A", "every", 0, 720, 0.5, 0.1),
        ("A 2", "every", 720, 0, 0.5, 0.2),
    ]
    flat = read(side(rates={ALL: {ALL: 0.3}}), sell)
    assert [item.name for item in flat.seasons] == ["One", "Two"]
    assert [row[0] for row in rows(flat)] == ["A", "A", "B"]


def test_all_entries_price_what_has_no_price_of_its_own() -> None:
    """Covers P-07."""
    buy = side(
        part(("A", 0, 6, 0, 720), ("B", 0, 6, 720, 1440)),
        rates={"S": {"A": 0.5}, ALL: {ALL: 0.3}},
    )

    assert rows(read(buy)) == [
        ("A", "every", 0, 720, 0.5, 0),
        ("B", "every", 720, 0, 0.3, 0),
    ]


def test_charges_that_do_not_depend_on_energy() -> None:
    """Covers P-07."""
    buy = side(
        part(WHOLE),
        rates=RATES,
        daily_charges=(
            DailyCharge(name="Charge", amount=1),
            DailyCharge(name="Meter", amount=0.25),
        ),
        monthly_charges=10,
    )

    assert read(buy).daily_charge == 1.5788


def test_a_night_over_the_weekends_border() -> None:
    """Covers P-07: windows on Saturday and on Monday mornings are put together."""
    buy = side(
        part(
            ("A", 0, 4, 420, 1440),
            ("A", 1, 5, 0, 420),
            ("B", 5, 6, 420, 1440),
            ("B", 6, 0, 0, 420),
        ),
        rates=RATES,
    )

    assert rows(read(buy)) == [
        ("A", "weekdays", 420, 420, 0.5, 0),
        ("B", "weekends", 420, 420, 0.2, 0),
    ]


@pytest.mark.parametrize(
    "periods",
    [
        # Friday is a day of its own.
        [("A", 0, 3, 0, 1440), ("B", 4, 6, 0, 1440)],
        # So is Sunday.
        [("A", 0, 5, 0, 1440), ("B", 6, 6, 0, 1440)],
        # And Tuesday.
        [("A", 2, 0, 0, 1440), ("B", 1, 1, 0, 1440)],
        # And Monday.
        [("A", 1, 6, 0, 1440), ("B", 0, 0, 0, 1440)],
        # Mornings belong to the evenings before, but do not continue them.
        [
            ("A", 1, 5, 0, 420),
            ("B", 6, 0, 0, 420),
            ("C", 0, 6, 420, 1440),
        ],
        # They continue those of weekdays only, and of weekends only.
        [
            ("A", 1, 5, 0, 420),
            ("B", 6, 0, 0, 420),
            ("A", 0, 6, 420, 1440),
        ],
        [
            ("A", 1, 5, 0, 420),
            ("B", 6, 0, 0, 420),
            ("B", 0, 6, 420, 1440),
        ],
        # The night is interrupted by what holds on Saturdays and Sundays.
        [
            ("A", 0, 4, 0, 60),
            ("B", 5, 6, 0, 60),
            ("A", 1, 5, 60, 420),
            ("B", 6, 0, 60, 420),
            ("A", 0, 4, 420, 1440),
            ("B", 5, 6, 420, 1440),
        ],
        # All of each day would belong to the day before.
        [("A", 1, 5, 0, 1440), ("B", 6, 0, 0, 1440)],
    ],
)
def test_a_week_that_has_no_weekdays_and_weekends(
    periods: list[tuple[str, int, int, int, int]],
) -> None:
    """Covers P-07."""
    with pytest.raises(NoPlanInTariffError) as caught:
        read(side(part(*periods), rates=RATES))

    assert caught.value.obstacle is Obstacle.DAYS
    assert caught.value.season == "S"
    assert isinstance(caught.value, ValueError)


def test_a_difference_between_days_that_is_no_difference_in_price_is_one() -> None:
    """Covers P-07: two labels are two names."""
    buy = side(
        part(("A", 0, 4, 0, 1440), ("B", 5, 6, 0, 1440)),
        rates={"S": {"A": 0.2, "B": 0.2}},
    )

    assert rows(read(buy)) == [
        ("A", "weekdays", 0, 0, 0.2, 0),
        ("B", "weekends", 0, 0, 0.2, 0),
    ]


@pytest.mark.parametrize(
    ("buy", "obstacle", "where"),
    [
        (side(part(("A", 0, 6, 0, 1439)), rates=RATES), "times", "S"),
        (side(part(("A", 0, 6, 1, 1440)), rates=RATES), "times", "S"),
        (side(part(("A", 0, 5, 0, 1440)), rates=RATES), "times", "S"),
        (side(part(WHOLE, ("B", 3, 3, 600, 601)), rates=RATES), "times", "S"),
        (
            side(
                part(("A", 0, 6, 0, 600), ("B", 0, 6, 601, 1440)),
                rates=RATES,
            ),
            "times",
            "S",
        ),
        (side(part(WHOLE, last=(12, 30)), rates=RATES), "dates", ""),
        (
            side(part(WHOLE), part(WHOLE, name="T", last=(1, 1)), rates=RATES),
            "dates",
            "S",
        ),
        (side(part(WHOLE), rates={"S": {"B": 0.2}}), "prices", "S"),
        (
            side(
                part(WHOLE),
                rates=RATES,
                demand_rates=(SeasonRates(season="S", rates=(("A", 5.0),)),),
            ),
            "demand",
            "",
        ),
    ],
)
def test_what_a_plan_cannot_say(buy: TariffSide, obstacle: str, where: str) -> None:
    """Covers P-07: neither in what is bought nor in what is sold."""
    sound = side(part(WHOLE), rates=RATES)
    for tariff in (
        TeslaTariff(buy=buy, sell=None),
        TeslaTariff(buy=sound, sell=buy),
    ):
        with pytest.raises(NoPlanInTariffError, match=obstacle) as caught:
            plan_from_tariff(tariff, "Mine")
        assert caught.value.obstacle == obstacle
        assert caught.value.season == where


def test_demand_rates_of_zero_are_none() -> None:
    buy = side(
        part(WHOLE),
        rates=RATES,
        demand_rates=(SeasonRates(season=ALL, rates=((ALL, 0),)),),
    )

    assert rows(read(buy)) == [("A", "every", 0, 0, 0.5, 0)]


def test_a_label_without_a_letter_gets_a_name() -> None:
    buy = side(part(("_", 0, 6, 0, 1440)), rates={"S": {"_": 0.2}})

    assert rows(read(buy)) == [("Period", "every", 0, 0, 0.2, 0)]


def test_a_window_over_midnight_of_every_day_is_one() -> None:
    """Covers P-07: as a person would write it."""
    buy = side(
        part(("A", 0, 6, 1320, 420), ("B", 0, 4, 420, 1320), ("C", 5, 6, 420, 1320)),
        rates=RATES,
    )

    assert rows(read(buy)) == [
        ("B", "weekdays", 420, 1320, 0.2, 0),
        ("C", "weekends", 420, 1320, 0.1, 0),
        ("A", "every", 1320, 420, 0.5, 0),
    ]
    assert EVERY.value == "every"


def test_an_evening_goes_on_only_into_a_morning_of_every_day() -> None:
    """Covers P-07: not into a window at noon that is called the same."""
    buy = side(
        part(
            ("A", 0, 4, 0, 420),
            ("A", 5, 6, 0, 480),
            ("B", 0, 4, 420, 600),
            ("B", 5, 6, 480, 600),
            ("A", 0, 6, 600, 660),
            ("B", 0, 6, 660, 1320),
            ("A", 0, 6, 1320, 1440),
        ),
        rates=RATES,
    )

    assert [row[1:4] for row in rows(read(buy))] == [
        ("weekdays", 0, 420),
        ("weekends", 0, 480),
        ("weekdays", 420, 600),
        ("weekends", 480, 600),
        ("every", 600, 660),
        ("every", 660, 1320),
        ("every", 1320, 0),
    ]
