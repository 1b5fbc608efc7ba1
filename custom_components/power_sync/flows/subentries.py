"""Add or change a price source or a Powerwall of a home that is already set up."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentry,
    ConfigSubentryData,
    ConfigSubentryFlow,
    SubentryFlowContext,
    SubentryFlowResult,
)

from ..const import (
    CONF_BASE_URL,
    CONF_ENERGY_SITE_ID,
    CONF_PROVIDER,
    CONF_SIMULATED,
    CONF_WAYS,
    PROVIDER_AMBER,
    SUBENTRY_TARIFF_PLAN,
)
from ..core.model.powerwall import EnergySite
from ..core.model.tariff_plan import TariffPlan
from ..stored.ways import StoredWay, ways_from_stored, ways_to_stored
from .amber import AMBER
from .duplicates import used_elsewhere
from .forms import account_answers, account_form
from .price_sources import PRICE_SOURCES, PriceSourceSteps
from .service import FormError, Service
from .tariff_plan import powerwall_plan
from .tesla import powerwall_subentry
from .ways import WaySteps

type FirstStep = Callable[[], Awaitable[SubentryFlowResult]]


class HomePartFlow(ConfigSubentryFlow):
    """What holds for both parts of which a home has one."""

    def refusal(self) -> SubentryFlowResult | None:
        """Say why another one cannot be added; a home has at most one of each kind."""
        entry = self._get_entry()
        if entry.data.get(CONF_SIMULATED):
            return self.async_abort(reason="simulated")
        if any(entry.get_subentries_of_type(self._subentry_type)):
            return self.async_abort(reason="one_per_home")
        return None

    def refusal_to_change(self) -> SubentryFlowResult | None:
        """Say why one cannot be changed."""
        if self._get_entry().data.get(CONF_SIMULATED):
            return self.async_abort(reason="simulated")
        return None

    def store(self, subentry: ConfigSubentryData) -> SubentryFlowResult:
        """Store the new subentry; the entry reloads by itself."""
        if used_elsewhere(self.hass, subentry):
            return self.async_abort(reason="already_configured")
        return self.async_create_entry(
            title=subentry["title"],
            data=subentry["data"],
            unique_id=subentry["unique_id"],
        )


class PriceSourceFlow(
    PriceSourceSteps[SubentryFlowContext, SubentryFlowResult, tuple[str, str]],
    HomePartFlow,
):
    """A price source of any kind."""

    async def async_step_user(
        self, _user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask where the prices come from."""
        return self.refusal() or self.async_show_menu(
            step_id="user", menu_options=list(PRICE_SOURCES)
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a source; what kind it is stays as it is."""
        if (refusal := self.refusal_to_change()) is not None:
            return refusal
        provider = self.stored_source[CONF_PROVIDER]
        if provider == PROVIDER_AMBER:
            return await self._change_account(user_input)
        # The first step of each kind has its name.
        first_step: FirstStep = getattr(self, f"async_step_{provider}")
        return await first_step()

    async def _change_account(
        self, user_input: dict[str, Any] | None
    ) -> SubentryFlowResult:
        """Change Amber's token or addresses; the site stays the same."""
        stored, errors = self.stored_source, dict[str, str]()
        if user_input is not None:
            token, addresses = account_answers(user_input, AMBER.token_field)
            try:
                data = await self.new_token(
                    AMBER, stored, {AMBER.token_field: token}, addresses[CONF_BASE_URL]
                )
            except FormError as error:
                errors[error.field] = error.key
            else:
                return self.async_update_and_abort(
                    self._get_entry(),
                    self._get_reconfigure_subentry(),
                    data={**data, **addresses},
                )
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                account_form(
                    AMBER.token_field,
                    {
                        field: stored.get(field, default)
                        for field, default in AMBER.addresses.items()
                    },
                ),
                user_input or {},
            ),
            errors=errors,
        )

    @property
    @override
    def stored_source(self) -> Mapping[str, Any]:
        """Return the data that is being changed, empty for a new source."""
        if self.source != SOURCE_RECONFIGURE:
            return {}
        return self._get_reconfigure_subentry().data

    @property
    @override
    def home_plans(self) -> Mapping[str, str]:
        """Return the names of the home's plans by their unique id."""
        return {
            plan.unique_id: plan.title
            for plan in self._get_entry().get_subentries_of_type(SUBENTRY_TARIFF_PLAN)
            if plan.unique_id is not None
        }

    @override
    def powerwall_plan(self) -> TariffPlan | None:
        """Return the tariff of the home's Powerwall, if it has one that fits."""
        return powerwall_plan(self._get_entry())

    @override
    async def service_done(
        self, service: Service[Any], subentry: ConfigSubentryData
    ) -> SubentryFlowResult:
        """Store an Amber site."""
        return await self.price_source_done(subentry)

    @override
    async def price_source_done(
        self, source: ConfigSubentryData, *plans: ConfigSubentryData
    ) -> SubentryFlowResult:
        """Store a source and the plans it came with; the entry reloads by itself."""
        entry = self._get_entry()
        for plan in plans:
            self.hass.config_entries.async_add_subentry(
                entry,
                ConfigSubentry(
                    data=MappingProxyType(dict(plan["data"])),
                    subentry_type=plan["subentry_type"],
                    title=plan["title"],
                    unique_id=plan["unique_id"],
                ),
            )
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_and_abort(
                entry, self._get_reconfigure_subentry(), data=source["data"]
            )
        return self.store(source)


class PowerwallFlow(
    WaySteps[SubentryFlowContext, SubentryFlowResult, tuple[str, str]],
    HomePartFlow,
):
    """A Powerwall and the ways in to it."""

    async def async_step_user(
        self, _user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the first way in."""
        return self.refusal() or await self.async_step_tesla()

    async def async_step_reconfigure(
        self, _user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask what to do with the ways; the site stays the same."""
        if (refusal := self.refusal_to_change()) is not None:
            return refusal
        stored = self._get_reconfigure_subentry()
        self.wanted_site = stored.data[CONF_ENERGY_SITE_ID]
        return self.show_way_menu("reconfigure")

    @property
    @override
    def known_ways(self) -> Sequence[StoredWay]:
        if self.source != SOURCE_RECONFIGURE:
            return ()
        return ways_from_stored(self._get_reconfigure_subentry().data)

    @override
    async def way_done(self, way: StoredWay, site: EnergySite) -> SubentryFlowResult:
        """Store a new Powerwall, or a way to one."""
        if self.source != SOURCE_RECONFIGURE:
            return self.store(powerwall_subentry(site, way))
        return await super().way_done(way, site)

    @override
    async def ways_done(self, ways: Sequence[StoredWay]) -> SubentryFlowResult:
        """Store the ways; the entry reloads by itself."""
        stored = self._get_reconfigure_subentry()
        return self.async_update_and_abort(
            self._get_entry(),
            stored,
            data={**stored.data, CONF_WAYS: ways_to_stored(ways)},
        )
