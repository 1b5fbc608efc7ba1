"""The highest half hour of a billing period, and what it costs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
import json
import random
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.core.demand import (
    DemandMemory,
    DemandRate,
    DemandTerms,
    billing_period,
    cost,
    in_window,
    observe,
    peak,
)
from custom_components.power_sync.core.model.retail import Days
from custom_components.power_sync.core.timeline import half_hour_start
from custom_components.power_sync.stored.demand import (
    StoredDemandError,
    memory_from_stored,
    memory_to_stored,
    terms_from_stored,
    terms_to_stored,
)

from .support import ADELAIDE, DAY, HOUR, LORD_HOWE, MINUTE, SYDNEY, ZONES, at, utc

TERMS = DemandTerms(days=Days.WEEKDAYS, start=15 * 60, end=21 * 60, rate=12.0)
ALWAYS = DemandTerms(days=Days.EVERY, start=0, end=0, rate=10.0)
STEP = timedelta(seconds=30)
T = at("2026-06-15 15:00", SYDNEY)  # a Monday


def measured(
    samples: list[tuple[datetime, float]],
    terms: DemandTerms = TERMS,
    zone: ZoneInfo = SYDNEY,
    memory: DemandMemory | None = None,
) -> DemandMemory:
    memory = memory or DemandMemory()
    for moment, watts in samples:
        memory = observe(memory, watts, moment, terms, zone)
    return memory


def steady(
    start: datetime, watts: float, length: timedelta = HOUR / 2
) -> list[tuple[datetime, float]]:
    return [(start + i * STEP, watts) for i in range(length // STEP + 1)]


# covers P-11
def test_the_mean_of_a_half_hour_is_a_peak_once_it_is_over() -> None:
    memory = measured(steady(T, 4000)[:-1])
    assert peak(memory, TERMS, T, SYDNEY) == 0

    memory = measured([(T + HOUR / 2, 4000)], memory=memory)

    assert peak(memory, TERMS, T, SYDNEY) == pytest.approx(4)
    assert memory.peak_at == T
    assert cost(memory, TERMS, T, SYDNEY) == pytest.approx(48)


def test_a_short_burst_counts_with_its_share_of_the_half_hour() -> None:
    samples = [
        (start, 9000.0 if T + 10 * MINUTE < start <= T + 15 * MINUTE else 0.0)
        for start, _ in steady(T, 0)
    ]

    assert measured(samples).peak_kw == pytest.approx(1.5)


def test_power_changes_evenly_between_samples() -> None:
    samples = [(T + i * 5 * MINUTE, 1000.0 * i) for i in range(7)]

    assert measured(samples).peak_kw == pytest.approx(3)


def test_a_sample_between_two_half_hours_counts_for_both() -> None:
    samples = [(T - 2 * MINUTE, 0.0)]
    samples += [(T + 2 * MINUTE + i * 4 * MINUTE, 6000.0) for i in range(8)]

    # From 3 to 6 kW in the first two minutes.
    assert measured(samples).peak_kw == pytest.approx((4.5 * 2 + 6 * 28) / 30)


def test_export_makes_up_for_no_import() -> None:
    samples = [
        (start, 6000.0 if i < 30 else -6000.0)
        for i, (start, _) in enumerate(steady(T, 0))
    ]

    assert measured(samples).peak_kw == pytest.approx(3, abs=0.1)


def test_a_smaller_half_hour_leaves_the_peak() -> None:
    memory = measured(steady(T, 4000) + steady(T + HOUR / 2, 3000)[1:])

    assert memory.peak_kw == pytest.approx(4)
    assert memory.peak_at == T


@pytest.mark.parametrize(
    ("start", "counts"),
    [
        ("2026-06-15 14:30", False),
        ("2026-06-15 15:00", True),
        ("2026-06-15 20:30", True),
        ("2026-06-15 21:00", False),
        ("2026-06-13 16:00", False),  # a Saturday
    ],
)
def test_only_half_hours_that_start_in_the_window_count(
    start: str, counts: bool
) -> None:
    moment = at(start, SYDNEY)

    assert in_window(TERMS, moment, SYDNEY) is counts
    assert (measured(steady(moment, 4000)).peak_kw > 0) is counts


def test_a_window_over_midnight_belongs_to_the_day_it_starts_on() -> None:
    terms = replace(TERMS, start=22 * 60, end=2 * 60)

    assert in_window(terms, at("2026-06-13 01:30", SYDNEY), SYDNEY)
    assert not in_window(terms, at("2026-06-15 01:30", SYDNEY), SYDNEY)


@pytest.mark.parametrize(
    ("known", "counts"), [(24, True), (23, False), (6, False), (30, True)]
)
def test_most_of_a_half_hour_must_be_known(known: int, counts: bool) -> None:
    memory = measured(steady(T + (30 - known) * MINUTE, 4000, known * MINUTE))

    assert (memory.peak_kw > 0) is counts


def test_nobody_knows_what_was_drawn_in_a_long_gap() -> None:
    short = [(T, 4000.0), (T + 5 * MINUTE, 4000.0)]
    rest = steady(T + 5 * MINUTE, 4000, 25 * MINUTE)
    assert measured(short + rest).peak_kw == pytest.approx(4)

    # Two gaps of more than five minutes leave less than 80 %.
    gaps = [
        *steady(T, 4000, 10 * MINUTE),
        *steady(T + 15 * MINUTE + STEP, 4000, 5 * MINUTE),
        *steady(T + 26 * MINUTE, 4000, 4 * MINUTE),
    ]
    assert measured(gaps).peak_kw == 0


def test_samples_that_are_not_newer_are_ignored() -> None:
    memory = measured(steady(T, 4000, 10 * MINUTE))

    assert observe(memory, 9000, T + 10 * MINUTE, TERMS, SYDNEY) is memory
    assert observe(memory, 9000, T + 5 * MINUTE, TERMS, SYDNEY) is memory


# --- the billing period


@pytest.mark.parametrize(
    ("billing_day", "now", "began"),
    [
        (1, "2026-06-15 12:00", "2026-06-01"),
        (15, "2026-06-15 00:00", "2026-06-15"),
        (16, "2026-06-15 23:59", "2026-05-16"),
        (31, "2026-06-29 12:00", "2026-05-31"),
        (31, "2026-06-30 12:00", "2026-06-30"),
        (31, "2026-02-28 12:00", "2026-02-28"),
        (30, "2028-02-29 12:00", "2028-02-29"),
        (5, "2026-01-04 12:00", "2025-12-05"),
    ],
)
def test_a_billing_period_begins_on_its_day_of_the_month(
    billing_day: int, now: str, began: str
) -> None:
    terms = replace(TERMS, billing_day=billing_day)

    assert billing_period(terms, at(now, SYDNEY), SYDNEY) == date.fromisoformat(began)


def test_the_peak_begins_anew_at_local_midnight_of_the_billing_day() -> None:
    terms = replace(ALWAYS, billing_day=15)
    midnight = at("2026-06-15 00:00", SYDNEY)
    memory = measured(steady(midnight - HOUR / 2, 4000), terms)
    before, after = midnight - MINUTE, midnight

    # Of the half hour that ended at midnight only the old period would know.
    assert cost(memory, terms, after, SYDNEY) == 0
    memory = measured(steady(midnight - HOUR, 4000)[:-1], terms)
    memory = measured(steady(midnight - HOUR / 2, 1000)[:-1], terms, memory=memory)
    assert peak(memory, terms, before, SYDNEY) == pytest.approx(4, abs=0.1)
    assert cost(memory, terms, after, SYDNEY) == 0

    memory = measured(steady(midnight, 2000), terms, memory=memory)
    assert peak(memory, terms, after, SYDNEY) == pytest.approx(2)
    assert memory.period == date(2026, 6, 15)


def test_a_rate_per_day_is_charged_for_each_day_so_far() -> None:
    terms = replace(TERMS, rate=0.5, per=DemandRate.DAY, billing_day=10)
    memory = measured(steady(T, 4000), terms)

    assert cost(memory, terms, T, SYDNEY) == pytest.approx(4 * 0.5 * 6)
    assert cost(memory, terms, T + DAY, SYDNEY) == pytest.approx(4 * 0.5 * 7)
    assert cost(memory, terms, T + 40 * DAY, SYDNEY) == 0


# --- any clock


def test_the_half_hour_that_clocks_cut_in_two_is_two() -> None:
    """In Lord Howe 02:00 becomes 02:30 and back; in Chatham 02:45 becomes 03:45."""
    chatham = ZoneInfo("Pacific/Chatham")
    start = at("2026-09-27 02:30", chatham)  # fifteen minutes, then 03:45
    samples = steady(start, 3000, 15 * MINUTE) + steady(start + 15 * MINUTE, 6000)[1:]

    memory = measured(samples, ALWAYS, chatham)

    assert half_hour_start(start + 14 * MINUTE, chatham) == start
    assert memory.peak_kw == pytest.approx(6, abs=0.1)
    assert memory.peak_at is not None
    assert memory.peak_at - start == 15 * MINUTE


CHANGES = st.sampled_from(
    [
        utc("2026-10-03 14:00"),
        utc("2026-10-03 16:00"),
        utc("2026-04-04 14:00"),
        utc("2026-04-04 16:00"),
        utc("2026-03-08 07:00"),
        utc("2026-11-01 06:00"),
        utc("2026-06-30 13:00"),
        utc("2026-09-26 13:30"),
    ]
)


@given(
    zone=st.sampled_from(ZONES),
    start=CHANGES,
    seed=st.integers(0, 2**32),
    terms=st.builds(
        DemandTerms,
        days=st.sampled_from(Days),
        start=st.integers(0, 1440),
        end=st.integers(0, 1440),
        rate=st.just(1.0),
        per=st.sampled_from(DemandRate),
        billing_day=st.integers(1, 31),
    ),
)
@settings(max_examples=60, deadline=None)
def test_on_any_clock_the_peak_is_that_of_the_minutes(
    zone: ZoneInfo, start: datetime, seed: int, terms: DemandTerms
) -> None:
    """Against means taken minute by minute; a restart in between changes nothing."""
    chance = random.Random(seed)
    memory = DemandMemory()
    by_half_hour: dict[datetime, list[float]] = {}
    watts = [max(0.0, chance.uniform(-5000, 9000)) for _ in range(6 * 60 + 1)]
    for index, value in enumerate(watts):
        moment = start + index * MINUTE
        memory = observe(memory, value, moment, terms, zone)
        if chance.random() < 0.05:
            memory = memory_from_stored(
                json.loads(json.dumps(memory_to_stored(memory)))
            )
        if index:
            half_hour = half_hour_start(moment - MINUTE, zone)
            mean = (watts[index - 1] + value) / 2
            by_half_hour.setdefault(half_hour, []).append(mean)
    now = start + 6 * HOUR
    *complete, _ = by_half_hour  # the last is judged by the sample at its very end
    if half_hour_start(now, zone) == now:
        complete = list(by_half_hour)
    period = billing_period(terms, now, zone)
    expected = max(
        (
            sum(by_half_hour[half_hour]) / len(by_half_hour[half_hour]) / 1000
            for half_hour in complete
            if in_window(terms, half_hour, zone)
            and billing_period(terms, half_hour, zone) == period
            and half_hour >= start
        ),
        default=0.0,
    )

    found = peak(memory, terms, now, zone)

    # A half hour that was under way at the start may be too little known.
    first = next(iter(by_half_hour))
    if memory.peak_at != first and first >= start:
        assert found == pytest.approx(expected)
    assert found <= max(watts) / 1000
    days = (now.astimezone(zone).date() - period).days + 1
    charged = found * (days if terms.per is DemandRate.DAY else 1)
    assert cost(memory, terms, now, zone) == pytest.approx(charged)


@given(st.sampled_from(ZONES), CHANGES)
def test_steady_power_is_its_own_peak_on_any_clock(
    zone: ZoneInfo, start: datetime
) -> None:
    memory = measured(steady(start, 3000, 4 * HOUR), ALWAYS, zone)

    assert memory.peak_kw == pytest.approx(3)


@pytest.mark.parametrize("zone", [ADELAIDE, LORD_HOWE])
def test_half_hours_are_local_where_the_offset_is_not_whole(zone: ZoneInfo) -> None:
    start = at("2026-06-15 15:00", zone)

    assert measured(steady(start, 4000), TERMS, zone).peak_at == start


# --- storage


@given(
    st.builds(
        DemandTerms,
        days=st.sampled_from(Days),
        start=st.integers(0, 1440),
        end=st.integers(0, 1440),
        rate=st.floats(0, 1000),
        per=st.sampled_from(DemandRate),
        billing_day=st.integers(1, 31),
    )
)
def test_stored_terms_are_the_same(terms: DemandTerms) -> None:
    assert terms_from_stored(json.loads(json.dumps(terms_to_stored(terms)))) == terms


def test_a_new_memory_can_be_stored() -> None:
    stored = json.loads(json.dumps(memory_to_stored(DemandMemory())))

    assert memory_from_stored(stored) == DemandMemory()


def test_stored_times_are_in_utc_again() -> None:
    stored = memory_to_stored(measured(steady(T, 4000, 10 * MINUTE)))
    stored["sampled_at"] = "2026-06-15T15:10:00+10:00"

    found = memory_from_stored(stored).sampled_at

    assert found == T + 10 * MINUTE
    assert found.tzinfo is UTC


BAD: list[object] = [None, True, "12", [], {}, float("nan"), float("inf"), -1, 10**400]


@pytest.mark.parametrize("key", list(terms_to_stored(TERMS)))
@pytest.mark.parametrize("value", BAD)
def test_damaged_terms_are_refused(key: str, value: object) -> None:
    with pytest.raises(StoredDemandError, match=key):
        terms_from_stored({**terms_to_stored(TERMS), key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [("start", 1441), ("end", 1441), ("billing_day", 0), ("billing_day", 32)],
)
def test_terms_out_of_range_are_refused(key: str, value: int) -> None:
    with pytest.raises(StoredDemandError, match=key):
        terms_from_stored({**terms_to_stored(TERMS), key: value})


@pytest.mark.parametrize("key", list(memory_to_stored(DemandMemory())))
@pytest.mark.parametrize("value", [*BAD[1:], "2026-06-15T15:00:00"])
def test_a_damaged_memory_is_refused(key: str, value: object) -> None:
    if key == "period" and value == "2026-06-15T15:00:00":
        value = "2026-06"
    stored = memory_to_stored(measured(steady(T, 4000, 10 * MINUTE)))

    with pytest.raises(StoredDemandError, match=key):
        memory_from_stored({**stored, key: value})
