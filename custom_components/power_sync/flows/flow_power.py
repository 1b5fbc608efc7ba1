"""Ask for Flow Power's terms of import."""

from dataclasses import replace
from enum import StrEnum
from typing import Any, assert_never

from homeassistant.data_entry_flow import FlowContext, FlowResult
import voluptuous as vol

from ..core.model.retail import FlowPowerImport
from .distributors import (
    CONF_CODE,
    CONF_NETWORK,
    code_field,
    distributor_name,
    distributors_of,
    network_field,
    typed_code,
)
from .forms import translated_choice
from .network import NetworkSteps
from .rate_fields import (
    DOLLARS_PER_DAY,
    cents_field,
    cents_from_rate,
    charge_field,
    typed_number,
    typed_rate,
)
from .retail_steps import CONF_DAILY_CHARGE
from .service import FormError

CONF_ADJUSTMENT = "adjustment"
CONF_BASE_RATE = "base_rate"
CONF_BENCHMARK = "benchmark"

BASE_RATE = 0.34
BENCHMARK = 0.017
"""Typical of contracts, GST included; the bill has the home's own."""


class Adjustment(StrEnum):
    """How the price efficiency adjustment is estimated, if it is."""

    SPOT = "spot"
    NETWORK = "network"
    NONE = "none"


class FlowPowerSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    NetworkSteps[ContextT, ResultT, HandlerT]
):
    """Ask for base rate and adjustment; without one it is a price like any other's."""

    _terms: FlowPowerImport
    _charge_typed: float

    async def async_step_flow_power(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for the rates of the contract."""
        error = None
        if user_input is not None:
            try:
                self._terms = FlowPowerImport(
                    base_rate=typed_rate(CONF_BASE_RATE, user_input[CONF_BASE_RATE]),
                    benchmark=typed_rate(CONF_BENCHMARK, user_input[CONF_BENCHMARK]),
                )
                self._charge_typed = typed_number(
                    CONF_DAILY_CHARGE, user_input[CONF_DAILY_CHARGE]
                )
            except FormError as failed:
                error = failed
            else:
                match adjustment := Adjustment(user_input[CONF_ADJUSTMENT]):
                    case Adjustment.SPOT:
                        return await self.imports_done(self._terms, self._charge_typed)
                    case Adjustment.NETWORK:
                        return await self.async_step_flow_power_network()
                    case Adjustment.NONE:
                        return await self.async_step_network()
                    case _:
                        assert_never(adjustment)
        return self.show_form(
            "flow_power",
            {
                vol.Required(CONF_ADJUSTMENT): translated_choice(
                    CONF_ADJUSTMENT, Adjustment
                ),
                vol.Required(CONF_BASE_RATE): cents_field(),
                vol.Required(CONF_BENCHMARK): cents_field(),
                vol.Required(CONF_DAILY_CHARGE): charge_field(DOLLARS_PER_DAY),
            },
            user_input or self._suggested_contract(),
            error,
        )

    async def async_step_flow_power_network(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask whose network tariff the adjustment is to consider."""
        offered = distributors_of(self.region)
        error = None
        if user_input is not None:
            key = user_input[CONF_NETWORK]
            if any(item.key == key and item.known for item in offered):
                self.distributor = key
                return await self.async_step_flow_power_tariff()
            error = FormError(
                CONF_NETWORK, "network_without_codes", network=distributor_name(key)
            )
        stored = self._stored_contract.network if self._stored_contract else None
        suggested = {}
        if stored and any(item.key == stored.network for item in offered):
            suggested = {CONF_NETWORK: stored.network}
        return self.show_form(
            "flow_power_network",
            {vol.Required(CONF_NETWORK): network_field(offered, by_hand=False)},
            user_input or suggested,
            error,
        )

    async def async_step_flow_power_tariff(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for the tariff as it stands on the bill."""
        network, error = str(self.distributor), None
        if user_input is not None:
            try:
                tariff = typed_code(network, user_input[CONF_CODE])
                return await self.imports_done(
                    replace(self._terms, network=tariff), self._charge_typed
                )
            except FormError as failed:
                error = failed
        return self.show_form(
            "flow_power_tariff",
            {vol.Required(CONF_CODE): code_field(network)},
            user_input or self._suggested_tariff(network),
            error,
            network=distributor_name(network),
        )

    def _suggested_contract(self) -> dict[str, Any]:
        terms, contract = self.stored_terms, self._stored_contract
        if terms is None:
            adjustment = Adjustment.SPOT
        elif contract is None:
            adjustment = Adjustment.NONE
        else:
            adjustment = Adjustment.NETWORK if contract.network else Adjustment.SPOT
        return {
            CONF_ADJUSTMENT: adjustment.value,
            CONF_BASE_RATE: cents_from_rate(
                contract.base_rate if contract else BASE_RATE
            ),
            CONF_BENCHMARK: cents_from_rate(
                contract.benchmark if contract else BENCHMARK
            ),
            CONF_DAILY_CHARGE: terms.daily_charge if terms else 0.0,
        }

    def _suggested_tariff(self, network: str) -> dict[str, Any]:
        stored = self._stored_contract.network if self._stored_contract else None
        return {CONF_CODE: stored.code} if stored and stored.network == network else {}

    @property
    def _stored_contract(self) -> FlowPowerImport | None:
        """Return the contract that is being changed."""
        imports = self.stored_terms.imports if self.stored_terms else None
        return imports if isinstance(imports, FlowPowerImport) else None
