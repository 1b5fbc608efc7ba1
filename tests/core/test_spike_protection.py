"""Half hours of price spikes are too dear to charge in."""

# covers B-05

from dataclasses import replace

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.day_tariff import (
    DayTariff,
    Slot,
    SlotSource,
    build,
)
from custom_components.power_sync.core.model.prices import ForecastChoice, SpikeStatus
from custom_components.power_sync.core.price_history import PriceHistory
from custom_components.power_sync.core.price_mapping import map_prices
from custom_components.power_sync.core.spike_protection import protect

from .support import HOUR, SYDNEY, at, day_ahead, series, utc

NOON = utc("2026-06-15 02:00")


def a_day(
    imports: list[float], exports: list[float], spikes: tuple[int, ...]
) -> DayTariff:
    return DayTariff(
        slots=tuple(
            Slot(
                start=NOON + label * HOUR / 2,
                import_price=imports[label],
                export_price=exports[label],
                source=SlotSource.PRICED,
                spike=label in spikes,
            )
            for label in range(48)
        ),
        built_at=NOON,
        horizon=NOON + 24 * HOUR,
        running=24,
    )


def test_a_flagged_half_hour_costs_a_dollar_more_than_any_sale_earns() -> None:
    exports = [0.1] * 48
    exports[40] = 0.55

    day = protect(a_day([0.3] * 48, exports, (34, 35)))

    assert [slot.import_price for slot in day.slots[33:37]] == [0.3, 1.55, 1.55, 0.3]
    assert [slot.export_price for slot in day.slots] == exports


def test_a_price_that_is_higher_already_stays() -> None:
    day = a_day([20.0] * 48, [0.1] * 48, (34,))

    assert protect(day) == day


def test_without_a_flag_nothing_changes() -> None:
    day = a_day([0.3] * 48, [5.0] * 48, ())

    assert protect(day) is day


def test_feed_in_that_costs_money_all_day_counts_as_it_is() -> None:
    day = protect(a_day([-0.5] * 48, [-0.3] * 48, (0,)))

    assert day.slots[0].import_price == pytest.approx(0.7)


@pytest.mark.parametrize("status", [SpikeStatus.POTENTIAL, SpikeStatus.SPIKE])
def test_todays_spike_does_not_raise_tomorrows_price(status: SpikeStatus) -> None:
    """Per half hour and date (control.md A5)."""
    noon = at("2026-06-15 12:00", SYDNEY)
    prices = day_ahead(noon, [0.3] * 70, first=0.3)
    prices[10] = replace(prices[10], price=12.0, spike=status)

    def five_o_clock(hours: float) -> float:
        now = noon + hours * HOUR
        points = [
            replace(point, kind=prices[0].kind if point.start <= now else point.kind)
            for point in prices
        ]
        day = build(
            series(points), PriceHistory(), ForecastChoice.PREDICTED, SYDNEY, now
        )
        assert isinstance(day, DayTariff)
        return protect(replace(day, slots=tuple(replace(s, import_price=0.3) for s in day.slots))).slots[34].import_price  # fmt: skip

    assert five_o_clock(0) == five_o_clock(5.25) == 1.0
    assert five_o_clock(5.5) == 0.3


money = st.floats(-1, 20)


@given(
    st.lists(money, min_size=48, max_size=48),
    st.lists(money, min_size=48, max_size=48),
    st.sets(st.integers(0, 47)),
)
def test_no_price_is_lowered_and_what_is_sent_is_above_every_sale(
    imports: list[float], exports: list[float], spikes: set[int]
) -> None:
    day = protect(a_day(imports, exports, tuple(spikes)))

    mapped = map_prices(
        [slot.import_price for slot in day.slots],
        [slot.export_price for slot in day.slots],
        day.running,
    )
    for label, slot in enumerate(day.slots):
        assert slot.export_price == exports[label]
        if label in spikes:
            assert slot.import_price >= max(imports[label], max(exports) + 1)
            # Prices may have to move for Tesla, but this does not get lost.
            assert mapped.buy[label] > max(mapped.sell)
        else:
            assert slot.import_price == imports[label]
