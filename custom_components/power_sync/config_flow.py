"""Set up a home: price source, way in to Tesla, site; each checked live."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigFlowContext,
    ConfigFlowResult,
    ConfigSubentry,
    ConfigSubentryData,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import voluptuous as vol

from .const import (
    CONF_BASE_URL,
    CONF_SEED,
    CONF_SIMULATED,
    CONF_SUBENTRY_ID,
    DOMAIN,
    SUBENTRY_POWERWALL,
    SUBENTRY_PRICE_SOURCE,
    SUBENTRY_TARIFF_PLAN,
)
from .flows.amber import AMBER
from .flows.duplicates import used_elsewhere
from .flows.options import PowerSyncOptionsFlow
from .flows.price_sources import PRICE_SOURCES, PriceSourceSteps
from .flows.service import FormError, Service
from .flows.simulated import simulated_subentries
from .flows.subentries import PowerwallFlow, PriceSourceFlow
from .flows.tariff_plan import TariffPlanFlow
from .flows.tesla import TESLEMETRY

SERVICES: Mapping[str, Service[Any]] = {
    SUBENTRY_PRICE_SOURCE: AMBER,
    SUBENTRY_POWERWALL: TESLEMETRY,
}


class PowerSyncConfigFlow(
    PriceSourceSteps[ConfigFlowContext, ConfigFlowResult, str],
    ConfigFlow,
    domain=DOMAIN,
):
    """The wizard that creates a home with its first price source and Powerwall."""

    VERSION = 1
    MINOR_VERSION = 1

    _price_source: tuple[ConfigSubentryData, ...]
    """The source, and the plans that it came with."""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the flow for the standing choices."""
        return PowerSyncOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can be added to a home."""
        return {
            SUBENTRY_PRICE_SOURCE: PriceSourceFlow,
            SUBENTRY_POWERWALL: PowerwallFlow,
            SUBENTRY_TARIFF_PLAN: TariffPlanFlow,
        }

    @property
    @override
    def stored_source(self) -> Mapping[str, Any]:
        """Return nothing: the home is new."""
        return {}

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where the prices come from."""
        return self.async_show_menu(
            step_id="user", menu_options=[*PRICE_SOURCES, CONF_SIMULATED]
        )

    async def async_step_tesla(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the Teslemetry account."""
        return await self.ask_account(TESLEMETRY, user_input)

    async def async_step_powerwall(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which energy site."""
        return await self.ask_site(TESLEMETRY, user_input)

    @override
    async def service_done(
        self, service: Service[Any], subentry: ConfigSubentryData
    ) -> ConfigFlowResult:
        """Go on from the price source to Tesla, and from there to the entry."""
        if service is AMBER:
            return await self.price_source_done(subentry)
        if used_elsewhere(self.hass, subentry):
            return self.async_abort(reason="already_configured")
        await self.async_set_unique_id(subentry["unique_id"])
        self._abort_if_unique_id_configured(reload_on_update=False)
        return self.async_create_entry(
            title=subentry["title"],
            data={},
            subentries=[*self._price_source, subentry],
        )

    @override
    async def price_source_done(
        self, source: ConfigSubentryData, *plans: ConfigSubentryData
    ) -> ConfigFlowResult:
        """Go on to Tesla."""
        if used_elsewhere(self.hass, source):
            return self.async_abort(reason="already_configured")
        self._price_source = (source, *plans)
        return await self.async_step_tesla()

    async def async_step_simulated(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Set up a home that exists only inside Home Assistant."""
        if user_input is not None:
            seed = int(user_input[CONF_SEED])
            await self.async_set_unique_id(f"{CONF_SIMULATED}_{seed}")
            self._abort_if_unique_id_configured(reload_on_update=False)
            return self.async_create_entry(
                title="Simulated home",
                data={CONF_SIMULATED: True, CONF_SEED: seed},
                subentries=await simulated_subentries(self.hass, seed),
            )
        return self.async_show_form(
            step_id="simulated",
            data_schema=vol.Schema(
                {
                    vol.Required(CONF_SEED, default=1): NumberSelector(
                        NumberSelectorConfig(
                            min=0, max=9999, step=1, mode=NumberSelectorMode.BOX
                        )
                    )
                }
            ),
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Ask for the token that is refused."""
        self._reauth_subentry_id: str = entry_data[CONF_SUBENTRY_ID]
        service, _ = self._reauth_service()
        return self.show_token_form(service, service.reauth_step, {})

    async def async_step_reauth_amber(
        self, user_input: dict[str, Any]
    ) -> ConfigFlowResult:
        """Take a new Amber token."""
        return await self._take_token(user_input)

    async def async_step_reauth_tesla(
        self, user_input: dict[str, Any]
    ) -> ConfigFlowResult:
        """Take a new Teslemetry token."""
        return await self._take_token(user_input)

    async def _take_token(self, user_input: dict[str, Any]) -> ConfigFlowResult:
        """Store a new token if it opens the same site, and start afresh with it."""
        entry = self._get_reauth_entry()
        service, subentry = self._reauth_service()
        try:
            data = await self.new_token(
                service,
                subentry.data,
                user_input,
                subentry.data.get(CONF_BASE_URL, service.addresses[CONF_BASE_URL]),
            )
        except FormError as error:
            return self.show_token_form(
                service, service.reauth_step, {error.field: error.key}
            )
        if not self.hass.config_entries.async_update_subentry(
            entry, subentry, data=data
        ):
            # The very same token: nothing changed that would reload the entry.
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        # Home Assistant has the text that says it is done.
        return self.async_update_and_abort(entry)

    def _reauth_service(self) -> tuple[Service[Any], ConfigSubentry]:
        """Return which service wants a new token, and where the old one is."""
        subentry = self._get_reauth_entry().subentries[self._reauth_subentry_id]
        return SERVICES[subentry.subentry_type], subentry
