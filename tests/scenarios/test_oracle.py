"""The reference itself, against cases worked out by hand."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from harness.oracle import Expected, Kind, NoReferenceError, Oracle

SYDNEY = ZoneInfo("Australia/Sydney")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
ADELAIDE = ZoneInfo("Australia/Adelaide")
BRISBANE = ZoneInfo("Australia/Brisbane")

type Row = dict[str, Any]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def row(
    start: datetime,
    cents: float,
    *,
    minutes: int = 30,
    kind: str = "Forecast",
    channel: str = "general",
    predicted: float | None = None,
) -> Row:
    """One row as Amber serves it."""
    end = start + timedelta(minutes=minutes)
    fields: dict[str, Any] = {
        "type": f"{kind}Interval",
        "duration": minutes,
        "startTime": f"{start + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
        "endTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "perKwh": cents,
        "channelType": channel,
    }
    if predicted is not None:
        fields["advancedPrice"] = {"low": 1.0, "predicted": predicted, "high": 999.0}
    return fields


def rows(
    start: datetime,
    cents: Iterable[float],
    *,
    minutes: int = 30,
    kind: str = "Forecast",
    channel: str = "general",
) -> list[Row]:
    """Consecutive rows."""
    step = timedelta(minutes=minutes)
    return [
        row(start + index * step, price, minutes=minutes, kind=kind, channel=channel)
        for index, price in enumerate(cents)
    ]


def oracle(zone: ZoneInfo, *responses: Iterable[Row]) -> Oracle:
    reference = Oracle(zone)
    for response in responses:
        reference.serve(response)
    return reference


def by_label(slots: list[Expected]) -> dict[str, Expected]:
    return {slot.label: slot for slot in slots}


NOON = utc("2026-06-15 02:00")  # in Sydney and Brisbane, market time


def day_from_noon() -> list[Row]:
    """A running half hour at 100 c and 47 forecast ones at 1, 2, ... 47 c."""
    return [
        row(NOON, 100, kind="Current"),
        *rows(NOON + timedelta(minutes=30), range(1, 48)),
    ]


def test_labels_that_are_over_today_carry_tomorrows_price() -> None:
    slots = oracle(SYDNEY, day_from_noon()).expected(NOON + timedelta(minutes=3))

    assert [slot.label for slot in slots[:3]] == ["00:00", "00:30", "01:00"]
    assert len(slots) == 48
    prices = {slot.label: slot.import_price for slot in slots}
    assert prices["12:00"] == pytest.approx(1.00)
    assert prices["12:30"] == pytest.approx(0.01)
    assert prices["23:30"] == pytest.approx(0.23)
    assert prices["00:00"] == pytest.approx(0.24)
    assert prices["11:30"] == pytest.approx(0.47)
    assert {slot.kind for slot in slots} == {Kind.KNOWN}


def test_five_and_thirty_minute_rows_count_by_their_length() -> None:
    # Ten minutes at 50 c and twenty at 30 c are 36.67 c; four rows that count alike
    # would make it 40 c.
    response = [
        row(NOON, 50, minutes=5, kind="Actual"),
        row(NOON + timedelta(minutes=5), 50, minutes=5, kind="Current"),
        row(NOON + timedelta(minutes=10), 30, minutes=5),
        row(NOON + timedelta(minutes=15), 30, minutes=15),
        *rows(NOON + timedelta(minutes=30), range(1, 48)),
    ]

    slots = oracle(SYDNEY, response).expected(NOON + timedelta(minutes=7))

    price = by_label(slots)["12:00"].import_price
    assert price == pytest.approx(11 / 30)
    assert round(price, 3) == 0.367


def test_a_mixed_half_hour_ahead_is_weighted_as_well() -> None:
    # 17:00 to 17:30: three rows of 5 minutes at 50 c, one of 15 minutes at 20 c.
    at_five = NOON + timedelta(hours=5)
    response = [
        item for item in day_from_noon() if item["endTime"] != "2026-06-15T07:30:00Z"
    ]
    response += rows(at_five, [50, 50, 50], minutes=5)
    response.append(row(at_five + timedelta(minutes=15), 20, minutes=15))

    slots = by_label(oracle(SYDNEY, response).expected(NOON))

    assert slots["17:00"].import_price == pytest.approx(0.35)  # not 0.425


def test_the_running_half_hour_takes_settled_prices_for_what_is_past() -> None:
    first = [
        row(NOON, 10, minutes=5, kind="Current"),
        *rows(NOON + timedelta(minutes=5), [40] * 5, minutes=5),
        *rows(NOON + timedelta(minutes=30), range(1, 48)),
    ]
    second = [
        row(NOON + timedelta(minutes=5), 22, minutes=5, kind="Current"),
        *rows(NOON + timedelta(minutes=10), [34] * 4, minutes=5),
    ]
    reference = oracle(SYDNEY, first)
    now = NOON + timedelta(minutes=5, seconds=2)

    reference.serve(second)

    expected = (5 * 10 + 5 * 22 + 20 * 34) / 30 / 100
    price = by_label(reference.expected(now))["12:00"].import_price
    assert price == pytest.approx(expected)


def test_what_was_never_served_of_the_past_carries_no_weight() -> None:
    now = NOON + timedelta(minutes=20)
    reference = oracle(
        SYDNEY,
        [
            row(now, 30, minutes=5, kind="Current"),
            row(NOON + timedelta(minutes=25), 60, minutes=5),
            *rows(NOON + timedelta(minutes=30), range(1, 48)),
        ],
    )

    price = by_label(reference.expected(now))["12:00"].import_price
    assert price == pytest.approx(0.45)


@pytest.mark.parametrize(
    ("kinds", "cents"),
    [
        (("Forecast", "Forecast"), 2),
        (("Current", "Forecast"), 1),
        (("Current", "Current"), 2),
        (("Actual", "Current"), 1),
        (("Actual", "Actual"), 2),
        (("Current", "Actual"), 2),
    ],
)
def test_surer_rows_win_and_among_equals_the_newer(
    kinds: tuple[str, str], cents: float
) -> None:
    reference = oracle(SYDNEY, day_from_noon()[1:])
    running = [
        row(NOON, price, kind=kind) for price, kind in zip((1, 2), kinds, strict=True)
    ]

    for item in running:
        reference.serve([item])

    price = by_label(reference.expected(NOON))["12:00"].import_price
    assert price == pytest.approx(cents / 100)


@pytest.mark.parametrize("history_first", [True, False])
def test_a_settled_half_hour_is_not_mixed_with_some_of_its_five_minutes(
    history_first: bool,
) -> None:
    # 09:00 yesterday cost 10 c for 20 minutes and 40 c for ten: 20 c. The history has
    # that mean, the price list only the last ten minutes.
    nine = NOON - timedelta(hours=3)
    history = [row(nine, 20, kind="Actual")]
    recent = rows(nine + timedelta(minutes=20), [40, 40], minutes=5, kind="Actual")
    answers = [history, recent] if history_first else [recent, history]
    ahead = [
        row(NOON, 5, kind="Current"),
        *rows(NOON + timedelta(minutes=30), [5] * 41),
    ]
    others = rows(nine + timedelta(minutes=30), [1] * 5, kind="Actual")

    slots = oracle(SYDNEY, others, *answers, ahead).expected(NOON)

    assert by_label(slots)["09:00"].import_price == pytest.approx(0.20)
    assert by_label(slots)["09:00"].kind is Kind.ASSUMED


def test_of_one_response_the_shorter_forecast_is_painted_over_the_longer() -> None:
    reference = oracle(SYDNEY, day_from_noon())
    at_six = NOON + timedelta(hours=6)

    reference.serve([row(at_six, 60, minutes=5), row(at_six, 30, minutes=30)])

    price = by_label(reference.expected(NOON))["18:00"].import_price
    assert price == pytest.approx((5 * 60 + 25 * 30) / 30 / 100)


def test_ambers_own_prediction_counts_for_forecasts_only() -> None:
    predicted = [
        row(NOON, 20, kind="Current", predicted=99),
        row(NOON + timedelta(minutes=30), 20, predicted=15),
        row(NOON + timedelta(minutes=60), 20) | {"advancedPrice": None},
        *rows(NOON + timedelta(minutes=90), [20] * 45),
    ]

    slots = by_label(oracle(SYDNEY, predicted).expected(NOON))

    assert slots["12:00"].import_price == pytest.approx(0.20)
    assert slots["12:30"].import_price == pytest.approx(0.15)
    assert slots["13:00"].import_price == pytest.approx(0.20)


def test_feed_in_turns_its_sign_and_controlled_load_is_left_out() -> None:
    feed_in = rows(NOON, [-8.30172, 4.0, *[-1.0] * 46], channel="feedIn")
    feed_in[0] = row(NOON, -8.30172, kind="Current", channel="feedIn")
    feed_in[2] = row(
        NOON + timedelta(minutes=60), -8.30172, channel="feedIn", predicted=-11.13379
    )
    controlled = rows(NOON, [777.0] * 48, channel="controlledLoad")

    slots = by_label(
        oracle(SYDNEY, [*day_from_noon(), *controlled, *feed_in]).expected(NOON)
    )

    assert slots["12:00"].export_price == pytest.approx(0.0830172)
    assert slots["12:30"].export_price == pytest.approx(-0.04)
    assert slots["13:00"].export_price == pytest.approx(0.1113379)
    assert slots["12:00"].import_price == pytest.approx(1.0)


def test_a_site_without_feed_in_earns_nothing() -> None:
    slots = oracle(SYDNEY, day_from_noon()).expected(NOON)

    assert {slot.export_price for slot in slots} == {0.0}


def yesterday(cents: float) -> list[Row]:
    """All of the 24 hours before noon, settled, at one price, but 09:00 at 70 c."""
    prices = [cents] * 48
    prices[42] = 70
    return rows(NOON - timedelta(days=1), prices, kind="Actual")


def test_beyond_the_horizon_a_label_costs_what_it_last_did() -> None:
    # Sixteen hours of forecast: to 04:00.
    response = day_from_noon()[:32]

    slots = by_label(oracle(SYDNEY, yesterday(12), response).expected(NOON))

    assert slots["03:30"].import_price == pytest.approx(0.31)
    assert slots["03:30"].kind is Kind.KNOWN
    assert slots["04:00"].import_price == pytest.approx(0.12)
    assert slots["04:00"].kind is Kind.ASSUMED
    assert slots["09:00"].import_price == pytest.approx(0.70)
    assert slots["11:30"].kind is Kind.ASSUMED


def test_only_the_last_day_counts_for_an_assumed_label() -> None:
    older = rows(NOON - timedelta(days=2), [90] * 48, kind="Actual")

    slots = by_label(
        oracle(SYDNEY, older, yesterday(12), day_from_noon()[:32]).expected(NOON)
    )

    assert slots["04:00"].import_price == pytest.approx(0.12)


def test_a_label_that_has_just_passed_is_its_own_last_known_price() -> None:
    # At 04:35 the forecast ends at 04:00 tomorrow: 04:00 was last seen half an hour
    # ago, and the day before does not count any more.
    now = utc("2026-06-14 18:35")
    day_before = rows(now - timedelta(hours=25, minutes=5), [90] * 48, kind="Actual")
    today = rows(now - timedelta(hours=1, minutes=5), [10, 20], kind="Actual")
    ahead = [
        row(now - timedelta(minutes=5), 30, kind="Current"),
        *rows(now + timedelta(minutes=25), [1] * 46),
    ]

    slots = by_label(oracle(SYDNEY, day_before, today, ahead).expected(now))

    assert slots["04:00"].import_price == pytest.approx(0.20)
    assert slots["04:00"].kind is Kind.ASSUMED
    assert slots["03:30"].kind is Kind.KNOWN


def test_a_half_covered_label_at_the_end_of_the_horizon_is_assumed() -> None:
    response = [*day_from_noon()[:32], row(NOON + timedelta(hours=16), 55, minutes=15)]

    slots = by_label(oracle(SYDNEY, yesterday(12), response).expected(NOON))

    assert slots["04:00"].import_price == pytest.approx(0.12)
    assert slots["04:00"].kind is Kind.ASSUMED


def test_a_label_that_was_never_seen_has_no_reference() -> None:
    with pytest.raises(NoReferenceError, match="04:00 never served"):
        oracle(SYDNEY, day_from_noon()[:32]).expected(NOON)


def test_a_hole_before_the_horizon_has_no_reference() -> None:
    response = day_from_noon()
    del response[10]

    with pytest.raises(NoReferenceError, match="general: no price at 2026-06-15 07:00"):
        oracle(SYDNEY, yesterday(12), response).expected(NOON)


def test_one_channel_may_end_before_the_other() -> None:
    feed_in = [
        row(NOON, -5, kind="Current", channel="feedIn"),
        *rows(NOON + timedelta(minutes=30), [-6] * 31, channel="feedIn"),
    ]
    past = rows(NOON - timedelta(days=1), [-9] * 48, kind="Actual", channel="feedIn")

    slots = by_label(oracle(SYDNEY, past, [*day_from_noon(), *feed_in]).expected(NOON))

    assert slots["04:00"].import_price == pytest.approx(0.32)
    assert slots["04:00"].export_price == pytest.approx(0.09)
    assert slots["04:00"].kind is Kind.ASSUMED


# Daylight saving. In each case the day around the change is priced by the hour of
# the UTC clock, so that a price tells which real half hour it came from.


def numbered(first: datetime, count: int) -> list[Row]:
    """Half hours with their own number as price, the first one running."""
    response = rows(first, [float(number) for number in range(count)])
    response[0] = row(first, 0.0, kind="Current")
    return response


def test_the_repeated_hour_in_sydney_is_averaged() -> None:
    # Saturday 2027-04-03, 22:00 AEDT; at 03:00 AEDT it is 02:00 AEST again.
    start = utc("2027-04-03 11:00")

    slots = by_label(oracle(SYDNEY, numbered(start, 50)).expected(start))

    assert slots["22:00"].import_price == pytest.approx(0.00)
    assert slots["01:30"].import_price == pytest.approx(0.07)
    assert slots["02:00"].import_price == pytest.approx((0.08 + 0.10) / 2)
    assert slots["02:30"].import_price == pytest.approx((0.09 + 0.11) / 2)
    assert slots["03:00"].import_price == pytest.approx(0.12)
    assert slots["21:30"].import_price == pytest.approx(0.49)
    assert {slot.kind for slot in slots.values()} == {Kind.KNOWN}


@pytest.mark.parametrize(
    ("now", "two", "half_past"),
    [
        # 02:10 AEDT: both passes of both half hours lie ahead.
        ("2027-04-03 15:10", (0 + 2) / 2, (1 + 3) / 2),
        # 02:40 AEDT: 02:00 comes once more today and again tomorrow; today counts.
        ("2027-04-03 15:40", 1, (0 + 2) / 2),
        # 02:10 AEST: the first pass is over.
        ("2027-04-03 16:10", 0, 1),
        # 02:40 AEST: 02:00 is tomorrow's.
        ("2027-04-03 16:40", 47, 0),
    ],
)
def test_while_the_hour_is_repeated(now: str, two: float, half_past: float) -> None:
    start = utc(now) - timedelta(minutes=10)

    slots = oracle(SYDNEY, numbered(start, 50)).expected(utc(now))

    assert by_label(slots)["02:00"].import_price == pytest.approx(two / 100)
    assert by_label(slots)["02:30"].import_price == pytest.approx(half_past / 100)


def test_the_skipped_hour_in_sydney_takes_the_half_hour_before() -> None:
    # Saturday 2026-10-03, 22:00 AEST; at 02:00 AEST it is 03:00 AEDT.
    start = utc("2026-10-03 12:00")

    slots = by_label(oracle(SYDNEY, numbered(start, 46)).expected(start))

    assert slots["01:30"].import_price == pytest.approx(0.07)
    assert slots["02:00"] == Expected("02:00", 0.07, 0.0, Kind.MISSING)
    assert slots["02:30"] == Expected("02:30", 0.07, 0.0, Kind.MISSING)
    assert slots["03:00"].import_price == pytest.approx(0.08)
    assert slots["21:30"].import_price == pytest.approx(0.45)


def test_a_window_whose_label_does_not_exist_tomorrow_ends_with_the_next() -> None:
    # Saturday 02:30 AEST, the last before the gap: Sunday has no 02:30, so the
    # window ends before 03:00 AEDT, and 03:00 is Saturday's.
    start = utc("2026-10-02 16:30")

    slots = by_label(oracle(SYDNEY, numbered(start, 48)).expected(start))

    assert slots["02:30"].import_price == pytest.approx(0.00)
    assert slots["03:00"].import_price == pytest.approx(0.01)
    assert slots["01:30"].import_price == pytest.approx(0.46)
    assert slots["02:00"] == Expected("02:00", 0.46, 0.0, Kind.MISSING)


def test_lord_howe_repeats_half_an_hour() -> None:
    # +11:00 to +10:30 at 02:00 on 2027-04-04: 01:30 comes twice. 22:00 is 11:00 UTC.
    start = utc("2027-04-03 11:00")

    slots = by_label(oracle(LORD_HOWE, numbered(start, 49)).expected(start))

    assert slots["01:00"].import_price == pytest.approx(0.06)
    assert slots["01:30"].import_price == pytest.approx((0.07 + 0.08) / 2)
    assert slots["02:00"].import_price == pytest.approx(0.09)
    assert slots["21:30"].import_price == pytest.approx(0.48)


@pytest.mark.parametrize(
    ("now", "expected"),
    [("2027-04-03 14:40", (0 + 1) / 2), ("2027-04-03 15:10", 0)],
    ids=["first pass", "second pass"],
)
def test_while_lord_howe_repeats_half_an_hour(now: str, expected: float) -> None:
    start = utc(now) - timedelta(minutes=10)
    over = [row(start - timedelta(minutes=30), 90, kind="Actual")]

    slots = oracle(LORD_HOWE, over, numbered(start, 49)).expected(utc(now))

    assert by_label(slots)["01:30"].import_price == pytest.approx(expected / 100)


def test_lord_howe_skips_half_an_hour() -> None:
    # +10:30 to +11:00 at 02:00 on 2026-10-04: 02:00 is missing. 22:00 is 11:30 UTC.
    start = utc("2026-10-03 11:30")

    slots = by_label(oracle(LORD_HOWE, numbered(start, 47)).expected(start))

    assert slots["01:30"].import_price == pytest.approx(0.07)
    assert slots["02:00"] == Expected("02:00", 0.07, 0.0, Kind.MISSING)
    assert slots["02:30"].import_price == pytest.approx(0.08)
    assert slots["21:30"].import_price == pytest.approx(0.46)


def test_an_assumed_label_after_a_repeated_hour_counts_both_passes() -> None:
    # Sunday noon after the change; the forecast ends at 02:00 on Monday.
    first = utc("2027-04-03 02:00")
    now = utc("2027-04-04 02:00")
    past = rows(first, [float(number) for number in range(48)], kind="Actual")
    ahead = [row(now, 50, kind="Current"), *rows(now + timedelta(minutes=30), [1] * 27)]

    slots = by_label(oracle(SYDNEY, past, ahead).expected(now))

    # 02:00 AEDT was 15:00 UTC (number 26), 02:00 AEST was 16:00 UTC (number 28).
    assert slots["02:00"].import_price == pytest.approx(0.27)
    assert slots["02:00"].kind is Kind.ASSUMED


def test_a_zone_of_half_hours_shifts_the_labels() -> None:
    # 12:00 in Sydney and Brisbane is 11:30 in Adelaide.
    sydney = by_label(oracle(BRISBANE, day_from_noon()).expected(NOON))
    adelaide = by_label(oracle(ADELAIDE, day_from_noon()).expected(NOON))

    assert adelaide["11:30"].import_price == sydney["12:00"].import_price == 1.0
    assert adelaide["17:00"].import_price == sydney["17:30"].import_price
