"""Seeded people: what the house uses, minute by minute."""

from collections.abc import Sequence
from random import Random

MINUTES = 1440

# W on top of the base load, by hour of the local day.
_HABITS = (
    *(40, 30, 30, 30, 40, 90, 260, 420, 330, 220, 200, 220),
    *(260, 240, 220, 260, 380, 620, 820, 860, 760, 560, 320, 120),
)


class Residents:
    """The people in the home and what they switch on."""

    def __init__(self, seed: int) -> None:
        """Remember who they are."""
        self._seed = seed

    def load(self, day: int, hours: Sequence[int], weekend: bool) -> list[float]:
        """Return the load of one day in W, one value a minute.

        ``hours`` are the 24 local wall-clock hours of the day's hours in order, so
        that habits follow daylight saving.
        """
        rng = Random(f"{self._seed}/load/{day}")
        mood = 0.85 + 0.3 * rng.random()
        load = [
            170.0 + _HABITS[hours[minute // 60]] * mood + rng.random() * 60
            for minute in range(MINUTES)
        ]
        begin = rng.randrange(45)
        for minute in range(MINUTES):  # the fridge
            if (minute + begin) % 45 < 15:
                load[minute] += 110
        for hour in hours_of_day(hours, (7, 8, 16, 20)):
            add_use(load, rng, hour, watts=2200, minutes=4)
        add_use(load, rng, hour_index(hours, 18), watts=2600, minutes=35)
        if weekend or rng.random() < 0.3:
            add_use(load, rng, hour_index(hours, 10), watts=1900, minutes=50)
        if rng.random() < 0.35:  # air conditioning
            add_use(load, rng, hour_index(hours, 16), watts=1600, minutes=200)
        return load


def hour_index(hours: Sequence[int], wanted: int) -> int:
    """Return where in a day a wall-clock hour is (0 if the clock skips it)."""
    return hours.index(wanted) if wanted in hours else 0


def hours_of_day(hours: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """Return where in a day some wall-clock hours are."""
    return [hour_index(hours, hour) for hour in wanted]


def add_use(
    load: list[float], rng: Random, hour: int, *, watts: float, minutes: int
) -> None:
    """Switch something on at a random minute of an hour, for about so long."""
    begin = hour * 60 + rng.randrange(60)
    length = max(1, round(minutes * (0.6 + 0.8 * rng.random())))
    for minute in range(begin, min(begin + length, MINUTES)):
        load[minute] += watts
