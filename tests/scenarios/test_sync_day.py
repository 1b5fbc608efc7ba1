"""Whole days of the real integration in front of the simulated home."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from os import environ
from pathlib import Path
from typing import override

import pytest

from custom_components.power_sync.sim.prices import PriceTruth
from harness.scenarios.sync_day import recorded, start_of, sync_day
from harness.scenarios.sync_outcome import Outcome, Setup

RECORD = "nem_sa1_5min_2021-01.csv.gz"
SYDNEY = "Australia/Sydney"
ADELAIDE = "Australia/Adelaide"


def recorded_prices() -> Path:
    """Where a recorded month is, if it is anywhere."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return Path(environ.get("POWER_SYNC_DATA") or beside) / RECORD


def figures(outcome: Outcome) -> dict[str, object]:
    """The figures of a run except the one that depends on the machine."""
    return {
        row.metric: row.value
        for row in outcome.report().rows
        if row.metric != "wall time"
    }


def assert_passed(outcome: Outcome) -> None:
    """Show the whole table where something does not hold."""
    report = outcome.report()
    assert report.passed, f"\n{report.as_markdown()}"


@pytest.mark.timeout(300)
def test_the_default_day() -> None:
    outcome = sync_day(Setup())

    assert_passed(outcome)
    found = figures(outcome)
    # Whoever changes the simulated home or when the integration asks and uploads
    # will find other figures here and should be able to say why.
    assert {name: found[name] for name in EXPECTED} == pytest.approx(EXPECTED)


EXPECTED = {
    "uploads": 450,
    "most uploads in 5 minutes": 2,
    "slots assumed per tariff": 2.5,
    "most slots assumed in a tariff": 16,
    "most slots missing (daylight saving)": 0,
    "most Amber calls in 5 minutes": 9,  # five at the start ask about the past
    "headroom below Amber's limit": 41,
    "price to upload, median": 0.1,  # the site is read before it is changed
}


@pytest.mark.timeout(900)
def test_days_of_recorded_prices() -> None:
    file = recorded_prices()
    if not file.is_file():
        pytest.skip(
            f"no {RECORD} in {file.parent}; POWER_SYNC_DATA can name the folder"
        )
    # South Australia on hot days: $15,000 a MWh on Friday, -$1,000 on Monday.
    setup = replace(
        recorded(file, Setup(length=timedelta(days=4), time_zone=ADELAIDE)),
        start=start_of(date(2021, 1, 22), ADELAIDE),
    )

    outcome = sync_day(setup)

    assert_passed(outcome)
    assert outcome.findings.slot_error < 5e-5
    assert outcome.findings.lowest < -0.1
    assert outcome.findings.highest > 5
    assert outcome.uploads > 1000


@pytest.mark.timeout(900)
@pytest.mark.skipif(
    recorded_prices().is_file(),
    reason="four days take minutes, and those of recorded prices show more",
)
def test_days_of_generated_prices() -> None:
    outcome = sync_day(Setup(seed=7, length=timedelta(days=4)))

    assert_passed(outcome)
    assert outcome.findings.slot_error < 5e-5
    assert outcome.findings.lowest < 0
    assert outcome.findings.highest > 1
    assert outcome.uploads > 1000


def test_a_start_in_the_middle_of_a_half_hour() -> None:
    # The history knows the half hours before, the price list only their last part.
    start = start_of(date(2026, 2, 2), SYDNEY) + timedelta(hours=9, minutes=7)

    outcome = sync_day(Setup(start=start, length=timedelta(hours=1)))

    assert_passed(outcome)
    assert max(outcome.findings.assumed) > 0


def test_the_same_seed_makes_the_same_requests() -> None:
    first, again, other = (
        sync_day(Setup(seed=seed, length=timedelta(hours=1))) for seed in (5, 5, 6)
    )

    assert first.requests == again.requests
    assert figures(first) == figures(again)
    assert first.requests != other.requests


@dataclass(frozen=True, slots=True)
class Steady(PriceTruth):
    """One wholesale price that is known beforehand, until it changes unforeseen."""

    rrp: float = 80.0
    changes_at: datetime | None = None
    then: float = 80.0

    @override
    def spot(self, start: datetime) -> float:
        changed = self.changes_at is not None and start >= self.changes_at
        return self.then if changed else self.rrp

    @override
    def forecast(self, start: datetime, minutes: int, known_at: datetime) -> float:
        return self.spot(known_at)


@pytest.mark.timeout(180)
def test_an_unchanged_day_makes_one_upload() -> None:
    outcome = sync_day(Setup(prices=Steady()))

    assert_passed(outcome)
    assert outcome.uploads == 1


def test_a_changed_price_is_uploaded_within_two_seconds() -> None:
    noon = start_of(date(2026, 2, 2), SYDNEY) + timedelta(hours=12)
    changing = Steady(changes_at=noon + timedelta(hours=1), then=120.0)

    outcome = sync_day(Setup(start=noon, length=timedelta(hours=2), prices=changing))

    assert_passed(outcome)
    # The first five minutes at the new price are an estimate from before, then it
    # is settled, then the forecasts follow, first the near ones.
    _first, *later = outcome.findings.seconds
    assert len(later) >= 2
    assert max(later) < 2


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("evening", "missing"),
    [(date(2026, 10, 3), 2), (date(2027, 4, 3), 0)],
    ids=["spring forward", "fall back"],
)
def test_a_night_of_daylight_saving(evening: date, missing: int) -> None:
    outcome = sync_day(
        Setup(
            start=start_of(evening, SYDNEY) + timedelta(hours=20),
            length=timedelta(hours=12),
        )
    )

    assert_passed(outcome)
    assert max(outcome.findings.missing) == missing
    assert outcome.findings.uploads > 50
