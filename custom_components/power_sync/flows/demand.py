"""Ask for a demand charge, which networks take for the highest half hour."""

from collections.abc import Mapping
from typing import Any

from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TimeSelector,
)
import voluptuous as vol

from ..core.demand import DemandRate, DemandTerms
from ..core.model.retail import Days
from ..stored.demand import terms_from_stored, terms_to_stored
from .forms import translated_choice
from .rate_fields import (
    clock_from_minutes,
    minutes_from_clock,
    number_field,
    typed_number,
)

CONF_BILLING_DAY = "billing_day"
CONF_DAYS = "days"
CONF_ENABLED = "enabled"
CONF_END = "end"
CONF_PER = "per"
CONF_PUSH = "push"
CONF_RATE = "rate"
CONF_START = "start"
MOST_PER_KW = 1000.0

_FIRST_SHOWN = DemandTerms(days=Days.WEEKDAYS, start=15 * 60, end=21 * 60, rate=0.0)


def demand_fields() -> dict[vol.Marker, Any]:
    """Return the fields of a demand charge."""
    return {
        vol.Required(CONF_ENABLED): BooleanSelector(),
        vol.Required(CONF_DAYS): translated_choice(CONF_DAYS, Days),
        vol.Required(CONF_START): TimeSelector(),
        vol.Required(CONF_END): TimeSelector(),
        vol.Required(CONF_RATE): number_field("$/kW", 0.0, MOST_PER_KW),
        vol.Required(CONF_PER): translated_choice(CONF_PER, DemandRate),
        vol.Required(CONF_BILLING_DAY): NumberSelector(
            NumberSelectorConfig(min=1, max=31, step=1, mode=NumberSelectorMode.BOX)
        ),
        vol.Required(CONF_PUSH): BooleanSelector(),
    }


def shown_demand(stored: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what the fields show at first."""
    terms = terms_from_stored(stored) if stored else _FIRST_SHOWN
    return {
        CONF_ENABLED: stored[CONF_ENABLED] if stored else True,
        CONF_DAYS: terms.days.value,
        CONF_START: clock_from_minutes(terms.start),
        CONF_END: clock_from_minutes(terms.end),
        CONF_RATE: terms.rate,
        CONF_PER: terms.per.value,
        CONF_BILLING_DAY: terms.billing_day,
        CONF_PUSH: stored[CONF_PUSH] if stored else False,
    }


def typed_demand(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored; raises FormError for a number that is none.

    A charge that is turned off keeps its terms for when it is turned on again.
    """
    terms = DemandTerms(
        days=Days(user_input[CONF_DAYS]),
        start=minutes_from_clock(user_input[CONF_START]),
        end=minutes_from_clock(user_input[CONF_END]),
        rate=typed_number(CONF_RATE, user_input[CONF_RATE]),
        per=DemandRate(user_input[CONF_PER]),
        billing_day=round(typed_number(CONF_BILLING_DAY, user_input[CONF_BILLING_DAY])),
    )
    return terms_to_stored(terms) | {
        CONF_ENABLED: user_input[CONF_ENABLED],
        CONF_PUSH: user_input[CONF_PUSH],
    }
