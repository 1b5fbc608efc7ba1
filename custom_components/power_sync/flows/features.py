"""Ask how features are set; whether they are on is said by their switches."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from homeassistant.helpers.selector import NumberSelector, TimeSelector
import voluptuous as vol

from ..const import CONF_REGION
from ..core.export_boost import BoostTerms
from ..core.model.spikes import SpikeTerms
from ..preferences import Preferences
from ..stored.features import (
    KWH_PER_MWH,
    boost_to_stored,
    spike_to_stored,
)
from .aemo import REGIONS
from .forms import translated_choice
from .rate_fields import (
    CENTS_PER_KWH,
    HIGHEST_CENTS,
    cents_from_rate,
    number_field,
    typed_number,
    typed_rate,
)

CONF_END = "end"
CONF_FLOOR = "floor"
CONF_MARGIN = "margin"
CONF_OFFSET = "offset"
CONF_SELL_PRICE = "sell_price"
CONF_START = "start"
CONF_THRESHOLD = "threshold"

MARKET_REGION = "market_region"
NO_REGION = "none"
"""What stands for a home that does not watch the wholesale market."""
HIGHEST_MARGIN = 100.0
"""c/kWh."""
LOWEST_THRESHOLD, HIGHEST_THRESHOLD = 1.0, 100_000.0
"""$/MWh; the market's cap is about a fifth of the latter."""
LOWEST_SELL_PRICE, HIGHEST_SELL_PRICE = 0.01, 100.0
"""$/kWh."""


def boost_fields() -> dict[vol.Marker, Any]:
    """Return the fields of export boost."""
    return {
        vol.Required(CONF_OFFSET): _cents(HIGHEST_CENTS),
        vol.Required(CONF_FLOOR): _cents(HIGHEST_CENTS),
        vol.Required(CONF_THRESHOLD): _cents(HIGHEST_CENTS),
        vol.Required(CONF_START): TimeSelector(),
        vol.Required(CONF_END): TimeSelector(),
    }


def shown_boost(terms: BoostTerms) -> dict[str, Any]:
    """Return what the fields of export boost show at first."""
    return {
        CONF_OFFSET: cents_from_rate(terms.offset),
        CONF_FLOOR: cents_from_rate(terms.floor),
        CONF_THRESHOLD: cents_from_rate(terms.threshold),
        CONF_START: terms.start.isoformat(),
        CONF_END: terms.end.isoformat(),
    }


def typed_boost(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored; raises FormError for a rate that is none."""
    rates = {
        field: typed_rate(field, user_input[field])
        for field in (CONF_OFFSET, CONF_FLOOR, CONF_THRESHOLD)
    }
    return boost_to_stored(
        BoostTerms(
            **rates,
            start=time.fromisoformat(user_input[CONF_START]),
            end=time.fromisoformat(user_input[CONF_END]),
        )
    )


def spike_fields() -> dict[vol.Marker, Any]:
    """Return the fields of the response to wholesale spikes."""
    return {
        vol.Required(CONF_REGION): translated_choice(
            MARKET_REGION, (NO_REGION, *REGIONS)
        ),
        vol.Required(CONF_THRESHOLD): number_field(
            "$/MWh", LOWEST_THRESHOLD, HIGHEST_THRESHOLD
        ),
        vol.Required(CONF_SELL_PRICE): number_field(
            "$/kWh", LOWEST_SELL_PRICE, HIGHEST_SELL_PRICE
        ),
    }


def shown_spike(preferences: Preferences) -> dict[str, Any]:
    """Return what the fields of the spike response show at first."""
    region = preferences.market_region
    return {
        CONF_REGION: region.lower() if region else NO_REGION,
        **spike_to_stored(preferences.spike),
    }


def typed_spike(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored; raises FormError for a number that is none."""
    threshold, sell_price = (
        typed_number(field, user_input[field])
        for field in (CONF_THRESHOLD, CONF_SELL_PRICE)
    )
    region = user_input[CONF_REGION]
    terms = SpikeTerms(threshold=threshold / KWH_PER_MWH, sell_price=sell_price)
    return {
        CONF_REGION: None if region == NO_REGION else region.upper(),
        **spike_to_stored(terms),
    }


def curtailment_fields() -> dict[vol.Marker, Any]:
    """Return the field of curtailment."""
    return {vol.Required(CONF_MARGIN): _cents(HIGHEST_MARGIN)}


def shown_curtailment(margin: float) -> dict[str, Any]:
    """Return what the field of curtailment shows at first."""
    return {CONF_MARGIN: cents_from_rate(margin)}


def typed_curtailment(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored; raises FormError for a rate that is none."""
    return {CONF_MARGIN: typed_rate(CONF_MARGIN, user_input[CONF_MARGIN])}


def _cents(highest: float) -> NumberSelector:
    """Return the field for a rate that is never negative."""
    return number_field(CENTS_PER_KWH, 0.0, highest)
