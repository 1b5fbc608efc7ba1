"""The reports behind AEMO's dashboard: what they become, and what is refused."""

from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients.aemo_wire import (
    parse_five_minutes,
    parse_summary,
)
from custom_components.power_sync.clients.errors import InvalidDataError
from custom_components.power_sync.clients.nem_prices import (
    HALF_HOUR,
    assemble,
    floor_to,
)
from custom_components.power_sync.core.model.prices import PricePoint

from .nem_support import assert_points_well_formed, nem, slices
from .support import ANY_JSON, WRONG_NUMBERS, parent_of, paths, stored

NOW = nem("2025-06-12T16:02:00")
REGIONS = ("NSW1", "SA1")
FIVE_MINUTES = stored("aemo_5min")
SUMMARY = stored("aemo_elec_nem_summary")
PATHS = paths(FIVE_MINUTES)
SUMMARY_PATHS = paths(SUMMARY["ELEC_NEM_SUMMARY"], ("ELEC_NEM_SUMMARY",))
NEEDED = ("SETTLEMENTDATE", "REGIONID", "RRP", "PERIODTYPE")


def points_of(report: Any, region: str) -> tuple[PricePoint, ...]:
    parsed = parse_five_minutes(report, region)
    return assemble(parsed.settled, {}, parsed.half_hours, now=NOW)


TRUTH = {region: slices(points_of(FIVE_MINUTES, region)) for region in REGIONS}
EXPECTED = {
    region: parse_five_minutes(FIVE_MINUTES, region).half_hours for region in REGIONS
}


def rows(region: str) -> list[int]:
    return [
        index
        for index, row in enumerate(FIVE_MINUTES["5MIN"])
        if row["REGIONID"] == region
    ]


# covers P-04
def test_five_minutes() -> None:
    report = parse_five_minutes(FIVE_MINUTES, "NSW1")

    assert len(report.settled) == 18
    assert len(report.half_hours) == 24
    assert report.settled[nem("2025-06-12T16:00:00")] == pytest.approx(0.29999)
    assert report.half_hours[nem("2025-06-12T16:00:00")] == pytest.approx(0.35273)
    assert report.half_hours[nem("2025-06-12T19:30:00")] == pytest.approx(14.8185)
    assert max(report.half_hours) == nem("2025-06-13T03:30:00")


def test_regions_are_kept_apart() -> None:
    report = parse_five_minutes(FIVE_MINUTES, "SA1")

    assert len(report.settled) == 4
    assert report.settled[nem("2025-06-12T16:00:00")] == pytest.approx(-0.01172846)


def test_region_without_rows_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="lacks the settled prices of TAS1"):
        parse_five_minutes(FIVE_MINUTES, "TAS1")


def test_only_forecast_rows_are_refused() -> None:
    report = stored("aemo_5min")
    report["5MIN"] = [r for r in report["5MIN"] if r["PERIODTYPE"] == "FORECAST"]

    with pytest.raises(InvalidDataError, match="lacks the settled prices of NSW1"):
        parse_five_minutes(report, "NSW1")


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("how", ["removed", "null", "list"])
def test_row_without_what_it_needs_is_refused(name: str, how: str) -> None:
    report = stored("aemo_5min")
    row = report["5MIN"][3]
    if how == "removed":
        del row[name]
    else:
        row[name] = None if how == "null" else [row[name]]

    with pytest.raises(InvalidDataError, match=f"row 3 {name}"):
        parse_five_minutes(report, "NSW1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RRP", "168.18"),
        ("RRP", 25_001),
        ("RRP", -1_101),
        ("RRP", float("nan")),
        ("PERIODTYPE", "actual"),
        ("SETTLEMENTDATE", "2025-06-12T14:55:00+10:00"),
        ("SETTLEMENTDATE", 1749704100),
    ],
)
def test_value_that_has_changed_its_form_is_refused(name: str, value: Any) -> None:
    report = stored("aemo_5min")
    report["5MIN"][3][name] = value

    with pytest.raises(InvalidDataError, match=f"row 3 {name}"):
        parse_five_minutes(report, "NSW1")


@pytest.mark.parametrize("name", ["REGION", "TOTALDEMAND", "APCFLAG", "NETINTERCHANGE"])
def test_what_is_not_needed_may_be_missing(name: str) -> None:
    report = stored("aemo_5min")
    for row in report["5MIN"]:
        del row[name]

    assert parse_five_minutes(report, "NSW1") == parse_five_minutes(
        FIVE_MINUTES, "NSW1"
    )


def test_other_regions_rows_may_be_broken() -> None:
    report = stored("aemo_5min")
    for index in rows("SA1"):
        report["5MIN"][index] = {"REGIONID": "SA1", "RRP": "?"}
    report["5MIN"].append({"REGIONID": "NEM1", "RRP": 0})

    assert parse_five_minutes(report, "NSW1") == parse_five_minutes(
        FIVE_MINUTES, "NSW1"
    )


def test_rows_may_repeat_and_come_in_any_order() -> None:
    report = stored("aemo_5min")
    report["5MIN"] *= 2
    Random(3).shuffle(report["5MIN"])

    assert parse_five_minutes(report, "NSW1") == parse_five_minutes(
        FIVE_MINUTES, "NSW1"
    )


@pytest.mark.parametrize("kind", ["ACTUAL", "FORECAST"])
def test_two_prices_of_one_interval_are_refused(kind: str) -> None:
    report = stored("aemo_5min")
    row = next(r for r in report["5MIN"] if r["PERIODTYPE"] == kind)
    report["5MIN"].append(row | {"RRP": row["RRP"] + 1})

    with pytest.raises(InvalidDataError, match="two prices"):
        parse_five_minutes(report, "NSW1")


def test_settled_price_wins_over_a_forecast_with_the_same_stamp() -> None:
    report = stored("aemo_5min")
    actual = next(r for r in report["5MIN"] if r["SETTLEMENTDATE"].endswith("16:00:00"))
    report["5MIN"].append(actual | {"PERIODTYPE": "FORECAST", "RRP": 5_000})

    assert slices(points_of(report, "NSW1")) == TRUTH["NSW1"]


# covers P-04
@pytest.mark.parametrize(
    ("region", "price"),
    [
        ("NSW1", 0.09676914),
        ("QLD1", 0.08841022),
        ("SA1", -0.0184),
        ("TAS1", 0.0721),
        ("VIC1", 0.0549),
    ],
)
def test_summary(region: str, price: float) -> None:
    summary = parse_summary(SUMMARY, region)

    assert summary.prices == {nem("2026-11-20T16:00:00"): pytest.approx(price)}
    assert summary.open_ == frozenset()


@pytest.mark.parametrize("status", ["NOT FIRM", "firm", "", None, 1.0])
def test_price_without_a_clear_word_is_open(status: Any) -> None:
    report = stored("aemo_elec_nem_summary")
    report["ELEC_NEM_SUMMARY"][0]["PRICE_STATUS"] = status

    summary = parse_summary(report, "NSW1")
    assert summary.open_ == frozenset(summary.prices)


def test_summary_without_the_region_is_refused() -> None:
    report = stored("aemo_elec_nem_summary")
    del report["ELEC_NEM_SUMMARY"][0]

    with pytest.raises(InvalidDataError, match="ELEC_NEM_SUMMARY lacks NSW1"):
        parse_summary(report, "NSW1")


@pytest.mark.parametrize("body", [None, [], "", 3, {}, {"5MIN": {}}, {"5MIN": [1]}])
def test_answer_of_another_form_is_refused(body: Any) -> None:
    with pytest.raises(InvalidDataError):
        parse_five_minutes(body, "NSW1")
    with pytest.raises(InvalidDataError):
        parse_summary(body, "NSW1")


@given(st.data(), st.sampled_from(REGIONS))
def test_damaged_five_minutes_never_become_a_wrong_price(
    data: st.DataObject, region: str
) -> None:
    """Every field removed, nulled or retyped: what is left is what was said."""
    report = deepcopy(FIVE_MINUTES)
    for path in data.draw(st.lists(st.sampled_from(PATHS), max_size=4, unique=True)):
        try:
            parent = parent_of(report, path)
            if data.draw(st.booleans()):
                del parent[path[-1]]
            else:
                parent[path[-1]] = data.draw(st.sampled_from(WRONG_NUMBERS))
        except LookupError, TypeError:
            continue
    if isinstance(report.get("5MIN"), list):
        Random(data.draw(st.integers(0, 9))).shuffle(report["5MIN"])
    try:
        points = points_of(report, region)
    except InvalidDataError:
        return
    assert_points_well_formed(points, NOW)
    for start, price in slices(points).items():
        # A settled row that is missing at the end leaves that much to the forecast.
        expected = EXPECTED[region].get(floor_to(start, HALF_HOUR))
        assert price in {TRUTH[region].get(start), expected}


@given(st.data(), ANY_JSON)
def test_any_json_in_a_report_is_a_series_or_refused(
    data: st.DataObject, value: Any
) -> None:
    report = deepcopy(FIVE_MINUTES)
    path = data.draw(st.sampled_from(PATHS))
    parent_of(report, path)[path[-1]] = value
    try:
        points = points_of(report, "NSW1")
    except InvalidDataError:
        return
    assert_points_well_formed(points, NOW)


@given(st.data(), st.sampled_from(["NSW1", "VIC1"]))
def test_damaged_summary_is_the_price_or_refused(
    data: st.DataObject, region: str
) -> None:
    report = deepcopy(SUMMARY)
    path = data.draw(st.sampled_from(SUMMARY_PATHS))
    if data.draw(st.booleans()):
        del parent_of(report, path)[path[-1]]
    else:
        parent_of(report, path)[path[-1]] = data.draw(st.sampled_from(WRONG_NUMBERS))
    report["ELEC_NEM_SUMMARY"].reverse()
    try:
        summary = parse_summary(report, region)
    except InvalidDataError:
        return
    assert summary.prices == parse_summary(SUMMARY, region).prices
    assert summary.open_ <= summary.prices.keys()


@given(st.data(), ANY_JSON)
def test_any_json_in_a_summary_is_a_price_or_refused(
    data: st.DataObject, value: Any
) -> None:
    report = deepcopy(SUMMARY)
    path = data.draw(st.sampled_from(SUMMARY_PATHS))
    parent_of(report, path)[path[-1]] = value
    try:
        summary = parse_summary(report, "NSW1")
    except InvalidDataError:
        return
    assert_points_well_formed(
        assemble(summary.prices, {}, {}, now=nem("2026-11-20T16:02:00")),
        nem("2026-11-20T16:02:00"),
    )


@given(ANY_JSON)
def test_any_json_is_refused(body: Any) -> None:
    with pytest.raises(InvalidDataError):
        parse_five_minutes(body, "NSW1")
    with pytest.raises(InvalidDataError):
        parse_summary(body, "NSW1")
