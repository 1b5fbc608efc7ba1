"""Prices from the attributes of other integrations' entities."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.clients.errors import (
    ClientError,
    InvalidDataError,
    UnavailableError,
)
from custom_components.power_sync.clients.forecast_attributes import (
    NoForecastError,
    UnitUnknownError,
    parse_sensor,
)
from custom_components.power_sync.clients.list_times import IntervalUnknownError
from custom_components.power_sync.clients.price_units import PriceUnit, find_unit
from custom_components.power_sync.core.model.prices import (
    Channel,
    PriceKind,
    PricePoint,
    PriceSeries,
)

from .support import ANY_JSON, WRONG_NUMBERS

OSLO = ZoneInfo("Europe/Oslo")
LONDON = ZoneInfo("Europe/London")
SYDNEY = ZoneInfo("Australia/Sydney")
HOUR = timedelta(hours=1)
NOW = datetime(2026, 6, 15, 8, 20, tzinfo=UTC)  # 10:20 in Oslo


def parse(
    attributes: Mapping[str, Any],
    *,
    unit: str | None = "EUR/kWh",
    zone: ZoneInfo = OSLO,
    now: datetime = NOW,
    state: str = "0.5",
    **choices: Any,
) -> PriceSeries:
    choices = {"unit_choice": None, "interval": None, **choices}
    return parse_sensor(state, unit, attributes, zone=zone, now=now, **choices)


def prices(series: PriceSeries) -> list[float]:
    return [point.price for point in series.imports]


def midnight(day: int, zone: ZoneInfo = OSLO) -> datetime:
    return datetime(2026, 6, day, tzinfo=zone)


def rows(
    values: list[Any],
    names: tuple[str, str | None, str],
    *,
    first: datetime | None = None,
    length: timedelta = HOUR,
    write: Callable[[datetime], Any] = datetime.isoformat,
    **extra: Any,
) -> list[dict[str, Any]]:
    """Return a list with these field names for start, end and value."""
    start_name, end_name, value_name = names
    listed = []
    for index, value in enumerate(values):
        start = (first or midnight(15)) + index * length
        row = {start_name: write(start), value_name: value, **extra}
        if end_name is not None:
            row[end_name] = write(start + length)
        listed.append(row)
    return listed


DAY = [round(0.01 * hour, 2) for hour in range(24)]
NORD_POOL = {
    "unit": "kWh",
    "currency": "EUR",
    "price_in_cents": False,
    "today": DAY,
    "tomorrow": [],
    "tomorrow_valid": False,
    "raw_today": rows(DAY, ("start", "end", "value"), write=lambda start: start),
    "raw_tomorrow": [],
}


# covers P-13
def test_nord_pool_today() -> None:
    series = parse(NORD_POOL)

    assert prices(series) == DAY
    assert series.imports[0].start == datetime(2026, 6, 14, 22, tzinfo=UTC)
    assert series.imports[-1].end == datetime(2026, 6, 15, 22, tzinfo=UTC)
    running = series.running(Channel.IMPORT, NOW)
    assert running is not None
    assert (running.price, running.kind, running.estimate) == (
        0.1,
        PriceKind.CURRENT,
        False,
    )
    assert [point.kind for point in series.imports] == [
        *[PriceKind.ACTUAL] * 10,
        PriceKind.CURRENT,
        *[PriceKind.FORECAST] * 13,
    ]
    assert series.fetched_at == NOW
    assert series.least_horizon == timedelta(0)
    assert series.exports is None


def test_nord_pool_with_tomorrow() -> None:
    tomorrow = rows(DAY, ("start", "end", "value"), first=midnight(16))

    series = parse({**NORD_POOL, "raw_tomorrow": tomorrow})

    assert prices(series) == DAY + DAY


def test_tomorrow_that_is_not_known_yet() -> None:
    tomorrow = rows([None] * 24, ("start", "end", "value"), first=midnight(16))

    assert prices(parse({**NORD_POOL, "raw_tomorrow": tomorrow})) == DAY
    assert prices(parse({**NORD_POOL, "raw_tomorrow": None})) == DAY


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("EUR/kWh", 1),
        ("NOK/kWh", 1),
        ("€/kWh", 1),
        ("$/kWh", 1),
        ("£/kWh", 1),
        ("AUD / kWh", 1),
        ("c/kWh", 0.01),
        ("ct/kWh", 0.01),
        ("Öre/kWh", 0.01),
        ("Øre/kWh", 0.01),
        ("p/kWh", 0.01),
        ("¢/kWh", 0.01),
        ("EUR/MWh", 0.001),
        ("$/MWh", 0.001),
    ],
)
def test_units(unit: str, factor: float) -> None:
    assert prices(parse(NORD_POOL, unit=unit)) == pytest.approx(
        [price * factor for price in DAY]
    )


@pytest.mark.parametrize(
    "unit", [None, "", "EUR", "kWh", "EUR/day", "xyz/kWh", "c/MWh", "%", 7]
)
def test_the_user_is_asked_for_a_unit_that_is_unclear(unit: Any) -> None:
    with pytest.raises(UnitUnknownError):
        parse(NORD_POOL, unit=unit)

    assert find_unit(unit) is None
    series = parse(NORD_POOL, unit=unit, unit_choice=PriceUnit.CENTS_PER_KWH)
    assert prices(series) == pytest.approx([price / 100 for price in DAY])


def test_the_users_word_overrules_the_entity() -> None:
    series = parse(NORD_POOL, unit="EUR/kWh", unit_choice=PriceUnit.PER_MWH)

    assert prices(series) == pytest.approx([price / 1000 for price in DAY])


# covers P-13
def test_octopus_rates_are_pounds_whatever_the_entity_says() -> None:
    """An event entity whose state is a time and which has no unit."""
    listed = rows(
        [0.1, 0.2, 0.3, 0.4],
        ("start", "end", "value_inc_vat"),
        first=datetime(2026, 6, 15, 8, tzinfo=UTC),
        length=HOUR / 2,
        write=lambda start: start,
        is_capped=False,
    )

    series = parse({"rates": listed, "tariff_code": "E"}, unit=None, zone=LONDON)

    assert prices(series) == [0.1, 0.2, 0.3, 0.4]
    assert series.imports[0].kind is PriceKind.CURRENT


# covers P-13
def test_tibber_names_only_starts() -> None:
    today = rows(DAY, ("startsAt", None, "total"), energy=9.0, tax=9.0)
    tomorrow = rows(DAY, ("startsAt", None, "total"), first=midnight(16))

    series = parse({"today": today, "tomorrow": tomorrow}, unit="NOK/kWh")

    assert prices(series) == DAY + DAY
    assert {point.duration for point in series.imports} == {HOUR}


# covers P-13
def test_amber_of_home_assistant_starts_a_second_late() -> None:
    listed = rows(
        [0.25, 0.35],
        ("start_time", "end_time", "per_kwh"),
        first=datetime(2026, 6, 15, 8, tzinfo=UTC),
        length=HOUR / 2,
        spot_per_kwh=0.05,
        nem_date="2026-06-15T18:30:00+10:00",
    )
    for row in listed:
        row["start_time"] = row["start_time"].replace(":00+", ":01+")

    series = parse({"forecasts": listed}, unit="$/kWh", zone=SYDNEY)

    assert prices(series) == [0.25, 0.35]
    assert series.imports[0].start == datetime(2026, 6, 15, 8, tzinfo=UTC)
    assert series.imports[1].start == series.imports[0].end


def test_amber_of_home_assistant_lists_only_what_is_to_come() -> None:
    """Covers P-13: its state stands for the running interval, as an estimate."""
    listed = rows(
        [0.35, 0.45],
        ("start_time", "end_time", "per_kwh"),
        first=datetime(2026, 6, 15, 8, 30, tzinfo=UTC),
        length=HOUR / 2,
    )

    def at(minute: int, state: str = "0.31", unit: str | None = "AUD/kWh") -> Any:
        now = datetime(2026, 6, 15, 8, minute, tzinfo=UTC)
        return parse({"forecasts": listed}, state=state, unit=unit, now=now)

    running, first, _ = at(12).imports
    assert (running.start, running.end) == (
        datetime(2026, 6, 15, 8, tzinfo=UTC),
        first.start,
    )
    assert (running.price, running.estimate) == (0.31, True)
    assert running.kind is PriceKind.CURRENT
    assert at(12, "31", "c/kWh").imports[0].price == pytest.approx(0.31)
    for state, unit in (("unknown", "AUD/kWh"), ("nan", "AUD/kWh"), ("0.31", None)):
        with pytest.raises(InvalidDataError, match="for this moment"):
            at(12, state, unit)
    early = datetime(2026, 6, 15, 7, 59, tzinfo=UTC)
    with pytest.raises(InvalidDataError, match="for this moment"):
        parse({"forecasts": listed}, state="0.31", unit="AUD/kWh", now=early)


def test_ends_may_be_a_second_early() -> None:
    listed = rows([0.1, 0.2], ("start", "end", "price"), first=midnight(15) + 10 * HOUR)
    for row in listed:
        row["end"] = (
            datetime.fromisoformat(row["end"]) - timedelta(seconds=1)
        ).isoformat()

    first, second = parse({"forecast": listed}).imports

    assert first.end == second.start


# covers P-13
@pytest.mark.parametrize(
    ("field", "factor"),
    [
        ("price_ct_per_kwh", 0.01),
        ("price_eur_per_mwh", 0.001),
        ("price_gbp_per_mwh", 0.001),
        ("price_per_kwh", 1),
    ],
)
def test_epex_spot_states_the_unit_in_the_name(field: str, factor: float) -> None:
    listed = rows([20.0] * 24, ("start_time", "end_time", field))

    series = parse({"data": listed}, unit="EUR/MWh")

    assert prices(series) == pytest.approx([20 * factor] * 24)


def test_epex_spot_with_both_units() -> None:
    listed = rows(
        [296.3] * 24,
        ("start_time", "end_time", "price_eur_per_mwh"),
        price_ct_per_kwh=29.63,
    )

    assert prices(parse({"data": listed})) == pytest.approx([0.2963] * 24)


# covers P-13
def test_entso_e() -> None:
    listed = rows(DAY, ("time", None, "price"), write=str)

    assert prices(parse({"prices_today": listed, "prices_tomorrow": []})) == DAY


def test_our_own_shape() -> None:
    listed = rows(DAY, ("start", "end", "price"))

    assert prices(parse({"forecast": listed})) == DAY


def test_export_is_a_channel_of_its_own() -> None:
    series = parse(NORD_POOL, channel=Channel.EXPORT)

    assert series.imports == ()
    assert series.exports is not None
    assert [point.price for point in series.exports] == DAY


# --- bare numbers


@pytest.mark.parametrize(("count", "minutes"), [(24, 60), (48, 30), (96, 15), (288, 5)])
def test_bare_numbers_fill_the_local_day(count: int, minutes: int) -> None:
    values = [index / 1000 for index in range(count)]

    series = parse({"today": values, "tomorrow": [None] * 24})

    assert prices(series) == values
    assert {point.duration for point in series.imports} == {timedelta(minutes=minutes)}
    assert series.imports[0].start == midnight(15)


def test_bare_numbers_of_tomorrow_follow() -> None:
    series = parse({"today": DAY, "tomorrow": [1.0] * 24})

    assert prices(series) == [*DAY, *[1.0] * 24]
    assert series.imports[24].start == midnight(16)


def test_an_interval_ends_when_the_next_one_starts() -> None:
    series = parse(NORD_POOL, now=midnight(15).astimezone(UTC) + 10 * HOUR)

    current = [p.price for p in series.imports if p.kind is PriceKind.CURRENT]
    assert current == [0.1]


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 3, 29, 12, tzinfo=UTC), 23),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), 25),
    ],
)
def test_bare_numbers_of_a_day_on_which_clocks_change(
    now: datetime, hours: int
) -> None:
    quarters = parse({"today": [0.1] * (hours * 4)}, now=now)
    series = parse({"today": [0.1] * hours}, now=now)

    assert len(series.imports) == hours
    assert len(quarters.imports) == hours * 4
    assert {point.duration for point in series.imports} == {HOUR}
    with pytest.raises(InvalidDataError, match=f"24 prices, .* {hours} hours"):
        parse({"today": [0.1] * 24}, now=now)


@pytest.mark.parametrize("count", [1, 7, 12, 23, 25, 100, 1440])
def test_a_day_must_be_shared_evenly(count: int) -> None:
    with pytest.raises(InvalidDataError, match=f"today has {count} prices"):
        parse({"today": [0.1] * count})


def test_prices_that_are_not_known_are_holes() -> None:
    values = [None, *DAY[1:]]

    assert prices(parse({"today": values})) == DAY[1:]


# --- local times


def naive(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat()


def test_times_without_an_offset_are_local() -> None:
    for names in (("start", "end", "price"), ("start", None, "price")):
        listed = rows(DAY, names, write=naive)
        assert parse({"prices": listed}) == parse(NORD_POOL)


AUTUMN = [0, 1, 2, 2, 3, 4]
SPRING = [0, 1, 3, 4, 5, 6]


@pytest.mark.parametrize("with_end", [True, False])
def test_a_repeated_local_hour_counts_twice(with_end: bool) -> None:
    listed = [
        {
            "start": f"2026-10-25T{hour:02}:00:00",
            "price": float(index),
            **({"end": f"2026-10-25T{hour + 1:02}:00:00"} if with_end else {}),
        }
        for index, hour in enumerate(AUTUMN)
    ]

    series = parse({"prices": listed}, now=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))

    first = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert [(point.start, point.duration) for point in series.imports] == [
        (first + index * HOUR, HOUR) for index in range(6)
    ]
    running = series.running(Channel.IMPORT, series.fetched_at)
    assert running is not None
    assert running.price == 3.0


def test_an_end_in_a_repeated_hour_is_the_first_after_the_start() -> None:
    listed = [{"start": "2026-10-25 01:00", "end": "2026-10-25 02:00", "price": 0.1}]

    (point,) = parse(
        {"prices": listed}, now=datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    ).imports

    assert point.duration == HOUR


def test_repeated_half_hours_count_in_the_order_of_the_list() -> None:
    walls = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    listed = [
        {
            "start": f"2026-10-25T{wall}",
            "end": f"2026-10-25T{following}",
            "price": float(index),
        }
        for index, (wall, following) in enumerate(
            zip(walls, [*walls[1:], "03:30"], strict=True)
        )
    ]

    series = parse({"prices": listed}, now=datetime(2026, 10, 25, 1, 10, tzinfo=UTC))

    first = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    assert [(point.start, point.end) for point in series.imports] == [
        (first + index * HOUR / 2, first + (index + 1) * HOUR / 2) for index in range(6)
    ]
    assert prices(series) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("hours", [SPRING, [0, 1, 2, 3, 4, 5, 6]])
def test_a_skipped_local_hour_does_not_take_place(hours: list[int]) -> None:
    listed = [
        {
            "start": f"2026-03-29 {hour:02}:00",
            "end": f"2026-03-29 {hour + 1:02}:00",
            "price": float(hour),
        }
        for hour in hours
    ]

    series = parse({"prices": listed}, now=datetime(2026, 3, 29, 1, 30, tzinfo=UTC))

    first = datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert [(p.start, p.duration, p.price) for p in series.imports] == [
        (first + index * HOUR, HOUR, float(hour)) for index, hour in enumerate(SPRING)
    ]


# --- how long a price holds


def starts(*minutes: int) -> list[dict[str, Any]]:
    first = datetime(2026, 6, 15, 8, tzinfo=UTC)
    return [
        {"start": (first + timedelta(minutes=m)).isoformat(), "price": float(m)}
        for m in minutes
    ]


def test_one_price_alone_does_not_say_how_long_it_holds() -> None:
    with pytest.raises(IntervalUnknownError):
        parse({"prices": starts(0)})

    (point,) = parse({"prices": starts(0)}, interval=HOUR).imports
    assert point.duration == HOUR


def test_a_row_that_is_missing_leaves_a_hole() -> None:
    series = parse({"prices": starts(0, 30, 90, 120)})

    assert {point.duration for point in series.imports} == {HOUR / 2}


def test_uneven_starts_do_not_say_how_long_a_price_holds() -> None:
    with pytest.raises(IntervalUnknownError):
        parse({"prices": starts(0, 60, 90, 150, 210)})


def test_an_interval_longer_than_the_distance_is_contradicted() -> None:
    with pytest.raises(InvalidDataError, match="overlaps"):
        parse({"prices": starts(0, 30)}, interval=HOUR)


def test_what_the_list_says_counts_before_the_users_interval() -> None:
    assert parse(NORD_POOL, interval=HOUR / 2) == parse(NORD_POOL)


# --- what is no list of prices


def test_an_entity_without_a_list_names_its_attributes() -> None:
    with pytest.raises(NoForecastError, match="data, friendly_name") as caught:
        parse({"friendly_name": "Secret place", "data": ["a", "b"]})

    assert caught.value.seen == ("data", "friendly_name")
    assert "Secret" not in str(caught.value)


def test_an_unavailable_entity() -> None:
    with pytest.raises(UnavailableError):
        parse_sensor(
            "unavailable", None, {}, unit_choice=None, interval=None, zone=OSLO, now=NOW
        )
    with pytest.raises(NoForecastError):
        parse({})


@pytest.mark.parametrize("day", [13, 17])
def test_a_list_of_another_day_is_refused(day: int) -> None:
    listed = rows(DAY, ("start", "end", "price"), first=midnight(day))

    with pytest.raises(InvalidDataError, match="no price in forecast is for this"):
        parse({"forecast": listed})


def test_a_running_price_that_is_not_known_is_refused() -> None:
    values = [*DAY[:10], None, *DAY[11:]]

    with pytest.raises(InvalidDataError, match="for this moment"):
        parse({"today": values})


@pytest.mark.parametrize("damaged", [0, 5, 23])
def test_a_row_is_never_read_by_another_field(damaged: int) -> None:
    listed = rows(DAY, ("start", "end", "price"), value=9.0)
    assert prices(parse({"forecast": listed})) == DAY
    del listed[damaged]["price"]

    with pytest.raises(InvalidDataError, match=f"row {damaged} has no price"):
        parse({"forecast": listed})


@pytest.mark.parametrize("mirrored", [False, True])
def test_rows_that_contradict_each_other_are_refused(mirrored: bool) -> None:
    listed = rows(DAY, ("start", "end", "price"))
    listed.append({**listed[12], "price": 9.0})
    if mirrored:
        listed.reverse()

    with pytest.raises(InvalidDataError, match="contradicts"):
        parse({"forecast": listed})


def test_rows_that_overlap_are_refused() -> None:
    listed = rows(DAY, ("start", "end", "price"))
    listed[3]["end"] = listed[4]["end"]

    with pytest.raises(InvalidDataError, match="row 3 overlaps forecast row 4"):
        parse({"forecast": listed})


def test_lists_in_different_units_are_refused() -> None:
    today = rows(DAY, ("start_time", "end_time", "price_per_kwh"))
    tomorrow = rows(DAY, ("start", "end", "price"), first=midnight(16))
    lists = {"prices_today": today, "prices_tomorrow": tomorrow}

    with pytest.raises(UnitUnknownError, match="different units"):
        parse(lists)
    assert prices(parse(lists, unit_choice=PriceUnit.PER_KWH)) == DAY + DAY


# --- bad input

SHAPES: dict[str, dict[str, Any]] = {
    "nord_pool": {
        "raw_today": rows(DAY, ("start", "end", "value")),
        "raw_tomorrow": rows(DAY, ("start", "end", "value"), first=midnight(16)),
    },
    "octopus": {"rates": rows(DAY, ("start", "end", "value_inc_vat"), is_capped=False)},
    "tibber": {"today": rows(DAY, ("startsAt", None, "total"), tax=0.1)},
    "amber": {"forecasts": rows(DAY, ("start_time", "end_time", "per_kwh"))},
    "epex": {
        "data": rows(DAY, ("start_time", "end_time", "price_per_kwh"), other=None)
    },
    "entso_e": {"prices_today": rows(DAY, ("time", None, "price"))},
    "local": {"forecast": rows(DAY, ("start", "end", "price"), write=naive)},
}


def copied(name: str) -> dict[str, list[dict[str, Any]]]:
    return {key: [dict(row) for row in listed] for key, listed in SHAPES[name].items()}


def assert_well_formed(series: PriceSeries) -> None:
    for before, after in zip(series.imports, series.imports[1:], strict=False):
        assert before.end <= after.start
    assert series.running(Channel.IMPORT, NOW) is not None


def by_start(series: PriceSeries) -> dict[datetime, PricePoint]:
    return {point.start: point for point in series.imports}


VALUES = (
    ANY_JSON
    | st.sampled_from(WRONG_NUMBERS)
    | st.datetimes()
    | st.datetimes(timezones=st.just(UTC))
    | st.datetimes().map(str)
    | st.dates().map(str)
    | st.just("removed")
)


@given(
    shape=st.sampled_from(list(SHAPES)),
    index=st.integers(0, 23),
    field=st.integers(0, 3),
    value=VALUES,
)
@settings(max_examples=400)
def test_any_value_in_any_field(shape: str, index: int, field: int, value: Any) -> None:
    """A typed error, or the other prices are what they were."""
    attributes = copied(shape)
    listed = next(iter(attributes.values()))
    names = list(listed[index])
    name = names[field % len(names)]
    original = by_start(parse(SHAPES[shape]))
    if value == "removed":
        del listed[index][name]
    else:
        listed[index][name] = value
    try:
        series = parse(attributes)
    except ClientError:
        return
    assert_well_formed(series)
    changed = {
        start: point
        for start, point in by_start(series).items()
        if (point.start, point.price)
        not in {(p.start, p.price) for p in original.values()}
    }
    # At most the row that was changed says something else, and says what it says.
    assert len(changed) <= 1
    if changed and name in {"value", "value_inc_vat", "total", "per_kwh", "price"}:
        assert {point.price for point in changed.values()} == {value}


@given(
    shape=st.sampled_from([name for name in SHAPES if name != "local"]),
    seed=st.randoms(use_true_random=False),
    repeated=st.integers(0, 23),
)
def test_order_and_repetition_do_not_matter(
    shape: str, seed: Any, repeated: int
) -> None:
    attributes = copied(shape)
    for listed in attributes.values():
        listed.append(dict(listed[repeated]))
        seed.shuffle(listed)

    assert parse(attributes) == parse(SHAPES[shape])


@given(
    st.dictionaries(
        st.sampled_from(
            ["raw_today", "today", "tomorrow", "rates", "prices", "data", "forecasts"]
        ),
        ANY_JSON
        | st.lists(st.dictionaries(st.sampled_from(["start", "end", "price"]), VALUES)),
    ),
    st.text(max_size=5),
)
def test_any_attributes(attributes: dict[str, Any], unit: str) -> None:
    try:
        series = parse(attributes, unit=unit)
    except ClientError:
        return
    assert_well_formed(series)


@pytest.mark.parametrize("zone", [OSLO, SYDNEY, ZoneInfo("America/Chicago")])
@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59.5",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
@pytest.mark.parametrize("field", ["start", "end"])
@pytest.mark.parametrize("ended", [True, False])
def test_the_ends_of_the_calendar(
    zone: ZoneInfo, moment: str, field: str, ended: bool
) -> None:
    listed = rows(DAY, ("start", "end" if ended else None, "price"))
    listed[23][field] = moment

    with pytest.raises(InvalidDataError):
        parse({"forecast": listed}, zone=zone, now=datetime(2026, 6, 16, tzinfo=UTC))
