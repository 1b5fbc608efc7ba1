"""Reach a Powerwall by the ways that its subentry stores.

A way with a token of its own asks the service itself. A way that borrows the login of
another integration (Tesla Fleet, Teslemetry, Tessie) stores no more of it than which
config entry it is, and looks it up at every use: entries are reloaded, ask for a new
login and disappear while PowerSync runs. The tokens of Fleet and Teslemetry are renewed
by their own integration alone, through the objects of a loaded entry: a second one that
renews them logs the user out. Tessie's token lies in its entry and never changes by
itself.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .clients.errors import AuthError, UnavailableError
from .clients.protocols import PowerwallClient
from .clients.tesla.failover import Way
from .clients.tesla.proxy import ProxyAccount
from .clients.tesla.site import SiteApi, TeslaSite
from .clients.tesla.teslemetry import TeslemetryAccount
from .clients.tesla.tessie import TessieAccount
from .const import (
    CONF_ACCESS_TOKEN,
    CONF_ENERGY_SITE_ID,
    DOMAIN,
    TESLEMETRY_URL,
    TESSIE_URL,
)
from .core.model.powerwall import EnergySite
from .stored.ways import (
    LoginDomain,
    LoginWay,
    StoredWay,
    TokenService,
    TokenWay,
    names_of,
    ways_from_stored,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WayAddresses:
    """Where the services are for ways that have no address of their own."""

    teslemetry: str = TESLEMETRY_URL
    tessie: str = TESSIE_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLogin:
    """A login of another integration that can be borrowed right now."""

    way: LoginWay
    title: str
    site_ids: tuple[int, ...]


class WayIn(Protocol):
    """What one way in reaches. Every method raises one of ``clients.errors``."""

    async def energy_sites(self) -> tuple[EnergySite, ...]:
        """Return the energy sites."""
        ...

    def site(self, site_id: int) -> PowerwallClient:
        """Return one of them; nothing is asked yet, so it need not exist."""
        ...


def build_ways(
    hass: HomeAssistant,
    data: Mapping[str, Any],
    addresses: WayAddresses | None = None,
) -> list[Way]:
    """Return the ways of a Powerwall's subentry, in their order; nothing is asked yet.

    Raises StoredWayError for data that were never stored by us.
    """
    ways, site_id = ways_from_stored(data), data[CONF_ENERGY_SITE_ID]
    return [
        Way(name, open_way(hass, way, addresses).site(site_id))
        for name, way in zip(names_of(ways), ways, strict=True)
    ]


def open_way(
    hass: HomeAssistant, way: StoredWay, addresses: WayAddresses | None = None
) -> WayIn:
    """Return what a way in reaches; nothing is asked yet."""
    addresses = addresses or WayAddresses()
    if isinstance(way, TokenWay):
        return _own_account(hass, way, addresses)
    if way.domain is LoginDomain.TESSIE:
        return TessieAccount(
            async_get_clientsession(hass),
            lambda: _tessie_token(hass, way),
            addresses.tessie,
        )
    return BorrowedLogin(hass, way)


@callback
def found_logins(hass: HomeAssistant) -> tuple[FoundLogin, ...]:
    """Return the logins that are loaded and reach an energy site, the best first."""
    logins = []
    for domain in LoginDomain:
        for entry in hass.config_entries.async_loaded_entries(domain):
            if site_ids := tuple(_energy_sites(entry)):
                way = LoginWay(domain=domain, entry_id=entry.entry_id)
                logins.append(FoundLogin(way=way, title=entry.title, site_ids=site_ids))
    return tuple(logins)


class BorrowedLogin:
    """What the loaded entry of another integration reaches, as ``WayIn``."""

    def __init__(self, hass: HomeAssistant, way: LoginWay) -> None:
        """Keep whose login it is."""
        self._hass = hass
        self._way = way

    async def energy_sites(self) -> tuple[EnergySite, ...]:
        """Return the energy sites that the integration has taken in.

        Raises one of ``clients.errors``.
        """
        sites = []
        for site_id in _energy_sites(self._loaded_entry()):
            info = await self.site(site_id).site_info()
            sites.append(
                EnergySite(
                    site_id=site_id,
                    name=info.name,
                    has_battery=info.has_battery,
                    has_solar=info.has_solar,
                )
            )
        return tuple(sites)

    def site(self, site_id: int) -> TeslaSite:
        """Return one site, looked up at each request."""
        return TeslaSite(lambda: self._site_api(site_id), guard=_in_our_words)

    def _site_api(self, site_id: int) -> SiteApi:
        """Return the integration's own object for a site."""
        sites = _energy_sites(self._loaded_entry())
        if site_id not in sites:
            raise UnavailableError(f"{self._way.label} has no such energy site")
        return sites[site_id]

    def _loaded_entry(self) -> ConfigEntry[Any]:
        entry = _entry(self._hass, self._way)
        if entry.state is not ConfigEntryState.LOADED:
            raise UnavailableError(f"{self._way.label} is not loaded")
        return entry


@callback
def watch_logins(
    hass: HomeAssistant, subentry_id: str, title: str, data: Mapping[str, Any]
) -> Callable[[], None]:
    """Show a repair while a login is gone that a Powerwall's ways borrow.

    ``title`` is what the home is called. Returns what ends it and takes it back.
    """
    ways = [way for way in ways_from_stored(data) if isinstance(way, LoginWay)]
    issue_id = f"login_gone_{subentry_id}"

    @callback
    def look() -> None:
        gone = [
            way.label
            for way in ways
            if hass.config_entries.async_get_entry(way.entry_id) is None
        ]
        if not gone:
            ir.async_delete_issue(hass, DOMAIN, issue_id)
            return
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="login_gone",
            translation_placeholders={"home": title, "login": ", ".join(gone)},
        )

    @callback
    def entry_changed(change: ConfigEntryChange, _: ConfigEntry[Any]) -> None:
        if change is not ConfigEntryChange.UPDATED:
            look()

    unsubscribe = async_dispatcher_connect(
        hass, SIGNAL_CONFIG_ENTRY_CHANGED, entry_changed
    )
    look()

    @callback
    def end() -> None:
        unsubscribe()
        ir.async_delete_issue(hass, DOMAIN, issue_id)

    return end


def _own_account(hass: HomeAssistant, way: TokenWay, addresses: WayAddresses) -> WayIn:
    session = async_get_clientsession(hass)
    match way.service:
        case TokenService.TESLEMETRY:
            url = way.base_url or addresses.teslemetry
            return TeslemetryAccount(session, way.token, url)
        case TokenService.TESSIE:
            url = way.base_url or addresses.tessie
            return TessieAccount(session, way.token, url)
        case TokenService.PROXY:
            return ProxyAccount(session, way.token, way.base_url or "")
        case other:
            assert_never(other)


def _entry(hass: HomeAssistant, way: LoginWay) -> ConfigEntry[Any]:
    """Return the entry that a login lies in; raises UnavailableError if it is gone."""
    entry = hass.config_entries.async_get_entry(way.entry_id)
    if entry is None:
        raise UnavailableError(f"{way.label} was removed from Home Assistant")
    return entry


def _tessie_token(hass: HomeAssistant, way: LoginWay) -> str:
    """Return the token that holds now; raises a ``ClientError`` without one."""
    token = _entry(hass, way).data.get(CONF_ACCESS_TOKEN)
    if not isinstance(token, str):
        raise UnavailableError(f"{way.label} has no token")
    return token


def _energy_sites(entry: ConfigEntry[Any]) -> dict[int, SiteApi]:
    """Return the library's energy sites of a loaded entry by their id.

    There are none where the integration keeps them in another way than it did in
    2026.11: what it promises to others are entities, not objects.
    """
    sites = getattr(entry.runtime_data, "energysites", ())
    found = ((getattr(site, "id", None), getattr(site, "api", None)) for site in sites)
    return {
        site_id: api
        for site_id, api in found
        if isinstance(site_id, int) and api is not None
    }


async def _in_our_words(request: Awaitable[object]) -> object:
    """Await a request; say what the renewal of a login that is not ours ran into.

    Home Assistant would take its own errors as a sign that PowerSync needs a login.
    """
    try:
        return await request
    except ConfigEntryAuthFailed:
        raise AuthError("Home Assistant's login is not accepted any more") from None
    except HomeAssistantError:
        raise UnavailableError("Home Assistant's login cannot be renewed now") from None
