"""One price row of Amber's API: units, signs and labels of the wire."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from .noise import uniform
from .prices import HALF_HOUR, NEM
from .retail import RetailPlan

_NEM_OFFSET = 36_000
_DAY = 86_400
_SPIKE_C = 300.0
_FORECAST_SPIKE_C = 1_000.0
_POTENTIAL_C = 100.0


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval and the wholesale price that goes with it."""

    start: int
    minutes: int
    rrp: float
    kind: str
    estimate: bool | None = None


class RowWriter:
    """Writes price rows as JSON text."""

    def __init__(self, retail: RetailPlan, time_zone: ZoneInfo, seed: int) -> None:
        """Remember what the retailer charges, and where."""
        self._retail = retail
        self._zone = time_zone
        self._seed = seed

    def text(self, channel: str, interval: Interval) -> str:
        """Return the row of an interval for one channel."""
        start, minutes, rrp = interval.start, interval.minutes, interval.rrp
        end = start + minutes * 60
        local = datetime.fromtimestamp(start, self._zone)
        spot = self._retail.spot(rrp)
        all_in = self._all_in(channel, local)
        price = all_in(rrp)
        status = spike_status(spot, forecast=interval.kind == "ForecastInterval")
        level = descriptor(price if channel == "general" else spot, channel, status)
        begin = datetime.fromtimestamp(start + 1, UTC)
        nem_end = datetime.fromtimestamp(end, NEM)
        text = (
            f'{{"type":"{interval.kind}"'
            # The day of the interval's start: its last one ends at 00:00 of the next.
            f',"date":"{datetime.fromtimestamp(start, NEM):%Y-%m-%d}"'
            f',"duration":{minutes}'
            f',"startTime":"{begin:%Y-%m-%dT%H:%M:%SZ}"'
            f',"endTime":"{datetime.fromtimestamp(end, UTC):%Y-%m-%dT%H:%M:%SZ}"'
            f',"nemTime":"{nem_end:%Y-%m-%dT%H:%M:%S}+10:00"'
            f',"perKwh":{round(price, 5)}'
            f',"renewables":{self._renewables(start)}'
            f',"spotPerKwh":{round(spot, 5)}'
            f',"channelType":"{channel}","spikeStatus":"{status}"'
            f"{self._network(channel, local)}"
            f',"descriptor":"{level}"'
        )
        if interval.estimate is not None:
            text += f',"estimate":{"true" if interval.estimate else "false"}'
        if interval.kind != "ActualInterval":
            low, predicted, high = (round(all_in(x), 5) for x in outlook(rrp))
            text += (
                f',"advancedPrice":{{"low":{low},"predicted":{predicted}'
                f',"high":{high}}}'
            )
            if abs(spot) >= _POTENTIAL_C:
                text += (
                    f',"range":{{"min":{round(spot - abs(spot) * 0.29, 5)}'
                    f',"max":{round(spot + abs(spot) * 0.2, 5)}}}'
                )
        return text + "}"

    def _all_in(self, channel: str, local: datetime) -> Callable[[float], float]:
        """Return how a wholesale price becomes this channel's price on the wire."""
        match channel:
            case "general":
                return lambda rrp: self._retail.import_price(rrp, local)
            case "controlledLoad":
                return self._retail.controlled_price
            case _:
                # Negative on the wire means that the customer is paid.
                return lambda rrp: -self._retail.export_price(rrp)

    def _network(self, channel: str, local: datetime) -> str:
        if channel == "feedIn":
            return ""
        season = self._retail.season(local)
        if channel == "controlledLoad":
            return f',"tariffInformation":{{"period":"offPeak","season":"{season}"}}'
        period = self._retail.period(local)
        demand = "true" if period == "peak" else "false"
        return (
            f',"tariffInformation":{{"period":"{period}","season":"{season}"'
            f',"demandWindow":{demand}}}'
        )

    def _renewables(self, start: int) -> float:
        """Return a plausible share of renewable energy in the grid, %."""
        hour = (start + _NEM_OFFSET) % _DAY / 3600
        sun = max(0.0, 1 - ((hour - 12.2) / 5.5) ** 2)
        return round(27 + 44 * sun + 6 * uniform(self._seed, 42, start // HALF_HOUR), 1)


def outlook(rrp: float) -> tuple[float, float, float]:
    """Return a low, predicted and high wholesale price for a raw forecast.

    Amber's own model expects high forecasts to come out lower than announced.
    """
    predicted = rrp if rrp < 200 else 200 + (rrp - 200) * 0.7
    margin = 8 + abs(predicted) * 0.12
    return predicted - margin, predicted, predicted + 1.3 * margin


def spike_status(spot: float, *, forecast: bool) -> str:
    """Return Amber's spike status of a wholesale price in c/kWh."""
    if spot >= (_FORECAST_SPIKE_C if forecast else _SPIKE_C):
        return "spike"
    return "potential" if spot >= _POTENTIAL_C else "none"


def descriptor(price: float, channel: str, status: str) -> str:
    """Return Amber's word for a price in c/kWh."""
    if status == "spike":
        return "spike"
    limits = (15, 20, 30, 40) if channel == "general" else (5, 11, 17, 30)
    words = ("extremelyLow", "veryLow", "low", "neutral")
    for limit, word in zip(limits, words, strict=True):
        if price < limit:
            return word
    return "high"
