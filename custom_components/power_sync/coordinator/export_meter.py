"""Add up what a home exports, for tariffs that pay only so many kWh a day."""

from collections import deque
from datetime import datetime, timedelta
from itertools import pairwise

from homeassistant.core import callback

from .powerwall import LiveCoordinator

KEPT = timedelta(hours=24)
LONGEST_GAP = timedelta(minutes=5)
"""Over a longer silence nothing is known, so nothing is counted."""
_WH_PER_KWH = 1000


class ExportMeter:
    """The exported energy of the last day, from the power at the grid."""

    def __init__(self, live: LiveCoordinator) -> None:
        """Measure with what ``live`` reports, once it is started."""
        self._live = live
        self._samples: deque[tuple[datetime, float]] = deque()

    @callback
    def observe(self) -> None:
        """Take note of a new report."""
        live = self._live.known
        if (
            live is None
            or live.grid_power is None
            or not self._live.last_update_success
        ):
            return
        if self._samples and live.measured_at <= self._samples[-1][0]:
            return
        self._samples.append((live.measured_at, max(0.0, -live.grid_power)))
        while self._samples[0][0] < live.measured_at - KEPT:
            self._samples.popleft()

    def exported_kwh(self, start: datetime, end: datetime) -> float | None:
        """Return the energy between two moments, None if the first is not covered."""
        if not self._samples or self._samples[0][0] > start + LONGEST_GAP:
            return None
        watt_hours = 0.0
        for (earlier, power), (later, _) in pairwise(self._samples):
            if later - earlier > LONGEST_GAP:
                continue
            span = min(later, end) - max(earlier, start)
            watt_hours += max(span.total_seconds(), 0.0) / 3600 * power
        return watt_hours / _WH_PER_KWH
