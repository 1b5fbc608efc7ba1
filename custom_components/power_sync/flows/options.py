"""The standing choices of a home."""

from typing import Any
from zoneinfo import available_timezones

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from ..const import CONF_DRY_RUN, CONF_FALLBACK, CONF_FORECAST, CONF_TIME_ZONE
from ..core.engine import Fallback
from ..core.model.prices import ForecastChoice
from ..preferences import Preferences


class PowerSyncOptionsFlow(OptionsFlow):
    """Change how a home is run."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show all choices at once; the entry reloads by itself."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        zones = await self.hass.async_add_executor_job(available_timezones)
        chosen = Preferences.from_options(self.config_entry.options)
        schema = vol.Schema(
            {
                vol.Required(CONF_FORECAST, default=chosen.forecast.value): _choice(
                    CONF_FORECAST, [choice.value for choice in ForecastChoice]
                ),
                vol.Required(CONF_FALLBACK, default=chosen.fallback.value): _choice(
                    CONF_FALLBACK, [choice.value for choice in Fallback]
                ),
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
        return self.async_show_form(step_id="init", data_schema=schema)


def _choice(key: str, options: list[str]) -> SelectSelector:
    """Return a translated list of choices."""
    return SelectSelector(
        SelectSelectorConfig(
            options=options, translation_key=key, mode=SelectSelectorMode.DROPDOWN
        )
    )
