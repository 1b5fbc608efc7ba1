"""The user's standing choices for one home, as stored in the entry's options."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from .const import CONF_DRY_RUN, CONF_FALLBACK, CONF_FORECAST, CONF_TIME_ZONE
from .core.engine import Fallback
from .core.model.prices import ForecastChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What may be chosen; every field has the shipped default."""

    forecast: ForecastChoice = ForecastChoice.PREDICTED
    fallback: Fallback = Fallback.SELF_CONSUMPTION
    dry_run: bool = False
    time_zone: str | None = None
    """Used only if the Powerwall's site does not know its own."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Return the choices that an entry's options hold."""
        default = cls()
        return cls(
            forecast=ForecastChoice(options.get(CONF_FORECAST, default.forecast)),
            fallback=Fallback(options.get(CONF_FALLBACK, default.fallback)),
            dry_run=options.get(CONF_DRY_RUN, default.dry_run),
            time_zone=options.get(CONF_TIME_ZONE) or None,
        )
