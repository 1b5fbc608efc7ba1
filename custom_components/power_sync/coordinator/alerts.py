"""Watch the prices for what the user wants to be told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import isfinite
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..core.alerts import AlertInputs, AlertMemory, step
from ..core.model.alerts import AlertEvent, Thresholds
from ..core.model.prices import Channel
from .keeper import ALERTS, Keeper
from .prices import PriceCoordinator
from .source import Fact

AUSTRALIAN = Thresholds(low=0.10, high=0.50)
SUPPLY_ONLY = Thresholds(low=0.03, high=0.08)
"""ComEd's customers think of the price without delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is kept over a restart: the user's thresholds and what is known already."""

    thresholds: Thresholds
    memory: AlertMemory = field(default_factory=AlertMemory)


class PriceAlerts:
    """The alerts of one price source, also while no entity listens."""

    def __init__(self, prices: PriceCoordinator, keeper: Keeper[Watch]) -> None:
        """Watch ``prices`` once started."""
        self.prices = prices
        self._keeper = keeper
        self._listeners: list[Callable[[AlertEvent], None]] = []

    @property
    def thresholds(self) -> Thresholds:
        """Return from which prices on the user wants to be told."""
        return self._keeper.value.thresholds

    async def load(self) -> None:
        """Go on with what was known before."""
        await self._keeper.load()

    async def set_thresholds(self, thresholds: Thresholds) -> None:
        """Keep other thresholds, and look at the price with them at once."""
        self._keeper.value = replace(self._keeper.value, thresholds=thresholds)
        self._look()
        await self._keeper.save()

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Watch from now on; returns what ends it."""
        self._look()
        return self.prices.async_add_listener(self._look)

    @callback
    def async_add_listener(
        self, listener: Callable[[AlertEvent], None]
    ) -> CALLBACK_TYPE:
        """Tell ``listener`` every alert; returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def _look(self) -> None:
        """Look at the running price and tell what is news."""
        if (inputs := self._inputs()) is None:
            return
        before = self._keeper.value
        events, memory = step(before.memory, inputs, dt_util.utcnow())
        if memory == before.memory:
            return
        self._keeper.value = replace(before, memory=memory)
        self.prices.hass.async_create_task(
            self._keeper.save(), f"{self.prices.name} alerts"
        )
        for event in events:
            for listener in list(self._listeners):
                listener(event)

    def _inputs(self) -> AlertInputs | None:
        """Return the running interval, None while its price is not known."""
        now = dt_util.utcnow()
        known = self.prices.known
        running = known and known.series.running(Channel.IMPORT, now)
        if known is None or not running:
            return None
        export = known.series.running(Channel.EXPORT, now)
        return AlertInputs(
            interval=running.start,
            price=running.quoted,
            export_price=export.price if export else None,
            spike=running.spike if Fact.OUTLOOK in self.prices.source.facts else None,
            # What is settled by the hour never says that a price is final.
            trusted=not running.estimate or known.series.settlement is not None,
            summary=known.summary,
            thresholds=self.thresholds,
        )


def alert_keeper(
    hass: HomeAssistant, subentry_id: str, facts: frozenset[Fact]
) -> Keeper[Watch]:
    """Return what keeps a source's thresholds and alerts over a restart."""
    usual = SUPPLY_ONLY if Fact.SUPPLY in facts else AUSTRALIAN
    return Keeper(
        hass,
        ALERTS,
        subentry_id,
        empty=Watch(thresholds=usual),
        encode=_encode,
        decode=_decode,
        save_every=timedelta(0),
    )


def _encode(watch: Watch) -> dict[str, Any]:
    return {
        "low": watch.thresholds.low,
        "high": watch.thresholds.high,
        "memory": watch.memory.to_stored(),
    }


def _decode(stored: Mapping[str, Any]) -> Watch:
    try:
        thresholds = Thresholds(low=float(stored["low"]), high=float(stored["high"]))
        memory = stored["memory"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"no thresholds: {error!r}") from error
    if not (isfinite(thresholds.low) and isfinite(thresholds.high)):
        raise ValueError("a threshold is not finite")
    return Watch(thresholds=thresholds, memory=AlertMemory.from_stored(memory))
