"""The ways in to a Powerwall, as its subentry stores them.

``{"energy_site_id": ..., "ways": [...]}``, the first of the ways being the one that is
used as long as it works. A way has a token of its own (``access_token`` and, where it
is not the service's own, ``base_url``) or borrows the login of another integration's
config entry (``entry_id``).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, assert_never

from ..const import (
    CONF_ACCESS_TOKEN,
    CONF_BASE_URL,
    CONF_ENTRY_ID,
    CONF_WAY,
    CONF_WAYS,
    WAY_PROXY,
    WAY_TESLA_FLEET,
    WAY_TESLEMETRY,
    WAY_TESSIE,
)


class TokenService(StrEnum):
    """Who takes a token of the user's own."""

    TESLEMETRY = WAY_TESLEMETRY
    TESSIE = WAY_TESSIE
    PROXY = WAY_PROXY
    """Any server that answers as Tesla's Fleet API does."""


class LoginDomain(StrEnum):
    """Home Assistant's integrations whose logins reach Tesla, the best first."""

    TESLA_FLEET = WAY_TESLA_FLEET
    TESLEMETRY = WAY_TESLEMETRY
    TESSIE = WAY_TESSIE


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenWay:
    """A way in with a token of its own.

    ``base_url`` is None where the service is at its own address. A proxy has none of
    its own.
    """

    service: TokenService
    token: str = field(repr=False)
    base_url: str | None = None

    @property
    def label(self) -> str:
        """Return what people call it."""
        return _SERVICE_NAMES[self.service]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginWay:
    """A way in with the login of another integration's config entry."""

    domain: LoginDomain
    entry_id: str

    @property
    def label(self) -> str:
        """Return what people call it."""
        return f"{_DOMAIN_NAMES[self.domain]} (Home Assistant)"


type StoredWay = TokenWay | LoginWay

_SERVICE_NAMES = {
    TokenService.TESLEMETRY: "Teslemetry",
    TokenService.TESSIE: "Tessie",
    TokenService.PROXY: "Fleet proxy",
}
_DOMAIN_NAMES = {
    LoginDomain.TESLA_FLEET: "Tesla Fleet",
    LoginDomain.TESLEMETRY: "Teslemetry",
    LoginDomain.TESSIE: "Tessie",
}


class StoredWayError(ValueError):
    """What is stored is no way in; the text names the field, never its value."""


def ways_from_stored(data: Mapping[str, Any]) -> tuple[StoredWay, ...]:
    """Return the ways of a Powerwall's subentry, at least one, in their order.

    Raises StoredWayError, a ValueError, for what was never stored by us.
    """
    ways = data.get(CONF_WAYS)
    if not isinstance(ways, list | tuple) or not ways:
        raise StoredWayError(f"{CONF_WAYS} is not a list with a way in it")
    return tuple(
        _way_from_stored(way, f"{CONF_WAYS}[{number}]")
        for number, way in enumerate(ways)
    )


def ways_to_stored(ways: Iterable[StoredWay]) -> list[dict[str, str]]:
    """Return ways as JSON; ``ways_from_stored`` reads them back."""
    return [_way_to_stored(way) for way in ways]


def names_of(ways: Iterable[StoredWay]) -> tuple[str, ...]:
    """Return what people call each of a Powerwall's ways, no two the same."""
    seen = Counter[str]()
    names = []
    for way in ways:
        seen[way.label] += 1
        number = seen[way.label]
        names.append(way.label if number == 1 else f"{way.label} {number}")
    return tuple(names)


def same_login(one: StoredWay, other: StoredWay) -> bool:
    """Return whether two ways stand and fall together: one of them is enough."""
    match one, other:
        case TokenWay(), TokenWay():
            return (one.service, one.token) == (other.service, other.token)
        case _:
            return one == other


def _way_from_stored(way: object, where: str) -> StoredWay:
    if not isinstance(way, Mapping):
        raise StoredWayError(f"{where} is not an object")
    kind = _text(way, CONF_WAY, where)
    if CONF_ENTRY_ID in way:
        return LoginWay(
            domain=_member(LoginDomain, kind, where),
            entry_id=_text(way, CONF_ENTRY_ID, where),
        )
    service = _member(TokenService, kind, where)
    needs_address = service is TokenService.PROXY or CONF_BASE_URL in way
    return TokenWay(
        service=service,
        token=_text(way, CONF_ACCESS_TOKEN, where),
        base_url=_text(way, CONF_BASE_URL, where) if needs_address else None,
    )


def _way_to_stored(way: StoredWay) -> dict[str, str]:
    match way:
        case LoginWay():
            return {CONF_WAY: way.domain.value, CONF_ENTRY_ID: way.entry_id}
        case TokenWay():
            stored = {CONF_WAY: way.service.value, CONF_ACCESS_TOKEN: way.token}
            if way.base_url is not None:
                stored[CONF_BASE_URL] = way.base_url
            return stored
        case _:
            assert_never(way)


def _member[KindT: StrEnum](kinds: type[KindT], kind: str, where: str) -> KindT:
    try:
        return kinds(kind)
    except ValueError:
        raise StoredWayError(f"{where}.{CONF_WAY} names no way in") from None


def _text(way: Mapping[str, Any], key: str, where: str) -> str:
    value = way.get(key)
    if not isinstance(value, str):
        raise StoredWayError(f"{where}.{key} is not a text")
    return value
