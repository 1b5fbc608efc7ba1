"""Retail prices: what the terms make of a wholesale price."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.power_sync.core.flow_power import happy_hour
from custom_components.power_sync.core.model.retail import (
    Days,
    ExportTerms,
    FlowPowerImport,
    ImportTerms,
    ManualRates,
    NetworkTariff,
    RetailTerms,
    SpotExport,
    SpotImport,
)

from .retail_support import (
    ADELAIDE,
    BRISBANE,
    ENERGEX,
    NOW,
    PLAIN,
    SYDNEY,
    ZONES,
    local,
    retail,
    wholesale_point,
    window,
)


def paid(
    terms: ImportTerms,
    start: datetime,
    spot: float,
    zone: ZoneInfo = BRISBANE,
    twap: float | None = None,
) -> float:
    """Return what a kWh costs at a moment."""
    point = wholesale_point(start, spot, timedelta(minutes=5))
    series = retail([point], RetailTerms(imports=terms, exports=None), zone, twap=twap)
    return series.imports[0].price


def earned(
    terms: ExportTerms, start: datetime, spot: float, zone: ZoneInfo = BRISBANE
) -> float:
    """Return what a kWh earns at a moment."""
    point = wholesale_point(start, spot, timedelta(minutes=5))
    series = retail([point], RetailTerms(imports=PLAIN, exports=terms), zone)
    assert series.exports is not None
    return series.exports[0].price


# covers P-05
@pytest.mark.parametrize("spot", [0.1, 0.0, -0.1, 23.2])
def test_import_by_network_code(spot: float) -> None:
    evening = local(BRISBANE, "2026-11-20T18:00")
    terms = SpotImport(network=ENERGEX, fees=0.035, loss_factor=1.05, add_gst=True)

    # 19.533 c with GST, and GST on the fees but not a second time on the network.
    expected = 1.1 * spot * 1.05 + 0.19533 * 1.1 + 0.035 * 1.1
    assert paid(terms, evening, spot) == pytest.approx(expected)
    assert paid(replace(terms, add_gst=False), evening, spot) == pytest.approx(
        1.1 * spot * 1.05 + 0.19533 * 1.1 + 0.035
    )


def test_import_by_a_network_whose_table_has_no_gst() -> None:
    tariff = NetworkTariff(network="powercor", code="PRSTOU")
    terms = SpotImport(network=tariff, fees=0.0, loss_factor=1.0, add_gst=True)
    start = local(ZONES["VIC1"], "2026-11-20T17:30")

    expected = 1.1 * 0.1 + 0.2209 * 1.1
    assert paid(terms, start, 0.1, ZONES["VIC1"]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("time", "rate"),
    [("06:59", 0.08), ("07:00", 0.15), ("21:30", 0.08), ("17:00", 0.3)],
)
def test_import_by_rates_entered_by_hand(time: str, rate: float) -> None:
    rates = ManualRates(
        otherwise=0.08,
        windows=(window("16:00", "21:00", 0.3), window("07:00", "21:30", 0.15)),
    )
    terms = SpotImport(network=rates, fees=0.04, loss_factor=1.02, add_gst=False)
    start = local(BRISBANE, f"2026-11-20T{time}")

    spot = 1.1 * 0.1 * 1.02
    assert paid(terms, start, 0.1) == pytest.approx(spot + rate + 0.04)
    assert paid(replace(terms, add_gst=True), start, 0.1) == pytest.approx(
        spot + 1.1 * rate + 1.1 * 0.04
    )


def test_windows_know_the_days_of_the_week_where_the_network_is() -> None:
    weekdays = window("00:00", "00:00", 0.3, Days.WEEKDAYS)
    rates = ManualRates(otherwise=0.1, windows=(weekdays,))
    terms = replace(PLAIN, network=rates)

    # In UTC both of these moments are on a Sunday.
    assert paid(terms, local(BRISBANE, "2026-11-22T23:55"), 0.0) == 0.1
    assert paid(terms, local(BRISBANE, "2026-11-23T00:00"), 0.0) == 0.3


# covers P-06
@pytest.mark.parametrize(
    ("spot", "twap", "price"),
    [
        (0.10, 0.09, 0.34 + 0.10 - 0.09 - 0.017),
        (0.10, None, 0.34 + 0.10 - 0.08 - 0.017),
        (-1.0, 0.09, 0.34 - 1.0 - 0.09 - 0.017),  # negative, and left so
        (0.10, -0.02, 0.34 + 0.10 + 0.02 - 0.017),
        (0.10, 0.0, 0.34 + 0.10 - 0.017),
    ],
)
def test_flow_power(spot: float, twap: float | None, price: float) -> None:
    terms = FlowPowerImport(base_rate=0.34, benchmark=0.017)

    assert paid(terms, NOW, spot, twap=twap) == pytest.approx(price)


@pytest.mark.parametrize(
    ("time", "rate"), [("18:00", 0.19533), ("12:00", 0.00434), ("03:00", 0.06069)]
)
@pytest.mark.parametrize("twap", [0.09, None])
def test_flow_power_with_a_network_tariff(
    time: str, rate: float, twap: float | None
) -> None:
    terms = FlowPowerImport(base_rate=0.34, benchmark=0.017, network=ENERGEX)
    mean = (5 * 0.19533 + 5 * 0.00434 + 14 * 0.06069) / 24
    start = local(BRISBANE, f"2026-11-20T{time}")

    assert paid(terms, start, 0.1, twap=twap) == pytest.approx(
        0.34
        + 1.1 * 0.1
        + 1.1 * rate
        - 1.1 * (0.08 if twap is None else twap)
        - 1.1 * mean
        - 0.017
    )


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-10-04", 23), ("2027-04-04", 25), ("2026-11-20", 24)]
)
def test_mean_network_rate_of_a_day_counts_its_real_hours(day: str, hours: int) -> None:
    tariff = NetworkTariff(network="sapn", code="RTOU")
    terms = FlowPowerImport(base_rate=0.34, benchmark=0.017, network=tariff)
    start = local(ADELAIDE, f"{day}T12:00")

    # What clocks skip or repeat lies in the off-peak hours from midnight to six.
    total = 12 * 0.2133 + 6 * 0.0535 + (hours - 18) * 0.1067
    expected = 0.34 + 1.1 * (0.0535 - total / hours) - 0.017 - 1.1 * 0.08
    assert paid(terms, start, 0.0, ADELAIDE) == pytest.approx(expected)


@pytest.mark.parametrize("spot", [0.1, -0.1])
def test_export_at_spot_has_no_gst(spot: float) -> None:
    evening = local(SYDNEY, "2026-11-20T17:00")
    plain = SpotExport(loss_factor=1.04, fee=0.02)
    rewarded = replace(plain, network=NetworkTariff(network="ausgrid", code="EA029"))

    assert earned(plain, evening, spot, SYDNEY) == pytest.approx(spot * 1.04 - 0.02)
    assert earned(rewarded, evening, spot, SYDNEY) == pytest.approx(
        spot * 1.04 + 0.0385 - 0.02
    )


def test_export_in_windows_knows_no_spot_price() -> None:
    terms = happy_hour("VIC1")
    assert terms is not None

    assert earned(terms, local(SYDNEY, "2026-11-20T17:25"), 5.0, SYDNEY) == 0.0
    assert earned(terms, local(SYDNEY, "2026-11-20T17:30"), -1.0, SYDNEY) == 0.35
