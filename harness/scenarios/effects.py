"""Whether the battery really does what it is steered to, judged by its power."""

from dataclasses import dataclass, field
from datetime import datetime

from custom_components.power_sync.core.model.powerwall import ExportRule
from custom_components.power_sync.sim.home import SimulatedHome
from custom_components.power_sync.sim.premises import HALF_HOUR

from .claims import CHARGE, Claim

RIGHT = 500.0
"""W in the right direction that count."""
MOST_OF_THE_TIME = 0.8
_SUN_ENOUGH = 0.8
"""Share of the charging power: the Powerwall leaves the grid where it expects so much
sun, whether that comes or not."""
_LEAST_MINUTES = 5
_ROOM = 10.0
"""% of charge that must be there to discharge, or be free to charge.

The last of it may be kept for the home.
"""


@dataclass(slots=True)
class Effect:
    """What one steering of the battery came to."""

    claim: Claim
    possible: int = 0
    """Minutes in which it could be done: known to the Powerwall, and possible."""
    right: int = 0
    first_right: datetime | None = None

    @property
    def failed(self) -> bool:
        """Whether the battery did something else for too long."""
        return (
            self.possible >= _LEAST_MINUTES
            and self.right < MOST_OF_THE_TIME * self.possible
        )

    @property
    def minutes(self) -> float | None:
        """How many minutes it took to begin."""
        if self.first_right is None:
            return None
        return (self.first_right - self.claim.since).total_seconds() / 60


@dataclass(slots=True)
class Effects:
    """Judges all of them."""

    home: SimulatedHome
    all: list[Effect] = field(default_factory=list)

    def look(self, claim: Claim | None, now: datetime) -> None:
        """Look at the battery for a minute; ``claim`` is what steers it now."""
        if claim is None:
            return
        if not self.all or self.all[-1].claim is not claim:
            self.all.append(Effect(claim))
        effect, site = self.all[-1], self.home.powerwall
        name = str(claim.values["tariff"][0])
        charges = name == CHARGE
        power = -site.flow.battery_w if charges else site.flow.battery_w
        knows = site.noticed_tariff
        if (
            knows is None
            or knows.document.get("name") != name
            or site.settings.mode.value != "autonomous"
            or not self._is_possible(now, charges=charges)
        ):
            return
        effect.possible += 1
        if power > RIGHT:
            effect.right += 1
            effect.first_right = effect.first_right or now

    def _is_possible(self, now: datetime, *, charges: bool) -> bool:
        """Return whether there is charge, or room for it, and no one else's hand."""
        site = self.home.powerwall
        situation = site.situation
        if situation.off_grid or situation.storm or situation.grid_services:
            return False
        if charges:
            half_hour = int(now.timestamp()) // HALF_HOUR
            sun, load = self.home.premises.usual_power(half_hour)
            waits_for_sun = sun - load > _SUN_ENOUGH * site.battery.charge_w
            # Where nothing can be sold, more than the home will use is worth nothing.
            sells = site.rules.export is not ExportRule.NEVER
            return site.charge_percent < 100 - _ROOM and sells and not waits_for_sun
        return site.charge_percent > site.settings.reserve_percent + _ROOM
