"""The standing choices of a home."""

from collections.abc import Callable, Mapping
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
    CONF_CURTAILMENT,
    CONF_DEMAND,
    CONF_DRY_RUN,
    CONF_EXPORT_BOOST,
    CONF_FALLBACK,
    CONF_FORECAST,
    CONF_SPIKE_RESPONSE,
    CONF_TIME_ZONE,
)
from ..core.engine import Fallback
from ..core.model.prices import ForecastChoice
from ..preferences import Preferences
from .demand import demand_fields, shown_demand, typed_demand
from .features import (
    boost_fields,
    curtailment_fields,
    shown_boost,
    shown_curtailment,
    shown_spike,
    spike_fields,
    typed_boost,
    typed_curtailment,
    typed_spike,
)
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
            step_id="init",
            menu_options=[
                "general",
                CONF_DEMAND,
                CONF_EXPORT_BOOST,
                CONF_SPIKE_RESPONSE,
                CONF_CURTAILMENT,
            ],
        )

    async def async_step_general(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what every home has to choose."""
        zones = await self.hass.async_add_executor_job(available_timezones)
        chosen = self._chosen
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
        return self._ask_terms(
            CONF_DEMAND,
            demand_fields(),
            shown_demand(self.config_entry.options.get(CONF_DEMAND)),
            typed_demand,
            user_input,
        )

    async def async_step_export_boost(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how much better exporting is made to look, and when."""
        return self._ask_terms(
            CONF_EXPORT_BOOST,
            boost_fields(),
            shown_boost(self._chosen.boost),
            typed_boost,
            user_input,
        )

    async def async_step_spike_response(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which wholesale prices are responded to, and how."""
        return self._ask_terms(
            CONF_SPIKE_RESPONSE,
            spike_fields(),
            shown_spike(self._chosen),
            typed_spike,
            user_input,
        )

    async def async_step_curtailment(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask when export is worth something again."""
        return self._ask_terms(
            CONF_CURTAILMENT,
            curtailment_fields(),
            shown_curtailment(self._chosen.curtailment_margin),
            typed_curtailment,
            user_input,
        )

    @property
    def _chosen(self) -> Preferences:
        return Preferences.from_options(self.config_entry.options)

    def _ask_terms(
        self,
        key: str,
        fields: Mapping[Any, Any],
        shown: Mapping[str, Any],
        typed: Callable[[Mapping[str, Any]], dict[str, Any]],
        user_input: dict[str, Any] | None,
    ) -> ConfigFlowResult:
        """Show a form until what it gives can be stored under its name."""
        error = None
        if user_input is not None:
            try:
                terms = typed(user_input)
            except FormError as failed:
                error = failed
            else:
                return self.async_create_entry(
                    data={**self.config_entry.options, key: terms}
                )
        return self.show_form(key, fields, user_input or shown, error)
