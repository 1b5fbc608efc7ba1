"""The steps that set up a service, shared by first set-up and later changes."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.data_entry_flow import FlowContext, FlowHandler, FlowResult

from ..const import CONF_BASE_URL
from .forms import account_answers, account_form, choice_form, token_form
from .service import FormError, Service


class ServiceSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    FlowHandler[ContextT, ResultT, HandlerT]
):
    """Ask for an account, then for one of its sites, each checked live."""

    _token: str
    _addresses: Mapping[str, str]
    _sites: Mapping[str, Any]

    @abstractmethod
    async def service_done(
        self, service: Service[Any], subentry: ConfigSubentryData
    ) -> ResultT:
        """Go on after the site is known and checked."""

    async def ask_account(
        self, service: Service[Any], user_input: dict[str, Any] | None
    ) -> ResultT:
        """Ask for the account; go on at once if it has just one site."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._token, self._addresses = account_answers(
                user_input, service.token_field
            )
            try:
                sites = await service.find_sites(
                    self.hass, self._token, self._addresses[CONF_BASE_URL]
                )
                self._sites = {service.site_key(site): site for site in sites}
                if len(sites) == 1:
                    return await self._checked(service, sites[0])
            except FormError as error:
                errors[error.field] = error.key
            else:
                return await self.ask_site(service, None)
        return self.async_show_form(
            step_id=service.account_step,
            data_schema=self.add_suggested_values_to_schema(
                account_form(service.token_field, service.addresses), user_input or {}
            ),
            errors=errors,
        )

    async def ask_site(
        self, service: Service[Any], user_input: dict[str, Any] | None
    ) -> ResultT:
        """Ask which of the account's sites."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                return await self._checked(
                    service, self._sites[user_input[service.site_field]]
                )
            except FormError as error:
                errors["base"] = error.key
        return self.async_show_form(
            step_id=service.site_step,
            data_schema=choice_form(
                service.site_field,
                {key: service.site_label(site) for key, site in self._sites.items()},
            ),
            errors=errors,
        )

    async def new_token(
        self,
        service: Service[Any],
        stored: Mapping[str, Any],
        user_input: Mapping[str, Any],
        base_url: str,
    ) -> dict[str, Any]:
        """Return a subentry's data with a token that opens the same site.

        Raises FormError if it does not.
        """
        token = user_input[service.token_field].strip()
        sites = await service.find_sites(self.hass, token, base_url)
        wanted = str(stored[service.site_field])
        for site in sites:
            if service.site_key(site) == wanted:
                await service.check_site(self.hass, token, base_url, site)
                return {**stored, service.token_field: token}
        raise FormError(service.token_field, "wrong_account")

    def show_token_form(
        self, service: Service[Any], step_id: str, errors: dict[str, str]
    ) -> ResultT:
        """Ask for a new token."""
        return self.async_show_form(
            step_id=step_id,
            data_schema=token_form(service.token_field),
            errors=errors,
        )

    async def _checked(self, service: Service[Any], site: Any) -> ResultT:
        """Go on with a site that really answers."""
        await service.check_site(
            self.hass, self._token, self._addresses[CONF_BASE_URL], site
        )
        return await self.service_done(
            service, service.subentry(self._token, self._addresses, site)
        )
