"""Ask for the distributor's part of a price, by its code or by hand."""

from collections.abc import Container, Mapping
from typing import Any

from homeassistant.data_entry_flow import FlowContext, FlowResult
from homeassistant.helpers.selector import BooleanSelector
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..clients.network_tariff import daily_fee, region_zone
from ..core.model.retail import ManualRates, NetworkRates, NetworkTariff, SpotImport
from .distributors import (
    CONF_CODE,
    CONF_NETWORK,
    MANUAL,
    code_field,
    distributor_name,
    distributors_of,
    network_field,
    typed_code,
)
from .rate_fields import cents_field, cents_from_rate, typed_number, typed_rate
from .rate_windows import CONF_WINDOWS, rows_from_windows, typed_windows, windows_field
from .retail_steps import (
    CONF_DAILY_CHARGE,
    RetailSteps,
    spot_fields,
    suggested_spot,
    typed_spot,
)
from .service import FormError

CONF_BY_HAND = "by_hand"
CONF_OTHERWISE = "otherwise"


class NetworkSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    RetailSteps[ContextT, ResultT, HandlerT]
):
    """Choose the distributor, then its tariff, or enter the rates."""

    _carried: Mapping[str, Any]
    """What was typed about a tariff that turned out to be unknown."""

    async def async_step_network(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask whose network the home is connected to."""
        offered = distributors_of(self.region)
        if user_input is not None:
            key = user_input[CONF_NETWORK]
            known = {item.key: item.known for item in offered}
            self.distributor = key if known.get(key) else None
            if self.distributor is not None:
                return await self.async_step_tariff_code()
            self._carried = {}
            if key in known:
                return await self.async_step_citipower()
            return await self.async_step_manual_rates()
        return self.show_form(
            "network",
            {vol.Required(CONF_NETWORK): network_field(offered, by_hand=True)},
            self._suggested_network({item.key for item in offered}),
        )

    async def async_step_tariff_code(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for the tariff as it stands on the bill, and for what is paid besides."""
        network, error = str(self.distributor), None
        if user_input is not None:
            if user_input[CONF_BY_HAND]:
                self._carried = user_input
                return await self.async_step_manual_rates()
            try:
                tariff = typed_code(network, user_input[CONF_CODE])
                return await self.imports_done(
                    SpotImport(network=tariff, **typed_spot(user_input)),
                    await self._charge(tariff, user_input.get(CONF_DAILY_CHARGE)),
                )
            except FormError as failed:
                error = failed
        return self.show_form(
            "tariff_code",
            {
                vol.Required(CONF_CODE): code_field(network),
                **spot_fields(daily_charge=vol.Optional),
                vol.Required(CONF_BY_HAND): BooleanSelector(),
            },
            user_input or self._suggested_code(network),
            error,
            network=distributor_name(network),
        )

    async def async_step_citipower(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for the rates of a distributor whose tariffs are not known."""
        return await self._ask_rates("citipower", user_input)

    async def async_step_manual_rates(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for the rates."""
        return await self._ask_rates("manual_rates", user_input)

    async def _ask_rates(
        self, step_id: str, user_input: dict[str, Any] | None
    ) -> ResultT:
        error = None
        if user_input is not None:
            try:
                rates = ManualRates(
                    otherwise=typed_rate(CONF_OTHERWISE, user_input[CONF_OTHERWISE]),
                    windows=typed_windows(user_input.get(CONF_WINDOWS, [])),
                )
                return await self.imports_done(
                    SpotImport(network=rates, **typed_spot(user_input)),
                    typed_number(CONF_DAILY_CHARGE, user_input[CONF_DAILY_CHARGE]),
                )
            except FormError as failed:
                error = failed
        return self.show_form(
            step_id,
            {
                vol.Required(CONF_OTHERWISE): cents_field(),
                vol.Optional(CONF_WINDOWS): await windows_field(self.hass),
                **spot_fields(daily_charge=vol.Required),
            },
            user_input or self._suggested_rates(),
            error,
        )

    async def _charge(self, tariff: NetworkTariff, typed: float | None) -> float:
        """Return the daily charge: as typed, else the distributor's own if known."""
        if typed is not None:
            return typed_number(CONF_DAILY_CHARGE, typed)
        zone = await dt_util.async_get_time_zone(region_zone(self.region))
        fee = daily_fee(tariff.network, tariff.code, dt_util.now(zone).date())
        return fee or 0.0

    def _suggested_network(self, offered: Container[str]) -> dict[str, Any]:
        match self._stored_network:
            case NetworkTariff(network=key) if key in offered:
                return {CONF_NETWORK: key}
            case ManualRates():
                return {CONF_NETWORK: MANUAL}
            case _:
                return {}

    def _suggested_code(self, network: str) -> dict[str, Any]:
        terms = self.stored_terms
        suggested = suggested_spot(terms) | {CONF_BY_HAND: False}
        stored = self._stored_network
        if terms and isinstance(stored, NetworkTariff) and stored.network == network:
            suggested[CONF_CODE] = stored.code
            suggested[CONF_DAILY_CHARGE] = terms.daily_charge
        return suggested

    def _suggested_rates(self) -> dict[str, Any]:
        terms, stored = self.stored_terms, self._stored_network
        suggested = suggested_spot(terms)
        if terms:
            suggested[CONF_DAILY_CHARGE] = terms.daily_charge
        if isinstance(stored, ManualRates):
            suggested[CONF_OTHERWISE] = cents_from_rate(stored.otherwise)
            suggested[CONF_WINDOWS] = rows_from_windows(stored.windows)
        return suggested | dict(self._carried)

    @property
    def _stored_network(self) -> NetworkRates | None:
        """Return the network part of the terms that are being changed."""
        return self.stored_terms.imports.network if self.stored_terms else None
