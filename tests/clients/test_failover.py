"""Several sources as one: when another one is asked, and when the best one is again."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
import logging
from typing import override

import pytest

from custom_components.power_sync.clients.errors import (
    AuthError,
    ClientError,
    InvalidDataError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from custom_components.power_sync.clients.failover import FailoverPrices
from custom_components.power_sync.clients.protocols import PriceSource, Reach
from custom_components.power_sync.core.model.prices import (
    PriceKind,
    PricePoint,
    PriceSeries,
)

NOW = datetime(2026, 11, 20, 6, 2, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)
DAY = Reach(back=24 * HOURS, at_once=24 * HOURS)

FAILURES: list[ClientError] = [
    AuthError("no"),
    InvalidDataError("no"),
    RateLimitedError("no", None),
    RejectedError("no"),
    UnavailableError("no"),
]


@dataclass
class Source(PriceSource):
    """A source that does as it is told, and says what it was asked."""

    name: str
    error: BaseException | None = None
    lag: timedelta = timedelta(0)
    horizon: timedelta = 15 * HOURS
    hole: bool = False
    past: Reach | None = None
    asked: list[datetime] = field(default_factory=list)

    @property
    @override
    def reach(self) -> Reach | None:
        return self.past

    @override
    async def fetch_prices(self, now: datetime) -> PriceSeries:
        self.asked.append(now)
        if self.error is not None:
            raise self.error
        minute = now.minute - now.minute % 5
        start = now.replace(minute=minute, second=0, microsecond=0) - self.lag
        running = PricePoint(
            start=start,
            end=start + 5 * MINUTES,
            price=0.1,
            kind=PriceKind.CURRENT if self.lag < 5 * MINUTES else PriceKind.ACTUAL,
        )
        ahead = replace(
            running,
            start=running.end + (5 * MINUTES if self.hole else timedelta(0)),
            end=now + self.horizon,
            kind=PriceKind.FORECAST,
        )
        return PriceSeries(fetched_at=now, imports=(running, ahead), origin=self.name)

    @override
    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        self.asked.append(now)
        if self.error is not None:
            raise self.error
        return PriceSeries(fetched_at=now, imports=(), origin=self.name)


@pytest.fixture
def best() -> Source:
    return Source("AEMO")


@pytest.fixture
def other() -> Source:
    return Source("NEMWEB")


@pytest.fixture
def prices(best: Source, other: Source) -> FailoverPrices:
    return FailoverPrices([best, other])


async def origin(prices: PriceSource, now: datetime = NOW) -> str | None:
    return (await prices.fetch_prices(now)).origin


# covers P-04
async def test_best_source_is_used_alone(
    prices: FailoverPrices, other: Source, caplog: pytest.LogCaptureFixture
) -> None:
    assert await origin(prices) == "AEMO"
    assert other.asked == []
    assert caplog.records == []


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
async def test_another_source_is_asked_after_a_failure(
    prices: FailoverPrices, best: Source, error: ClientError
) -> None:
    best.error = error

    assert await origin(prices) == "NEMWEB"


# covers P-04
async def test_lagging_source_is_passed_over(
    prices: FailoverPrices, best: Source
) -> None:
    best.lag = 5 * MINUTES

    assert await origin(prices) == "NEMWEB"


async def test_source_that_repeats_itself_is_passed_over(
    best: Source, other: Source
) -> None:
    repeated = await best.fetch_prices(NOW)

    class Stuck(Source):
        @override
        async def fetch_prices(self, now: datetime) -> PriceSeries:
            return replace(repeated, fetched_at=now)

    prices = FailoverPrices([Stuck("AEMO"), other])
    assert await origin(prices, NOW) == "AEMO"
    assert await origin(prices, NOW + 10 * MINUTES) == "NEMWEB"


@pytest.mark.parametrize(
    ("seconds", "used"), [(0, "AEMO"), (25, "AEMO"), (119, "AEMO"), (121, "NEMWEB")]
)
async def test_interval_that_has_just_begun_may_be_late(
    prices: FailoverPrices, best: Source, seconds: int, used: str
) -> None:
    best.lag = 5 * MINUTES
    now = NOW.replace(minute=5) + timedelta(seconds=seconds)

    assert await origin(prices, now) == used


async def test_forecast_of_the_running_interval_is_no_price(
    prices: FailoverPrices, best: Source
) -> None:
    best.lag = 25 * MINUTES

    assert await origin(prices) == "NEMWEB"


@pytest.mark.parametrize("flaw", [{"hole": True}, {"horizon": 11 * HOURS}])
async def test_forecast_that_cannot_be_used_is_passed_over(
    prices: FailoverPrices, best: Source, flaw: dict[str, object]
) -> None:
    for name, value in flaw.items():
        setattr(best, name, value)

    assert await origin(prices) == "NEMWEB"


@pytest.mark.parametrize("other_fails", [True, False])
async def test_running_price_without_a_forecast_is_better_than_none(
    prices: FailoverPrices, best: Source, other: Source, other_fails: bool
) -> None:
    best.hole = True
    other.hole = not other_fails
    other.error = UnavailableError("down") if other_fails else None

    assert await origin(prices) == "AEMO"


async def test_source_that_works_is_kept_for_five_minutes(
    prices: FailoverPrices, best: Source, other: Source
) -> None:
    best.error = UnavailableError("down")
    await prices.fetch_prices(NOW)
    best.error = None

    assert await origin(prices, NOW + 4.9 * MINUTES) == "NEMWEB"
    assert best.asked == [NOW]
    assert await origin(prices, NOW + 5 * MINUTES) == "AEMO"
    assert await origin(prices, NOW + 6 * MINUTES) == "AEMO"
    assert len(other.asked) == 2


async def test_probe_that_fails_is_repeated_after_five_more_minutes(
    prices: FailoverPrices, best: Source
) -> None:
    best.error = UnavailableError("down")
    for minutes in range(12):
        assert await origin(prices, NOW + minutes * MINUTES) == "NEMWEB"

    assert best.asked == [NOW, NOW + 5 * MINUTES, NOW + 10 * MINUTES]


async def test_source_is_left_alone_as_long_as_it_asks_for(
    prices: FailoverPrices, best: Source
) -> None:
    best.error = RateLimitedError("slow down", 20 * MINUTES)
    await prices.fetch_prices(NOW)
    best.error = None

    assert await origin(prices, NOW + 19 * MINUTES) == "NEMWEB"
    assert await origin(prices, NOW + 20 * MINUTES) == "AEMO"


async def test_clock_that_was_set_back_does_not_hide_the_best_source(
    prices: FailoverPrices, best: Source
) -> None:
    best.error = UnavailableError("down")
    await prices.fetch_prices(NOW)
    best.error = None

    assert await origin(prices, NOW - 24 * HOURS) == "AEMO"


async def test_best_source_is_asked_early_if_the_other_fails(
    prices: FailoverPrices, best: Source, other: Source
) -> None:
    best.error = UnavailableError("down")
    await prices.fetch_prices(NOW)
    best.error, other.error = None, UnavailableError("down too")

    assert await origin(prices, NOW + MINUTES) == "AEMO"


# covers P-04
async def test_one_line_in_the_log_each_way(
    prices: FailoverPrices,
    best: Source,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    best.error = UnavailableError("AEMO's dashboard is in trouble (HTTP 503)")
    for minutes in range(7):
        await prices.fetch_prices(NOW + minutes * MINUTES)
    best.error = None
    for minutes in range(10, 17):
        await prices.fetch_prices(NOW + minutes * MINUTES)

    assert [(record.levelname, record.message) for record in caplog.records] == [
        (
            "WARNING",
            "Prices now come from NEMWEB: AEMO's dashboard is in trouble (HTTP 503)",
        ),
        ("INFO", "Prices come from AEMO again"),
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lag": 5 * MINUTES}, "the prices of AEMO lag"),
        ({"hole": True}, "the forecast of AEMO has a hole"),
        ({"horizon": HOURS}, "the forecast of AEMO ends too soon"),
    ],
)
async def test_log_tells_what_is_wrong_with_an_answer(
    prices: FailoverPrices,
    best: Source,
    caplog: pytest.LogCaptureFixture,
    change: dict[str, object],
    reason: str,
) -> None:
    for name, value in change.items():
        setattr(best, name, value)
    await prices.fetch_prices(NOW)

    assert [record.message for record in caplog.records] == [
        f"Prices now come from NEMWEB: {reason}"
    ]


@pytest.mark.parametrize("rounds", [1, 2])
async def test_if_all_fail_the_best_sources_error_counts(
    prices: FailoverPrices, best: Source, other: Source, rounds: int
) -> None:
    if rounds == 2:
        best.error = InvalidDataError("earlier")
        await prices.fetch_prices(NOW)
    best.error = RateLimitedError("first", MINUTES)
    other.error = UnavailableError("second")

    with pytest.raises(RateLimitedError, match="first"):
        await prices.fetch_prices(NOW + MINUTES)


async def test_if_all_lag_that_is_the_error(
    prices: FailoverPrices, best: Source, other: Source
) -> None:
    best.lag = other.lag = 10 * MINUTES

    with pytest.raises(UnavailableError, match="AEMO lag"):
        await prices.fetch_prices(NOW)


@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyError("bug")])
async def test_only_clients_errors_are_survived(
    prices: FailoverPrices, best: Source, other: Source, error: BaseException
) -> None:
    best.error = error

    with pytest.raises(type(error)):
        await prices.fetch_prices(NOW)
    assert other.asked == []


async def test_three_sources(best: Source, other: Source) -> None:
    third = Source("third")
    prices = FailoverPrices([best, other, third])
    best.error = other.error = UnavailableError("down")

    assert await origin(prices, NOW) == "third"
    other.error = None
    assert await origin(prices, NOW + MINUTES) == "third"
    assert await origin(prices, NOW + 5 * MINUTES) == "NEMWEB"
    assert await origin(prices, NOW + 6 * MINUTES) == "NEMWEB"
    best.error = None
    assert await origin(prices, NOW + 10 * MINUTES) == "AEMO"


# The past


async def test_reach_is_that_of_the_best_source_with_a_past(
    prices: FailoverPrices, best: Source, other: Source
) -> None:
    found = [prices.reach]
    other.past = DAY
    found.append(prices.reach)
    best.past = Reach(back=HOURS, at_once=HOURS)
    found.append(prices.reach)

    assert found == [None, DAY, best.past]


async def test_past_comes_from_the_first_source_that_answers(
    prices: FailoverPrices, best: Source, other: Source
) -> None:
    best.past = other.past = DAY
    assert (await prices.fetch_history(NOW - HOURS, NOW, NOW)).origin == "AEMO"

    best.error = UnavailableError("down")
    assert (await prices.fetch_history(NOW - HOURS, NOW, NOW)).origin == "NEMWEB"


async def test_source_without_a_past_is_not_asked_for_it(
    prices: FailoverPrices, best: Source, other: Source
) -> None:
    best.past, best.error = DAY, InvalidDataError("first")

    with pytest.raises(InvalidDataError, match="first"):
        await prices.fetch_history(NOW - HOURS, NOW, NOW)
    assert other.asked == []


async def test_if_all_fail_the_best_sources_error_about_the_past_counts(
    prices: FailoverPrices, best: Source, other: Source
) -> None:
    best.past = other.past = DAY
    best.error, other.error = InvalidDataError("first"), UnavailableError("second")

    with pytest.raises(InvalidDataError, match="first"):
        await prices.fetch_history(NOW - HOURS, NOW, NOW)


async def test_no_source_knows_the_past(prices: FailoverPrices) -> None:
    with pytest.raises(UnavailableError):
        await prices.fetch_history(NOW - HOURS, NOW, NOW)


async def test_no_source_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="source"):
        FailoverPrices([])
