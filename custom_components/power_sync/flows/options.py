"""The standing choices of a home."""

from typing import Any
from zoneinfo import available_timezones

from homeassistant.config_entries import (
    ConfigFlowContext,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from ..const import (
    CONF_DEMAND,
    CONF_DRY_RUN,
    CONF_FALLBACK,
    CONF_FORECAST,
    CONF_TIME_ZONE,
)
from ..core.engine import Fallback
from ..core.model.prices import ForecastChoice
from ..preferences import Preferences
from .demand import demand_fields, shown_demand, typed_demand
from .form_steps import FormSteps
from .forms import translated_choice
from .service import FormError


class PowerSyncOptionsFlow(
    FormSteps[ConfigFlowContext, ConfigFlowResult, str], OptionsFlow
):
    """Change how a home is run; the entry reloads by itself."""

    async def async_step_init(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what to change."""
        return self.async_show_menu(
            step_id="init", menu_options=["general", CONF_DEMAND]
        )

    async def async_step_general(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what every home has to choose."""
        zones = await self.hass.async_add_executor_job(available_timezones)
        chosen = Preferences.from_options(self.config_entry.options)
        schema = vol.Schema(
            {
                vol.Required(
                    CONF_FORECAST, default=chosen.forecast.value
                ): translated_choice(CONF_FORECAST, ForecastChoice),
                vol.Required(
                    CONF_FALLBACK, default=chosen.fallback.value
                ): translated_choice(CONF_FALLBACK, Fallback),
                vol.Required(CONF_DRY_RUN, default=chosen.dry_run): BooleanSelector(),
                vol.Optional(
                    CONF_TIME_ZONE,
                    description={"suggested_value": chosen.time_zone},
                ): SelectSelector(
                    SelectSelectorConfig(
                        options=sorted(zones), mode=SelectSelectorMode.DROPDOWN
                    )
                ),
            }
        )
        if user_input is None:
            return self.async_show_form(step_id="general", data_schema=schema)
        others = {
            key: value
            for key, value in self.config_entry.options.items()
            if key not in schema.schema
        }
        return self.async_create_entry(data=others | user_input)

    async def async_step_demand(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the demand charge."""
        stored, error = self.config_entry.options, None
        if user_input is not None:
            try:
                return self.async_create_entry(
                    data={**stored, CONF_DEMAND: typed_demand(user_input)}
                )
            except FormError as failed:
                error = failed
        return self.show_form(
            "demand",
            demand_fields(),
            user_input or shown_demand(stored.get(CONF_DEMAND)),
            error,
        )
