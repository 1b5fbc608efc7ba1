"""Tesla's tariff documents: what is read, what is written, and that both agree."""

from dataclasses import replace
from datetime import date
import json
import math
from pathlib import Path
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.core.model.tariff_document import (
    TariffDocumentError,
    read_tariff,
    write_tariff,
)
from custom_components.power_sync.core.model.tesla_tariff import (
    ALL,
    DailyCharge,
    SeasonRates,
    TariffSide,
    TeslaTariff,
    TouPeriod,
    TouSeason,
    TouWindow,
)
from custom_components.power_sync.core.tesla_tariff import (
    daily_tariff,
    day_prices,
    largest_difference,
)

FIXTURES = Path(__file__).parent.parent / "fixtures"
FALLBACK = SeasonRates(season=ALL, rates=((ALL, 0),))


def stored(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def request_document() -> dict[str, Any]:
    """What Tesla's documentation sends: everything spelled out."""
    document: dict[str, Any] = stored("tesla_tou_settings_request")["tou_settings"][
        "tariff_content_v2"
    ]
    return document


def info_document(key: str = "tariff_content_v2") -> dict[str, Any]:
    """What Tesla gives back: zeros left out."""
    document: dict[str, Any] = stored("tesla_site_info")["response"][key]
    return document


def window(**fields: int) -> TouWindow:
    """Read one window through a whole document."""
    document = request_document()
    document["seasons"]["AllYear"]["tou_periods"] = {"P": {"periods": [fields]}}
    [found] = read_tariff(document).buy.seasons[0].periods[0].windows
    return found


def without_zeros(value: Any) -> Any:
    """Leave out every field that is zero, as Tesla's read-backs do."""
    if isinstance(value, dict):
        return {k: without_zeros(v) for k, v in value.items() if v not in (0, "")}
    if isinstance(value, list):
        return [without_zeros(item) for item in value]
    return value


# Reading


def test_request_and_read_back_are_the_same_tariff() -> None:
    sent, stored_by_tesla = (
        read_tariff(request_document()),
        read_tariff(info_document()),
    )

    assert stored_by_tesla.buy == sent.buy
    assert largest_difference(stored_by_tesla, sent) == 0


def test_prices_of_a_day() -> None:
    prices = day_prices(read_tariff(info_document()).buy, date(2026, 11, 20))

    assert prices[:20] == (0.22,) * 20
    assert prices[20:30] == (0.08,) * 10
    assert prices[30:33] == (0.22,) * 3
    assert prices[33:41] == (0.48,) * 8
    assert prices[41:] == (0.22,) * 7


def test_sell_side_has_its_own_prices() -> None:
    sell = read_tariff(info_document()).sell

    assert sell is not None
    assert day_prices(sell, date(2026, 11, 20))[33] == 0.12
    assert day_prices(sell, date(2026, 11, 20))[20] == 0


def test_old_document_gives_the_same_prices() -> None:
    old, new = (
        read_tariff(info_document("tariff_content")),
        read_tariff(info_document()),
    )

    assert old.sell is None
    assert old.buy.seasons == new.buy.seasons
    assert old.buy.energy_rates == new.buy.energy_rates


def test_daily_charge_without_an_amount_is_free() -> None:
    assert read_tariff(info_document()).buy.daily_charges == (
        DailyCharge(name="Charge", amount=0),
    )


def test_all_zeros_left_out_change_nothing() -> None:
    document = request_document()

    assert (
        largest_difference(read_tariff(without_zeros(document)), read_tariff(document))
        == 0
    )


def test_price_of_zero_that_is_left_out_is_a_price() -> None:
    sent = daily_tariff(
        [0.0] * 24 + [0.3] * 24, [0.0] * 48, name="x", utility="x", currency="AUD"
    )
    read_back = read_tariff(without_zeros(write_tariff(sent)))

    assert largest_difference(sent, read_back) == 0


@pytest.mark.parametrize(
    "empty",
    [
        {},
        None,
        {"tou_periods": {}},
        {"fromMonth": 0, "fromDay": 0, "toMonth": 0, "toDay": 0, "tou_periods": {}},
        {"tou_periods": {"ON_PEAK": {"periods": []}, "OFF_PEAK": []}},
    ],
)
def test_season_not_in_use_is_left_out(empty: Any) -> None:
    document = request_document()
    document["seasons"]["Winter"] = empty

    assert [s.name for s in read_tariff(document).buy.seasons] == ["AllYear"]


def test_times_without_dates_are_refused() -> None:
    document = request_document()
    document["seasons"]["Winter"] = {"tou_periods": {"P": [{"toHour": 5}]}}

    with pytest.raises(TariffDocumentError, match=r"Winter\.fromMonth"):
        read_tariff(document)


def test_season_of_one_price_is_kept() -> None:
    document = request_document()
    dates = {"fromMonth": 6, "fromDay": 1, "toMonth": 8, "toDay": 31}
    document["seasons"]["Winter"] = dates

    written = write_tariff(read_tariff(document))
    assert written["seasons"]["Winter"] == dates | {"tou_periods": {}}


@pytest.mark.parametrize("sell", [None, {}])
def test_tariff_without_a_sell_side(sell: Any) -> None:
    document = request_document()
    document["sell_tariff"] = sell

    tariff = read_tariff(document)
    assert tariff.sell is None
    assert "sell_tariff" not in write_tariff(tariff)


# Windows


def test_window_of_nothing_but_zeros_is_a_whole_monday() -> None:
    assert window() == TouWindow(from_day=0, to_day=0, start=0, end=1440)


def test_window_from_zero_to_zero_is_the_whole_day() -> None:
    found = window(toDayOfWeek=6, fromHour=0, fromMinute=0, toHour=0, toMinute=0)

    assert found == TouWindow(from_day=0, to_day=6, start=0, end=1440)


@pytest.mark.parametrize("to_hour", [0, 24])
def test_both_ways_to_write_midnight(to_hour: int) -> None:
    found = window(fromHour=20, fromMinute=30, toHour=to_hour)

    assert (found.start, found.end) == (1230, 1440)


def test_window_over_midnight() -> None:
    found = window(fromDayOfWeek=6, toDayOfWeek=6, fromHour=22, toHour=2, toMinute=30)

    assert list(found.spans()) == [(6, 1320, 1440), (0, 0, 150)]


def test_whole_numbers_may_be_written_as_floats() -> None:
    assert window(fromHour=1.0, toHour=2.0).start == 60  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fromDayOfWeek", 7),
        ("toDayOfWeek", -1),
        ("fromHour", 24),
        ("fromHour", -1),
        ("fromMinute", 60),
        ("toHour", 25),
        ("toMinute", 60),
        ("toMinute", 0.5),
        ("fromHour", "10"),
        ("fromHour", True),
        ("toHour", math.nan),
        ("toHour", 10**400),
    ],
)
def test_window_outside_the_week_is_refused_and_named(field: str, value: Any) -> None:
    with pytest.raises(TariffDocumentError, match=rf"tariff\.seasons\..*{field}"):
        window(**{field: value})


def test_window_past_midnight_is_refused_and_named() -> None:
    with pytest.raises(TariffDocumentError, match="toMinute is past the end"):
        window(toHour=24, toMinute=30)


# What is refused


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("name",), 5, r"^tariff\.name"),
        (("currency",), [], r"^tariff\.currency"),
        (("monthly_charges",), "0", r"^tariff\.monthly_charges"),
        (("daily_charges",), {}, r"^tariff\.daily_charges"),
        (("daily_charges", 0), None, r"^tariff\.daily_charges"),
        (("daily_charges", 0, "amount"), "x", r"^tariff\.daily_charges\.amount"),
        (("seasons",), [1], r"^tariff\.seasons"),
        (("seasons", "AllYear"), [1], r"^tariff\.seasons\.AllYear"),
        (("seasons", "AllYear", "fromMonth"), None, r"AllYear\.fromMonth"),
        (("seasons", "AllYear", "toMonth"), 13, r"AllYear\.toMonth"),
        (("seasons", "AllYear", "toDay"), 32, r"AllYear\.toDay"),
        (("seasons", "AllYear", "tou_periods"), [1], r"AllYear\.tou_periods"),
        (
            ("seasons", "AllYear", "tou_periods", "ON_PEAK", "periods"),
            {"fromHour": 1},
            r"AllYear\.ON_PEAK is not a list",
        ),
        (
            ("seasons", "AllYear", "tou_periods", "ON_PEAK", "periods"),
            [None],
            r"AllYear\.ON_PEAK has an entry that is null",
        ),
        (("energy_charges",), [], r"^tariff\.energy_charges"),
        (("energy_charges", "AllYear"), 0.2, r"energy_charges\.AllYear"),
        (
            ("energy_charges", "AllYear", "rates", "ON_PEAK"),
            "0.48",
            r"^tariff\.energy_charges\.AllYear\.ON_PEAK is not a number",
        ),
        (
            ("energy_charges", "AllYear", "rates", "ON_PEAK"),
            math.inf,
            r"ON_PEAK is not a number",
        ),
        (("sell_tariff",), "none", r"^sell_tariff"),
        (("sell_tariff", "name"), 5, r"^sell_tariff\.name"),
    ],
)
def test_broken_field_is_refused_and_named(
    path: tuple[Any, ...], value: Any, named: str
) -> None:
    document: Any = request_document()
    owner = document
    for key in path[:-1]:
        owner = owner[key]
    owner[path[-1]] = value

    with pytest.raises(TariffDocumentError, match=named):
        read_tariff(document)


# Writing


def test_what_is_written_is_what_tesla_documents() -> None:
    document = request_document()
    written = write_tariff(read_tariff(document))

    # Of the two ways to write midnight, that of Tesla's own example.
    for side in (document, document["sell_tariff"]):
        periods = side["seasons"]["AllYear"]["tou_periods"]
        assert periods["OFF_PEAK"]["periods"][2]["toHour"] == 24
        periods["OFF_PEAK"]["periods"][2]["toHour"] = 0
    assert written == document


def test_written_tariff_is_plain_json() -> None:
    written = write_tariff(read_tariff(info_document()))

    assert json.loads(json.dumps(written, allow_nan=False)) == written


def test_fallback_of_zero_is_always_written() -> None:
    tariff = daily_tariff([0.3] * 48, [0.1] * 48, name="x", utility="x", currency="AUD")

    for side in (write_tariff(tariff), write_tariff(tariff)["sell_tariff"]):
        assert side["energy_charges"][ALL] == {"rates": {ALL: 0}}
        assert side["demand_charges"] == {
            ALL: {"rates": {ALL: 0}},
            "AllYear": {"rates": {}},
        }


# Fields without a meaning to us


def document_with_extras() -> dict[str, Any]:
    """Return a document with something unknown wherever there can be an object."""
    document = request_document()
    document["daily_demand_charges"] = {"ALL": {"rates": {"ALL": 3}}}
    document["seasons"]["AllYear"]["note"] = ["a", 1, None, {"b": 0.5}]
    document["seasons"]["AllYear"]["tou_periods"]["ON_PEAK"]["colour"] = "red"
    document["energy_charges"]["AllYear"]["tiers"] = {"first": 100}
    document["sell_tariff"]["rebate"] = True
    return document


# covers B-11
def test_unknown_fields_go_back_where_they_were() -> None:
    document = document_with_extras()
    for side in (document, document["sell_tariff"]):
        periods = side["seasons"]["AllYear"]["tou_periods"]
        periods["OFF_PEAK"]["periods"][2]["toHour"] = 0
    assert write_tariff(read_tariff(document)) == document
    again = read_tariff(json.loads(json.dumps(write_tariff(read_tariff(document)))))
    assert write_tariff(again) == document


def test_unknown_fields_make_no_difference() -> None:
    plain, rich = read_tariff(request_document()), read_tariff(document_with_extras())

    assert rich == plain
    assert hash(rich) == hash(plain)
    assert largest_difference(rich, plain) == 0
    assert plain.buy.extra == {"daily_demand_charges": {}}


def test_old_document_has_no_unknown_fields() -> None:
    assert read_tariff(info_document("tariff_content")).buy.extra == {}


def test_unknown_fields_do_not_replace_known_ones() -> None:
    tariff = read_tariff(request_document())
    odd = replace(tariff, buy=replace(tariff.buy, extra={"name": "x", "seasons": 1}))

    assert write_tariff(odd) == write_tariff(tariff)


def deep(levels: int) -> list[Any]:
    """Return lists within lists."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [math.nan, [math.inf], {"x": 2**63}, {1: 2}, (1,), date(2026, 1, 1), deep(21)],
)
def test_what_is_not_plain_is_not_carried(value: Any) -> None:
    document = request_document() | {"odd": value, "even": -(2**62)}

    assert write_tariff(read_tariff(document)).get("odd", "left out") == "left out"
    assert write_tariff(read_tariff(document))["even"] == -(2**62)


# Both

AMOUNTS = st.floats(-1e6, 1e6) | st.integers(-1000, 1000)
NAMES = st.text(max_size=6)
WINDOWS = st.builds(
    TouWindow,
    from_day=st.integers(0, 6),
    to_day=st.integers(0, 6),
    start=st.integers(0, 1439),
    end=st.integers(1, 1440),
)
PERIODS = st.dictionaries(NAMES, st.lists(WINDOWS, max_size=3), max_size=3).map(
    lambda periods: tuple(
        TouPeriod(label=label, windows=tuple(windows))
        for label, windows in periods.items()
    )
)
SEASONS = st.lists(
    st.builds(
        TouSeason,
        name=NAMES,
        from_month=st.integers(1, 12),
        from_day=st.integers(1, 31),
        to_month=st.integers(1, 12),
        to_day=st.integers(1, 31),
        periods=PERIODS,
    ),
    max_size=3,
    unique_by=lambda season: season.name,
).map(tuple)
RATES = st.dictionaries(
    NAMES.filter(lambda name: name != ALL),
    st.dictionaries(NAMES, AMOUNTS, max_size=4),
    max_size=3,
).map(
    lambda tables: tuple(
        SeasonRates(season=season, rates=tuple(rates.items()))
        for season, rates in tables.items()
    )
)
SIDES = st.builds(
    TariffSide,
    name=NAMES,
    utility=NAMES,
    code=NAMES,
    currency=NAMES,
    seasons=SEASONS,
    energy_rates=RATES.map(lambda rates: (FALLBACK, *rates)),
    demand_rates=RATES.map(lambda rates: (FALLBACK, *rates)),
    daily_charges=st.lists(
        st.builds(DailyCharge, name=NAMES, amount=AMOUNTS), max_size=2
    ).map(tuple),
    monthly_charges=AMOUNTS,
    monthly_minimum_bill=AMOUNTS,
    min_applicable_demand=AMOUNTS,
    max_applicable_demand=AMOUNTS,
)
TARIFFS = st.builds(TeslaTariff, buy=SIDES, sell=st.none() | SIDES)
PRICES = st.lists(st.floats(0, 30), min_size=48, max_size=48)


@settings(deadline=None)
@given(TARIFFS)
def test_what_was_written_is_read_as_it_was(tariff: TeslaTariff) -> None:
    through_json = json.loads(json.dumps(write_tariff(tariff)))

    assert read_tariff(through_json) == tariff


@settings(deadline=None)
@given(PRICES, PRICES)
def test_our_own_tariffs_keep_their_meaning(
    buy: list[float], sell: list[float]
) -> None:
    sent = daily_tariff(buy, sell, name="x", utility="x", currency="AUD")

    for document in (write_tariff(sent), without_zeros(write_tariff(sent))):
        assert largest_difference(read_tariff(document), sent) == 0


@settings(deadline=None)
@given(st.sampled_from([request_document, info_document]), st.data())
def test_any_value_anywhere_is_refused_or_kept(make: Any, data: st.DataObject) -> None:
    document = make()
    owner: Any = document
    while True:
        keys = sorted(owner) if isinstance(owner, dict) else list(range(len(owner)))
        key = data.draw(st.sampled_from(keys))
        child = owner[key]
        if not isinstance(child, dict | list) or not child or data.draw(st.booleans()):
            break
        owner = child
    if data.draw(st.booleans()):
        del owner[key]
    else:
        owner[key] = data.draw(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.just(10**400)
            | st.text(max_size=3)
            | st.lists(st.none() | st.integers(), max_size=2)
            | st.dictionaries(NAMES, st.none() | st.floats(), max_size=2)
        )
    try:
        tariff = read_tariff(document)
    except TariffDocumentError:
        return
    assert read_tariff(write_tariff(tariff)) == tariff
