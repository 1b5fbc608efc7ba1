"""Find out what the hour labels of ComEd's pages mean.

Nobody says whether a label is the beginning or the end of its hour, and programs that
read the pages disagree. The market's own day, which has labels for the end of hours in
Eastern time, speaks for the end. So that is assumed until the real-time prices of a
day that is over, which come with the same labels, tell it.
"""

from datetime import datetime, timedelta
from enum import Enum
from statistics import fmean

from .comed_wire import STEP, Prices

HOUR = timedelta(hours=1)
_LEAST_COMPARED = 8
_LEAST_KNOWN = 10
"""Of the twelve prices of an hour so many make a mean to compare with."""
_CLEARLY = 0.5
"""How much smaller the one error must be than the other; flat days tell nothing."""


class LabelMeans(Enum):
    """Which end of its hour a label is, as the distance from the hour's beginning."""

    START = timedelta(0)
    END = HOUR


def by_hour_start(labelled: Prices, meaning: LabelMeans) -> Prices:
    """Return hourly prices by the start of their hours."""
    return {label - meaning.value: price for label, price in labelled.items()}


def better_fit(labelled: Prices, five_minutes: Prices) -> LabelMeans | None:
    """Return which meaning makes hourly prices the means of five-minute ones.

    None if too few hours can be compared under both, or neither is clearly better.
    """
    errors: dict[LabelMeans, list[float]] = {meaning: [] for meaning in LabelMeans}
    for label, price in labelled.items():
        means = {
            meaning: _mean(five_minutes, label - meaning.value)
            for meaning in LabelMeans
        }
        known = {key: mean for key, mean in means.items() if mean is not None}
        if len(known) == len(means):
            for meaning, mean in known.items():
                errors[meaning].append(abs(price - mean))
    if len(errors[LabelMeans.END]) < _LEAST_COMPARED:
        return None
    totals = {meaning: fmean(off) for meaning, off in errors.items()}
    best, other = sorted(totals, key=totals.__getitem__)
    return best if totals[best] < _CLEARLY * totals[other] else None


def _mean(five_minutes: Prices, hour: datetime) -> float | None:
    """Return the mean of an hour, None if too little of it is known."""
    stamps = (hour + index * STEP for index in range(HOUR // STEP))
    known = [five_minutes[stamp] for stamp in stamps if stamp in five_minutes]
    return fmean(known) if len(known) >= _LEAST_KNOWN else None
