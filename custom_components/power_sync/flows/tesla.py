"""Ask for a way in to Tesla, checked against the live service."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowContext, FlowResult
from homeassistant.helpers.selector import (
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from ..clients.errors import ClientError
from ..const import (
    CONF_ACCESS_TOKEN,
    CONF_BASE_URL,
    CONF_ENERGY_SITE_ID,
    CONF_ENTRY_ID,
    CONF_WAYS,
    SUBENTRY_POWERWALL,
    TESLEMETRY_URL,
    TESSIE_URL,
    WAY_TESLA_FLEET,
)
from ..core.model.powerwall import EnergySite
from ..stored.ways import (
    LoginDomain,
    LoginWay,
    StoredWay,
    TokenService,
    TokenWay,
    ways_to_stored,
)
from ..tesla_ways import WayAddresses, found_logins, open_way
from .errors import form_error
from .form_steps import FormSteps
from .forms import account_answers, account_form, choice_field, token_form
from .service import FormError

UNNAMED = "Powerwall"
"""What a site is called that its owner gave no name."""

LOGIN_STEPS = {
    WAY_TESLA_FLEET: LoginDomain.TESLA_FLEET,
    "teslemetry_entry": LoginDomain.TESLEMETRY,
    "tessie_entry": LoginDomain.TESSIE,
}
"""Which login is asked for in which step."""


class TeslaSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    FormSteps[ContextT, ResultT, HandlerT]
):
    """Choose a way in, then one of the sites it reaches.

    A further way to a Powerwall must reach its site (``wanted_site``), and where a way
    is changed (``changed_way``) its address is what the form shows at first.
    """

    wanted_site: int | None = None
    changed_way: TokenWay | None = None
    _way: StoredWay
    _found: Mapping[str, EnergySite]

    @abstractmethod
    async def way_done(self, way: StoredWay, site: EnergySite) -> ResultT:
        """Go on with a way that has been checked, and the site it is for."""

    def check_new_way(self, way: StoredWay) -> None:
        """Raise FormError for a way that the Powerwall already has."""

    async def async_step_tesla(
        self, _user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask how Tesla is reached; logins that are there already come first."""
        there = {login.way.domain for login in found_logins(self.hass)}
        logins = [step for step, domain in LOGIN_STEPS.items() if domain in there]
        return self.async_show_menu(
            step_id="tesla",
            menu_options=[*logins, *(service.value for service in TokenService)],
        )

    async def async_step_tesla_fleet(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Take a login of the Tesla Fleet integration."""
        return await self._ask_login(WAY_TESLA_FLEET, user_input)

    async def async_step_teslemetry_entry(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Take a login of the Teslemetry integration."""
        return await self._ask_login("teslemetry_entry", user_input)

    async def async_step_tessie_entry(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Take a login of the Tessie integration."""
        return await self._ask_login("tessie_entry", user_input)

    async def async_step_teslemetry(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for a token of Teslemetry."""
        return await self._ask_token(
            TokenService.TESLEMETRY, TESLEMETRY_URL, user_input
        )

    async def async_step_tessie(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for a token of Tessie."""
        return await self._ask_token(TokenService.TESSIE, TESSIE_URL, user_input)

    async def async_step_proxy(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask where a server is that answers as Tesla's does, and for its token."""
        error = None
        if user_input is not None:
            way = TokenWay(
                service=TokenService.PROXY,
                token=user_input[CONF_ACCESS_TOKEN].strip(),
                base_url=user_input[CONF_BASE_URL].strip().rstrip("/"),
            )
            try:
                return await self._open(way)
            except FormError as failed:
                error = failed
        address = self.changed_way.base_url if self.changed_way else None
        return self.show_form(
            TokenService.PROXY.value,
            {
                vol.Required(CONF_BASE_URL): TextSelector(
                    TextSelectorConfig(type=TextSelectorType.URL)
                ),
                **token_form(CONF_ACCESS_TOKEN).schema,
            },
            user_input or ({CONF_BASE_URL: address} if address else {}),
            error,
        )

    async def async_step_powerwall(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask which of the sites."""
        error = None
        if user_input is not None:
            try:
                return await self._take(self._found[user_input[CONF_ENERGY_SITE_ID]])
            except FormError as failed:
                # Token and login were asked for in another form.
                failed.field = "base"
                error = failed
        labels = {key: site.name or UNNAMED for key, site in self._found.items()}
        return self.show_form(
            "powerwall",
            {vol.Required(CONF_ENERGY_SITE_ID): choice_field(labels)},
            user_input or {},
            error,
        )

    async def _ask_login(
        self, step_id: str, user_input: dict[str, Any] | None
    ) -> ResultT:
        """Ask which of the logins of an integration; one alone is taken at once."""
        domain, error = LOGIN_STEPS[step_id], None
        logins = {
            login.way.entry_id: login.title
            for login in found_logins(self.hass)
            if login.way.domain is domain
        }
        if user_input is None and len(logins) == 1:
            user_input = dict.fromkeys([CONF_ENTRY_ID], next(iter(logins)))
        if user_input is not None:
            way = LoginWay(domain=domain, entry_id=user_input[CONF_ENTRY_ID])
            try:
                return await self._open(way)
            except FormError as failed:
                error = failed
        return self.show_form(
            step_id,
            {vol.Required(CONF_ENTRY_ID): choice_field(logins)},
            user_input or {},
            error,
        )

    async def _ask_token(
        self, service: TokenService, base_url: str, user_input: dict[str, Any] | None
    ) -> ResultT:
        """Ask for a token and, folded away, the service's address."""
        error = None
        if user_input is not None:
            token, addresses = account_answers(user_input, CONF_ACCESS_TOKEN)
            way = TokenWay(
                service=service, token=token, base_url=addresses[CONF_BASE_URL]
            )
            try:
                return await self._open(way)
            except FormError as failed:
                error = failed
        if self.changed_way and self.changed_way.base_url:
            base_url = self.changed_way.base_url
        return self.show_form(
            service.value,
            account_form(CONF_ACCESS_TOKEN, {CONF_BASE_URL: base_url}).schema,
            user_input or {},
            error,
        )

    async def _open(self, way: StoredWay) -> ResultT:
        """Go on with a way, at once if there is just one site it can be for."""
        self.check_new_way(way)
        sites = await find_sites(self.hass, way, self.wanted_site)
        self._way = way
        if len(sites) == 1:
            return await self._take(sites[0])
        self._found = {str(site.site_id): site for site in sites}
        return await self.async_step_powerwall()

    async def _take(self, site: EnergySite) -> ResultT:
        """Go on with a site that really answers."""
        await check_site(self.hass, self._way, site.site_id)
        return await self.way_done(self._way, site)


async def find_sites(
    hass: HomeAssistant,
    way: StoredWay,
    wanted: int | None = None,
    addresses: WayAddresses | None = None,
) -> tuple[EnergySite, ...]:
    """Return the sites with a battery that a way reaches, or just the wanted one.

    Raises FormError if the way is refused, nothing answers, or there is none.
    """
    try:
        sites = await open_way(hass, way, addresses).energy_sites()
    except ClientError as error:
        raise _refusal(error, way) from error
    sites = tuple(site for site in sites if site.has_battery)
    if not sites:
        raise FormError("base", "no_powerwall")
    if wanted is not None:
        sites = tuple(site for site in sites if site.site_id == wanted)
    if not sites:
        raise FormError(_field(way), "wrong_account")
    return sites


async def check_site(
    hass: HomeAssistant,
    way: StoredWay,
    site_id: int,
    addresses: WayAddresses | None = None,
) -> None:
    """Raise FormError unless the site answers right now."""
    try:
        await open_way(hass, way, addresses).site(site_id).site_info()
    except ClientError as error:
        raise _refusal(error, way) from error


def powerwall_subentry(site: EnergySite, *ways: StoredWay) -> ConfigSubentryData:
    """Return what is stored for a site and the ways that lead to it."""
    return ConfigSubentryData(
        data={
            CONF_ENERGY_SITE_ID: site.site_id,
            CONF_WAYS: ways_to_stored(ways),
        },
        subentry_type=SUBENTRY_POWERWALL,
        title=site.name or UNNAMED,
        unique_id=f"{SUBENTRY_POWERWALL}_{site.site_id}",
    )


def _field(way: StoredWay) -> str:
    """Return the field in which a way was given."""
    return CONF_ENTRY_ID if isinstance(way, LoginWay) else CONF_ACCESS_TOKEN


def _refusal(error: ClientError, way: StoredWay) -> FormError:
    """Return how a form explains that a way does not work."""
    failed = form_error(error, _field(way))
    if isinstance(way, LoginWay) and failed.key == "invalid_auth":
        return FormError(CONF_ENTRY_ID, "login_refused")
    return failed
