"""What the steps of every kind of price source have in common."""

from abc import abstractmethod
from collections.abc import Mapping
import secrets
from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowContext, FlowResult
from homeassistant.util import dt as dt_util

from ..clients.errors import ClientError
from ..const import CONF_PROVIDER, SUBENTRY_PRICE_SOURCE
from ..sources import Surroundings, build_source
from .errors import form_error
from .form_steps import FormSteps


class SourceSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    FormSteps[ContextT, ResultT, HandlerT]
):
    """Collect what a price source needs; first set-up and later changes share it.

    A kind of source mixes its steps in below this class and ends with
    ``price_source_done``.
    """

    @property
    @abstractmethod
    def stored_source(self) -> Mapping[str, Any]:
        """Return the data that is being changed, empty for a new source."""

    @abstractmethod
    async def price_source_done(
        self, source: ConfigSubentryData, *plans: ConfigSubentryData
    ) -> ResultT:
        """Go on with a source that has been checked, and the plans it came with."""


async def ask_prices(hass: HomeAssistant, data: Mapping[str, Any]) -> None:
    """Ask a source for its prices once, as its home will do.

    Raises FormError for a service that does not answer as it should, and the
    ClientError itself if only its own steps can explain it.
    """
    surroundings = Surroundings(zone=dt_util.get_default_time_zone())
    source = await build_source(hass, data, surroundings)
    await source.prices.fetch_prices(dt_util.utcnow())


async def check_prices(hass: HomeAssistant, data: Mapping[str, Any]) -> None:
    """Raise FormError unless a source has prices right now."""
    try:
        await ask_prices(hass, data)
    except ClientError as error:
        raise form_error(error, "base") from error


def source_subentry(data: Mapping[str, Any], title: str) -> ConfigSubentryData:
    """Return a price source that has no identity of its own.

    Two homes may have the same market, sensor or plan, so nothing in the data tells
    them apart.
    """
    return ConfigSubentryData(
        data=dict(data),
        subentry_type=SUBENTRY_PRICE_SOURCE,
        title=title,
        unique_id=(
            f"{SUBENTRY_PRICE_SOURCE}_{data[CONF_PROVIDER]}_{secrets.token_hex(8)}"
        ),
    )
