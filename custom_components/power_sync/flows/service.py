"""What a service must offer so that the flow can set it up."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant


class FormError(Exception):
    """An answer that cannot be used: which field it is and which text explains it."""

    def __init__(self, field: str, key: str, **placeholders: str) -> None:
        """Point at ``field`` (or ``base``) with the error text ``key``.

        ``placeholders`` are what the text names.
        """
        super().__init__(key)
        self.field = field
        self.key = key
        self.placeholders = placeholders


@dataclass(frozen=True, slots=True, kw_only=True)
class Service[SiteT]:
    """A kind of account with sites, of which a home uses one.

    ``find_sites`` and ``check_site`` ask the live service with a token and an
    address and raise FormError; ``addresses`` are the service's own by the field in
    which another can be entered, and ``subentry`` gives what is stored, without any
    address for a service that runs inside Home Assistant.
    """

    account_step: str
    site_step: str
    reauth_step: str
    token_field: str
    site_field: str
    addresses: Mapping[str, str]
    find_sites: Callable[[HomeAssistant, str, str], Awaitable[tuple[SiteT, ...]]]
    check_site: Callable[[HomeAssistant, str, str, SiteT], Awaitable[None]]
    subentry: Callable[[str, Mapping[str, str], SiteT], ConfigSubentryData]
    site_key: Callable[[SiteT], str]
    site_label: Callable[[SiteT], str]
