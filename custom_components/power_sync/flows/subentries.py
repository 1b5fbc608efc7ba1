"""Add or change a price source or a Powerwall of a home that is already set up."""

from typing import Any, override

from homeassistant.config_entries import (
    ConfigSubentryData,
    ConfigSubentryFlow,
    SubentryFlowContext,
    SubentryFlowResult,
)

from ..const import CONF_BASE_URL, CONF_SIMULATED
from .amber import AMBER
from .duplicates import used_elsewhere
from .forms import account_answers, account_form
from .service import FormError, Service
from .steps import ServiceSteps
from .tesla import TESLEMETRY


class ServiceSubentryFlow(
    ServiceSteps[SubentryFlowContext, SubentryFlowResult, tuple[str, str]],
    ConfigSubentryFlow,
):
    """What both kinds of subentry do the same way."""

    service: Service[Any]

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Start adding one; a home has at most one of each kind."""
        entry = self._get_entry()
        if entry.data.get(CONF_SIMULATED):
            return self.async_abort(reason="simulated")
        if any(entry.get_subentries_of_type(self._subentry_type)):
            return self.async_abort(reason="one_per_home")
        return await self.ask_account(self.service, user_input)

    @override
    async def service_done(
        self, service: Service[Any], subentry: ConfigSubentryData
    ) -> SubentryFlowResult:
        """Store the new subentry; the entry reloads by itself."""
        if used_elsewhere(self.hass, subentry):
            return self.async_abort(reason="already_configured")
        return self.async_create_entry(
            title=subentry["title"],
            data=subentry["data"],
            unique_id=subentry["unique_id"],
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change token or address; the site stays the same."""
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        if entry.data.get(CONF_SIMULATED):
            return self.async_abort(reason="simulated")
        errors: dict[str, str] = {}
        if user_input is not None:
            token, url = account_answers(user_input, self.service.token_field)
            try:
                data = await self.new_token(
                    self.service, subentry.data, {self.service.token_field: token}, url
                )
            except FormError as error:
                errors[error.field] = error.key
            else:
                return self.async_update_and_abort(
                    entry, subentry, data={**data, CONF_BASE_URL: url}
                )
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                account_form(self.service.token_field, subentry.data[CONF_BASE_URL]),
                user_input or {},
            ),
            errors=errors,
        )


class PriceSourceFlow(ServiceSubentryFlow):
    """A price source; for now that is Amber."""

    service = AMBER

    async def async_step_amber(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the account."""
        return await self.ask_account(AMBER, user_input)

    async def async_step_amber_site(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask which site."""
        return await self.ask_site(AMBER, user_input)


class PowerwallFlow(ServiceSubentryFlow):
    """A Powerwall; for now through Teslemetry."""

    service = TESLEMETRY

    async def async_step_tesla(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the account."""
        return await self.ask_account(TESLEMETRY, user_input)

    async def async_step_powerwall(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask which site."""
        return await self.ask_site(TESLEMETRY, user_input)
