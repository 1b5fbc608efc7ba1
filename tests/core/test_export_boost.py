"""Sell prices that are made to look better during some hours."""

# covers B-06

from datetime import time

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.day_tariff import DayTariff, Slot, SlotSource
from custom_components.power_sync.core.export_boost import BoostTerms, boost

from .support import DAY, HOUR, utc

NOON = utc("2026-06-15 02:00")


def a_day(exports: list[float] | float) -> DayTariff:
    exports = exports if isinstance(exports, list) else [exports] * 48
    return DayTariff(
        slots=tuple(
            Slot(
                start=NOON + label * HOUR / 2,
                import_price=0.3,
                export_price=price,
                source=SlotSource.PRICED,
            )
            for label, price in enumerate(exports)
        ),
        built_at=NOON,
        horizon=NOON + DAY,
        running=24,
    )


def exports_of(day: DayTariff) -> list[float]:
    return [slot.export_price for slot in day.slots]


def boosted_labels(terms: BoostTerms) -> list[int]:
    return [n for n, price in enumerate(exports_of(boost(a_day(0.1), terms))) if price != 0.1]  # fmt: skip


@pytest.mark.parametrize(
    ("cents", "expected"), [(18, 23), (12, 20), (5, 5), (-3, -3), (10, 20), (9.9, 9.9)]
)
def test_the_worked_examples(cents: float, expected: float) -> None:
    """Offset 5, floor 20, threshold 10 (c/kWh)."""
    terms = BoostTerms(offset=0.05, floor=0.2, threshold=0.1)

    day = boost(a_day(cents / 100), terms)

    assert day.slots[36].export_price == pytest.approx(expected / 100)
    assert day.slots[30].export_price == cents / 100


def test_the_defaults_change_nothing() -> None:
    day = a_day([n / 100 - 0.1 for n in range(48)])

    assert boost(day, BoostTerms()) == day


def test_the_usual_window_is_from_five_to_nine() -> None:
    assert boosted_labels(BoostTerms(offset=0.05)) == list(range(34, 42))


def test_without_a_threshold_every_price_is_boosted() -> None:
    terms = BoostTerms(offset=0.05, floor=0.2)

    assert boost(a_day(-0.03), terms).slots[36].export_price == 0.2
    assert boost(a_day(0.18), terms).slots[36].export_price == pytest.approx(0.23)


def test_without_a_floor_a_price_may_stay_below_zero() -> None:
    day = boost(a_day(-0.08), BoostTerms(offset=0.05))

    assert day.slots[36].export_price == pytest.approx(-0.03)


def test_a_mean_that_misses_the_threshold_by_rounding_counts() -> None:
    mean = sum([0.1] * 3) / 3 - 1e-16
    assert mean < 0.1

    day = boost(a_day(mean), BoostTerms(offset=0.05, threshold=0.1))

    assert day.slots[36].export_price == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("start", "end", "labels"),
    [
        (time(22), time(1), [0, 1, 44, 45, 46, 47]),
        (time(17), time(17), list(range(48))),
        (time(0), time(0), list(range(48))),
        (time(17), time(17, 30), [34]),
        # A half hour is inside if its start is.
        (time(17, 10), time(17, 45), [35]),
        (time(17, 10), time(17, 25), []),
        (time(23, 45), time(0, 15), [0]),
        (time(23, 59, 59), time(0), []),
    ],
)
def test_the_window_is_on_the_wall_clock(
    start: time, end: time, labels: list[int]
) -> None:
    assert boosted_labels(BoostTerms(offset=0.05, start=start, end=end)) == labels


@given(
    st.lists(st.floats(-1, 20), min_size=48, max_size=48),
    st.floats(0, 0.5),
    st.floats(0, 1),
    st.floats(-0.1, 1),
    st.times(),
    st.times(),
)
def test_a_boost_never_lowers_and_keeps_buy_prices(
    exports: list[float],
    offset: float,
    floor: float,
    threshold: float,
    start: time,
    end: time,
) -> None:
    terms = BoostTerms(
        offset=offset, floor=floor, threshold=threshold, start=start, end=end
    )

    day = boost(a_day(exports), terms)

    assert all(n >= o for n, o in zip(exports_of(day), exports, strict=True))
    assert {slot.import_price for slot in day.slots} == {0.3}
    if floor:
        changed = {n for n, o in zip(exports_of(day), exports, strict=True) if n != o}
        assert all(price >= floor for price in changed)
