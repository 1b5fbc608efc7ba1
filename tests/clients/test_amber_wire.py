"""Amber's price rows: what they become, and what is refused."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
import math
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients.amber_wire import (
    parse_history,
    parse_prices,
    parse_update,
)
from custom_components.power_sync.clients.errors import InvalidDataError
from custom_components.power_sync.core.model.prices import (
    Channel,
    PriceBand,
    PriceKind,
    PricePoint,
    PriceSeries,
    SpikeStatus,
)

from .support import ANY_JSON, WRONG_NUMBERS, stored

NOW = datetime(2026, 11, 20, 4, 40, tzinfo=UTC)
BOTH = frozenset({Channel.IMPORT, Channel.EXPORT})
ALL_THREE = frozenset(Channel)

HALF_HOURS = stored("amber_prices_30min")
FIVE_MINUTES = stored("amber_prices_5min")

REQUIRED = ("type", "duration", "endTime", "perKwh", "channelType")
EXPLAINING = {
    "estimate": "estimate",
    "advancedPrice": "band",
    "spotPerKwh": "spot",
    "spikeStatus": "spike",
    "descriptor": "descriptor",
    "renewables": "renewables",
    "tariffInformation": "demand_window",
}
UNUSED = ("date", "startTime", "nemTime")


def half_hours() -> list[dict[str, Any]]:
    return stored("amber_prices_30min")


def pushed() -> list[dict[str, Any]]:
    return stored("amber_ws_message")["price_update"]["data"]["prices"]


def parse(rows: Any) -> PriceSeries:
    return parse_prices(rows, BOTH, NOW)


def outcome(rows: Any) -> PriceSeries | InvalidDataError:
    try:
        return parse(rows)
    except InvalidDataError as err:
        return err


def at(series: PriceSeries, channel: Channel, start: datetime) -> PricePoint:
    return next(p for p in series.channel(channel) if p.start == start)


def general(rows: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(
        row for row in rows if row["type"] == kind and row["channelType"] == "general"
    )


def assert_well_formed(series: PriceSeries) -> None:
    for channel in Channel:
        points = series.channel(channel)
        keys = [(point.start, point.end) for point in points]
        assert keys == sorted(set(keys))
        for point in points:
            numbers = [point.price, point.spot, point.spot_low, point.spot_high]
            numbers.append(point.renewables)
            if point.band:
                numbers += [point.band.low, point.band.predicted, point.band.high]
            assert all(n is None or math.isfinite(n) for n in numbers)
            assert all(n is None or isinstance(n, float) for n in numbers)


def test_half_hour_answer() -> None:
    series = parse(HALF_HOURS)

    assert series.fetched_at == NOW
    assert len(series.imports) == 15
    assert series.exports is not None
    assert len(series.exports) == 15
    assert series.controlled_load is None
    # Published as 04:30:01 to 05:00:00.
    current = at(series, Channel.IMPORT, datetime(2026, 11, 20, 4, 30, tzinfo=UTC))
    assert current == PricePoint(
        start=datetime(2026, 11, 20, 4, 30, tzinfo=UTC),
        end=datetime(2026, 11, 20, 5, 0, tzinfo=UTC),
        price=pytest.approx(0.5021824),
        kind=PriceKind.CURRENT,
        estimate=True,
        band=PriceBand(
            low=pytest.approx(0.4519642),
            predicted=pytest.approx(0.5021824),
            high=pytest.approx(0.5624443),
        ),
        spot=pytest.approx(0.11904),
        spike=SpikeStatus.NONE,
        descriptor="high",
        renewables=48.1,
        demand_window=True,
    )


def test_answer_has_no_holes() -> None:
    for points in (parse(HALF_HOURS).imports, parse(HALF_HOURS).exports or ()):
        for earlier, later in pairwise(points):
            assert earlier.end == later.start


def test_feed_in_is_turned_into_income() -> None:
    series = parse(HALF_HOURS)
    current = at(series, Channel.EXPORT, datetime(2026, 11, 20, 4, 30, tzinfo=UTC))

    assert current.price == pytest.approx(0.1134127)
    assert current.spot == pytest.approx(0.11904)
    assert current.band is not None
    assert current.band.low == pytest.approx(0.0975349)
    assert current.band.low < current.band.predicted < current.band.high


# covers P-02
def test_spike_and_range() -> None:
    spike = at(
        parse(HALF_HOURS), Channel.IMPORT, datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
    )

    assert spike.price == pytest.approx(17.467864)
    assert spike.spike is SpikeStatus.SPIKE
    assert spike.spot_low == pytest.approx(11.448324)
    assert spike.spot_high == pytest.approx(19.34928)


# covers P-01
def test_five_minute_answer_with_half_hours_and_three_channels() -> None:
    series = parse_prices(FIVE_MINUTES, ALL_THREE, NOW)

    for channel in Channel:
        points = series.channel(channel)
        assert {point.duration for point in points} == {
            timedelta(minutes=5),
            timedelta(minutes=30),
        }
        assert [point.kind for point in points[:3]] == [
            PriceKind.ACTUAL,
            PriceKind.CURRENT,
            PriceKind.FORECAST,
        ]
        assert not points[1].estimate
    # The market price is negative, so feeding in costs money.
    assert series.exports is not None
    assert series.exports[1].price == pytest.approx(-0.0512775)
    assert series.exports[1].spot == pytest.approx(-0.0538218)


@pytest.mark.parametrize(
    ("cents", "dollars"), [(-100, -1.0), (2300, 23.0), (0, 0.0), (1_000_000, 10_000.0)]
)
def test_no_price_is_too_strange(cents: float, dollars: float) -> None:
    rows = half_hours()
    general(rows, "CurrentInterval")["perKwh"] = cents

    assert at(
        parse(rows), Channel.IMPORT, datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
    ).price == pytest.approx(dollars)


def test_free_feed_in_is_not_minus_zero() -> None:
    rows = half_hours()
    for row in rows:
        row["perKwh"] = 0.0

    exports = parse(rows).exports
    assert exports is not None
    assert {math.copysign(1, point.price) for point in exports} == {1.0}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (field, value)
        for field in REQUIRED
        for value in [*WRONG_NUMBERS, "missing"]
        # A channel that is unknown is ignored.
        if (field, type(value)) != ("channelType", str) or value == "missing"
    ],
)
def test_broken_required_field_is_refused_and_named(field: str, value: Any) -> None:
    rows = half_hours()
    if value == "missing":
        del rows[4][field]
    else:
        rows[4][field] = value

    with pytest.raises(InvalidDataError, match=f"row 4 {field}"):
        parse(rows)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("duration", 0),
        ("duration", -30),
        ("duration", 30.5),
        ("duration", 60),
        ("type", "PastInterval"),
        ("endTime", "2026-11-20"),
        ("endTime", "2026-11-20T05:00:00"),
        ("endTime", "0001-01-01T00:00:00Z"),
        ("endTime", "0001-01-01T00:00:00+10:00"),
        ("endTime", "9999-12-31T23:59:59-10:00"),
        ("endTime", "yesterday"),
    ],
)
def test_senseless_required_value_is_refused_and_named(field: str, value: Any) -> None:
    rows = half_hours()
    rows[4][field] = value

    with pytest.raises(InvalidDataError, match=f"row 4 {field}"):
        parse(rows)


@pytest.mark.parametrize(("field", "attribute"), EXPLAINING.items())
@pytest.mark.parametrize("value", [*WRONG_NUMBERS, "missing", "newValue"])
def test_broken_explaining_field_costs_only_itself(
    field: str, attribute: str, value: Any
) -> None:
    rows = half_hours()
    index = rows.index(general(rows, "CurrentInterval"))
    if value == "missing":
        rows[index].pop(field)
    else:
        rows[index][field] = value
    before, after = parse(HALF_HOURS), parse(rows)

    start = datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
    changed = at(after, Channel.IMPORT, start)
    original = at(before, Channel.IMPORT, start)
    assert [p for p in after.imports if p.start != start] == [
        p for p in before.imports if p.start != start
    ]
    assert after.exports == before.exports
    for name in PricePoint.__dataclass_fields__:
        if name != attribute:
            assert getattr(changed, name) == getattr(original, name)
    fallback = {"estimate": True, "spike": SpikeStatus.NONE}.get(attribute)
    expected = value if (attribute, type(value)) == ("descriptor", str) else fallback
    if (attribute, value) == ("descriptor", "missing"):
        expected = None
    assert getattr(changed, attribute) == expected


@pytest.mark.parametrize("member", ["low", "predicted", "high"])
@pytest.mark.parametrize("value", [*WRONG_NUMBERS, "missing"])
def test_one_broken_member_spoils_the_band(member: str, value: Any) -> None:
    rows = half_hours()
    band = general(rows, "CurrentInterval")["advancedPrice"]
    if value == "missing":
        del band[member]
    else:
        band[member] = value

    current = at(parse(rows), Channel.IMPORT, datetime(2026, 11, 20, 4, 30, tzinfo=UTC))
    assert current.band is None
    assert current.price == pytest.approx(0.5021824)


@pytest.mark.parametrize("member", ["min", "max"])
@pytest.mark.parametrize("value", WRONG_NUMBERS)
def test_half_a_range_is_none(member: str, value: Any) -> None:
    rows = half_hours()
    next(row for row in rows if "range" in row)["range"][member] = value

    spike = at(parse(rows), Channel.IMPORT, datetime(2026, 11, 20, 7, 30, tzinfo=UTC))
    assert (spike.spot_low, spike.spot_high) == (None, None)


@pytest.mark.parametrize("information", [{"period": "offPeak"}, {"demandWindow": 1}])
def test_tariff_information_may_lack_the_demand_window(information: Any) -> None:
    rows = half_hours()
    general(rows, "CurrentInterval")["tariffInformation"] = information

    assert (
        at(
            parse(rows), Channel.IMPORT, datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
        ).demand_window
        is None
    )


@pytest.mark.parametrize("field", UNUSED)
def test_other_time_fields_are_not_needed(field: str) -> None:
    rows = half_hours()
    for row in rows:
        del row[field]

    assert parse(rows) == parse(HALF_HOURS)


@pytest.mark.parametrize(
    ("channel", "name"), [("general", "import"), ("feedIn", "export")]
)
def test_missing_channel_is_refused(channel: str, name: str) -> None:
    rows = [row for row in half_hours() if row["channelType"] != channel]

    with pytest.raises(InvalidDataError, match=f"lacks the {name} channel"):
        parse(rows)


def test_missing_controlled_load_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="lacks the controlled_load channel"):
        parse_prices(HALF_HOURS, ALL_THREE, NOW)


def test_site_without_feed_in_has_no_exports() -> None:
    rows = [row for row in half_hours() if row["channelType"] == "general"]

    series = parse_prices(rows, frozenset({Channel.IMPORT}), NOW)
    assert series.exports is None
    assert len(series.imports) == 15


def test_channel_the_site_is_not_billed_for_is_ignored() -> None:
    series = parse_prices(HALF_HOURS, frozenset({Channel.IMPORT}), NOW)

    assert series.exports is None


@pytest.mark.parametrize(
    ("channel", "name"), [("general", "import"), ("feedIn", "export")]
)
def test_no_running_interval_is_refused(channel: str, name: str) -> None:
    rows = [
        row
        for row in half_hours()
        if (row["type"], row["channelType"]) != ("CurrentInterval", channel)
    ]

    with pytest.raises(InvalidDataError, match=f"{name} channel has no CurrentInt"):
        parse(rows)


@pytest.mark.parametrize("body", [None, {}, "[]", 5, {"message": "hello"}])
def test_answer_that_is_no_list_is_refused(body: Any) -> None:
    with pytest.raises(InvalidDataError, match="is not a list"):
        parse(body)


def test_empty_answer_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="lacks the"):
        parse([])


@pytest.mark.parametrize("row", [None, [], "row", 1])
def test_row_that_is_no_object_is_refused(row: Any) -> None:
    with pytest.raises(InvalidDataError, match="row 30 is not an object"):
        parse([*half_hours(), row])


def test_rows_of_unknown_channels_are_ignored_whatever_they_hold() -> None:
    rows = [{"channelType": "battery", "perKwh": None}, *half_hours()]

    assert parse(rows) == parse(HALF_HOURS)


def test_later_of_two_conflicting_rows_counts() -> None:
    rows = half_hours()
    later = {**general(rows, "CurrentInterval"), "perKwh": 12.0, "estimate": False}

    current = at(
        parse([*rows, later]),
        Channel.IMPORT,
        datetime(2026, 11, 20, 4, 30, tzinfo=UTC),
    )
    assert current.price == pytest.approx(0.12)
    assert not current.estimate


def test_running_interval_counts_before_its_own_forecast() -> None:
    rows = half_hours()
    stale = {
        **general(rows, "CurrentInterval"),
        "type": "ForecastInterval",
        "perKwh": 1.0,
    }

    assert parse([*rows, stale]) == parse(HALF_HOURS)


@given(st.permutations(HALF_HOURS), st.lists(st.sampled_from(HALF_HOURS)))
def test_order_and_repetition_do_not_matter(
    rows: list[Any], repeated: list[Any]
) -> None:
    assert parse([*rows, *repeated]) == parse(HALF_HOURS)


@given(
    index=st.integers(0, len(HALF_HOURS) - 1),
    field=st.sampled_from([*REQUIRED, *EXPLAINING, *UNUSED, "range", "other"]),
    value=ANY_JSON,
)
def test_any_value_in_any_field(index: int, field: str, value: Any) -> None:
    rows = half_hours()
    rows[index][field] = value
    series = outcome(rows)
    if isinstance(series, InvalidDataError):
        assert field in REQUIRED
        assert f"row {index} {field}" in str(series)
        return
    assert_well_formed(series)
    if field == "perKwh":
        sign = -1 if rows[index]["channelType"] == "feedIn" else 1
        prices = [p.price for p in series.imports + (series.exports or ())]
        assert sign * value / 100 in prices
    elif field not in REQUIRED:
        # What is sent to the Powerwall is the same as ever.
        assert [(p.start, p.end, p.price) for p in series.imports] == [
            (p.start, p.end, p.price) for p in parse(HALF_HOURS).imports
        ]


@given(ANY_JSON)
def test_any_body_is_refused_or_well_formed(body: Any) -> None:
    with pytest.raises(InvalidDataError):
        parse(body)
    with suppress(InvalidDataError):
        assert_well_formed(parse_history(body, BOTH, NOW))


def test_history_keeps_only_what_is_settled() -> None:
    series = parse_history(HALF_HOURS, BOTH, NOW)

    assert len(series.imports) == 2
    assert {point.kind for point in series.imports} == {PriceKind.ACTUAL}
    assert not any(point.estimate for point in series.imports)


def test_history_of_a_new_site_is_empty() -> None:
    series = parse_history([], BOTH, NOW)

    assert series.imports == ()
    assert series.exports == ()
    assert series.controlled_load is None


def test_history_from_before_the_solar_panels_has_no_exports() -> None:
    rows = [row for row in half_hours() if row["channelType"] == "general"]

    series = parse_history(rows, BOTH, NOW)

    assert len(series.imports) == 2
    assert series.exports == ()


# covers P-03
def test_update_of_both_channels() -> None:
    update = parse_update(pushed(), BOTH)

    assert update == {
        Channel.IMPORT: PricePoint(
            start=datetime(2026, 11, 22, 1, 20, tzinfo=UTC),
            end=datetime(2026, 11, 22, 1, 25, tzinfo=UTC),
            price=pytest.approx(0.0340489),
            kind=PriceKind.CURRENT,
            estimate=True,
            band=PriceBand(
                low=pytest.approx(0.030644),
                predicted=pytest.approx(0.0340489),
                high=pytest.approx(0.0381348),
            ),
            spot=pytest.approx(-0.0538218),
            descriptor="extremelyLow",
            renewables=71.2,
            demand_window=False,
        ),
        Channel.EXPORT: replace(
            update[Channel.IMPORT],
            price=pytest.approx(-0.0512775),
            band=PriceBand(
                low=pytest.approx(-0.0440986),
                predicted=pytest.approx(-0.0512775),
                high=pytest.approx(-0.061533),
            ),
            demand_window=None,
        ),
    }


@pytest.mark.parametrize(
    "named", ["missing", None, 7, [], "ActualInterval", "ForecastInterval", "Live"]
)
@pytest.mark.parametrize("estimate", [True, False])
def test_pushed_row_is_the_running_interval_whatever_it_is_called(
    named: Any, estimate: bool
) -> None:
    rows = pushed()
    for row in rows:
        row["estimate"] = estimate
        row["type"] = named
        if named == "missing":
            del row["type"]

    update = parse_update(rows, BOTH)

    assert set(update) == BOTH
    for point in update.values():
        assert point.kind is PriceKind.CURRENT
        assert point.estimate is estimate


def test_update_has_only_the_channels_it_speaks_of() -> None:
    rows = pushed()

    assert set(parse_update(rows[1:], BOTH)) == {Channel.EXPORT}
    assert set(parse_update(rows, frozenset({Channel.IMPORT}))) == {Channel.IMPORT}
    assert parse_update([], BOTH) == {}
    assert parse_update([{"channelType": "battery"}], BOTH) == {}


@pytest.mark.parametrize(
    ("kinds", "price"),
    [
        (["ForecastInterval", "ForecastInterval"], 2.0),
        (["CurrentInterval", "ForecastInterval"], 1.0),
        (["ForecastInterval", "CurrentInterval"], 2.0),
        (["CurrentInterval", "CurrentInterval"], 2.0),
    ],
)
def test_of_several_pushed_rows_the_one_called_current_counts_else_the_last(
    kinds: list[str], price: float
) -> None:
    general, feed_in = pushed()
    rows = [
        {**general, "type": kind, "perKwh": 100.0 * number}
        for number, kind in enumerate(kinds, start=1)
    ]

    update = parse_update([*rows, feed_in], BOTH)

    assert update[Channel.IMPORT].price == price
    assert update[Channel.EXPORT].price == pytest.approx(-0.0512775)


@pytest.mark.parametrize("field", [name for name in REQUIRED if name != "type"])
def test_broken_pushed_row_is_refused_and_named(field: str) -> None:
    rows = pushed()
    rows[1][field] = None

    with pytest.raises(InvalidDataError, match=f"row 1 {field}"):
        parse_update(rows, BOTH)
