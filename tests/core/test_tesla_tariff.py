"""Tariffs compared by what they mean. Covers B-04: no push without a change."""

from copy import deepcopy
from dataclasses import replace
from datetime import date
import math
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.model.tariff_document import (
    read_tariff,
    write_tariff,
)
from custom_components.power_sync.core.model.tesla_tariff import (
    ALL,
    SeasonRates,
    TariffSide,
    TeslaTariff,
    TouPeriod,
    TouSeason,
    TouWindow,
)
from custom_components.power_sync.core.tesla_tariff import (
    OUR_CODE,
    daily_tariff,
    day_prices,
    largest_difference,
    period_label,
)

BUY = tuple(round(0.1 + slot / 100, 4) for slot in range(48))
SELL = tuple(round(slot / 200, 4) for slot in range(48))
DAY = date(2026, 6, 15)  # a Monday


def ours(buy: Any = BUY, sell: Any = SELL) -> TeslaTariff:
    return daily_tariff(buy, sell, name="PowerSync", utility="Amber", currency="AUD")


def window(start: int, end: int, from_day: int = 0, to_day: int = 6) -> TouWindow:
    return TouWindow(from_day=from_day, to_day=to_day, start=start, end=end)


def season(
    windows: dict[str, list[TouWindow]],
    *,
    name: str = "S",
    begin: tuple[int, int] = (1, 1),
    end: tuple[int, int] = (12, 31),
) -> TouSeason:
    return TouSeason(
        name=name,
        from_month=begin[0],
        from_day=begin[1],
        to_month=end[0],
        to_day=end[1],
        periods=tuple(
            TouPeriod(label=label, windows=tuple(found))
            for label, found in windows.items()
        ),
    )


def side(
    *seasons: TouSeason, rates: dict[str, dict[str, float]] | None = None
) -> TariffSide:
    return TariffSide(
        name="Mine",
        utility="U",
        code="X",
        currency="AUD",
        seasons=seasons,
        energy_rates=tuple(
            SeasonRates(season=name, rates=tuple(table.items()))
            for name, table in (rates or {"S": {"PEAK": 0.5, "OFF": 0.2}}).items()
        ),
    )


def only_buy(buy: TariffSide) -> TeslaTariff:
    return TeslaTariff(buy=buy, sell=None)


def difference(first: TariffSide, second: TariffSide) -> float:
    result = largest_difference(only_buy(first), only_buy(second))
    assert result == largest_difference(only_buy(second), only_buy(first))
    return result


# --- our own tariff


def test_a_daily_tariff_is_48_periods_that_cover_the_week() -> None:
    """Covers B-03: 48 half-hour periods at START labels."""
    tariff = ours()

    assert tariff.sell is not None
    for found, prices in ((tariff.buy, BUY), (tariff.sell, SELL)):
        assert found.code == OUR_CODE
        (year,) = found.seasons
        assert [period.label for period in year.periods[:2]] == [
            "PERIOD_00_00",
            "PERIOD_00_30",
        ]
        covered = sorted(
            span
            for period in year.periods
            for one in period.windows
            for span in one.spans()
        )
        assert covered == [
            (day, slot * 30, slot * 30 + 30) for day in range(7) for slot in range(48)
        ]
        for day in range(1, 8):
            assert day_prices(found, date(2026, 6, day)) == prices
    assert period_label(35) == "PERIOD_17_30"


@pytest.mark.parametrize(("buy", "sell"), [(47, 48), (48, 47), (49, 48), (0, 0)])
def test_any_other_number_of_prices_is_a_mistake(buy: int, sell: int) -> None:
    with pytest.raises(ValueError, match="48"):
        ours([0.1] * buy, [0.1] * sell)


# --- differences


def test_equal_tariffs_do_not_differ() -> None:
    assert largest_difference(ours(), ours()) == 0


@given(
    st.integers(0, 47),
    st.sampled_from(["buy", "sell"]),
    st.integers(-1000, 1000),
)
def test_one_changed_price_is_the_difference(slot: int, which: str, tick: int) -> None:
    """Covers B-04: any single slot of either side is seen."""
    change = tick / 10_000
    prices = {"buy": list(BUY), "sell": list(SELL)}
    prices[which][slot] += change

    found = largest_difference(ours(), ours(prices["buy"], prices["sell"]))

    assert found == pytest.approx(abs(change))


def test_the_largest_of_several_differences_counts() -> None:
    buy, sell = list(BUY), list(SELL)
    buy[3] += 0.1
    buy[9] -= 0.3
    sell[40] += 0.2

    assert largest_difference(ours(), ours(buy, sell)) == pytest.approx(0.3)


def test_a_missing_sell_side_is_a_difference_of_its_own() -> None:
    tariff = ours()
    bare = replace(tariff, sell=None)

    assert largest_difference(tariff, bare) == math.inf
    assert largest_difference(bare, tariff) == math.inf
    assert largest_difference(bare, bare) == 0


def without_zeros(value: Any) -> Any:
    """Leave out every zero, as Tesla's read-backs do."""
    if isinstance(value, dict):
        return {key: without_zeros(item) for key, item in value.items() if item != 0}
    if isinstance(value, list):
        return [without_zeros(item) for item in value]
    return value


prices = st.lists(
    st.sampled_from([0.0, 0.0001, 0.2, 0.35, 14.0]), min_size=48, max_size=48
)


@given(prices, prices, st.randoms(use_true_random=False))
def test_a_read_back_without_zeros_and_in_other_order_is_the_same(
    buy: list[float], sell: list[float], chance: Any
) -> None:
    """Covers B-04: an unchanged tariff is recognised as it comes back."""
    document = write_tariff(ours(buy, sell))

    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            items = list(value.items())
            chance.shuffle(items)
            return {key: shuffled(item) for key, item in items}
        return value

    back = read_tariff(shuffled(without_zeros(deepcopy(document))))

    assert largest_difference(ours(buy, sell), back) == 0


def test_names_and_charges_are_no_difference() -> None:
    renamed = replace(
        ours(),
        buy=replace(ours().buy, name="Other", utility="O", code="O", monthly_charges=9),
    )

    assert largest_difference(ours(), renamed) == 0


def test_merged_windows_are_the_same() -> None:
    flat = [0.2] * 20 + [0.5] * 28
    merged = side(season({"OFF": [window(0, 600)], "PEAK": [window(600, 1440)]}))
    unequal = side(season({"OFF": [window(0, 630)], "PEAK": [window(630, 1440)]}))

    assert difference(ours(flat, flat).buy, merged) == 0
    assert difference(ours(flat, flat).buy, unequal) == pytest.approx(0.3)


def test_a_window_over_midnight_is_two() -> None:
    over = side(season({"OFF": [window(1320, 420)], "PEAK": [window(420, 1320)]}))
    split = side(
        season(
            {"OFF": [window(0, 420), window(1320, 1440)], "PEAK": [window(420, 1320)]}
        )
    )

    assert difference(over, split) == 0


def test_a_window_over_midnight_ends_on_the_day_after() -> None:
    # Friday night, 22:00 to 02:00.
    over = side(
        season(
            {
                "PEAK": [window(1320, 120, 4, 4)],
                "OFF": [
                    window(0, 1440, 6, 3),
                    window(0, 1320, 4, 4),
                    window(120, 1440, 5, 5),
                ],
            }
        )
    )
    friday, saturday, sunday = (
        day_prices(over, date(2026, 6, n)) for n in (19, 20, 21)
    )

    assert friday == (0.2,) * 44 + (0.5,) * 4
    assert saturday == (0.5,) * 4 + (0.2,) * 44
    assert sunday == (0.2,) * 48


def test_days_that_wrap_the_week() -> None:
    # Saturday to Monday, and Tuesday to Friday.
    wrapped = side(
        season({"OFF": [window(0, 1440, 5, 0)], "PEAK": [window(0, 1440, 1, 4)]})
    )
    listed = side(
        season(
            {
                "OFF": [window(0, 1440, day, day) for day in (0, 5, 6)],
                "PEAK": [window(0, 1440, day, day) for day in (1, 2, 3, 4)],
            }
        )
    )

    assert difference(wrapped, listed) == 0
    week = [day_prices(wrapped, date(2026, 6, 15 + day))[0] for day in range(7)]
    assert week == [0.2, 0.5, 0.5, 0.5, 0.5, 0.2, 0.2]
    shifted = side(
        season({"OFF": [window(0, 1440, 5, 1)], "PEAK": [window(0, 1440, 2, 4)]})
    )
    assert difference(wrapped, shifted) == pytest.approx(0.3)


def test_a_window_from_and_to_the_same_time_is_a_whole_day() -> None:
    around = side(season({"OFF": [window(600, 600)]}))

    assert difference(around, side(season({"OFF": [window(0, 1440)]}))) == 0


def test_seasons_of_other_dates_cannot_be_compared() -> None:
    whole = side(season({"OFF": [window(0, 1440)]}))
    half = side(season({"OFF": [window(0, 1440)]}, end=(6, 30)))

    assert difference(whole, half) == math.inf


def test_each_season_counts() -> None:
    def both(winter: float) -> TariffSide:
        flat = {"OFF": [window(0, 1440)]}
        return side(
            season(flat, name="Summer", begin=(11, 1), end=(3, 31)),
            season(flat, name="Winter", begin=(4, 1), end=(10, 31)),
            rates={"Summer": {"OFF": 0.3}, "Winter": {"OFF": winter}},
        )

    assert difference(both(0.2), both(0.2)) == 0
    assert difference(both(0.2), both(0.25)) == pytest.approx(0.05)


def test_the_name_of_a_season_does_not_matter() -> None:
    flat = {"OFF": [window(0, 1440)]}
    first = side(season(flat, name="A"), rates={"A": {"OFF": 0.2}})
    second = side(season(flat, name="B"), rates={"B": {"OFF": 0.2}})

    assert difference(first, second) == 0


def test_time_that_only_one_tariff_covers_cannot_be_compared() -> None:
    whole = side(season({"OFF": [window(0, 1440)]}))
    part = side(season({"OFF": [window(0, 1410)]}))
    weekdays = side(season({"OFF": [window(0, 1440, 0, 4)]}))

    assert difference(whole, part) == math.inf
    assert difference(whole, weekdays) == math.inf
    assert difference(part, part) == 0
    unpriced = side(season({"NONE": [window(0, 1440)]}))
    assert difference(whole, unpriced) == math.inf
    assert (
        difference(unpriced, side(season({"NONE": [window(0, 720), window(720, 0)]})))
        == 0
    )


def test_a_price_for_everything_stands_in() -> None:
    day = season({"PEAK": [window(0, 1440)]})

    for rates in (
        {"S": {ALL: 0.4}},
        {ALL: {"PEAK": 0.4}},
        {ALL: {ALL: 0.4}},
        {ALL: {ALL: 9.0}, "S": {"PEAK": 0.4}},
        {ALL: {"PEAK": 9.0}, "S": {ALL: 0.4}},
        {ALL: {ALL: 9.0, "PEAK": 0.4}},
    ):
        assert day_prices(side(day, rates=rates), DAY) == (0.4,) * 48
    assert day_prices(side(day, rates={"OTHER": {"PEAK": 0.4}}), DAY) == (None,) * 48


def test_a_tariff_without_seasons_is_flat() -> None:
    flat = side(rates={ALL: {ALL: 0.25}})

    assert day_prices(flat, DAY) == (0.25,) * 48
    whole = side(season({"OFF": [window(0, 1440)]}), rates={"S": {"OFF": 0.3}})
    assert difference(flat, whole) == pytest.approx(0.05)


# --- prices of one date


def test_a_season_may_run_over_new_year() -> None:
    flat = {"OFF": [window(0, 1440)]}
    year = side(
        season(flat, name="Summer", begin=(11, 1), end=(3, 31)),
        season(flat, name="Winter", begin=(4, 1), end=(10, 31)),
        rates={"Summer": {"OFF": 0.3}, "Winter": {"OFF": 0.2}},
    )

    def price(month: int, day: int) -> float | None:
        return day_prices(year, date(2026, month, day))[0]

    summer = [(11, 1), (12, 31), (1, 1), (2, 28), (3, 31)]
    winter = [(4, 1), (6, 30), (10, 31)]
    assert {price(*day) for day in summer} == {0.3}
    assert {price(*day) for day in winter} == {0.2}


def test_a_date_outside_every_season_has_no_price() -> None:
    part = side(season({"OFF": [window(0, 1440)]}, begin=(5, 1), end=(5, 31)))

    assert day_prices(part, date(2026, 5, 31))[0] == 0.2
    assert day_prices(part, date(2026, 6, 1)) == (None,) * 48


def test_the_price_of_a_half_hour_is_the_one_at_its_start() -> None:
    quarter = side(season({"OFF": [window(0, 615)], "PEAK": [window(615, 1380)]}))
    found = day_prices(quarter, DAY)

    assert found[20:22] == (0.2, 0.5)
    assert found[45:] == (0.5, None, None)
