"""What a tariff ought to be: an independent reference, as plain as can be.

It shares no code and no idea of structure with the integration. Price rows are taken
as Amber serves them and laid out minute by minute; a half hour costs the mean of its
minutes. Only speed is bought with a few dictionaries.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

LABELS = 48
MINUTES = 30
"""Per label."""
_FAR_BACK = 8 * 24 * 60
_LONGEST_DAY = 26 * 60
"""Minutes after which every label has been completely passed, in any time zone."""

type Minute = int
"""Minutes since 1970, UTC."""
type Window = dict[int, list[Minute]]
"""Which minutes each half hour of the wall clock consists of."""


class Kind(StrEnum):
    """What a half hour's price stands on."""

    KNOWN = "known"
    ASSUMED = "assumed"
    """Beyond the forecast: what it cost the last time."""
    MISSING = "missing"
    """Does not exist on this day; costs what the one before it does."""


class NoReferenceError(ValueError):
    """The rows say too little for a complete tariff; the text says where."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What one half hour should cost and earn, in $/kWh, not rounded."""

    label: str
    import_price: float
    export_price: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class _Settled:
    """A price, in c/kWh, of a minute that is over or running."""

    cents: float
    actual: bool
    minutes: int


@dataclass(frozen=True, slots=True)
class _Forecast:
    """A row about the future; ``served`` numbers the response it came with."""

    start: Minute
    end: Minute
    cents: float
    served: int


@dataclass(frozen=True, slots=True)
class _Moment:
    """A minute on the wall clock."""

    day: date
    label: int
    offset: timedelta | None


class Oracle:
    """Knows every price row served so far, and no more."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Use the wall clock of one home."""
        self._zone = zone
        self._served = 0
        self._settled: dict[str, dict[Minute, _Settled]] = {}
        self._forecasts: dict[str, dict[tuple[Minute, Minute], _Forecast]] = {}
        self._clock: dict[Minute, _Moment] = {}
        # Asked for again and again: the last window and the last answer.
        self._latest_window: tuple[Minute, Window] | None = None
        self._latest: tuple[int, Minute, list[Expected]] | None = None

    def serve(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in one response, newer than all before.

        Actual rows count more than Current ones, these more than forecasts; among
        equals the newer response counts. A longer Actual row is the mean of shorter
        ones and is not mixed with some of them.
        """
        self._served += 1
        for row in rows:
            # The start is a second late in Amber's rows, the end is exact.
            end = _minute(datetime.fromisoformat(row["endTime"]))
            start = end - int(row["duration"])
            channel = row["channelType"]
            settled = self._settled.setdefault(channel, {})
            forecasts = self._forecasts.setdefault(channel, {})
            if row["type"] == "ForecastInterval":
                predicted = (row.get("advancedPrice") or {}).get("predicted")
                cents = row["perKwh"] if predicted is None else predicted
                forecasts[start, end] = _Forecast(start, end, cents, self._served)
                continue
            actual = row["type"] == "ActualInterval"
            price = _Settled(row["perKwh"], actual=actual, minutes=end - start)
            for minute in range(start, end):
                known = settled.get(minute)
                if (
                    known is None
                    or not known.actual
                    or (actual and price.minutes >= known.minutes)
                ):
                    settled[minute] = price

    def expected(self, now: datetime) -> list[Expected]:
        """Return the 48 half hours of the coming day, from local midnight.

        Raises NoReferenceError if a minute before the horizon has no price, or a
        half hour beyond it was never seen.
        """
        minute = _minute(now)
        if self._latest and self._latest[:2] == (self._served, minute):
            return self._latest[2]
        window = self._window(minute)
        imports = self._means("general", window, minute)
        exports = self._means("feedIn", window, minute)
        slots: list[Expected | None] = [None] * LABELS
        for label in window:
            (buy, buy_kind), (sell, sell_kind) = imports[label], exports[label]
            slots[label] = Expected(
                label=label_text(label),
                import_price=buy / 100,
                export_price=-sell / 100,  # in Amber's sign, negative is earned
                kind=buy_kind if buy_kind is Kind.ASSUMED else sell_kind,
            )
        complete = _with_missing(slots)
        self._latest = (self._served, minute, complete)
        return complete

    def _window(self, now: Minute) -> Window:
        """Return the minutes of each label, from the running one to its return.

        Both passes of a repeated hour belong to one label. While it is repeated the
        window reaches labels that come back today and come again tomorrow: today
        counts. Where the running label does not exist tomorrow, the window ends with
        the next one that does.
        """
        first = self._at(now)
        minute = now
        # Where a label follows upon itself (Lord Howe repeats just half an hour), the
        # offset, which is part of the moment, tells the two passes apart.
        while self._at(minute - 1) == first:
            minute -= 1
        if self._latest_window and self._latest_window[0] == minute:
            return self._latest_window[1]
        window: Window = {}
        day_of: dict[int, date] = {}
        self._latest_window = (minute, window)
        while True:
            moment = self._at(minute)
            if moment.day > first.day and moment.label >= first.label:
                return window
            if day_of.setdefault(moment.label, moment.day) == moment.day:
                window.setdefault(moment.label, []).append(minute)
            minute += 1

    def _means(
        self, channel: str, window: Window, now: Minute
    ) -> dict[int, tuple[float, Kind]]:
        """Return the mean of each label in c/kWh and what it stands on."""
        if channel not in self._settled:
            return dict.fromkeys(window, (0.0, Kind.KNOWN))  # not billed for it
        prices = self._prices(channel, now)
        horizon = max(prices) + 1
        before: dict[int, list[float]] = {}
        means = {}
        for label, minutes in window.items():
            known = [prices[m] for m in minutes if m in prices]
            # What is over and was never served carries no weight.
            unknown = [m for m in minutes if m not in prices and m >= now]
            if not unknown:
                means[label] = (sum(known) / len(known), Kind.KNOWN)
                continue
            if min(unknown) < horizon:
                raise NoReferenceError(f"{channel}: no price {_text(min(unknown))}")
            before = before or self._last_known(channel, now)
            if label not in before:
                raise NoReferenceError(f"{channel}: {label_text(label)} never served")
            means[label] = (sum(before[label]) / len(before[label]), Kind.ASSUMED)
        return means

    def _prices(self, channel: str, now: Minute) -> dict[Minute, float]:
        """Return the price of each minute of the last and the coming hours."""
        begin = now - 2 * MINUTES
        current = {
            key: forecast
            for key, forecast in self._forecasts[channel].items()
            if forecast.end > begin
        }
        self._forecasts[channel] = current
        prices: dict[Minute, float] = {}
        # The newest is painted last; of one response, the shortest.
        for row in sorted(
            current.values(), key=lambda row: (row.served, row.start - row.end)
        ):
            prices |= dict.fromkeys(range(row.start, row.end), row.cents)
        settled = self._settled[channel]
        for minute in range(begin, now + 2 * MINUTES):
            if minute in settled:
                prices[minute] = settled[minute].cents
        return prices

    def _last_known(self, channel: str, now: Minute) -> dict[int, list[float]]:
        """Return each label's prices, by minute, on the last day it was served.

        A label that took place twice on that day counts with both.
        """
        settled = self._settled[channel]
        day_of: dict[int, date] = {}
        known: dict[int, list[float]] = {}
        for minute in range(now - 1, now - _FAR_BACK, -1):
            if minute < now - _LONGEST_DAY and len(known) == LABELS:
                break
            if minute in settled:
                moment = self._at(minute)
                if day_of.setdefault(moment.label, moment.day) == moment.day:
                    known.setdefault(moment.label, []).append(settled[minute].cents)
        return known

    def _at(self, minute: Minute) -> _Moment:
        """Return what the wall clock shows."""
        if minute not in self._clock:
            local = datetime.fromtimestamp(minute * 60, self._zone)
            self._clock[minute] = _Moment(
                local.date(),
                (local.hour * 60 + local.minute) // MINUTES,
                local.utcoffset(),
            )
        return self._clock[minute]


def label_text(label: int) -> str:
    """Return a half hour as the wall clock shows its start, such as ``17:30``."""
    return f"{label // 2:02}:{label % 2 * MINUTES:02}"


def _with_missing(slots: list[Expected | None]) -> list[Expected]:
    """Give a label that does not exist the price of the one before it."""
    complete: list[Expected] = []
    for label in range(LABELS):
        before = label
        while (slot := slots[before % LABELS]) is None:
            before -= 1
        complete.append(
            slot
            if before == label
            else Expected(
                label_text(label), slot.import_price, slot.export_price, Kind.MISSING
            )
        )
    return complete


def _minute(moment: datetime) -> Minute:
    """Return the minute that a moment lies in."""
    return int(moment.timestamp()) // 60


def _text(minute: Minute) -> str:
    """Return a minute for a message."""
    return f"at {datetime.fromtimestamp(minute * 60, UTC):%Y-%m-%d %H:%M} UTC"
