"""The user's standing choices for one home, as stored in the entry's options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .const import (
    CONF_CURTAILMENT,
    CONF_DEMAND,
    CONF_DRY_RUN,
    CONF_EXPORT_BOOST,
    CONF_FALLBACK,
    CONF_FORECAST,
    CONF_REGION,
    CONF_SPIKE_RESPONSE,
    CONF_TIME_ZONE,
)
from .core.curtailment import CurtailmentTerms
from .core.demand import DemandTerms
from .core.engine import Fallback
from .core.export_boost import BoostTerms
from .core.model.prices import ForecastChoice
from .core.model.spikes import SpikeTerms
from .stored.demand import terms_from_stored
from .stored.features import boost_from_stored, spike_from_stored


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
    boost: BoostTerms = field(default_factory=BoostTerms)
    spike: SpikeTerms = field(default_factory=SpikeTerms)
    market_region: str | None = None
    """Whose wholesale price is watched for spikes, such as ``NSW1``."""
    curtailment_margin: float = field(default_factory=lambda: CurtailmentTerms().margin)
    """$/kWh that export must earn before it is allowed again."""

    @property
    def demand_for_tariff(self) -> DemandTerms | None:
        """Return the demand charge that goes into the tariff."""
        return self.demand if self.demand_to_tariff else None

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Return the choices that an entry's options hold."""
        default = cls()
        demand = options.get(CONF_DEMAND) or {}
        boost = options.get(CONF_EXPORT_BOOST)
        spike = options.get(CONF_SPIKE_RESPONSE) or {}
        curtailment = options.get(CONF_CURTAILMENT) or {}
        return cls(
            forecast=ForecastChoice(options.get(CONF_FORECAST, default.forecast)),
            fallback=Fallback(options.get(CONF_FALLBACK, default.fallback)),
            dry_run=options.get(CONF_DRY_RUN, default.dry_run),
            time_zone=options.get(CONF_TIME_ZONE) or None,
            demand=terms_from_stored(demand) if demand.get("enabled") else None,
            demand_to_tariff=demand.get("push", False),
            boost=boost_from_stored(boost) if boost else default.boost,
            spike=spike_from_stored(spike) if spike else default.spike,
            market_region=spike.get(CONF_REGION),
            curtailment_margin=curtailment.get("margin", default.curtailment_margin),
        )
