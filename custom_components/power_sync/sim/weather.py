"""Seeded sun and clouds."""

from math import cos, pi, radians, sin
from random import Random

MINUTES = 1440


class Weather:
    """The sky over the home, one solar day (midnight to midnight) at a time.

    Days are numbered as days since 1970 in solar time. A day depends on seed and
    number alone.
    """

    def __init__(self, seed: int, latitude: float) -> None:
        """Remember where the home is."""
        self._seed = seed
        self._latitude = radians(latitude)

    def sunniness(self, day: int) -> float:
        """Return how clear the sky is on a day, from 0 (overcast) to 1 (clear)."""
        return self._kind(Random(f"{self._seed}/sky/{day}"))

    def irradiance(self, day: int) -> list[float]:
        """Return the sun on the panels in kW/m2, one value a minute."""
        rng = Random(f"{self._seed}/sky/{day}")
        clouds = self._clouds(rng, self._kind(rng))
        # Cooper's formula; the equation of time does not matter here.
        declination = radians(23.45) * sin(2 * pi * (284 + day % 365.25) / 365.25)
        high = sin(self._latitude) * sin(declination)
        wide = cos(self._latitude) * cos(declination)
        sky = []
        for minute in range(MINUTES):
            height = high - wide * cos(2 * pi * minute / MINUTES)
            if height <= 0:
                sky.append(0.0)
                continue
            # Low sun passes more air.
            sky.append(0.98 * height**1.15 * clouds[minute])
        return sky

    @staticmethod
    def _kind(rng: Random) -> float:
        """Draw a kind of day: half are clear, a third broken, the rest overcast."""
        draw = rng.random()
        if draw < 0.5:
            return 0.9 + 0.1 * rng.random()
        if draw < 0.82:
            return 0.4 + 0.4 * rng.random()
        return 0.3 * rng.random()

    @staticmethod
    def _clouds(rng: Random, sunniness: float) -> list[float]:
        """Return the share of sunlight that gets through, one value a minute."""
        clouds: list[float] = []
        while len(clouds) < MINUTES:
            if sunniness < 0.35:
                through, length = 0.12 + 0.6 * sunniness * rng.random(), 30
            elif sunniness >= 0.9:
                through, length = 0.97 + 0.03 * rng.random(), 60
            elif rng.random() < sunniness:
                through, length = 0.95 + 0.08 * rng.random(), 12
            else:
                through, length = 0.2 + 0.3 * rng.random(), 8
            clouds += [through] * (1 + int(rng.expovariate(1 / length)))
        return clouds[:MINUTES]
