"""The check of mapped prices: silent about honest mappings, loud about others."""

import pytest

from harness.mapping_check import broken_rules

BUY = [0.30, 0.20, 0.20, 0.45]
SELL = [0.10, 0.05, 0.05, 0.12]


def test_acceptable_prices_stay_as_they_are() -> None:
    assert broken_rules(BUY, SELL, BUY, SELL, running=0) == []


def test_rounding_is_no_change() -> None:
    raw = [0.30004, 0.20005, 0.2, 0.45]
    assert broken_rules(raw, SELL, [0.3, 0.2001, 0.2, 0.45], SELL, running=0) == []


def test_an_honest_mapping_of_negative_prices() -> None:
    # -8 c and -2 c to 0 and 1 tick, everything else up by two ticks.
    raw_buy, raw_sell = [0.30, -0.02, 0.20], [0.10, -0.08, 0.20]
    buy, sell = [0.3002, 0.0001, 0.2002], [0.1002, 0.0, 0.2002]
    assert broken_rules(raw_buy, raw_sell, buy, sell, running=0) == []


@pytest.mark.parametrize(
    ("buy", "sell", "rule"),
    [
        ([0.30001, 0.2, 0.2, 0.45], SELL, "buy: more than four decimals"),
        (BUY, [0.1, -0.05, -0.05, 0.12], "sell: negative price"),
        ([0.30, 0.04, 0.04, 0.45], SELL, "buy below sell"),
        ([0.20, 0.30, 0.30, 0.45], SELL, "order of buy prices lost"),
        ([0.30, 0.20, 0.30, 0.45], SELL, "order of buy prices lost"),
        ([0.45, 0.20, 0.20, 0.45], SELL, "order of buy prices lost"),
        ([0.30, 0.20, 0.2001, 0.45], SELL, "order of buy prices lost"),
        (BUY, [0.10, 0.13, 0.13, 0.12], "order of sell prices lost"),
        (BUY, [0.10, 0.20, 0.20, 0.12], "a positive spread lost"),
        ([0.31, 0.21, 0.21, 0.46], SELL, "changed without need"),
    ],
)
def test_dishonest_mappings_are_named(
    buy: list[float], sell: list[float], rule: str
) -> None:
    assert rule in broken_rules(BUY, SELL, buy, sell, running=0)


def test_clipping_at_zero_loses_the_order() -> None:
    raw = [-0.10, -0.02, 0.30]
    sell = [-0.20, -0.20, 0.10]
    clipped = [0.0, 0.0, 0.30]

    broken = broken_rules(raw, sell, clipped, [0.0, 0.0, 0.1], running=2)

    assert "order of buy prices lost" in broken
    assert "a positive spread lost" in broken


def test_prices_less_than_a_tick_apart_may_become_equal_but_not_swap() -> None:
    raw = [0.20001, 0.20004, 0.45]
    sell = [0.1, 0.1, 0.1]

    assert broken_rules(raw, sell, [0.2, 0.2, 0.45], sell, running=2) == []
    assert broken_rules(raw, sell, [0.2001, 0.2, 0.45], sell, running=2) != []


def test_now_and_next_must_not_show_a_spread_that_is_not_there() -> None:
    # Selling pays more than buying costs in the running half hour.
    raw_buy, raw_sell = [0.20, 0.30], [0.25, 0.10]

    assert broken_rules(raw_buy, raw_sell, [0.25, 0.30], [0.25, 0.10], running=0) == []
    assert broken_rules(raw_buy, raw_sell, [0.26, 0.30], [0.25, 0.10], running=1) == [
        "a spread appeared, now or next, where there is none"
    ]


def test_the_running_half_hour_may_lose_its_place_to_its_spread() -> None:
    # 0.20 and 0.30 have to rise over 0.35; only later ones must keep their order.
    raw_buy, raw_sell = [0.20, 0.30, 0.50, 0.60], [0.35, 0.10, 0.10, 0.10]
    buy, sell = [0.35, 0.30, 0.50, 0.60], [0.35, 0.10, 0.10, 0.10]

    assert broken_rules(raw_buy, raw_sell, buy, sell, running=0) == []
    assert "order of buy prices lost" in broken_rules(
        raw_buy, raw_sell, buy, sell, running=2
    )
