"""Fields about a distributor and its tariffs."""

from collections.abc import Iterable

from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..clients.network_tariff import (
    DISTRIBUTORS,
    Distributor,
    UnknownTariffCodeError,
    normalise_code,
    tariff_codes,
)
from ..core.model.retail import NetworkTariff
from .service import FormError

CONF_CODE = "code"
CONF_NETWORK = "network"
MANUAL = "manual"
"""The choice of no distributor at all."""


def distributors_of(region: str) -> list[Distributor]:
    """Return whose networks homes of a region are connected to."""
    return [item for item in DISTRIBUTORS if item.region == region]


def distributor_name(key: str) -> str:
    """Return what a distributor is called."""
    return next(item.name for item in DISTRIBUTORS if item.key == key)


def network_field(offered: Iterable[Distributor], *, by_hand: bool) -> SelectSelector:
    """Return a choice of distributors, and of rates entered by hand."""
    options = [SelectOptionDict(value=item.key, label=item.name) for item in offered]
    if by_hand:
        options.append(SelectOptionDict(value=MANUAL, label=MANUAL))
    return SelectSelector(
        SelectSelectorConfig(
            options=options,
            translation_key=CONF_NETWORK,
            mode=SelectSelectorMode.LIST,
        )
    )


def code_field(network: str, *, feed_in: bool = False) -> SelectSelector:
    """Return a choice of a network's tariffs, where a code can be typed as well."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=code, label=f"{code} · {name}")
                for code, name in tariff_codes(network, feed_in=feed_in).items()
            ],
            custom_value=True,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def typed_code(network: str, text: str, *, feed_in: bool = False) -> NetworkTariff:
    """Return the tariff that a code on a bill means.

    Raises FormError, naming the nearest codes, if the network has no such tariff.
    """
    try:
        code = normalise_code(network, text, feed_in=feed_in)
    except UnknownTariffCodeError as error:
        raise FormError(
            CONF_CODE,
            "unknown_code",
            network=distributor_name(network),
            nearest=", ".join(error.nearest),
        ) from error
    return NetworkTariff(network=network, code=code)
