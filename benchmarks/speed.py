"""Time of the steps that run again and again on the event loop.

Every step is the product's own code on generated prices: a month held by the rolling
statistics, five-minute and half-hour prices to a 40-hour horizon for the tariff and
the decision, and an answer of Amber with as many rows as the service ever sends.
"""

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
import itertools
import json
import math
import random
from time import perf_counter_ns
from zoneinfo import ZoneInfo

from harness import bare

bare.install()

from custom_components.power_sync.clients.amber_wire import (  # noqa: E402
    parse_prices,
)
from custom_components.power_sync.clients.json_fields import decode_json  # noqa: E402
from custom_components.power_sync.core.day_plan import TariffTerms  # noqa: E402
from custom_components.power_sync.core.day_tariff import (  # noqa: E402
    DayTariff,
    build,
)
from custom_components.power_sync.core.engine import (  # noqa: E402
    Fallback,
    Memory,
    Settings,
    Snapshot,
    decide,
)
from custom_components.power_sync.core.model.market import MarketPrice  # noqa: E402
from custom_components.power_sync.core.model.powerwall import (  # noqa: E402
    ExportRule,
    OperationMode,
    SiteInfo,
)
from custom_components.power_sync.core.model.prices import (  # noqa: E402
    Channel,
    ForecastChoice,
    PriceKind,
    PricePoint,
    PriceSeries,
)
from custom_components.power_sync.core.model.switches import Switch  # noqa: E402
from custom_components.power_sync.core.price_history import PriceHistory  # noqa: E402
from custom_components.power_sync.core.price_record import PriceRecord  # noqa: E402
from custom_components.power_sync.core.price_statistics import (  # noqa: E402
    STAMP,
    WINDOW,
    RollingPrices,
)
from custom_components.power_sync.core.standing import Standing  # noqa: E402
from custom_components.power_sync.core.tesla_tariff import daily_tariff  # noqa: E402
from harness.bench import Report, Row  # noqa: E402

ZONE = ZoneInfo("Australia/Adelaide")
NOW = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
HORIZON = timedelta(hours=40)
AMBER_ROWS = 2048
DATASET = "generated"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say how often, and on which prices."""
    parser.add_argument("--repeat", type=int, default=500, help="runs of each step")
    parser.add_argument("--seed", type=int, default=1, help="seed of the prices")


def measure(options: argparse.Namespace) -> Report:
    """Time each step."""
    if options.repeat < 1:
        raise SystemExit("--repeat must be at least 1")
    chance = random.Random(options.seed)  # noqa: S311
    steps = {
        "statistics_update": _statistics_update(chance),
        "price_record_learn": _price_record_learn(chance),
        "tariff_build": _tariff_build(chance),
        "decision_tick_new_prices": _decision(chance, new_prices=True),
        "decision_tick_same_prices": _decision(chance, new_prices=False),
        f"amber_parse_{AMBER_ROWS}_rows": _amber_parse(chance),
    }
    rows = [
        Row(DATASET, "power_sync", f"{name}_{what}", value, "ms")
        for name, run in steps.items()
        for what, value in _times(run, options.repeat).items()
    ]
    return Report(
        rows=rows,
        settings={
            "repeat": options.repeat,
            "stamps_held": WINDOW // STAMP,
            "horizon_hours": HORIZON / timedelta(hours=1),
            "zone": ZONE.key,
        },
        seed=options.seed,
    )


def _times(run: Callable[[], object], repeat: int) -> dict[str, float]:
    """Return the median and the 99th percentile of several runs, in ms."""
    run()  # caches and imports are not what is measured
    taken = []
    for _ in range(repeat):
        before = perf_counter_ns()
        run()
        taken.append((perf_counter_ns() - before) / 1e6)
    taken.sort()
    return {
        name: taken[min(math.ceil(share * repeat) - 1, repeat - 1)]
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }


def _prices(chance: random.Random) -> Iterator[float]:
    """Yield prices like those of a market: a daily wave, noise and rare spikes."""
    for index in itertools.count():
        wave = 0.12 + 0.1 * math.sin(index / 288 * 2 * math.pi)
        spike = chance.uniform(1, 15) if chance.random() < 0.003 else 0.0
        yield round(wave + chance.gauss(0, 0.03) + spike, 5)


def _statistics_update(chance: random.Random) -> Callable[[], object]:
    """Return one new price into a full month, and the month's summary."""
    rolling, prices = RollingPrices(), _prices(chance)
    stamps = itertools.count()
    for _ in range(WINDOW // STAMP):
        rolling.put(NOW + next(stamps) * STAMP, next(prices))

    def update() -> None:
        stamp = NOW + next(stamps) * STAMP
        rolling.put(stamp, next(prices))
        rolling.expire(stamp + STAMP)
        rolling.summary(stamp + STAMP)

    return update


def _price_record_learn(chance: random.Random) -> Callable[[], object]:
    """Return a poll's series into a record of a full month."""
    record = PriceRecord()
    month = tuple(_points(chance, NOW - WINDOW, NOW, STAMP))
    record.learn(PriceSeries(fetched_at=NOW, imports=month, exports=month), NOW)
    moments = (NOW + index * STAMP for index in itertools.count())
    series = _series(chance)

    def learn() -> None:
        record.learn(series, next(moments))

    return learn


def _tariff_build(chance: random.Random) -> Callable[[], object]:
    """Return the tariff of a day from a series and a week of history."""
    series, history = _series(chance), _history(chance)
    run = partial(build, series, history, ForecastChoice.PREDICTED, ZONE, NOW)
    assert isinstance(run(), DayTariff)
    return run


def _decision(chance: random.Random, *, new_prices: bool) -> Callable[[], object]:
    """Return a whole decision, on prices it has or has not seen before.

    Everything is switched on, and wholesale prices are extreme.
    """
    settings = Settings(
        zone=ZONE,
        forecast=ForecastChoice.PREDICTED,
        fallback=Fallback.SELF_CONSUMPTION,
        has_prices=True,
        tariff=TariffTerms(utility="Benchmark", currency="AUD"),
        watches_market=True,
    )
    snapshot = Snapshot(
        prices=_series(chance),
        history=_history(chance),
        site=_site(),
        market=MarketPrice(start=NOW, end=NOW + STAMP, price=5.0),
    )
    standing = Standing(switches=frozenset(Switch), last_good_at=NOW)
    decision = decide(snapshot, settings, standing, Memory(), NOW)
    assert decision.memory.plan is not None
    assert decision.memory.steering is not None
    if new_prices:
        return partial(decide, snapshot, settings, standing, Memory(), NOW)
    return partial(decide, snapshot, settings, decision.standing, decision.memory, NOW)


def _site() -> SiteInfo:
    """Return a Powerwall that its owner runs by a tariff of his own."""
    return SiteInfo(
        name="Home",
        firmware=None,
        operation_mode=OperationMode.AUTONOMOUS,
        backup_reserve=20.0,
        export_rule=ExportRule.PV_ONLY,
        grid_charging=True,
        storm_watch=False,
        time_zone=ZONE.key,
        battery_count=1,
        nameplate_energy=13.5,
        nameplate_power=5000.0,
        has_solar=True,
        has_battery=True,
        tariff=daily_tariff(
            [0.3] * 48, [0.05] * 48, name="Mine", utility="Mine", currency="AUD"
        ),
    )


def _amber_parse(chance: random.Random) -> Callable[[], object]:
    """Return the reading of Amber's longest answer, from bytes to a series."""
    channels = frozenset({Channel.IMPORT, Channel.EXPORT})
    prices = _prices(chance)
    first = NOW - AMBER_ROWS // 4 * STAMP
    rows = [
        _amber_row(first + index * STAMP, next(prices), name)
        for name in ("general", "feedIn")
        for index in range(AMBER_ROWS // 2)
    ]
    body = json.dumps(rows).encode()
    return lambda: parse_prices(decode_json(body, "prices"), channels, NOW)


def _amber_row(start: datetime, price: float, channel: str) -> dict[str, object]:
    """Return a row as Amber's OpenAPI describes it."""
    kind = "Forecast" if start > NOW else "Current" if start == NOW else "Actual"
    cents = price * (-100 if channel == "feedIn" else 100)
    return {
        "type": f"{kind}Interval",
        "channelType": channel,
        "duration": 5,
        "startTime": (start + timedelta(seconds=1)).isoformat(),
        "endTime": (start + STAMP).isoformat(),
        "nemTime": (start + STAMP).isoformat(),
        "perKwh": cents,
        "spotPerKwh": price * 80,
        "renewables": 42.0,
        "spikeStatus": "none",
        "descriptor": "neutral",
        "estimate": False,
        "advancedPrice": {"low": cents * 0.9, "predicted": cents, "high": cents * 1.2},
        "tariffInformation": {"demandWindow": False},
    }


def _series(chance: random.Random) -> PriceSeries:
    """Return a series like Amber's: two hours back, 40 hours ahead."""

    def channel() -> tuple[PricePoint, ...]:
        near = NOW + timedelta(hours=1)
        return (
            *_points(chance, NOW - timedelta(hours=2), near, STAMP),
            *_points(chance, near, NOW + HORIZON, HALF_HOUR),
        )

    return PriceSeries(fetched_at=NOW, imports=channel(), exports=channel())


def _history(chance: random.Random) -> PriceHistory:
    """Return what half hours usually cost, from a week of settled prices."""
    week = tuple(_points(chance, NOW - timedelta(days=7), NOW, STAMP))
    series = PriceSeries(fetched_at=NOW, imports=week, exports=week)
    return PriceHistory().with_series(series, NOW)


def _points(
    chance: random.Random, start: datetime, end: datetime, length: timedelta
) -> Iterator[PricePoint]:
    """Yield consecutive prices, of the kind that their time makes them."""
    for price in _prices(chance):
        if start >= end:
            return
        if start + length <= NOW:
            kind = PriceKind.ACTUAL
        else:
            kind = PriceKind.CURRENT if start <= NOW else PriceKind.FORECAST
        yield PricePoint(start=start, end=start + length, price=price, kind=kind)
        start += length
