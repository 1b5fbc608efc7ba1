"""The response to extreme wholesale prices: when it begins, and when it is over."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
import pytest

from custom_components.power_sync.core.arbiter import resolve
from custom_components.power_sync.core.model.decisions import Feature, Lever, Reason
from custom_components.power_sync.core.model.market import MarketPrice
from custom_components.power_sync.core.model.powerwall import (
    ExportRule,
    OperationMode,
)
from custom_components.power_sync.core.model.spikes import RehearsalError, SpikeTerms
from custom_components.power_sync.core.spike_response import (
    SpikeMemory,
    follow_market,
    is_active,
    overrule,
    rehearse,
    spike_wants,
)
from custom_components.power_sync.core.tesla_tariff import daily_tariff

from .episode_reference import Look, expected, looks
from .support import MINUTE, utc

# covers B-07

T = utc("2026-06-15 02:00")
TERMS = SpikeTerms()
SPIKE, NEAR, CALM = 0.30, 0.29, 0.28
TARIFF = daily_tariff(
    [11.0] * 48, [10.0] * 48, name="Spike", utility="AEMO", currency="AUD"
)


def interval(number: int, price: float, minutes: int = 5) -> MarketPrice:
    """Return the price of an interval counted from T."""
    start = T + number * 5 * MINUTE
    return MarketPrice(start=start, end=start + minutes * MINUTE, price=price)


def look(
    memory: SpikeMemory, number: int, price: float, after: float = 0.5
) -> SpikeMemory:
    """Look at an interval some minutes after its beginning."""
    market = interval(number, price)
    return follow_market(memory, market, TERMS, market.start + after * MINUTE)


def after(*prices: float | None) -> SpikeMemory:
    """Return the memory after a look into each of some intervals, None for no look."""
    memory = SpikeMemory()
    for number, price in enumerate(prices):
        if price is not None:
            memory = look(memory, number, price)
    return memory


def on(memory: SpikeMemory) -> bool:
    """Return whether the response is on in the moment of the newest look."""
    moment = memory.episode.counted_from
    return is_active(memory, (moment or T) + 0.5 * MINUTE)


# --- beginning


@pytest.mark.parametrize(
    ("price", "begins"),
    [(0.30, True), (0.2999, False), (20.0, True), (-1.0, False)],
)
def test_it_begins_at_the_threshold(price: float, begins: bool) -> None:
    assert on(after(price)) is begins


@pytest.mark.parametrize(
    ("minutes", "begins"),
    [(-0.01, False), (0, True), (4, True), (14.99, True), (15, False), (600, False)],
)
def test_an_old_price_begins_nothing(minutes: float, begins: bool) -> None:
    memory = look(SpikeMemory(), 0, SPIKE, minutes)

    assert is_active(memory, T + minutes * MINUTE) is begins


def test_a_price_from_the_future_is_none_yet() -> None:
    memory = follow_market(after(SPIKE), interval(3, CALM), TERMS, T + 6 * MINUTE)

    assert memory == after(SPIKE)


def test_a_later_look_at_the_same_interval_may_begin_it() -> None:
    assert on(look(after(CALM, CALM), 1, SPIKE, after=2))


def test_a_price_of_an_earlier_interval_is_no_news() -> None:
    memory = look(after(SPIKE, CALM, CALM), 1, SPIKE, after=6)

    assert memory == after(SPIKE, CALM, CALM)


# --- the end


@pytest.mark.parametrize(
    ("prices", "goes_on"),
    [
        ((SPIKE, CALM), True),
        ((SPIKE, CALM, CALM), False),
        ((CALM, SPIKE, CALM), True),
        ((SPIKE, CALM, SPIKE, CALM), True),
        ((SPIKE, CALM, NEAR, CALM), True),
        ((SPIKE, NEAR, NEAR, NEAR), True),
        ((SPIKE, CALM, NEAR, CALM, CALM), False),
        ((SPIKE, CALM, None, CALM), True),
        ((SPIKE, CALM, None, CALM, CALM), False),
        ((SPIKE, None, CALM, CALM), False),
        ((SPIKE, CALM, CALM, SPIKE), True),
        ((SPIKE, CALM, CALM, NEAR), False),
        ((SPIKE, 0.2851, 0.2851), True),
        ((SPIKE, 0.2849, 0.2849), False),
    ],
)
def test_two_calm_intervals_in_a_row_end_it(
    prices: tuple[float | None, ...], goes_on: bool
) -> None:
    memory = after(*prices)

    assert on(memory) is goes_on
    assert memory.ended is (None if goes_on else Reason.SPIKE_OVER)


def test_an_interval_counts_once_however_often_it_is_looked_at() -> None:
    memory = after(SPIKE, CALM)
    for minutes in (1, 2, 3, 4, 5, 6):
        memory = look(memory, 1, CALM, minutes)

    assert on(memory)
    assert not on(look(memory, 2, CALM))


def test_it_never_ends_in_the_interval_it_began_in() -> None:
    memory = look(after(CALM, CALM, SPIKE), 2, CALM, after=2)

    assert on(memory)
    # But what it costs in the end is what counts.
    assert not on(look(memory, 3, CALM))


def test_it_never_begins_in_the_interval_it_ended_in() -> None:
    memory = look(after(SPIKE, CALM, CALM), 2, SPIKE, after=2)

    assert not on(memory)
    assert on(look(memory, 3, SPIKE))


def test_a_correction_upwards_is_not_calm() -> None:
    memory = look(after(SPIKE, CALM), 1, NEAR, after=2)

    assert on(look(memory, 2, CALM))
    assert not on(look(look(memory, 2, CALM), 3, CALM))


def test_a_correction_downwards_is_calm() -> None:
    assert not on(look(after(SPIKE, CALM, NEAR), 2, CALM, after=2))


def test_an_interval_that_overlaps_the_newest_takes_its_place() -> None:
    memory = after(SPIKE)
    half_hour = interval(1, CALM, minutes=30)
    memory = follow_market(memory, half_hour, TERMS, T + 6 * MINUTE)
    memory = look(memory, 2, CALM)
    assert on(memory)

    assert not on(look(memory, 3, CALM))


# --- missing prices


@pytest.mark.parametrize(
    "market", [None, interval(0, SPIKE)], ids=["nothing", "always the same"]
)
def test_it_does_not_outlive_its_prices(market: MarketPrice | None) -> None:
    memory = after(SPIKE)
    end = T + 5 * MINUTE + timedelta(minutes=30)
    (want, *_) = spike_wants(memory, TARIFF, T)
    assert want.expires == end
    for minute in range(2, 35):
        moment = T + minute * MINUTE
        memory = follow_market(memory, market, TERMS, moment)
        assert is_active(memory, moment)
    # Also where nobody looks.
    assert not is_active(memory, end)
    assert spike_wants(memory, TARIFF, end) == ()

    memory = follow_market(memory, market, TERMS, end)

    assert memory.episode.since is None
    assert memory.ended is Reason.PRICES_MISSING


def test_after_a_long_gap_the_new_price_decides() -> None:
    assert on(look(after(SPIKE), 30, SPIKE))
    # One calm or nearly calm price is enough then.
    assert not on(look(after(SPIKE), 30, NEAR))


def test_a_price_from_a_wrong_clock_does_not_stop_it_for_ever() -> None:
    ahead = look(SpikeMemory(), 10, SPIKE)

    memory = look(ahead, 0, CALM)
    assert not on(memory)
    assert memory.ended is Reason.PRICES_MISSING
    assert on(look(memory, 1, SPIKE))


def test_what_ended_by_a_wrong_clock_can_begin_again() -> None:
    ahead = look(look(look(SpikeMemory(), 10, SPIKE), 11, CALM), 12, CALM)

    assert on(look(ahead, 0, SPIKE))


def test_a_clock_that_is_set_right_by_seconds_changes_nothing() -> None:
    memory = after(CALM, SPIKE)

    early = follow_market(memory, None, TERMS, T + 5 * MINUTE - timedelta(seconds=20))

    assert early == memory


# --- the user


def test_overruled_until_the_price_was_calm() -> None:
    memory = overrule(after(SPIKE))
    assert not on(memory)
    for number, price in enumerate((SPIKE, CALM, SPIKE, CALM), start=1):
        memory = look(memory, number, price)
        assert not on(memory)
        assert spike_wants(memory, TARIFF, T) == ()
    memory = look(memory, 5, CALM)
    assert memory.ended is Reason.SPIKE_OVER

    assert on(look(memory, 6, SPIKE))


def test_missing_prices_do_not_lift_an_overruling() -> None:
    memory = overrule(after(SPIKE))
    memory = follow_market(memory, None, TERMS, T + 60 * MINUTE)
    memory = look(memory, 20, SPIKE)
    assert not on(memory)

    memory = look(look(memory, 21, CALM), 22, CALM)

    assert on(look(memory, 23, SPIKE))


def test_an_overruling_is_over_when_the_price_was_calm_after_a_gap() -> None:
    memory = overrule(after(SPIKE))
    memory = follow_market(memory, None, TERMS, T + 60 * MINUTE)

    memory = look(look(memory, 20, CALM), 21, CALM)

    assert on(look(memory, 22, SPIKE))


def test_a_wrong_clock_does_not_lift_an_overruling() -> None:
    memory = overrule(look(SpikeMemory(), 10, SPIKE))

    memory = look(memory, 0, SPIKE)
    assert not on(memory)
    memory = look(look(memory, 1, CALM), 2, CALM)
    assert on(look(memory, 3, SPIKE))


def test_there_is_nothing_to_overrule_without_a_spike() -> None:
    assert overrule(after(CALM)) == after(CALM)
    assert on(look(overrule(after(CALM)), 1, SPIKE))


def test_switched_off_it_ends_at_once() -> None:
    memory = follow_market(after(SPIKE), interval(1, SPIKE), None, T + 6 * MINUTE)

    assert not is_active(memory, T + 6 * MINUTE)
    assert memory.ended is Reason.CANCELLED
    assert follow_market(memory, interval(1, SPIKE), None, T + 7 * MINUTE) == memory
    # And on again it begins at once, overruled before or not.
    assert on(look(memory, 1, SPIKE, after=3))
    overruled = follow_market(overrule(after(SPIKE)), None, None, T)
    assert on(look(overruled, 1, SPIKE))


# --- rehearsal


def rehearsed(
    memory: SpikeMemory, price: float = 5.0, minutes: float = 10
) -> SpikeMemory:
    """Begin a rehearsal a minute after T."""
    return rehearse(
        memory, price=price, minutes=minutes, terms=TERMS, now=T + 1 * MINUTE
    )


@pytest.mark.parametrize("terms", [TERMS, None], ids=["on", "off"])
def test_a_rehearsal_ends_by_itself_exactly_at_its_end(
    terms: SpikeTerms | None,
) -> None:
    memory = rehearsed(after(CALM))
    until = T + 11 * MINUTE
    last = until - timedelta(microseconds=1)
    memory = follow_market(memory, interval(2, CALM), terms, last)
    assert is_active(memory, last)
    wants = spike_wants(memory, TARIFF, last)
    assert {want.reason for want in wants} == {Reason.REHEARSAL}
    assert len(resolve(wants, last)) == 4
    # Whoever looks next, and whether the memory has been told or not.
    assert not resolve(wants, until)
    assert not is_active(memory, until)
    assert spike_wants(memory, TARIFF, until) == ()

    memory = follow_market(memory, interval(2, CALM), terms, until)

    assert memory.rehearsal is None
    assert memory.ended is Reason.SPIKE_OVER


def test_a_rehearsed_price_below_the_threshold_shows_that_nothing_happens() -> None:
    assert not is_active(rehearsed(SpikeMemory(), NEAR), T + 2 * MINUTE)
    assert is_active(rehearsed(SpikeMemory(), SPIKE), T + 2 * MINUTE)
    # And nothing is over afterwards.
    memory = rehearsed(SpikeMemory(), NEAR)
    assert follow_market(memory, None, TERMS, T + 60 * MINUTE) == SpikeMemory()
    # It takes the place of the market's price, even of a spike.
    memory = rehearsed(after(SPIKE), CALM)
    memory = look(memory, 1, SPIKE)
    assert not is_active(memory, T + 6 * MINUTE)
    assert spike_wants(memory, TARIFF, T + 6 * MINUTE) == ()

    memory = look(memory, 2, SPIKE, after=2)

    assert is_active(memory, T + 12 * MINUTE)
    assert memory.ended is None


def test_a_spike_that_comes_during_a_rehearsal_goes_on_after_it() -> None:
    memory = look(look(rehearsed(after(CALM)), 1, SPIKE), 2, SPIKE, after=1)

    [want, *_] = spike_wants(memory, TARIFF, T + 11 * MINUTE)

    assert want.reason is Reason.MARKET_SPIKE
    memory = look(memory, 2, SPIKE, after=2)
    assert on(memory)
    assert memory.ended is None


def test_the_newest_rehearsal_counts() -> None:
    memory = rehearsed(rehearsed(SpikeMemory(), minutes=5), minutes=20)

    memory = follow_market(memory, None, TERMS, T + 7 * MINUTE)

    assert is_active(memory, T + 20 * MINUTE)
    assert not is_active(memory, T + 21 * MINUTE)


def test_an_overruled_rehearsal_is_over() -> None:
    memory = overrule(rehearsed(after(CALM)))
    assert memory == after(CALM)
    # With a spike behind it, that one is overruled as well.
    memory = overrule(rehearsed(after(SPIKE)))
    assert not is_active(memory, T + 2 * MINUTE)
    assert not on(look(memory, 1, SPIKE))


@pytest.mark.parametrize(
    ("price", "minutes", "field"),
    [
        (float("nan"), 10, "price"),
        (float("inf"), 10, "price"),
        (1.0, 0.99, "minutes"),
        (1.0, 60.01, "minutes"),
        (1.0, float("nan"), "minutes"),
        (1.0, -5, "minutes"),
    ],
)
def test_impossible_rehearsals(price: float, minutes: float, field: str) -> None:
    with pytest.raises(RehearsalError, match=field) as caught:
        rehearsed(SpikeMemory(), price, minutes)

    assert caught.value.field == field


@pytest.mark.parametrize("minutes", [1, 60])
def test_the_shortest_and_the_longest_rehearsal(minutes: float) -> None:
    memory = rehearsed(SpikeMemory(), minutes=minutes)

    assert memory.rehearsal is not None
    assert memory.rehearsal.until == T + (1 + minutes) * MINUTE


# --- what is wanted


def test_what_a_spike_asks_for() -> None:
    wants = spike_wants(after(SPIKE), TARIFF, T + MINUTE)

    assert {want.lever: want.value for want in wants} == {
        Lever.EXPORT_RULE: ExportRule.BATTERY_OK,
        Lever.GRID_CHARGING: False,
        Lever.TARIFF: TARIFF,
        Lever.OPERATION_MODE: OperationMode.AUTONOMOUS,
    }
    assert {want.feature for want in wants} == {Feature.SPIKE_RESPONSE}
    assert {want.reason for want in wants} == {Reason.MARKET_SPIKE}
    assert spike_wants(after(CALM), TARIFF, T + MINUTE) == ()


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_terms_that_make_no_sense(price: float) -> None:
    for bad in ({"threshold": price}, {"sell_price": price}):
        with pytest.raises(ValueError, match="positive"):
            replace(TERMS, **bad)


def test_market_intervals_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="UTC"):
        MarketPrice(
            start=datetime(2026, 1, 1),  # noqa: DTZ001
            end=datetime(2026, 1, 2),  # noqa: DTZ001
            price=0.1,
        )
    with pytest.raises(ValueError, match="end after"):
        MarketPrice(start=T, end=T, price=0.1)


# --- any course of prices


PRICES = (0.1, 0.2849, 0.2851, 0.2999, 0.30, 12.0)


def walked(course: list[Look]) -> list[SpikeMemory]:
    """Return the memory after each look."""
    memory, memories = SpikeMemory(), []
    for seen in course:
        market = None
        if (heard := seen.heard) is not None:
            market = MarketPrice(start=heard.start, end=heard.end, price=heard.price)
        memory = follow_market(memory, market, TERMS, seen.now)
        memories.append(memory)
    return memories


@given(looks(PRICES))
@settings(max_examples=250, deadline=None)
def test_on_any_course_it_is_on_when_it_should_be(course: list[Look]) -> None:
    found = [
        is_active(memory, seen.now)
        for memory, seen in zip(walked(course), course, strict=True)
    ]

    assert found == expected(
        course,
        sets_off=lambda price: price >= 0.30,
        is_calm=lambda price: price < 0.285,
        patience=timedelta(minutes=30),
        lateness=timedelta(minutes=10),
    )


@given(looks(PRICES))
@settings(max_examples=100, deadline=None)
def test_it_never_changes_to_and_fro_within_an_interval(course: list[Look]) -> None:
    changes: list[tuple[datetime | None, str]] = []
    was_on = False
    for memory, seen in zip(walked(course), course, strict=True):
        is_on = is_active(memory, seen.now)
        if is_on and not was_on:
            changes.append((memory.episode.counted_from, "begun"))
        if was_on and not is_on and memory.ended is Reason.SPIKE_OVER:
            changes.append((memory.episode.counted_from, "over"))
        was_on = is_on

    changed_in = [start for start, _ in changes]
    assert len(changed_in) == len(set(changed_in))


@given(looks(PRICES))
@settings(max_examples=100, deadline=None)
def test_what_is_wanted_expires_when_it_is_over(course: list[Look]) -> None:
    for memory, seen in zip(walked(course), course, strict=True):
        wants = spike_wants(memory, TARIFF, seen.now)
        assert bool(wants) is is_active(memory, seen.now)
        for want in wants:
            assert want.expires is not None
            assert seen.now < want.expires
            assert not is_active(memory, want.expires)
