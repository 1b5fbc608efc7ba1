"""Ask what a home earns for export."""

from enum import StrEnum
from typing import Any, assert_never

from homeassistant.data_entry_flow import FlowContext, FlowResult
from homeassistant.helpers.selector import SelectSelectorMode
import voluptuous as vol

from ..clients.network_tariff import tariff_codes
from ..core.flow_power import HappyHourPlan, happy_hour
from ..core.model.retail import (
    ExportTerms,
    ManualRates,
    NetworkTariff,
    SpotExport,
    SpotImport,
    WindowExport,
)
from .distributors import CONF_CODE, code_field, distributor_name, typed_code
from .forms import translated_choice
from .network import CONF_OTHERWISE
from .rate_fields import (
    cents_field,
    cents_from_rate,
    number_field,
    typed_number,
    typed_rate,
)
from .rate_windows import CONF_WINDOWS, rows_from_windows, typed_windows, windows_field
from .retail_steps import (
    CONF_LOSS_FACTOR,
    LOSS_FACTOR,
    Retailer,
    RetailSteps,
    loss_factor_field,
)
from .service import FormError

CONF_BEYOND_CAP = "beyond_cap"
CONF_CAP = "cap_kwh"
CONF_EXPORT = "export"
CONF_FEE = "fee"
MOST_KWH = 1000.0


class ExportKind(StrEnum):
    """What can be paid for export."""

    HAPPY_HOUR = "happy_hour"
    HAPPY_HOUR_OF_2026 = "happy_hour_of_2026"
    SPOT = "spot"
    NETWORK = "network"
    WINDOWS = "windows"
    NONE = "none"


_FLOW_POWER_ONLY = {ExportKind.HAPPY_HOUR, ExportKind.HAPPY_HOUR_OF_2026}


class ExportSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    RetailSteps[ContextT, ResultT, HandlerT]
):
    """Choose how export is paid for, then how much."""

    _windows: WindowExport

    async def async_step_export(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for the kind of payment."""
        error = None
        if user_input is not None:
            try:
                return await self._ask_terms(ExportKind(user_input[CONF_EXPORT]))
            except FormError as failed:
                error = failed
        kinds = self._kinds()
        stored = self._stored_kind()
        return self.show_form(
            "export",
            {
                vol.Required(CONF_EXPORT): translated_choice(
                    CONF_EXPORT, kinds, SelectSelectorMode.LIST
                )
            },
            user_input or {CONF_EXPORT: stored if stored in kinds else kinds[0]},
            error,
        )

    async def async_step_spot_export(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask what the retailer keeps of the wholesale price."""
        error = None
        if user_input is not None:
            try:
                return await self.exports_done(_typed_spot_export(user_input, None))
            except FormError as failed:
                error = failed
        return self.show_form(
            "spot_export",
            _SPOT_FIELDS,
            user_input or self._suggested_spot_export(),
            error,
        )

    async def async_step_network_export(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for the tariff by which the network rewards export."""
        network, error = str(self.distributor), None
        if user_input is not None:
            try:
                tariff = typed_code(network, user_input[CONF_CODE], feed_in=True)
                return await self.exports_done(_typed_spot_export(user_input, tariff))
            except FormError as failed:
                error = failed
        return self.show_form(
            "network_export",
            {
                vol.Required(CONF_CODE): code_field(network, feed_in=True),
                **_SPOT_FIELDS,
            },
            user_input
            or self._suggested_spot_export() | self._suggested_reward(network),
            error,
            network=distributor_name(network),
        )

    async def async_step_window_export(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for rates by the time of day."""
        error = None
        if user_input is not None:
            try:
                return await self.exports_done(_typed_windows_export(user_input))
            except FormError as failed:
                error = failed
        return self.show_form(
            "window_export",
            {
                vol.Optional(CONF_WINDOWS): await windows_field(self.hass),
                vol.Required(CONF_OTHERWISE): cents_field(),
                vol.Optional(CONF_CAP): number_field("kWh", 0.0, MOST_KWH),
                vol.Required(CONF_BEYOND_CAP): cents_field(),
            },
            user_input or _suggested_windows(self._windows),
            error,
        )

    async def _ask_terms(self, kind: ExportKind) -> ResultT:
        """Go on to what a kind of payment needs."""
        match kind:
            case ExportKind.NONE:
                return await self.exports_done(None)
            case ExportKind.SPOT:
                return await self.async_step_spot_export()
            case ExportKind.NETWORK:
                return await self.async_step_network_export()
            case ExportKind.HAPPY_HOUR:
                found = happy_hour(self.region)
            case ExportKind.HAPPY_HOUR_OF_2026:
                found = happy_hour(self.region, HappyHourPlan.CAPPED)
            case ExportKind.WINDOWS:
                stored = self._stored_exports
                found = stored if isinstance(stored, WindowExport) else None
            case _:
                assert_never(kind)
        self._windows = found or WindowExport(rates=ManualRates(otherwise=0.0))
        return await self.async_step_window_export()

    def _kinds(self) -> list[ExportKind]:
        """Return what the home can be paid by, the likeliest first."""
        flow_power = self.retailer is Retailer.FLOW_POWER
        offered = set(ExportKind)
        if not (flow_power and happy_hour(self.region)):
            offered -= _FLOW_POWER_ONLY
        if self.distributor is None or not tariff_codes(self.distributor, feed_in=True):
            offered.discard(ExportKind.NETWORK)
        return [kind for kind in ExportKind if kind in offered]

    def _stored_kind(self) -> ExportKind | None:
        """Return what is being changed, None for something new."""
        if self.stored_terms is None:
            return None
        match self._stored_exports:
            case None:
                return ExportKind.NONE
            case WindowExport():
                return ExportKind.WINDOWS
            case SpotExport(network=network):
                return ExportKind.NETWORK if network else ExportKind.SPOT
            case other:
                assert_never(other)

    @property
    def _stored_exports(self) -> ExportTerms | None:
        return self.stored_terms.exports if self.stored_terms else None

    def _suggested_spot_export(self) -> dict[str, Any]:
        stored = self._stored_exports
        if isinstance(stored, SpotExport):
            losses, fee = stored.loss_factor, stored.fee
        else:
            imports, fee = self.imports, 0.0
            losses = (
                imports.loss_factor if isinstance(imports, SpotImport) else LOSS_FACTOR
            )
        return {CONF_LOSS_FACTOR: losses, CONF_FEE: cents_from_rate(fee)}

    def _suggested_reward(self, network: str) -> dict[str, Any]:
        """Return the stored tariff, else that of import if it rewards export."""
        stored, known = self._stored_exports, tariff_codes(network, feed_in=True)
        kept = stored.network if isinstance(stored, SpotExport) else None
        for tariff in (kept, self.imports.network):
            if isinstance(tariff, NetworkTariff) and tariff.code in known:
                return {CONF_CODE: tariff.code}
        return {}


_SPOT_FIELDS = {
    vol.Required(CONF_LOSS_FACTOR): loss_factor_field(),
    vol.Required(CONF_FEE): cents_field(),
}


def _typed_spot_export(
    user_input: dict[str, Any], network: NetworkTariff | None
) -> SpotExport:
    return SpotExport(
        loss_factor=typed_number(CONF_LOSS_FACTOR, user_input[CONF_LOSS_FACTOR]),
        fee=typed_rate(CONF_FEE, user_input[CONF_FEE]),
        network=network,
    )


def _typed_windows_export(user_input: dict[str, Any]) -> WindowExport:
    cap = user_input.get(CONF_CAP)
    return WindowExport(
        rates=ManualRates(
            otherwise=typed_rate(CONF_OTHERWISE, user_input[CONF_OTHERWISE]),
            windows=typed_windows(user_input.get(CONF_WINDOWS, [])),
        ),
        cap_kwh=None if cap is None else typed_number(CONF_CAP, cap),
        beyond_cap=typed_rate(CONF_BEYOND_CAP, user_input[CONF_BEYOND_CAP]),
    )


def _suggested_windows(terms: WindowExport) -> dict[str, Any]:
    suggested = {
        CONF_WINDOWS: rows_from_windows(terms.rates.windows),
        CONF_OTHERWISE: cents_from_rate(terms.rates.otherwise),
        CONF_BEYOND_CAP: cents_from_rate(terms.beyond_cap),
    }
    return (
        suggested if terms.cap_kwh is None else {**suggested, CONF_CAP: terms.cap_kwh}
    )
