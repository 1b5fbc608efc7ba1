"""The user's standing choices for one home, as stored in the entry's options."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from .const import (
    CONF_DEMAND,
    CONF_DRY_RUN,
    CONF_FALLBACK,
    CONF_FORECAST,
    CONF_TIME_ZONE,
)
from .core.demand import DemandTerms
from .core.engine import Fallback
from .core.model.prices import ForecastChoice
from .stored.demand import terms_from_stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What may be chosen; every field has the shipped default."""

    forecast: ForecastChoice = ForecastChoice.PREDICTED
    fallback: Fallback = Fallback.SELF_CONSUMPTION
    dry_run: bool = False
    time_zone: str | None = None
    """Used only if the Powerwall's site does not know its own."""
    demand: DemandTerms | None = None
    """What the home pays for its peaks, if anything."""
    demand_to_tariff: bool = False
    """Whether the Powerwall is told of the demand charge."""

    @property
    def demand_for_tariff(self) -> DemandTerms | None:
        """Return the demand charge that goes into the tariff."""
        return self.demand if self.demand_to_tariff else None

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Return the choices that an entry's options hold."""
        default = cls()
        demand = options.get(CONF_DEMAND) or {}
        return cls(
            forecast=ForecastChoice(options.get(CONF_FORECAST, default.forecast)),
            fallback=Fallback(options.get(CONF_FALLBACK, default.fallback)),
            dry_run=options.get(CONF_DRY_RUN, default.dry_run),
            time_zone=options.get(CONF_TIME_ZONE) or None,
            demand=terms_from_stored(demand) if demand.get("enabled") else None,
            demand_to_tariff=demand.get("push", False),
        )
