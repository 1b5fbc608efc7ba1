"""Requests to ComEd, and what becomes of each kind of answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
import json
from typing import Any, Self
from unittest.mock import Mock

import aiohttp
from aiohttp import web
from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients import comed_http
from custom_components.power_sync.clients.comed import HOLDS, ComedPrices
from custom_components.power_sync.clients.errors import (
    ClientError,
    InvalidDataError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from custom_components.power_sync.core.model.prices import (
    Channel,
    PriceKind,
    PricePoint,
    PriceSeries,
    StandingCharges,
)
from custom_components.power_sync.core.settlement import billed

from .comed_support import (
    CHICAGO,
    HELLO,
    HOUR,
    PAGE,
    STEP,
    chicago,
    feed,
    feed_rows,
    page,
    utc,
)
from .support import ANY_JSON, Service, drop, stored

DELIVERY = 0.075
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NEWEST = utc("2026-09-15 14:20")
NOW = NEWEST + 3 * MINUTE
"""09:23 in Chicago."""
TODAY = date(2026, 9, 15)
LOGGER = "custom_components.power_sync.clients.comed_day_ahead"
ACTUAL, CURRENT, FORECAST = PriceKind.ACTUAL, PriceKind.CURRENT, PriceKind.FORECAST


@dataclass
class Comed:
    """What the service says of each type; an int is a status, None hangs up."""

    service: Service
    feed: str | int | None = ""
    pages: dict[str, str | int | None] = field(default_factory=dict)
    ranges: str | int | None = "[]"

    def __post_init__(self) -> None:
        self.service.answer = self._answer

    def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/rrtp/ServletFeed":
            said = self.pages.get(request.query["type"], "[]")
        else:
            assert request.path == "/api"
            assert request.query["type"] == "5minutefeed"
            said = self.ranges if "datestart" in request.query else self.feed
        if said is None:
            return drop(request)
        if isinstance(said, int):
            return web.Response(status=said)
        return web.Response(text=said, content_type="text/html")

    def asked(self, kind: str) -> list[Mapping[str, str]]:
        """Return the questions of a type; those of a range are called so."""
        return [
            request.query
            for request in self.service.requests
            if kind
            == ("range" if "datestart" in request.query else request.query["type"])
        ]


@pytest.fixture
def comed(service: Service) -> Comed:
    sample = json.dumps(stored("comed_5min"))
    return Comed(service, feed=sample, pages={"daynexttoday": PAGE})


def source(session: aiohttp.ClientSession, url: str) -> ComedPrices:
    return ComedPrices(
        session,
        delivery=DELIVERY,
        monthly_charge=19.56,
        zone=CHICAGO,
        base_url=url + "/",
    )


@pytest.fixture
def prices(session: aiohttp.ClientSession, service: Service) -> ComedPrices:
    return source(session, service.url)


def forecast(series: PriceSeries) -> list[PricePoint]:
    return [point for point in series.imports if point.kind is FORECAST]


def assert_well_formed(series: PriceSeries) -> None:
    for before, after in pairwise(series.imports):
        assert before.end <= after.start
    for point in series.imports:
        assert point.supply is not None
        assert point.spot == point.supply
        assert point.price == pytest.approx(point.supply + DELIVERY)
        assert -1 <= point.supply <= 4
    assert series.exports is None
    assert series.controlled_load is None
    assert series.settlement == HOUR
    assert series.least_horizon == timedelta(0)
    assert series.charges == StandingCharges(monthly=19.56)
    assert series.origin == "ComEd"


# covers P-08
async def test_prices(prices: ComedPrices, comed: Comed) -> None:
    series = await prices.fetch_prices(NOW)

    assert series.fetched_at == NOW
    assert_well_formed(series)
    *past, running = [p for p in series.imports if p.kind is not FORECAST]
    assert len(past) == 35
    assert all(p.kind is ACTUAL and p.duration == STEP for p in past)
    assert (running.start, running.end) == (NEWEST, NEWEST + HOLDS)
    assert running.kind is CURRENT
    assert running.estimate
    assert running.price == pytest.approx(0.098)
    assert running.supply == pytest.approx(0.023)
    [asked] = comed.asked("5minutefeed")
    assert dict(asked) == {"type": "5minutefeed"}


async def test_forecast_begins_where_the_running_price_ends(
    prices: ComedPrices, comed: Comed
) -> None:
    series = await prices.fetch_prices(NOW)

    rest, *later = forecast(series)
    # 09:40 to 10:00 in Chicago has the label 10, and the last label is 23.
    assert (rest.start, rest.end) == (NEWEST + HOLDS, utc("2026-09-15 15:00"))
    assert rest.supply == pytest.approx(0.030)
    assert [p.start for p in later] == [rest.end + n * HOUR for n in range(13)]
    assert [p.end for p in later] == [p.start + HOUR for p in later]
    assert later[0].supply == pytest.approx(0.033)
    assert later[-1].end == chicago("2026-09-15 23:00")
    assert later[-1].supply == pytest.approx(0.052)


@pytest.mark.parametrize("late", [0, 4, 9, 14, 19])
async def test_a_late_feed_leaves_the_last_price_running(
    prices: ComedPrices, comed: Comed, late: int
) -> None:
    now = NEWEST + late * MINUTE + 59 * timedelta(seconds=1)

    running = (await prices.fetch_prices(now)).running(Channel.IMPORT, now)

    assert running is not None
    assert running.start == NEWEST
    assert running.supply == pytest.approx(0.023)


async def test_after_20_minutes_the_price_is_not_known(
    prices: ComedPrices, comed: Comed
) -> None:
    now = NEWEST + HOLDS

    series = await prices.fetch_prices(now)

    assert series.running(Channel.IMPORT, now) is None
    assert {p.kind for p in series.imports} == {ACTUAL, FORECAST}
    assert_well_formed(series)
    # What the auction expected fills the running hour from the last known price on.
    assert forecast(series)[0].start == NEWEST + STEP


async def test_the_next_row_takes_its_place(prices: ComedPrices, comed: Comed) -> None:
    rows = stored("comed_5min")
    await prices.fetch_prices(NOW)
    comed.feed = feed({NEWEST + 2 * STEP: 4.0})[:-1] + "," + json.dumps(rows)[1:]

    series = await prices.fetch_prices(NOW + 10 * MINUTE)

    *_, before, running = [p for p in series.imports if p.kind is not FORECAST]
    assert (before.start, before.end, before.kind) == (NEWEST, NEWEST + STEP, ACTUAL)
    assert running.start == NEWEST + 2 * STEP
    assert_well_formed(series)


async def test_a_running_price_may_reach_into_the_next_hour(
    prices: ComedPrices, comed: Comed
) -> None:
    newest = utc("2026-09-15 14:55")
    comed.feed = feed({newest: 2.0})

    series = await prices.fetch_prices(newest + MINUTE)

    first, second = forecast(series)[:2]
    assert (first.start, first.end) == (newest + HOLDS, utc("2026-09-15 16:00"))
    assert first.supply == pytest.approx(0.033)
    assert second.start == first.end
    paid = billed(series, lambda _: None, newest + MINUTE)
    assert [p.start.minute for p in paid.imports] == [0] * len(paid.imports)


@pytest.mark.parametrize(
    ("name", "error"),
    [("empty", UnavailableError), ("not_json_body", InvalidDataError)],
)
async def test_feeds_without_prices(
    prices: ComedPrices, comed: Comed, name: str, error: type[ClientError]
) -> None:
    body = stored("comed_edge_cases")[name]
    comed.feed = body if isinstance(body, str) else json.dumps(body)
    with pytest.raises(error):
        await prices.fetch_prices(NOW)
    assert not comed.asked("daynexttoday")


async def test_prices_of_the_future_are_ignored(
    prices: ComedPrices, comed: Comed
) -> None:
    series = await prices.fetch_prices(NEWEST - MINUTE)
    assert max(p.start for p in series.imports if p.kind is CURRENT) == NEWEST - STEP
    with pytest.raises(UnavailableError):
        await prices.fetch_prices(NOW - DAY)
    with pytest.raises(UnavailableError):
        await prices.fetch_prices(NOW + 3 * DAY)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RejectedError),
        (404, RejectedError),
        (401, UnavailableError),
        (403, UnavailableError),
        (408, UnavailableError),
        (304, UnavailableError),
        (429, RateLimitedError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
async def test_statuses(
    prices: ComedPrices, comed: Comed, status: int, error: type[ClientError]
) -> None:
    comed.feed = comed.ranges = status
    with pytest.raises(error, match=str(status)):
        await prices.fetch_prices(NOW)
    with pytest.raises(error, match=str(status)):
        await prices.fetch_history(NOW - DAY, NOW, NOW)


async def test_a_wait_that_is_asked_for(prices: ComedPrices, service: Service) -> None:
    service.say_text("", 429, Retry_After="30")
    with pytest.raises(RateLimitedError) as caught:
        await prices.fetch_prices(NOW)
    assert caught.value.retry_after == timedelta(seconds=30)


async def test_nobody_answers(prices: ComedPrices, comed: Comed) -> None:
    comed.feed = None
    with pytest.raises(UnavailableError, match="cannot be reached"):
        await prices.fetch_prices(NOW)


async def test_headers_that_cannot_be_read() -> None:
    session = Mock()
    session.request.side_effect = aiohttp.ClientResponseError(
        Mock(), (), message="invalid character in header"
    )
    with pytest.raises(UnavailableError, match="ClientResponseError"):
        await source(session, "http://comed").fetch_prices(NOW)


async def test_silence(
    prices: ComedPrices, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.silent = True
    monkeypatch.setattr(comed_http, "REQUEST_TIMEOUT", 0.05)
    with pytest.raises(UnavailableError, match="in time"):
        await prices.fetch_prices(NOW)


async def test_an_endless_answer(
    prices: ComedPrices, comed: Comed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comed_http, "LARGEST", 1_000)
    with pytest.raises(InvalidDataError, match="too long"):
        await prices.fetch_prices(NOW)


# The day ahead


@pytest.mark.parametrize("said", [None, 404, 429, 500, HELLO, "[]", "[[1, 2]]"])
async def test_prices_do_not_depend_on_the_pages(
    prices: ComedPrices, comed: Comed, said: str | int | None
) -> None:
    comed.pages = dict.fromkeys(["daynexttoday", "daynexttomorrow", "day"], said)

    series = await prices.fetch_prices(NOW)

    assert len(series.imports) == 36
    assert series.running(Channel.IMPORT, NOW) is not None
    # Not there: asked again, but not at once.
    before = len(comed.asked("daynexttoday"))
    await prices.fetch_prices(NOW + 14 * MINUTE)
    assert len(comed.asked("daynexttoday")) == before
    comed.pages["daynexttoday"] = PAGE
    series = await prices.fetch_prices(NOW + 15 * MINUTE)
    assert len(forecast(series)) == 14
    assert len(comed.asked("daynexttoday")) == before + 1


async def test_todays_page_is_asked_for_once(prices: ComedPrices, comed: Comed) -> None:
    for minutes in range(0, 14 * 60, 5):
        await prices.fetch_prices(NOW.replace(minute=0) + minutes * MINUTE)
    assert len(comed.asked("daynexttoday")) == 1


async def test_tomorrows_page_is_asked_for_from_the_afternoon_on(
    prices: ComedPrices, comed: Comed
) -> None:
    tomorrow = TODAY + DAY
    published = chicago("2026-09-15 16:50")
    asked: list[datetime] = []
    moment = chicago("2026-09-15 16:00")
    comed.pages["daynexttomorrow"] = "[]"
    while moment < chicago("2026-09-16 06:00"):
        comed.feed = feed({moment - moment_offset(moment): 2.0})
        if moment >= published:
            comed.pages["daynexttomorrow"] = page(
                tomorrow, [(label, 4.0) for label in range(24)]
            )
        if moment >= chicago("2026-09-16 00:00"):
            comed.pages["daynexttomorrow"] = "[]"
            comed.pages["daynexttoday"] = "[]"
        before = len(comed.asked("daynexttomorrow"))
        series = await prices.fetch_prices(moment)
        if len(comed.asked("daynexttomorrow")) > before:
            asked.append(moment)
        if moment == chicago("2026-09-15 17:00"):
            assert forecast(series)[-1].end == chicago("2026-09-16 23:00")
            assert len(forecast(series)) == 30
        moment += 5 * MINUTE
    assert [f"{m.astimezone(CHICAGO):%H:%M}" for m in asked] == [
        "16:30",
        "16:45",
        "17:00",
    ]
    # Tomorrow's page has become today's: it was never asked for.
    assert len(comed.asked("daynexttoday")) == 1
    assert forecast(series)[-1].end == chicago("2026-09-16 23:00")


def moment_offset(moment: datetime) -> timedelta:
    return timedelta(seconds=moment.timestamp() % STEP.total_seconds())


async def test_a_page_of_yesterday_is_none_of_today(
    prices: ComedPrices, comed: Comed
) -> None:
    """The service's own midnight may come later than ours."""
    comed.pages["daynexttoday"] = PAGE.replace("2026,8,15", "2026,8,14")
    assert forecast(await prices.fetch_prices(NOW)) == []
    comed.pages["daynexttoday"] = PAGE
    assert forecast(await prices.fetch_prices(NOW + 15 * MINUTE))


async def test_half_a_page_is_used_and_asked_for_again(
    prices: ComedPrices, comed: Comed
) -> None:
    half = PAGE.replace("18,0,0), 19.0", "18,0,0), null")
    for label in (2, 3, 4):
        half = half.replace(f",15,{label},0,0), 1.3", f",15,{label},0,0), null")
    comed.pages["daynexttoday"] = half

    series = await prices.fetch_prices(NOW)

    # A hole would block the tariff, so the forecast ends there.
    assert forecast(series)[-1].end == chicago("2026-09-15 17:00")
    comed.pages["daynexttoday"] = "[]"
    series = await prices.fetch_prices(NOW + 15 * MINUTE)
    assert forecast(series)[-1].end == chicago("2026-09-15 17:00"), "better than none"
    comed.pages["daynexttoday"] = PAGE
    series = await prices.fetch_prices(NOW + 30 * MINUTE)
    assert forecast(series)[-1].end == chicago("2026-09-15 23:00")
    await prices.fetch_prices(NOW + 60 * MINUTE)
    assert len(comed.asked("daynexttoday")) == 3


async def test_the_running_hour_may_be_missing_from_the_forecast(
    prices: ComedPrices, comed: Comed
) -> None:
    comed.pages["daynexttoday"] = PAGE.replace("10,0,0), 3.0", "10,0,0), null")

    series = await prices.fetch_prices(NOW)

    assert forecast(series)[0].start == utc("2026-09-15 15:00")
    assert len(forecast(series)) == 13
    paid = billed(series, lambda _: None, NOW).imports
    assert all(before.end == after.start for before, after in pairwise(paid))


async def test_a_clock_that_was_set_back_silences_nothing(
    prices: ComedPrices, comed: Comed
) -> None:
    comed.pages["daynexttoday"] = "[]"
    await prices.fetch_prices(NOW)
    await prices.fetch_prices(NOW - HOUR)
    assert len(comed.asked("daynexttoday")) == 2


# What labels mean


def day_pages(comed: Comed, *, label_is_end: bool) -> None:
    """Say what yesterday's hours were, by labels of one kind."""
    midnight = chicago("2026-09-14 00:00")
    hourly = {midnight + n * HOUR: float(n * n % 17) for n in range(-2, 26)}
    comed.ranges = feed(
        {hour + n * STEP: cents for hour, cents in hourly.items() for n in range(12)}
    )
    shift = HOUR if label_is_end else timedelta(0)
    comed.pages["day"] = page(
        date(2026, 9, 14),
        [(n, hourly[midnight + n * HOUR - shift]) for n in range(24)],
    )


async def test_labels_that_are_the_start_of_an_hour(
    prices: ComedPrices, comed: Comed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", LOGGER)
    day_pages(comed, label_is_end=False)

    series = await prices.fetch_prices(NOW)

    rest, *_, last = forecast(series)
    assert rest.supply == pytest.approx(0.023)
    assert last.end == chicago("2026-09-16 00:00")
    assert "START" in caplog.text
    [asked] = comed.asked("day")
    assert asked["date"] == "20260914"
    [asked] = comed.asked("range")
    assert asked["datestart"] <= "202609132300"
    assert asked["dateend"] >= "202609150000"


async def test_labels_that_are_the_end_of_an_hour(
    prices: ComedPrices, comed: Comed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", LOGGER)
    day_pages(comed, label_is_end=True)
    series = await prices.fetch_prices(NOW)
    assert forecast(series)[-1].end == chicago("2026-09-15 23:00")
    assert not [record for record in caplog.records if record.name == LOGGER]


@pytest.mark.parametrize("label_is_end", [True, False])
async def test_a_part_of_a_day_can_be_enough_to_tell(
    prices: ComedPrices, comed: Comed, label_is_end: bool
) -> None:
    """Of eight labels each counts, and needs the hours on both of its sides."""
    day_pages(comed, label_is_end=label_is_end)
    whole = comed.pages["day"]
    assert isinstance(whole, str)
    comed.pages["day"] = "[" + ", [".join(whole[1:-1].split(", [")[:8]) + "]"

    series = await prices.fetch_prices(NOW)

    midnight = chicago("2026-09-16 00:00")
    assert forecast(series)[-1].end == midnight - (HOUR if label_is_end else 0 * HOUR)


async def test_a_page_is_whole_without_the_hours_of_a_spring_day(
    prices: ComedPrices, comed: Comed
) -> None:
    day = date(2026, 3, 8)
    rows = [(label, 2.0) for label in range(24) if label not in {1, 2, 7}]
    comed.pages["daynexttoday"] = page(day, rows)
    for minutes in (0, 20):
        now = chicago("2026-03-08 12:00") + minutes * MINUTE
        comed.feed = feed({now: 2.0})
        series = await prices.fetch_prices(now)
        assert forecast(series)[-1].end == chicago("2026-03-08 23:00")
    assert len(comed.asked("daynexttoday")) == 1


async def test_labels_are_checked_once_a_day(prices: ComedPrices, comed: Comed) -> None:
    day_pages(comed, label_is_end=False)
    for hours in range(14):
        await prices.fetch_prices(NOW + hours * HOUR)
    assert len(comed.asked("day")) == len(comed.asked("range")) == 1

    comed.feed = feed({NEWEST + DAY: 2.0})
    comed.pages["day"] = "[]"
    comed.pages["daynexttoday"] = PAGE.replace("2026,8,15", "2026,8,16")
    series = await prices.fetch_prices(NOW + DAY)
    assert comed.asked("day")[1]["date"] == "20260915"
    assert forecast(series)[-1].end == chicago("2026-09-17 00:00"), "still known"
    # Nothing to check with yet: another hour will do.
    await prices.fetch_prices(NOW + DAY + 5 * MINUTE)
    assert len(comed.asked("day")) == 2
    await prices.fetch_prices(NOW + DAY + HOUR)
    assert len(comed.asked("day")) == 3
    assert len(comed.asked("range")) == 1


async def test_a_check_that_fails_changes_nothing(
    prices: ComedPrices, comed: Comed
) -> None:
    day_pages(comed, label_is_end=False)
    comed.ranges = 500
    series = await prices.fetch_prices(NOW)
    assert forecast(series)[-1].end == chicago("2026-09-15 23:00")
    day_pages(comed, label_is_end=False)
    series = await prices.fetch_prices(NOW + HOUR)
    assert forecast(series)[-1].end == chicago("2026-09-16 00:00")


# History


def every_five_minutes(start: datetime, end: datetime) -> dict[datetime, float]:
    return {start + n * STEP: n % 90 / 10 for n in range((end - start) // STEP)}


def server_start(wall: str) -> datetime:
    """Return where the service begins: on an autumn day not before the second 01:00."""
    asked = datetime.strptime(wall, "%Y%m%d%H%M").replace(tzinfo=CHICAGO, fold=1)
    midnight = datetime(asked.year, asked.month, asked.day, tzinfo=CHICAGO)
    hours = (midnight + DAY).timestamp() - midnight.timestamp()
    if hours > DAY.total_seconds():
        asked = max(asked, midnight.replace(hour=1, fold=1), key=datetime.timestamp)
    return asked.astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-09-14 00:00", "2026-09-15 00:00"),
        ("2026-09-14 07:25", "2026-09-14 08:10"),
        ("2025-03-09 00:00", "2025-03-10 00:00"),
        ("2025-03-09 01:30", "2025-03-09 03:30"),
        ("2025-11-02 00:00", "2025-11-02 23:00"),
        ("2025-11-02 00:30", "2025-11-02 01:30"),
        ("2025-11-02 01:30", "2025-11-02 02:30"),
        ("2025-11-02 04:20", "2025-11-02 09:30"),
        ("2025-11-01 20:00", "2025-11-02 00:30"),
        ("2026-03-08 00:00", "2026-03-09 00:00"),
        ("2026-11-01 00:00", "2026-11-01 23:00"),
    ],
)
@pytest.mark.parametrize("fold", [0, 1])
async def test_history(
    prices: ComedPrices, service: Service, start: str, end: str, fold: int
) -> None:
    """Every price of the hours asked for is there, on nights of changes too."""
    first, last = chicago(start, fold), chicago(end, fold)
    truth = every_five_minutes(first - 2 * DAY, last + 2 * DAY)

    def answer(request: web.Request) -> web.Response:
        begin = server_start(request.query["datestart"])
        # The end is inclusive, and its repeated hour is taken for the first one.
        wall = request.query["dateend"]
        stop = datetime.strptime(wall, "%Y%m%d%H%M").replace(tzinfo=CHICAGO)
        assert stop - begin <= DAY + 9 * HOUR
        rows = {at: cents for at, cents in truth.items() if begin <= at <= stop}
        return web.Response(text=feed(rows), content_type="text/html")

    service.answer = answer

    series = await prices.fetch_history(first, last, last + DAY)

    assert_well_formed(series)
    hour, stop = first.replace(minute=0), last
    if last.minute:
        stop = last.replace(minute=0) + HOUR
    expected = every_five_minutes(hour, stop)
    assert [p.start for p in series.imports] == list(expected)
    for point in series.imports:
        assert point.kind is ACTUAL
        assert point.duration == STEP
        assert point.supply == pytest.approx(truth[point.start] / 100)
    assert len(service.requests) == 1


async def test_history_is_told_as_far_as_there_is_any(
    prices: ComedPrices, comed: Comed
) -> None:
    assert (await prices.fetch_history(NOW - DAY, NOW, NOW)).imports == ()
    comed.ranges = json.dumps(stored("comed_5min"))
    series = await prices.fetch_history(NOW - DAY, NOW, NOW)
    assert series.fetched_at == NOW
    assert len(series.imports) == 35, "the newest one is still running"
    assert max(p.end for p in series.imports) == NEWEST
    over = await prices.fetch_history(NOW - DAY, NOW, NEWEST + STEP)
    assert max(p.end for p in over.imports) == NEWEST + STEP
    comed.ranges = HELLO
    with pytest.raises(InvalidDataError):
        await prices.fetch_history(NOW - DAY, NOW, NOW)


def test_reach(prices: ComedPrices) -> None:
    assert prices.reach.back == 30 * DAY
    assert prices.reach.at_once == DAY


# Whatever it answers


@given(ANY_JSON, st.text(max_size=20), st.integers(0, 30), st.data())
def test_any_answer_ends_in_an_error_or_in_prices(
    value: Any, text: str, minutes: int, data: st.DataObject
) -> None:
    rows = data.draw(st.permutations(stored("comed_5min")))
    bodies = st.sampled_from(
        [json.dumps([value, *rows]), json.dumps(value), PAGE, text, "[]"]
    )
    answers = {"5minutefeed": data.draw(bodies)} | {
        kind: data.draw(bodies) for kind in ("daynexttoday", "daynexttomorrow", "day")
    }
    now = NOW + minutes * 30 * MINUTE

    async def ask() -> PriceSeries | None:
        prices = ComedPrices(
            Canned(answers),  # type: ignore[arg-type]
            delivery=DELIVERY,
            monthly_charge=19.56,
            zone=CHICAGO,
        )
        try:
            return await prices.fetch_prices(now)
        except ClientError:
            return None

    series = asyncio.run(ask())

    if series is not None:
        assert_well_formed(series)
        sample = {row["millisUTC"]: row["price"] for row in feed_rows({})} | {
            row["millisUTC"]: row["price"] for row in stored("comed_5min")
        }
        for point in series.imports:
            if point.kind is not FORECAST:
                millis = str(int(point.start.timestamp()) * 1000)
                assert point.supply == pytest.approx(float(sample[millis]) / 100)
        assert_well_formed(billed(series, lambda _: None, now))


class Canned:
    """A session whose every answer is known beforehand."""

    def __init__(self, answers: dict[str, str]) -> None:
        self._answers = answers

    def request(
        self, method: str, url: str, *, params: dict[str, str], **how: Any
    ) -> Canned:
        self.status = 200
        self._body = self._answers[params["type"]].encode("utf-8", "replace")
        self.content = self
        return self

    async def iter_any(self) -> Any:
        yield self._body

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass
