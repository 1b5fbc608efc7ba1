"""Prices that Tesla takes, and what they must still say. Covers B-04."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import example, given, strategies as st
import pytest

from custom_components.power_sync.core.price_mapping import MappedPrices, map_prices


def ticks(prices: Sequence[float]) -> list[int]:
    return [round(price * 10_000) for price in prices]


# --- named cases


@pytest.mark.parametrize(
    ("buy", "sell"),
    [
        ([0.3, 0.2, 0.1], [0.1, 0.05, 0.0]),
        ([0.3, 0.3], [0.3, 0.3]),
        ([0.0, 0.0], [0.0, 0.0]),
        ([25.0, 0.3], [20.3, 0.0]),
        ([], []),
    ],
)
def test_what_tesla_takes_anyway_is_not_touched(
    buy: list[float], sell: list[float]
) -> None:
    assert map_prices(buy, sell, 0) == MappedPrices(buy=tuple(buy), sell=tuple(sell))


def test_four_decimals() -> None:
    mapped = map_prices([0.123449, 0.12345001], [0.00004, 0.00006], 0)

    assert mapped.buy == (0.1234, 0.1235)
    assert mapped.sell == (0.0, 0.0001)


def test_negative_prices_keep_their_order_just_above_zero() -> None:
    mapped = map_prices([-0.5, -0.1, 0.0, 0.3], [-1.0, -0.2, -0.1, 0.1], 2)

    # From below: -1.0, -0.5, -0.2, -0.1, 0.0; nothing above has to make way.
    assert mapped.buy == (0.0001, 0.0003, 0.0004, 0.3)
    assert mapped.sell == (0.0, 0.0002, 0.0003, 0.1)
    assert mapped.compressed == 5
    assert mapped.lifted == ()
    assert mapped.order_kept


def test_only_prices_in_the_way_are_moved_by_negative_ones() -> None:
    mapped = map_prices([-0.3, -0.2, 0.0001, 0.0002, 0.5], [-0.3] * 5, 0)

    assert mapped.buy == (0.0, 0.0001, 0.0002, 0.0003, 0.5)
    assert mapped.sell == (0.0,) * 5


def test_a_whole_day_below_zero() -> None:
    buy = [-(48 - slot) / 100 for slot in range(48)]

    mapped = map_prices(buy, [price - 0.5 for price in buy], 10)

    assert mapped.sell[0] == 0
    assert max(mapped.buy) <= 0.0096
    assert mapped.compressed == 96


def test_one_buy_below_its_sell_is_raised_as_tesla_would() -> None:
    mapped = map_prices([0.3, 0.2, 0.5], [0.1, 0.25, 0.1], 0)

    assert mapped.buy == (0.3, 0.25, 0.5)
    assert mapped.sell == (0.1, 0.25, 0.1)
    assert mapped.lifted == (1,)


def test_the_two_meet_where_nothing_else_must_move() -> None:
    # Raising to 0.26 would drag slot 0 along; just below 0.25 does not.
    mapped = map_prices([0.25, 0.2, 0.5], [0.1, 0.26, 0.1], 2)

    assert mapped.buy == (0.25, 0.2499, 0.5)
    assert mapped.sell == (0.1, 0.2499, 0.1)
    assert mapped.lifted == (1,)


def test_others_make_way_to_stay_in_order() -> None:
    # Slot 0 has 0.25 on both sides, so one of them must move by two ticks.
    mapped = map_prices([0.25, 0.2, 0.5, 0.6], [0.25, 0.26, 0.1, 0.1], 2)

    assert mapped.buy == (0.2502, 0.2501, 0.5, 0.6)
    assert mapped.sell == (0.25, 0.2501, 0.1, 0.1)
    assert mapped.lifted == (0, 1)
    assert mapped.order_kept


def test_of_equal_ways_buy_is_raised() -> None:
    mapped = map_prices([0.2, 0.9], [0.3, 0.1], 0)

    assert (mapped.buy, mapped.sell) == ((0.3, 0.9), (0.3, 0.1))


def test_one_odd_slot_does_not_drag_the_whole_day_along() -> None:
    """Raising it past every buy price, or lowering every sell price, would."""
    buy = [0.25 + slot / 400 for slot in range(48)]
    sell = [0.05 + slot / 1000 for slot in range(48)]
    buy[20], sell[20] = 0.02, 0.6

    mapped = map_prices(buy, sell, 0)

    assert mapped.lifted == (20,)
    assert mapped.buy[20] == mapped.sell[20]
    assert mapped.buy[20] == 0.2499
    assert not [
        slot
        for slot in range(48)
        if slot != 20
        and (mapped.buy[slot], mapped.sell[slot])
        != (round(buy[slot], 4), round(sell[slot], 4))
    ]


def test_sell_prices_are_lowered_where_that_moves_less() -> None:
    buy = [0.1, *[0.2 + slot / 1000 for slot in range(47)]]
    sell = [0.3, *[0.05] * 47]

    mapped = map_prices(buy, sell, 20)

    assert mapped.buy[1:] == tuple(round(price, 4) for price in buy[1:])
    assert mapped.sell[1:] == tuple(sell[1:])
    assert mapped.buy[0] == mapped.sell[0] == 0.1999


def test_lowered_sell_prices_leave_room_above_zero() -> None:
    # Ten sell prices want to be below a buy price of two ticks.
    sell = [0.9 + slot / 100 for slot in range(10)]
    buy = [0.0002, *[1.5] * 9]

    mapped = map_prices(buy, [sell[0], *sell[1:]], 5)

    assert list(mapped.sell) == sorted(mapped.sell)
    assert mapped.sell[0] >= 0
    assert all(b >= s for b, s in zip(mapped.buy, mapped.sell, strict=True))


def test_the_running_slot_shows_no_margin_that_is_not_there() -> None:
    # Slot 1 has none. Slot 0, cheaper and worth more, must rise above it, and the
    # order would take slot 1 along; being the running slot it stays behind.
    buy, sell = [0.1, 0.2, 0.7], [0.3, 0.2, 0.1]

    running = map_prices(buy, sell, 1)
    upcoming = map_prices(buy, sell, 0)
    elsewhere = map_prices([*buy, 0.8, 0.9], [*sell, 0.1, 0.1], 3)

    for mapped in (running, upcoming):
        assert mapped.buy[1] == mapped.sell[1]
        assert not mapped.order_kept
        assert 0 in mapped.lifted
    assert elsewhere.order_kept
    assert elsewhere.buy[1] > elsewhere.buy[0]


def test_the_slot_after_the_last_is_the_first() -> None:
    buy, sell = [0.2, 0.1, 0.7], [0.2, 0.3, 0.1]

    mapped = map_prices(buy, sell, 2)

    assert mapped.buy[0] == mapped.sell[0]
    assert not mapped.order_kept


def test_lists_of_different_length_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="same number"):
        map_prices([0.1], [], 0)


# --- what must hold for any prices

prices = st.one_of(
    st.floats(-1.2, 25),
    st.floats(-0.02, 0.5),
    st.integers(-12_000, 250_000).map(lambda tick: tick / 10_000),
    st.integers(-12, 60).map(lambda cents: cents / 100),
    st.sampled_from([0.0, -0.0, 0.3, 0.00004, -0.00004, 0.00005, -0.00005]),
)
slots = st.lists(st.tuples(prices, prices), min_size=1, max_size=48)
retail = st.lists(  # a margin almost everywhere, as in real life
    st.tuples(prices, st.floats(-0.02, 0.3)).map(lambda s: (s[0] + s[1], s[0])),
    min_size=48,
    max_size=48,
)
any_day = given(st.one_of(slots, retail), st.integers(0, 47))


def strictly(order: list[tuple[int, int]]) -> bool:
    """Whether the second figures rank exactly as the first do, ties included."""
    return all(
        (before[0] == after[0]) == (before[1] == after[1]) and before[1] <= after[1]
        for before, after in pairwise(sorted(order))
    )


@any_day
@example([(0.1, 0.3), (0.2, 0.2), (0.7, 0.1)], 1)
@example([(0.0002, 0.9), (1.5, 0.91), (1.5, 0.92)], 1)
def test_the_guarantees(day: list[tuple[float, float]], running: int) -> None:
    """Covers B-04: acceptable, and in the order they had."""
    buy, sell = [slot[0] for slot in day], [slot[1] for slot in day]
    raw_buy, raw_sell = ticks(buy), ticks(sell)
    count = len(day)
    now_and_next = {running % count, (running + 1) % count}

    mapped = map_prices(buy, sell, running)

    # Four decimals, never negative, never a buy below its sell.
    new_buy, new_sell = ticks(mapped.buy), ticks(mapped.sell)
    assert [tick / 10_000 for tick in new_buy] == list(mapped.buy)
    assert [tick / 10_000 for tick in new_sell] == list(mapped.sell)
    assert min(new_buy + new_sell) >= 0
    assert all(b >= s for b, s in zip(new_buy, new_sell, strict=True))

    # The order of each side; only the running and the next slot may lose theirs,
    # only if they have no margin, and not silently.
    assert strictly(list(zip(raw_sell, new_sell, strict=True)))
    yielding = {slot for slot in now_and_next if raw_buy[slot] <= raw_sell[slot]}
    assert strictly(
        [(raw_buy[i], new_buy[i]) for i in range(count) if i not in yielding]
    )
    if mapped.order_kept:
        assert strictly(list(zip(raw_buy, new_buy, strict=True)))

    # Margins: what there is stays, and now and next there is no other.
    for slot in range(count):
        if raw_buy[slot] > raw_sell[slot]:
            assert new_buy[slot] > new_sell[slot]
        elif slot in now_and_next:
            assert new_buy[slot] == new_sell[slot]

    # Nothing happens without need, and what happens is told.
    assert mapped.compressed == sum(tick < 0 for tick in raw_buy + raw_sell)
    if all(b >= s >= 0 for b, s in zip(raw_buy, raw_sell, strict=True)):
        assert (new_buy, new_sell) == (raw_buy, raw_sell)
    if all(b >= s for b, s in zip(raw_buy, raw_sell, strict=True)):
        assert mapped.lifted == ()
        assert mapped.order_kept
        for old, new in zip(raw_buy + raw_sell, new_buy + new_sell, strict=True):
            assert new == old or (old < 96 and new < 96)
    for slot in range(count):
        moved = (new_buy[slot], new_sell[slot]) != (raw_buy[slot], raw_sell[slot])
        # Near zero a price can be moved twice, there and back.
        small = min(new_buy[slot], new_sell[slot]) < 96
        if moved and slot not in mapped.lifted:
            assert min(raw_buy[slot], raw_sell[slot]) < 96, "moved but not told"
        if slot in mapped.lifted:
            assert moved or small


@any_day
def test_mapped_prices_are_mapped_to_themselves(
    day: list[tuple[float, float]], running: int
) -> None:
    once = map_prices([slot[0] for slot in day], [slot[1] for slot in day], running)

    again = map_prices(once.buy, once.sell, running)

    assert again == MappedPrices(buy=once.buy, sell=once.sell)


@any_day
def test_it_never_moves_more_than_raising_every_buy_price_would(
    day: list[tuple[float, float]], running: int
) -> None:
    """The plain answer, raise and keep the order, is the yardstick."""
    buy, sell = [slot[0] for slot in day], [slot[1] for slot in day]
    if min(buy + sell) < 0.01:
        buy, sell = [price + 1.3 for price in buy], [price + 1.3 for price in sell]
    raw_buy, raw_sell = ticks(buy), ticks(sell)
    floor: dict[int, int] = {}
    for price, earned in zip(raw_buy, raw_sell, strict=True):
        floor[price] = max(price, earned, floor.get(price, 0))
    level = -1
    plain = 0
    for price in sorted(floor):
        level = max(floor[price], level + 1)
        plain += raw_buy.count(price) * (level - price)

    # A running slot that yields is a matter of its own: look at slot "none".
    mapped = map_prices(buy, sell, running)

    if mapped.order_kept:
        moved = sum(
            abs(new - old)
            for new, old in zip(
                ticks(mapped.buy) + ticks(mapped.sell), raw_buy + raw_sell, strict=True
            )
        )
        assert moved <= plain
