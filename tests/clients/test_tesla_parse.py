"""Tesla's answers: what they become, and what is refused."""

from collections.abc import Callable
from dataclasses import astuple
from datetime import UTC, datetime
import math
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients.errors import ClientError, InvalidDataError
from custom_components.power_sync.clients.tesla.energy_history import parse_energy
from custom_components.power_sync.clients.tesla.parse import (
    parse_live_status,
    parse_products,
    parse_site_info,
)
from custom_components.power_sync.core.model.powerwall import (
    EnergySite,
    EnergyTotals,
    ExportRule,
    GridStatus,
    LiveStatus,
    OperationMode,
)

from .support import ANY_JSON, ENERGY_SITE_ID, WRONG_NUMBERS, parent_of, paths, stored


def parse_today(answer: object) -> EnergyTotals:
    return parse_energy(answer, may_be_empty=True)


def parse_lifetime(answer: object) -> EnergyTotals:
    return parse_energy(answer, may_be_empty=False)


PARSERS: dict[str, Callable[[object], Any]] = {
    "tesla_products": parse_products,
    "tesla_live_status": parse_live_status,
    "tesla_site_info": parse_site_info,
    "tesla_calendar_history_energy": parse_lifetime,
}
NOT_NUMBERS = [value for value in WRONG_NUMBERS if value is not None]
NOT_FLAGS: list[Any] = [0, 1, "true", "", [], {}]
NOT_TEXTS: list[Any] = [0, True, [], {}]


def live(**changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = stored("tesla_live_status")
    answer["response"].update(changes)
    return answer


def info(**changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = stored("tesla_site_info")
    answer["response"].update(changes)
    return answer


def info_with_parts(**changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = stored("tesla_site_info")
    answer["response"]["components"].update(changes)
    return answer


def history(*buckets: dict[str, Any]) -> dict[str, Any]:
    return {"response": {"time_series": list(buckets)}}


# Products


def test_products_are_sites_with_something_to_control() -> None:
    assert parse_products(stored("tesla_products")) == (
        EnergySite(
            site_id=ENERGY_SITE_ID, name="Home", has_battery=True, has_solar=True
        ),
    )


@pytest.mark.parametrize(
    ("components", "found"),
    [
        ({"battery": True}, True),
        ({"solar": True}, True),
        ({"wall_connectors": [{"din": "x"}]}, True),
        ({"wall_connectors": []}, False),
        ({"wall_connectors": None, "battery": None}, False),
        ({"grid": True, "load_meter": True}, False),
        ({}, False),
        (None, False),
    ],
)
def test_empty_sites_are_left_out(components: Any, found: bool) -> None:
    product = {"energy_site_id": 7, "components": components}

    assert bool(parse_products({"response": [product]})) is found


def test_account_without_sites() -> None:
    assert parse_products({"response": [], "count": 0}) == ()


def test_site_without_a_name() -> None:
    product = {"energy_site_id": 7, "components": {"battery": True}}

    [site] = parse_products({"response": [product]})
    assert site == EnergySite(site_id=7, name="", has_battery=True, has_solar=False)


@pytest.mark.parametrize("site_id", [True, "7", 7.5, [], float("nan")])
def test_strange_site_id_is_refused(site_id: Any) -> None:
    product = {"energy_site_id": site_id, "components": {"battery": True}}

    with pytest.raises(InvalidDataError, match="product 0 energy_site_id"):
        parse_products({"response": [product]})


# Live status


def test_live_status() -> None:
    assert parse_live_status(stored("tesla_live_status")) == LiveStatus(
        measured_at=datetime(2026, 11, 20, 0, 15, 30, tzinfo=UTC),
        solar_power=4200,
        grid_power=5310,
        battery_power=-1500,
        load_power=8010,
        state_of_charge=65.0,
        energy_left=17.55,
        grid_status=GridStatus.ON_GRID,
        storm_mode_active=False,
        grid_services_active=False,
    )


MEASURED = {
    "solar_power": "solar_power",
    "grid_power": "grid_power",
    "battery_power": "battery_power",
    "load_power": "load_power",
    "percentage_charged": "state_of_charge",
    "energy_left": "energy_left",
}


@pytest.mark.parametrize(("field", "attribute"), MEASURED.items())
def test_what_a_site_does_not_measure_is_none(field: str, attribute: str) -> None:
    absent = live()
    del absent["response"][field]

    for answer in (absent, live(**{field: None})):
        assert getattr(parse_live_status(answer), attribute) is None


@pytest.mark.parametrize("field", MEASURED)
@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_measurement_that_is_no_number_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidDataError, match=f"{field} is not a number"):
        parse_live_status(live(**{field: value}))


@pytest.mark.parametrize(
    ("island", "grid", "expected"),
    [
        ("on_grid", "Active", GridStatus.ON_GRID),
        ("on_grid", None, GridStatus.ON_GRID),
        ("off_grid", "Inactive", GridStatus.OFF_GRID),
        ("off_grid_unintentional", "Inactive", GridStatus.OFF_GRID),
        ("off_grid_intentional", "Active", GridStatus.OFF_GRID_INTENTIONAL),
        ("island_status_unknown", "Active", GridStatus.UNKNOWN),
        ("something_new", "Active", GridStatus.UNKNOWN),
        (None, "Active", GridStatus.ON_GRID),
        (None, "Inactive", GridStatus.UNKNOWN),
        (None, None, GridStatus.UNKNOWN),
    ],
)
def test_grid_status(
    island: str | None, grid: str | None, expected: GridStatus
) -> None:
    answer = live(island_status=island, grid_status=grid)

    assert parse_live_status(answer).grid_status is expected


@pytest.mark.parametrize("field", ["storm_mode_active", "grid_services_active"])
def test_flags_of_a_live_status(field: str) -> None:
    assert getattr(parse_live_status(live(**{field: True})), field) is True
    assert getattr(parse_live_status(live(**{field: None})), field) is False


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("storm_mode_active", value) for value in NOT_FLAGS),
        *(("grid_services_active", value) for value in NOT_FLAGS),
        *(("island_status", value) for value in NOT_TEXTS),
        *(("timestamp", value) for value in [None, "", "now", 5, "2026-11-20T10:00"]),
    ],
)
def test_broken_live_field_is_refused_and_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidDataError, match=field):
        parse_live_status(live(**{field: value}))


# Site info


# covers B-02
def test_site_info() -> None:
    parsed = parse_site_info(stored("tesla_site_info"))

    assert parsed.name == "Home"
    assert parsed.firmware == "26.18.3 00000000"
    assert parsed.operation_mode is OperationMode.AUTONOMOUS
    assert parsed.backup_reserve == 20
    assert parsed.export_rule is ExportRule.PV_ONLY
    assert parsed.grid_charging is False
    assert parsed.storm_watch is False
    assert parsed.time_zone == "Australia/Brisbane"
    assert parsed.battery_count == 2
    assert parsed.nameplate_energy == 27
    assert parsed.nameplate_power == 10_000
    assert (parsed.has_solar, parsed.has_battery) == (True, True)
    assert parsed.tariff is not None
    assert parsed.tariff.buy.currency == "AUD"
    assert parsed.tariff.buy.rate("AllYear", "ON_PEAK") == 0.48
    assert parsed.tariff.sell is not None
    assert parsed.tariff.sell.rate("AllYear", "SUPER_OFF_PEAK") == 0


def test_site_info_with_nothing_optional() -> None:
    parsed = parse_site_info({"response": {"components": {}}})

    assert parsed.name == ""
    assert parsed.grid_charging is True
    assert (parsed.has_solar, parsed.has_battery) == (False, False)
    for field in (
        "firmware",
        "operation_mode",
        "backup_reserve",
        "export_rule",
        "storm_watch",
        "time_zone",
        "battery_count",
        "nameplate_energy",
        "nameplate_power",
        "tariff",
    ):
        assert getattr(parsed, field) is None


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"customer_preferred_export_rule": "never"}, ExportRule.NEVER),
        ({"customer_preferred_export_rule": "battery_ok"}, ExportRule.BATTERY_OK),
        ({"customer_preferred_export_rule": "something_new"}, None),
        (
            {
                "customer_preferred_export_rule": "something_new",
                "non_export_configured": True,
            },
            None,
        ),
        ({"customer_preferred_export_rule": None}, None),
        (
            {"customer_preferred_export_rule": None, "non_export_configured": True},
            ExportRule.NEVER,
        ),
        (
            {"customer_preferred_export_rule": None, "non_export_configured": False},
            None,
        ),
        (
            {
                "customer_preferred_export_rule": "pv_only",
                "non_export_configured": True,
            },
            ExportRule.PV_ONLY,
        ),
    ],
)
def test_export_rule(parts: dict[str, Any], expected: ExportRule | None) -> None:
    assert parse_site_info(info_with_parts(**parts)).export_rule is expected


@pytest.mark.parametrize(("disallowed", "allowed"), [(True, False), (False, True)])
def test_grid_charging(disallowed: bool, allowed: bool) -> None:
    field = "disallow_charge_from_grid_with_solar_installed"

    answer = info_with_parts(**{field: disallowed})
    assert parse_site_info(answer).grid_charging is allowed


def test_empty_time_zone_is_unknown() -> None:
    assert parse_site_info(info(installation_time_zone="")).time_zone is None


def test_new_operation_mode_is_unknown() -> None:
    assert parse_site_info(info(default_real_mode="magic")).operation_mode is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("site_name", value) for value in NOT_TEXTS),
        *(("version", value) for value in NOT_TEXTS),
        *(("default_real_mode", value) for value in NOT_TEXTS),
        *(("installation_time_zone", value) for value in NOT_TEXTS),
        *(("backup_reserve_percent", value) for value in NOT_NUMBERS),
        *(("nameplate_energy", value) for value in NOT_NUMBERS),
        *(("nameplate_power", value) for value in NOT_NUMBERS),
        *(("battery_count", value) for value in [*NOT_NUMBERS, 1.5]),
        *(("components", value) for value in [None, [], "x"]),
        *(("user_settings", value) for value in [[], "x", 1]),
    ],
)
def test_broken_info_field_is_refused_and_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidDataError, match=field):
        parse_site_info(info(**{field: value}))


@pytest.mark.parametrize("value", NOT_FLAGS)
def test_broken_storm_watch_is_refused_and_named(value: Any) -> None:
    with pytest.raises(InvalidDataError, match="storm_mode_enabled"):
        parse_site_info(info(user_settings={"storm_mode_enabled": value}))


@pytest.mark.parametrize(
    "field",
    [
        "solar",
        "battery",
        "non_export_configured",
        "disallow_charge_from_grid_with_solar_installed",
    ],
)
@pytest.mark.parametrize("value", NOT_FLAGS)
def test_broken_component_is_refused_and_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidDataError, match=field):
        parse_site_info(info_with_parts(**{field: value}))


@pytest.mark.parametrize("empty", [None, {}])
def test_no_stored_tariff(empty: Any) -> None:
    answer = info(tariff_content_v2=empty, tariff_content=empty)

    assert parse_site_info(answer).tariff is None


def test_tariff_of_a_site_that_only_has_the_old_document() -> None:
    tariff = parse_site_info(info(tariff_content_v2=None)).tariff

    assert tariff is not None
    assert tariff.buy.rate("AllYear", "ON_PEAK") == 0.48
    assert tariff.sell is None


@pytest.mark.parametrize("key", ["tariff_content_v2", "tariff_content"])
@pytest.mark.parametrize(
    "tariff", [[], "x", {"seasons": 5}, {"name": 5}, {"energy_charges": {"ALL": 1}}]
)
def test_unreadable_tariff_is_not_taken_for_none(key: str, tariff: Any) -> None:
    answer = info(tariff_content_v2=None)
    answer["response"][key] = tariff

    with pytest.raises(InvalidDataError, match=key):
        parse_site_info(answer)


# Energy


# covers B-17
def test_energy_of_a_day() -> None:
    assert parse_today(stored("tesla_calendar_history_energy")) == EnergyTotals(
        solar=pytest.approx(1.074),
        home=pytest.approx(0.781),
        grid_import=pytest.approx(0.482),
        grid_export=pytest.approx(0.002),
        battery_charge=pytest.approx(0.809),
        battery_discharge=pytest.approx(0.036),
    )


def test_every_part_counts_once() -> None:
    bucket = {
        "solar_energy_exported": 1,
        "grid_energy_imported": 2,
        "battery_energy_exported": 4,
    }
    for number, origin in enumerate(("grid", "solar", "battery", "generator")):
        bucket[f"consumer_energy_imported_from_{origin}"] = 10 * 2**number
        bucket[f"grid_energy_exported_from_{origin}"] = 100 * 2**number
        bucket[f"battery_energy_imported_from_{origin}"] = 1000 * 2**number
    bucket |= {"total_home_usage": 9e9, "total_grid_energy_exported": 9e9}

    assert parse_today(history(bucket, bucket)) == EnergyTotals(
        solar=pytest.approx(0.002),
        home=pytest.approx(0.3),
        grid_import=pytest.approx(0.004),
        grid_export=pytest.approx(3),
        battery_charge=pytest.approx(30),
        battery_discharge=pytest.approx(0.008),
    )


def test_totals_count_where_there_are_no_parts() -> None:
    totals = {
        "total_home_usage": 1000,
        "total_battery_charge": 2000,
        "total_battery_discharge": 3000,
        "total_solar_generation": 4000,
        "total_grid_energy_exported": 5000,
    }

    assert parse_today(history(totals, {"consumer_energy_imported_from_grid": 1})) == (
        EnergyTotals(
            solar=4,
            home=pytest.approx(1.001),
            grid_import=0,
            grid_export=5,
            battery_charge=2,
            battery_discharge=3,
        )
    )


def test_buckets_without_fields_are_zero() -> None:
    assert set(astuple(parse_today(history({}, {"timestamp": "x"})))) == {0}


def test_day_that_has_just_begun_is_zero() -> None:
    assert set(astuple(parse_today(history()))) == {0}


def test_lifetime_without_buckets_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="time_series is empty"):
        parse_lifetime(history())


@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_broken_energy_is_refused_and_named(value: Any) -> None:
    with pytest.raises(InvalidDataError, match="bucket 1 grid_energy_imported"):
        parse_today(history({}, {"grid_energy_imported": value}))


def test_energy_without_end_is_refused() -> None:
    buckets = [{"grid_energy_imported": 1.7e308}] * 2

    with pytest.raises(InvalidDataError, match="grid_import"):
        parse_today(history(*buckets))


# All of them


@pytest.mark.parametrize("parse", PARSERS.values())
@pytest.mark.parametrize(
    "answer", [None, [], "x", 1, {}, {"response": None}, {"response": "no data"}]
)
def test_answer_without_content_is_refused(
    parse: Callable[[object], Any], answer: Any
) -> None:
    with pytest.raises(InvalidDataError):
        parse(answer)


@given(st.sampled_from(sorted(PARSERS)), st.data())
def test_any_field_removed_nulled_or_replaced(name: str, data: st.DataObject) -> None:
    answer = stored(name)
    path = data.draw(st.sampled_from(paths(answer)))
    owner = parent_of(answer, path)
    if data.draw(st.booleans()):
        del owner[path[-1]]
    else:
        owner[path[-1]] = data.draw(ANY_JSON)
    assert_clean(PARSERS[name], answer)


@given(st.sampled_from(sorted(PARSERS)), ANY_JSON)
def test_any_content_is_refused_or_clean(name: str, content: Any) -> None:
    assert_clean(PARSERS[name], {"response": content})


def assert_clean(parse: Callable[[object], Any], answer: Any) -> None:
    """Only our own errors, and no number that is none."""
    try:
        parsed = parse(answer)
    except ClientError:
        return
    values = [parsed] if not isinstance(parsed, tuple) else list(parsed)
    for value in values:
        for name in value.__dataclass_fields__:
            field = getattr(value, name)
            assert not isinstance(field, float) or math.isfinite(field)
