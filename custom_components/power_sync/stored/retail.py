"""Retail terms as a price source's subentry stores them.

Rates are stored in $/kWh, times as minutes from local midnight: forms convert what
people type (c/kWh, 17:30), and nobody else does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, assert_never

from ..core.model.retail import (
    Days,
    ExportTerms,
    FlowPowerImport,
    ImportTerms,
    ManualRates,
    NetworkRates,
    NetworkTariff,
    RateWindow,
    RetailTerms,
    SpotExport,
    SpotImport,
    WindowExport,
)


def terms_to_stored(terms: RetailTerms) -> dict[str, Any]:
    """Return terms as JSON; ``terms_from_stored`` reads them back."""
    return {
        "imports": _import_to_stored(terms.imports),
        "exports": _export_to_stored(terms.exports),
        "daily_charge": terms.daily_charge,
    }


def terms_from_stored(data: Mapping[str, Any]) -> RetailTerms:
    """Return the terms that a subentry holds.

    Raises KeyError, TypeError or ValueError for what was never stored by us.
    """
    return RetailTerms(
        imports=_import_from_stored(data["imports"]),
        exports=_export_from_stored(data["exports"]),
        daily_charge=float(data["daily_charge"]),
    )


def _import_to_stored(terms: ImportTerms) -> dict[str, Any]:
    match terms:
        case SpotImport():
            return {
                "kind": "spot",
                "network": _rates_to_stored(terms.network),
                "fees": terms.fees,
                "loss_factor": terms.loss_factor,
                "add_gst": terms.add_gst,
            }
        case FlowPowerImport():
            return {
                "kind": "flow_power",
                "base_rate": terms.base_rate,
                "benchmark": terms.benchmark,
                "network": terms.network and asdict(terms.network),
            }
        case _:
            assert_never(terms)


def _import_from_stored(data: Mapping[str, Any]) -> ImportTerms:
    if data["kind"] == "flow_power":
        return FlowPowerImport(
            base_rate=float(data["base_rate"]),
            benchmark=float(data["benchmark"]),
            network=_tariff(data["network"]),
        )
    return SpotImport(
        network=_rates_from_stored(data["network"]),
        fees=float(data["fees"]),
        loss_factor=float(data["loss_factor"]),
        add_gst=bool(data["add_gst"]),
    )


def _export_to_stored(terms: ExportTerms | None) -> dict[str, Any] | None:
    match terms:
        case None:
            return None
        case SpotExport():
            return {
                "kind": "spot",
                "loss_factor": terms.loss_factor,
                "fee": terms.fee,
                "network": terms.network and asdict(terms.network),
            }
        case WindowExport():
            return {
                "kind": "windows",
                "rates": _rates_to_stored(terms.rates),
                "cap_kwh": terms.cap_kwh,
                "beyond_cap": terms.beyond_cap,
            }
        case _:
            assert_never(terms)


def _export_from_stored(data: Mapping[str, Any] | None) -> ExportTerms | None:
    if data is None:
        return None
    if data["kind"] == "windows":
        cap = data["cap_kwh"]
        return WindowExport(
            rates=_manual(data["rates"]),
            cap_kwh=None if cap is None else float(cap),
            beyond_cap=float(data["beyond_cap"]),
        )
    return SpotExport(
        loss_factor=float(data["loss_factor"]),
        fee=float(data["fee"]),
        network=_tariff(data["network"]),
    )


def _rates_to_stored(rates: NetworkRates) -> dict[str, Any]:
    match rates:
        case NetworkTariff():
            return asdict(rates)
        case ManualRates():
            return {
                "otherwise": rates.otherwise,
                "windows": windows_to_stored(rates.windows),
            }
        case _:
            assert_never(rates)


def _rates_from_stored(data: Mapping[str, Any]) -> NetworkRates:
    if (tariff := _tariff(data if "code" in data else None)) is not None:
        return tariff
    return _manual(data)


def _manual(data: Mapping[str, Any]) -> ManualRates:
    return ManualRates(
        otherwise=float(data["otherwise"]),
        windows=windows_from_stored(data["windows"]),
    )


def _tariff(data: Mapping[str, Any] | None) -> NetworkTariff | None:
    if data is None:
        return None
    return NetworkTariff(network=str(data["network"]), code=str(data["code"]))


def windows_to_stored(windows: Sequence[RateWindow]) -> list[dict[str, Any]]:
    """Return windows as JSON."""
    return [asdict(window) | {"days": window.days.value} for window in windows]


def windows_from_stored(data: Sequence[Mapping[str, Any]]) -> tuple[RateWindow, ...]:
    """Return windows from JSON."""
    return tuple(
        RateWindow(
            name=str(item["name"]),
            days=Days(item["days"]),
            start=int(item["start"]),
            end=int(item["end"]),
            rate=float(item["rate"]),
        )
        for item in data
    )
