"""Make prices acceptable to Tesla without changing what they say.

Tesla raises negative prices to zero and a buy price below its sell price to
the sell price. Left to that, every negative price looks alike and a bargain
can stop looking like one. Here prices move as little as possible while the
order of the buy prices, the order of the sell prices and the sign of each
slot's margin (buy minus sell) stay.

All arithmetic is in ticks of 1/10,000 of the currency, the four decimals that
are sent, so nothing is lost to rounding afterwards.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TICKS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedPrices:
    """Prices per kWh with four decimals, and what had to move for them.

    ``compressed`` counts the negative prices that were laid into the small
    range above zero, ``lifted`` lists slots whose margin had to be opened, and
    ``order_kept`` is False where the order of the buy prices had to yield to the
    margin of the running or the next slot.
    """

    buy: tuple[float, ...]
    sell: tuple[float, ...]
    compressed: int = 0
    lifted: tuple[int, ...] = ()
    order_kept: bool = True


def map_prices(
    buy: Sequence[float], sell: Sequence[float], running: int
) -> MappedPrices:
    """Return buy and sell prices that Tesla takes as they are.

    ``running`` is the index of the half hour that is running; its margin and
    that of the one after it are kept even where the order cannot be.
    Raises ValueError if the two lists differ in length.
    """
    if len(buy) != len(sell):
        raise ValueError("buy and sell need the same number of prices")
    raw_buy, raw_sell = _ticks(buy), _ticks(sell)
    # One increasing function for both directions keeps every comparison between
    # any two prices. Prices that are clear of zero stay where they are.
    both = [*raw_buy, *raw_sell]
    settled = _raise(both, [0] * len(both))
    low_buy, low_sell = settled[: len(raw_buy)], settled[len(raw_buy) :]
    final_buy, final_sell = _open_margins(low_buy, low_sell)

    order_kept = True
    for slot in (running % len(buy), (running + 1) % len(buy)) if buy else ():
        if raw_buy[slot] <= raw_sell[slot] and final_buy[slot] != final_sell[slot]:
            final_buy[slot] = final_sell[slot]
            order_kept = False
    return MappedPrices(
        buy=tuple(price / TICKS for price in final_buy),
        sell=tuple(price / TICKS for price in final_sell),
        compressed=sum(price < 0 for price in both),
        lifted=tuple(
            slot
            for slot in range(len(buy))
            if (final_buy[slot], final_sell[slot]) != (low_buy[slot], low_sell[slot])
        ),
        order_kept=order_kept,
    )


def _ticks(prices: Iterable[float]) -> list[int]:
    """Return prices in whole ticks."""
    return [round(price * TICKS) for price in prices]


def _open_margins(buy: list[int], sell: list[int]) -> tuple[list[int], list[int]]:
    """Return prices with no buy below its sell, moved as little as possible.

    A buy and a sell price that are the wrong way round meet at one level, or at
    whichever of the two is nearer to it. Other prices must make way to stay in
    order, so the level is the one that moves least altogether; of equals the
    highest, because raising the buy price is what Tesla does.
    """
    wrong = [pair for pair in zip(buy, sell, strict=True) if pair[0] < pair[1]]
    if not wrong:
        return list(buy), list(sell)
    lowest, highest = min(price for price, _ in wrong), max(price for _, price in wrong)
    # Just below a buy price and just above a sell price it need not make way.
    edges = {highest, *(price - 1 for price in buy), *(price + 1 for price in sell)}
    levels = sorted(level for level in edges if lowest <= level <= highest)

    # Buy prices only rise and sell prices only fall.
    return min(
        (_meet(buy, sell, level) for level in reversed(levels)),
        key=lambda sides: sum(sides[0]) - sum(sides[1]),
    )


def _meet(buy: list[int], sell: list[int], level: int) -> tuple[list[int], list[int]]:
    """Return sell prices lowered to a level, and buy prices raised to them."""
    ceilings = [-max(price, level) for price in buy]
    lowered = _raise([-price for price in sell], ceilings)
    # None may sink so far that those below it find no room above zero.
    room = {price: rank for rank, price in enumerate(sorted(set(sell)))}
    lowered = [max(-new, room[old]) for new, old in zip(lowered, sell, strict=True)]
    return _raise(buy, lowered), lowered


def _raise(prices: list[int], floors: list[int]) -> list[int]:
    """Return prices at or above their floors, in the order they had.

    Equal prices stay equal and different ones different; each is as low as
    that allows.
    """
    floor_of: dict[int, int] = {}
    for price, floor in zip(prices, floors, strict=True):
        floor_of[price] = max(floor_of.get(price, price), floor)
    raised: dict[int, int] = {}
    below: int | None = None
    for price in sorted(floor_of):
        lowest = floor_of[price] if below is None else max(floor_of[price], below + 1)
        raised[price] = below = lowest
    return [raised[price] for price in prices]
