"""Set up the Australian market's wholesale price and a retailer's terms."""

from typing import Any, override

from homeassistant.data_entry_flow import FlowContext, FlowResult
import voluptuous as vol

from ..const import (
    AEMO_URL,
    CONF_ADVANCED,
    CONF_BASE_URL,
    CONF_NEMWEB_URL,
    CONF_PROVIDER,
    CONF_REGION,
    CONF_RETAIL,
    CONF_RETAILER,
    NEMWEB_URL,
    PROVIDER_AEMO,
)
from ..core.model.retail import (
    ExportTerms,
    ImportTerms,
    ManualRates,
    RetailTerms,
    SpotImport,
)
from ..stored.retail import terms_to_stored
from .exports import ExportSteps
from .flow_power import FlowPowerSteps
from .forms import addresses, translated_choice, typed_addresses
from .retail_steps import Retailer
from .service import FormError
from .source_steps import check_prices, source_subentry

TITLE = "AEMO"
REGIONS = ("nsw1", "qld1", "sa1", "tas1", "vic1")
"""The market's regions, in the lower case that translations need."""
_BARE_WHOLESALE = RetailTerms(
    imports=SpotImport(
        network=ManualRates(otherwise=0.0), fees=0.0, loss_factor=1.0, add_gst=False
    ),
    exports=None,
)


class AemoSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    FlowPowerSteps[ContextT, ResultT, HandlerT],
    ExportSteps[ContextT, ResultT, HandlerT],
):
    """Choose region and retailer, then the terms."""

    _market: dict[str, Any]

    async def async_step_aemo(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for region and retailer; both services are asked at once."""
        stored, error = self.stored_source, None
        if user_input is not None:
            self.region = user_input[CONF_REGION].upper()
            self.retailer = Retailer(user_input[CONF_RETAILER])
            self.distributor = None
            self._market = {
                CONF_PROVIDER: PROVIDER_AEMO,
                CONF_REGION: self.region,
                CONF_RETAILER: self.retailer.value,
                **typed_addresses(user_input),
            }
            try:
                await self._check(_BARE_WHOLESALE)
            except FormError as failed:
                error = failed
            else:
                if self.retailer is Retailer.FLOW_POWER:
                    return await self.async_step_flow_power()
                return await self.async_step_network()
        return self.show_form(
            "aemo",
            {
                vol.Required(CONF_REGION): translated_choice(CONF_REGION, REGIONS),
                vol.Required(CONF_RETAILER): translated_choice(CONF_RETAILER, Retailer),
                vol.Required(CONF_ADVANCED): addresses(
                    {
                        CONF_BASE_URL: stored.get(CONF_BASE_URL, AEMO_URL),
                        CONF_NEMWEB_URL: stored.get(CONF_NEMWEB_URL, NEMWEB_URL),
                    }
                ),
            },
            user_input
            or (
                {
                    CONF_REGION: stored[CONF_REGION].lower(),
                    CONF_RETAILER: stored[CONF_RETAILER],
                }
                if stored
                else {}
            ),
            error,
        )

    @override
    async def imports_done(self, imports: ImportTerms, daily_charge: float) -> ResultT:
        """Go on to export."""
        self.imports, self.daily_charge = imports, daily_charge
        return await self.async_step_export()

    @override
    async def exports_done(self, exports: ExportTerms | None) -> ResultT:
        """Store the terms if they give prices right now."""
        terms = RetailTerms(
            imports=self.imports, exports=exports, daily_charge=self.daily_charge
        )
        return await self.price_source_done(
            source_subentry(await self._check(terms), TITLE)
        )

    async def _check(self, terms: RetailTerms) -> dict[str, Any]:
        """Return what is stored for terms; raises FormError if they give no prices."""
        data = {**self._market, CONF_RETAIL: terms_to_stored(terms)}
        await check_prices(self.hass, data)
        return data
