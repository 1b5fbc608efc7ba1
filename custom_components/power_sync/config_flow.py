"""Set up a home: price source, way in to Tesla, site; each checked live."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
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
    CONF_ACCESS_TOKEN,
    CONF_BASE_URL,
    CONF_ENERGY_SITE_ID,
    CONF_SEED,
    CONF_SIMULATED,
    CONF_SUBENTRY_ID,
    CONF_WAY,
    CONF_WAYS,
    DOMAIN,
    SUBENTRY_POWERWALL,
    SUBENTRY_PRICE_SOURCE,
    SUBENTRY_TARIFF_PLAN,
)
from .core.model.powerwall import EnergySite
from .flows.amber import AMBER
from .flows.duplicates import used_elsewhere
from .flows.forms import token_form
from .flows.options import PowerSyncOptionsFlow
from .flows.price_sources import PRICE_SOURCES, PriceSourceSteps
from .flows.service import FormError, Service
from .flows.simulated import simulated_subentries
from .flows.subentries import PowerwallFlow, PriceSourceFlow
from .flows.tariff_plan import TariffPlanFlow
from .flows.tesla import TeslaSteps, check_site, find_sites, powerwall_subentry
from .stored.ways import (
    StoredWay,
    TokenWay,
    names_of,
    ways_from_stored,
    ways_to_stored,
)


class PowerSyncConfigFlow(
    PriceSourceSteps[ConfigFlowContext, ConfigFlowResult, str],
    TeslaSteps[ConfigFlowContext, ConfigFlowResult, str],
    ConfigFlow,
    domain=DOMAIN,
):
    """The wizard that creates a home with its first price source and Powerwall."""

    VERSION = 1
    MINOR_VERSION = 2

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

    @override
    async def service_done(
        self, service: Service[Any], subentry: ConfigSubentryData
    ) -> ConfigFlowResult:
        """Go on from Amber to Tesla."""
        return await self.price_source_done(subentry)

    @override
    async def way_done(self, way: StoredWay, site: EnergySite) -> ConfigFlowResult:
        """Create the home."""
        subentry = powerwall_subentry(site, way)
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
        """Ask for the token that is refused.

        ``entry_data`` says whose it is (``subentry_id``) and, of a Powerwall, the name
        of the way (``way``); without that it is one that is known to be refused, else
        the first that has a token of its own.
        """
        self._reauth_subentry_id: str = entry_data[CONF_SUBENTRY_ID]
        if self._reauth_subentry().subentry_type == SUBENTRY_PRICE_SOURCE:
            return await self.async_step_reauth_amber()
        own = self._own_tokens()
        names = [entry_data[CONF_WAY]] if CONF_WAY in entry_data else self._suspects()
        refused = next((own[name] for name in names if name in own), None)
        if refused is None:
            # Its own integration asks for a new login.
            return self.async_abort(reason="login_elsewhere")
        self._refused: TokenWay = refused
        return await self.async_step_reauth_tesla()

    async def async_step_reauth_amber(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take a new Amber token."""
        if user_input is None:
            return self.show_token_form(AMBER, AMBER.reauth_step, {})
        subentry = self._reauth_subentry()
        try:
            data = await self.new_token(
                AMBER,
                subentry.data,
                user_input,
                subentry.data.get(CONF_BASE_URL, AMBER.addresses[CONF_BASE_URL]),
            )
        except FormError as error:
            return self.show_token_form(
                AMBER, AMBER.reauth_step, {error.field: error.key}
            )
        return self._start_afresh(subentry, data)

    async def async_step_reauth_tesla(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take a new token for a way in to Tesla."""
        if user_input is None:
            return self._show_reauth_tesla()
        subentry = self._reauth_subentry()
        way = replace(self._refused, token=user_input[CONF_ACCESS_TOKEN].strip())
        site_id = subentry.data[CONF_ENERGY_SITE_ID]
        try:
            await find_sites(self.hass, way, site_id)
            await check_site(self.hass, way, site_id)
        except FormError as error:
            return self._show_reauth_tesla(error)
        ways = [
            way if known == self._refused else known
            for known in ways_from_stored(subentry.data)
        ]
        return self._start_afresh(
            subentry, {**subentry.data, CONF_WAYS: ways_to_stored(ways)}
        )

    def _show_reauth_tesla(self, error: FormError | None = None) -> ConfigFlowResult:
        """Ask for a new token of the way that is refused."""
        return self.show_form(
            "reauth_tesla",
            token_form(CONF_ACCESS_TOKEN).schema,
            {},
            error,
            service=self._refused.label,
        )

    def _start_afresh(
        self, subentry: ConfigSubentry, data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Store a new token, and reload the home with it."""
        entry = self._get_reauth_entry()
        if not self.hass.config_entries.async_update_subentry(
            entry, subentry, data=data
        ):
            # The very same token: nothing changed that would reload the entry.
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        # Home Assistant has the text that says it is done.
        return self.async_update_and_abort(entry)

    def _reauth_subentry(self) -> ConfigSubentry:
        """Return where the old token is."""
        return self._get_reauth_entry().subentries[self._reauth_subentry_id]

    def _own_tokens(self) -> dict[str, TokenWay]:
        """Return the ways by name that have a token of their own."""
        ways = ways_from_stored(self._reauth_subentry().data)
        named = zip(names_of(ways), ways, strict=True)
        return {name: way for name, way in named if isinstance(way, TokenWay)}

    def _suspects(self) -> list[str]:
        """Return the names of the ways whose token it may be, likeliest first."""
        entry, own = self._get_reauth_entry(), self._own_tokens()
        if entry.state is not ConfigEntryState.LOADED:
            return list(own)
        refused = entry.runtime_data.powerwall.client.refused
        return sorted(own, key=lambda name: name not in refused)
