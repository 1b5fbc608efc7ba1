"""Set up ComEd's hourly pricing."""

from typing import Any

from homeassistant.data_entry_flow import FlowContext, FlowResult
import voluptuous as vol

from ..const import (
    COMED_URL,
    CONF_ADVANCED,
    CONF_BASE_URL,
    CONF_DELIVERY,
    CONF_MONTHLY_CHARGE,
    CONF_PROVIDER,
    PROVIDER_COMED,
)
from .forms import addresses, typed_addresses
from .rate_fields import (
    DOLLARS_PER_MONTH,
    cents_field,
    cents_from_rate,
    charge_field,
    typed_number,
    typed_rate,
)
from .service import FormError
from .source_steps import SourceSteps, check_prices, source_subentry

TITLE = "ComEd"
DELIVERY = 0.075
MONTHLY_CHARGE = 19.56
"""What one household paid on top of the supply price; every bill has its own."""


class ComedSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    SourceSteps[ContextT, ResultT, HandlerT]
):
    """Ask what ComEd's customer pays besides the supply price."""

    async def async_step_comed(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for delivery and charges."""
        stored, error = self.stored_source, None
        if user_input is not None:
            try:
                data = {
                    CONF_PROVIDER: PROVIDER_COMED,
                    CONF_DELIVERY: typed_rate(CONF_DELIVERY, user_input[CONF_DELIVERY]),
                    CONF_MONTHLY_CHARGE: typed_number(
                        CONF_MONTHLY_CHARGE, user_input[CONF_MONTHLY_CHARGE]
                    ),
                    **typed_addresses(user_input),
                }
                await check_prices(self.hass, data)
            except FormError as failed:
                error = failed
            else:
                return await self.price_source_done(source_subentry(data, TITLE))
        return self.show_form(
            "comed",
            {
                vol.Required(CONF_DELIVERY): cents_field(),
                vol.Required(CONF_MONTHLY_CHARGE): charge_field(DOLLARS_PER_MONTH),
                vol.Required(CONF_ADVANCED): addresses(
                    {CONF_BASE_URL: stored.get(CONF_BASE_URL, COMED_URL)}
                ),
            },
            user_input
            or {
                CONF_DELIVERY: cents_from_rate(stored.get(CONF_DELIVERY, DELIVERY)),
                CONF_MONTHLY_CHARGE: stored.get(CONF_MONTHLY_CHARGE, MONTHLY_CHARGE),
            },
            error,
        )
