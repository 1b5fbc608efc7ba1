"""What any honest mapping of prices to Tesla's rules must fulfil.

Not a second mapping: it does not say what is to be sent, only whether what was sent
still says the same as the prices it was made from.
"""

from collections.abc import Sequence
from itertools import combinations

TICK = 1e-4
"""The four decimals that a tariff is sent with."""
_NOISE = 1e-9


def broken_rules(
    raw_buy: Sequence[float],
    raw_sell: Sequence[float],
    sent_buy: Sequence[float],
    sent_sell: Sequence[float],
    running: int,
) -> list[str]:
    """Return in words which rules the sent prices break, in $/kWh by half hour.

    Raw prices that are less than a tick apart may become equal; all others keep
    their order. Where the spread of the ``running`` half hour or the next one is
    not positive, theirs may cost them their place in the order of buy prices.
    """
    broken = []
    for side, prices in (("buy", sent_buy), ("sell", sent_sell)):
        if any(abs(price - round(price, 4)) > _NOISE for price in prices):
            broken.append(f"{side}: more than four decimals")
        if any(price < 0 for price in prices):
            broken.append(f"{side}: negative price")
    slots = range(len(raw_buy))
    if any(sent_buy[i] < sent_sell[i] for i in slots):
        broken.append("buy below sell")

    spreads = [buy - sell for buy, sell in zip(raw_buy, raw_sell, strict=True)]
    now_and_next = (running, (running + 1) % len(raw_buy))
    yielding = {slot for slot in now_and_next if spreads[slot] < TICK}
    ranked = [slot for slot in slots if slot not in yielding]
    if not _order_kept([raw_buy[i] for i in ranked], [sent_buy[i] for i in ranked]):
        broken.append("order of buy prices lost")
    if not _order_kept(raw_sell, sent_sell):
        broken.append("order of sell prices lost")
    if any(spreads[i] > TICK + _NOISE and sent_buy[i] <= sent_sell[i] for i in slots):
        broken.append("a positive spread lost")
    if any(spreads[i] <= 0 and sent_buy[i] != sent_sell[i] for i in now_and_next):
        broken.append("a spread appeared, now or next, where there is none")

    acceptable = all(spreads[i] >= 0 and raw_sell[i] >= 0 for i in slots)
    moves = [
        abs(raw - sent)
        for raw, sent in zip(
            [*raw_buy, *raw_sell], [*sent_buy, *sent_sell], strict=True
        )
    ]
    if acceptable and max(moves) > TICK / 2 + _NOISE:
        broken.append("changed without need")
    return broken


def _order_kept(raw: Sequence[float], sent: Sequence[float]) -> bool:
    """Return whether sent prices rank as the raw ones do, equal ones included."""
    pairs = sorted(zip(raw, sent, strict=True))
    if len(set(pairs)) != len(set(raw)):
        return False  # equal prices have become different
    for cheap, dear in combinations(pairs, 2):
        if cheap[1] > dear[1]:
            return False
        if dear[0] - cheap[0] > TICK + _NOISE and cheap[1] == dear[1]:
            return False
    return True
