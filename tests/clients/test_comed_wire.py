"""ComEd's feed and pages: what they become, and what is refused."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
import json
import math
import random
import re
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients.comed_wire import (
    Prices,
    parse_feed,
    parse_hours,
)
from custom_components.power_sync.clients.errors import InvalidDataError

from .comed_support import CHICAGO, HELLO, HOUR, PAGE, STEP, chicago, hour, page, utc
from .support import ANY_JSON, WRONG_NUMBERS, stored

LAST = utc("2026-09-15 14:20")
FIRST = LAST - timedelta(days=2)
DAY = date(2026, 9, 15)
ROWS = stored("comed_5min")
EDGE_CASES = stored("comed_edge_cases")

SPRING = [date(2025, 3, 9), date(2026, 3, 8)]
AUTUMN = [date(2025, 11, 2), date(2026, 11, 1)]


def body(rows: object) -> bytes:
    return json.dumps(rows).encode()


def parse(rows: object) -> Prices:
    return parse_feed(body(rows), FIRST, LAST)


def hours(text: str, day: date = DAY) -> Prices:
    return parse_hours(text.encode(), day, CHICAGO)


def cents(prices: Prices) -> list[tuple[str, float]]:
    return [(f"{at:%H:%M}", round(price * 100, 6)) for at, price in prices.items()]


# covers P-08
def test_the_feed() -> None:
    prices = parse(ROWS)

    assert len(prices) == 36
    assert list(prices) == sorted(prices), "oldest first"
    assert all(at.tzinfo is UTC for at in prices)
    assert prices[utc("2026-09-15 14:20")] == pytest.approx(0.023)
    assert prices[utc("2026-09-15 13:00")] == pytest.approx(0.231)
    assert prices[utc("2026-09-15 11:50")] == pytest.approx(-0.016)
    assert utc("2026-09-15 12:40") not in prices, "the row that is missing"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("empty", []),
        (
            "duplicate_and_out_of_order",
            [("14:10", 2.3), ("14:15", 2.2), ("14:20", 2.3)],
        ),
        ("null_price", [("14:15", 2.2)]),
        ("negative_and_spike", [("14:15", 360.4), ("14:20", -10.5)]),
    ],
)
def test_edge_cases_of_the_feed(name: str, expected: list[tuple[str, float]]) -> None:
    assert cents(parse(EDGE_CASES[name])) == expected


@pytest.mark.parametrize(
    "text",
    [
        HELLO,
        "",
        "{}",
        "null",
        '{"millisUTC":"1789482000000","price":"2.3"}',
        "[" * 100_000,
        '[{"millisUTC":"1789482000000","price":null}]',
        "[[], null, 1]",
        '["1789482000000"]',
        '[{"millisUTC":"1789482000000"}]',
    ],
)
def test_what_is_no_feed_is_refused(text: str) -> None:
    with pytest.raises(InvalidDataError):
        parse_feed(text.encode(), FIRST, LAST)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidDataError):
        parse_feed(b"\xff\xfe[", FIRST, LAST)


@pytest.mark.parametrize(
    ("price", "known"),
    [
        ("400", 4.0),
        ("-100", -1.0),
        ("-0.0", 0.0),
        (2.5, 0.025),
        (2, 0.02),
        ("400.1", None),
        ("-100.1", None),
        ("2,5", None),
        ("1e1", None),
        ("1_0", None),
        ("nan", None),
        ("", None),
        (" ", None),
        ("n/a", None),
        ("٢", None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        ([2.5], None),
    ],
)
def test_prices(price: object, known: float | None) -> None:
    stamp = utc("2026-09-15 14:15")
    rows = [ROWS[0], {"millisUTC": "1789481700000", "price": price}]

    found = parse(rows).get(stamp)

    assert found == (None if known is None else pytest.approx(known))
    assert found is None or math.copysign(1, found) == (1 if found >= 0 else -1)


@pytest.mark.parametrize(
    ("stamp", "known"),
    [
        ("1789481700000", True),
        (1789481700000, True),
        ("1789481700001", False),
        ("1789481760000", False),
        ("1789481700000.5", False),
        ("-1", False),
        ("9" * 15, False),
        ("9" * 40, False),
        (10**300, False),
        (None, False),
        (True, False),
    ],
)
def test_stamps(stamp: object, known: bool) -> None:
    prices = parse([ROWS[0], {"millisUTC": stamp, "price": "7.0"}])

    assert list(prices) == ([utc("2026-09-15 14:15")] if known else []) + [LAST]


def test_stamps_beyond_what_was_asked_for() -> None:
    """Prices of the future, and of another year."""
    first, last = utc("2026-09-15 13:00"), utc("2026-09-15 13:10")
    assert cents(parse_feed(body(ROWS), first, last)) == [
        ("13:00", 23.1),
        ("13:05", 14.2),
        ("13:10", 5.8),
    ]
    assert parse_feed(body(ROWS), LAST + STEP, LAST + HOUR) == {}


def test_two_prices_for_one_stamp_are_none() -> None:
    other = dict(ROWS[1], price="9.9")
    prices = parse([*ROWS, other])
    assert set(parse(ROWS)) - set(prices) == {LAST - STEP}


def feed_outcome(rows: object) -> Prices | None:
    """Return prices, or None if they are refused in the one way there is."""
    with suppress(InvalidDataError):
        return parse(rows)
    return None


def assert_from_rows(prices: Prices) -> None:
    """Every price is one of the sample's, at its own time."""
    sample = parse(ROWS)
    assert list(prices) == sorted(prices)
    assert prices.items() <= sample.items()


@given(st.data())
def test_damaged_rows_are_left_out(data: st.DataObject) -> None:
    rows = stored("comed_5min")
    index = data.draw(st.integers(0, len(rows) - 1))
    field = data.draw(st.sampled_from(["millisUTC", "price"]))
    damage = data.draw(st.sampled_from(["removed", "nulled", "retyped"]))
    stamp = datetime.fromtimestamp(int(rows[index]["millisUTC"]) / 1000, UTC)
    if damage == "removed":
        del rows[index][field]
    elif damage == "nulled":
        rows[index][field] = None
    else:
        wrong: Any = data.draw(
            st.sampled_from([w for w in WRONG_NUMBERS if w != "20.5"])
        )
        rows[index][field] = wrong
    random.Random(index).shuffle(rows)

    prices = parse(rows)

    assert_from_rows(prices)
    assert set(parse(ROWS)) - set(prices) == {stamp}


@given(st.permutations(ROWS), st.integers(0, 36))
def test_order_and_repetition_change_nothing(
    rows: list[dict[str, str]], repeated: int
) -> None:
    assert parse([*rows, *rows[:repeated]]) == parse(ROWS)


@given(ANY_JSON)
def test_any_json_is_refused_or_read(value: Any) -> None:
    prices = feed_outcome(value)
    assert not prices
    if not isinstance(value, list):
        assert prices is None
    assert_from_rows(parse([*ROWS, value]))
    with suppress(InvalidDataError):
        parse([value])


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    with suppress(InvalidDataError):
        assert parse_feed(data, FIRST, LAST) == {}
    with suppress(InvalidDataError):
        assert parse_hours(data, DAY, CHICAGO) == {}


# Pages of hours


def test_a_page() -> None:
    prices = hours(PAGE)

    assert list(prices) == [
        chicago("2026-09-15 00:00") + index * HOUR for index in range(24)
    ]
    by_label = {at.astimezone(CHICAGO).hour: price for at, price in prices.items()}
    recorded = {0: 1.5, 8: 1.9, 9: 2.3, 10: 3.0, 11: 3.3, 19: 23.1, 23: 5.2}
    for label, expected in recorded.items():
        assert by_label[label] == pytest.approx(expected / 100)


def test_a_page_without_hours_yet() -> None:
    assert hours("[]") == {}
    assert hours(" [\n] \n") == {}


@pytest.mark.parametrize(
    "text",
    [
        HELLO,
        "",
        "null",
        PAGE[:-1],
        PAGE[1:],
        PAGE[:-30],
        PAGE + PAGE,
        f"alert({PAGE})",
        PAGE.replace("Date.UTC", "Date.now", 1),
        PAGE.replace(
            "[Date.UTC(2026,8,15,3,0,0), 1.3]", "[1.3, Date.UTC(2026,8,15,3,0,0)]"
        ),
        PAGE.replace("15,3,0,0", "15,3,30,0"),
        PAGE.replace("15,3,0,0", "15,24,0,0"),
        PAGE.replace("15,3,0,0", "14,3,0,0"),
        PAGE.replace("2026,8,15,3,0,0", "2026,9,15,3,0,0"),
        PAGE.replace("2026,8,15,3,0,0", "2025,8,15,3,0,0"),
        PAGE.replace("2026,8,15,3,0,0", "2026,8,3,0,0"),
        PAGE.replace(" 1.9]", " 1.9, 2.0]"),
        PAGE.replace(" 1.9]", " [1.9]]"),
    ],
)
def test_what_is_no_page_is_refused(text: str) -> None:
    assert text != PAGE
    with pytest.raises(InvalidDataError):
        hours(text)


@pytest.mark.parametrize("day", [DAY - timedelta(days=1), date(2026, 8, 15)])
def test_the_page_of_another_day_is_refused(day: date) -> None:
    with pytest.raises(InvalidDataError, match="another day"):
        hours(PAGE, day)


@pytest.mark.parametrize(
    "price", ["null", "NaN", "n/a", "", "Infinity", "-100.1", "400.1", "1e1", "true"]
)
def test_hours_without_a_price_are_left_out(price: str) -> None:
    damaged = PAGE.replace("19,0,0), 23.1", f"19,0,0), {price}")
    left_out = set(hours(PAGE)) - set(hours(damaged))
    assert left_out == {chicago("2026-09-15 19:00")}


@pytest.mark.parametrize("price", ["-100", "400", "-0.0", "2"])
def test_prices_at_the_limits(price: str) -> None:
    (found,) = hours(page(DAY, [(7, price)])).values()
    assert found == pytest.approx(float(price) / 100)
    assert math.copysign(1, found) == (-1 if price == "-100" else 1)


def test_repeated_and_shuffled_hours() -> None:
    rows = re.findall(r"\[Date[^\]]*\]", PAGE)
    random.Random(1).shuffle(rows)
    assert hours("[" + ",".join(rows + rows[:5]) + "]") == hours(PAGE)


def test_an_hour_with_two_prices_is_left_out() -> None:
    other = PAGE[:-1] + ", " + hour(DAY, 19, 7.0) + "]"
    assert set(hours(PAGE)) - set(hours(other)) == {chicago("2026-09-15 19:00")}


@pytest.mark.parametrize("day", SPRING)
def test_the_hour_that_is_skipped_is_left_out(day: date) -> None:
    """Whether the page has a row for it or not, all others keep their instants."""
    rows = [(label, label) for label in range(24)]
    expected = {
        chicago(f"{day} {label:02d}:00"): pytest.approx(label / 100)
        for label in range(24)
        if label != 2
    }

    assert hours(page(day, rows), day) == expected
    assert hours(page(day, rows[:2] + rows[3:]), day) == expected
    assert len({at - HOUR for at in expected} | set(expected)) == 24, "no hole"
    assert hours(page(day, [*rows[:2], (2, 7), *rows[2:]]), day) == expected
    # The recorded day lacked two more of them.
    recorded = [row for row in rows if row[0] not in {1, 2, 7}]
    assert len(hours(page(day, recorded), day)) == 21


@pytest.mark.parametrize("day", AUTUMN)
def test_the_hour_that_comes_twice(day: date) -> None:
    rows = [(label, label) for label in range(24)]
    known = {
        chicago(f"{day} {label:02d}:00"): pytest.approx(label / 100)
        for label in range(24)
        if label != 1
    }
    first, second = chicago(f"{day} 01:00"), chicago(f"{day} 01:00", fold=1)
    assert second - first == HOUR

    # One row could be either hour's.
    assert hours(page(day, rows), day) == known
    # Two rows are the two hours, in the order in which they pass.
    both = [*rows[:2], (1, 9), *rows[2:]]
    expected = known | {first: pytest.approx(0.01), second: pytest.approx(0.09)}
    assert hours(page(day, both), day) == expected
    # Unless everything comes twice.
    assert hours(page(day, rows + rows), day) == known
    assert hours(page(day, [*both, (5, 5)]), day) == known
    assert hours(page(day, [*both, (1, 3)]), day) == known
    # A row without a price still holds its place.
    half = [*rows[:1], (1, "null"), (1, 9), *rows[2:]]
    assert hours(page(day, half), day) == known | {second: pytest.approx(0.09)}


@given(
    st.sampled_from([*SPRING, *AUTUMN, DAY]),
    st.lists(
        st.tuples(
            st.integers(0, 23), st.integers(-200, 500) | st.sampled_from(["null", "x"])
        )
    ),
)
def test_no_hour_is_shifted(day: date, rows: list[tuple[int, object]]) -> None:
    prices = hours(page(day, rows), day)

    assert list(prices) == sorted(prices)
    for instant, price in prices.items():
        local = instant.astimezone(CHICAGO)
        assert local.date() == day
        assert local.minute == 0
        assert any(
            label == local.hour and cents == pytest.approx(price * 100)
            for label, cents in rows
        )


@given(st.data())
def test_damaged_pages_are_refused_or_read_right(data: st.DataObject) -> None:
    """A page in which something is removed, replaced or doubled."""
    start = data.draw(st.integers(0, len(PAGE)))
    end = min(start + data.draw(st.integers(0, 40)), len(PAGE))
    instead = data.draw(st.sampled_from(["", "null", PAGE[start:end] * 2, "]", ","]))
    damaged = PAGE[:start] + instead + PAGE[end:]

    with suppress(InvalidDataError):
        prices = hours(damaged)
        for instant, price in prices.items():
            label = instant.astimezone(CHICAGO).hour
            row = rf"\[\s*Date\.UTC\(2026,8,15,0*{label},0+,0+\),\s*(-?\d+(?:\.\d+)?)\s*\]"
            assert price in {float(c) / 100 for c in re.findall(row, damaged)}
