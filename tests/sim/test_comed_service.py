"""ComEd's feed and day-ahead pages, quirks included."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
import json
from pathlib import Path
import re
from statistics import mean, median
from zoneinfo import ZoneInfo

import pytest

from custom_components.power_sync.sim import admin_service
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service

SAMPLES = Path(__file__).resolve().parent / "samples"
CHICAGO = ZoneInfo("America/Chicago")
HELLO = "Servlet Feed 2.95-SGalertsSync"
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)


@pytest.fixture
def home(make_home):
    return make_home(comed_zone=CHICAGO)


@pytest.fixture
async def client(home, serve):
    return await serve(home.comed_app(), None)


async def text(client, path="/api", **query):
    response = await client.get(path, params=query)
    assert response.status == 200
    assert response.content_type == "text/html"
    return await response.text()


async def feed(client, first="", last=""):
    """Rows of the feed as (UTC stamp, cents)."""
    query = {"datestart": first, "dateend": last} if first else {}
    rows = json.loads(await text(client, type="5minutefeed", **query))
    return [stamped(row) for row in rows]


def stamped(row):
    assert list(row) == ["millisUTC", "price"]
    assert re.fullmatch(r"-?\d+\.\d", row["price"])
    assert row["price"] != "-0.0"
    at = datetime.fromtimestamp(int(row["millisUTC"]) / 1000, UTC)
    return at, float(row["price"])


async def pages(client, kind, **query):
    """Label -> cents, and the day, from the page's JavaScript."""
    page = await text(client, "/rrtp/ServletFeed", type=kind, **query)
    found = re.findall(
        r"\[Date\.UTC\((\d+),(\d+),(\d+),(\d+),0,0\), (-?\d+\.\d)\]", page
    )
    assert page == (
        "["
        + ", ".join("[Date.UTC({},{},{},{},0,0), {}]".format(*f) for f in found)
        + "]"
    )
    days = {(int(y), int(m) + 1, int(d)) for y, m, d, _, _ in found}
    assert len(days) <= 1
    return {int(hour): float(cents) for *_, hour, cents in found}, days


def local(day, hour=0, minute=0, fold=0):
    wall = datetime(
        day.year, day.month, day.day, hour, minute, fold=fold, tzinfo=CHICAGO
    )
    return wall.astimezone(UTC)


def settled(home, start):
    return home.comed.market.settled(int(start.timestamp()))


async def test_answers_have_the_shape_of_captured_ones(client, sample):
    rows = json.loads(await text(client, type="5minutefeed"))
    captured = sample("comed_5min.json")
    assert list(rows[0]) == list(captured[0])
    assert {type(value) for row in rows for value in row.values()} == {str}
    stamps = [row["millisUTC"] for row in rows]
    assert stamps == sorted(set(stamps), reverse=True), "newest first"


async def test_the_last_day(home, client, clock):
    rows = await feed(client)

    assert 270 <= len(rows) < 288, "some rows are always missing"
    assert clock.now - rows[-1][0] < timedelta(days=1)
    assert all(at.minute % 5 == at.second == 0 for at, _ in rows)
    assert all(cents == settled(home, at) for at, cents in rows)


async def test_a_row_arrives_minutes_after_its_stamp(client, clock):
    delays = []
    for _ in range(200):
        clock.tick(60)
        delays.append((clock.now - (await feed(client))[0][0]).total_seconds())
    assert min(delays) >= 60
    assert 420 < max(delays) <= 1_500


async def test_a_late_row_arrives_after_the_next_one(home):
    market = home.comed.market
    start = int(home.now.timestamp())
    overtaken = 0
    for now in range(start, start + 2 * 86_400, 60):
        shown = {at for at, _ in market.published(now - 1_800, now, now)}
        later = {at for at, _ in market.published(now - 1_800, now, now + 600)}
        overtaken += any(at < max(shown) for at in later - shown)
    assert overtaken


async def test_gaps_of_five_to_fifteen_minutes(client):
    rows = await feed(client, "202606010000", "202606302355")
    stamps = [at for at, _ in reversed(rows)]
    steps = {int((b - a).total_seconds() / 300) for a, b in pairwise(stamps)}
    assert {2, 3, 4} <= steps
    assert max(steps) <= 6, "two gaps may touch"
    assert 0.975 < len(rows) / (30 * 288) < 0.995


async def test_a_range_by_the_clock_on_the_wall(home, client):
    rows = await feed(client, "202606151200", "202606151300")
    begin = local(date(2026, 6, 15), 12)
    assert {at for at, _ in rows} <= {
        begin + timedelta(minutes=5 * n) for n in range(13)
    }
    first, last = rows[-1][0], rows[0][0]
    assert (first, last) == (begin, begin + timedelta(hours=1)), "both included"
    assert await feed(client, "202606151201", "202606151204") == []
    rows = await feed(client, "209901010000", "209901020000")
    assert rows == [], "nothing of the future"


@pytest.mark.parametrize(
    "query", [{"datestart": "yesterday"}, {"datestart": "202606150000"}]
)
async def test_half_a_range_is_none(client, query):
    assert await text(client, type="5minutefeed", **query) == "[]"


async def test_the_range_has_a_longest(home, client):
    rows = await feed(client, "200001010000", "202611150000")
    assert rows[0][0] - rows[-1][0] == timedelta(days=100)


async def test_the_two_hours_missing_in_autumn(client):
    rows = await feed(client, f"{AUTUMN:%Y%m%d}0000", f"{AUTUMN:%Y%m%d}2359")
    assert rows[-1][0] == datetime(2026, 11, 1, 7, 0, tzinfo=UTC)
    assert rows[-1][0] == local(AUTUMN, 1, fold=1)
    assert rows[0][0] == local(AUTUMN, 23, 55)
    # They are there for whoever asks from the evening before.
    rows = await feed(client, "202610312300", f"{AUTUMN:%Y%m%d}2359")
    early = [at for at, _ in rows if at < datetime(2026, 11, 1, 7, 0, tzinfo=UTC)]
    assert len(early) > 30
    assert rows[-1][0] == datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    rows = await feed(client, f"{AUTUMN:%Y%m%d}0130", f"{AUTUMN:%Y%m%d}0300")
    assert rows[-1][0] == local(AUTUMN, 1, 30, fold=1)


async def test_a_spring_day_has_23_hours(client):
    rows = await feed(client, f"{SPRING:%Y%m%d}0000", f"{SPRING:%Y%m%d}2359")
    assert rows[-1][0] == local(SPRING)
    assert rows[0][0] - rows[-1][0] == timedelta(hours=22, minutes=55)


async def test_the_running_hour(home, client, clock):
    for _ in range(30):
        clock.tick(177)
        newest = (await feed(client))[0][0]
        (row,) = json.loads(await text(client, type="currenthouraverage"))
        at, cents = stamped(row)
        assert at == newest, "not the hour's start"
        hour = newest.replace(minute=0)
        prices = [p for s, p in await feed(client) if hour <= s]
        assert cents == pytest.approx(mean(prices), abs=0.0501)


@pytest.mark.parametrize("path", ["/api", "/rrtp/ServletFeed"])
@pytest.mark.parametrize("query", [{}, {"type": "5minutesfeed"}])
async def test_an_unknown_type_is_a_success(client, path, query):
    assert await text(client, path, **query) == HELLO


async def test_a_day_ahead_has_the_shape_of_a_captured_one(client):
    query = {"type": "daynexttoday", "date": "20260915"}
    page = await text(client, "/rrtp/ServletFeed", **query)
    captured = (SAMPLES / "comed_dayahead_daynexttoday.txt").read_text().strip()
    price = re.compile(r"-?\d+\.\d\]")
    assert price.sub("", page) == price.sub("", captured)
    hours, days = await pages(client, "daynexttoday", date="20260915")
    assert list(hours) == list(range(24))
    assert days == {(2026, 9, 15)}, "months count from 0"


async def test_labels_are_the_end_of_an_hour_in_chicago(home, client):
    hours, _ = await pages(client, "day", date="20260615")
    for label, cents in hours.items():
        end = local(date(2026, 6, 15), label)
        prices = [settled(home, end - timedelta(minutes=5 * n)) for n in range(1, 13)]
        assert cents == pytest.approx(mean(prices), abs=0.0501)


async def test_a_day_is_told_as_far_as_it_is_over(client, clock):
    # 20:00 of 19 November in Chicago
    hours, days = await pages(client, "day")
    assert days == {(2026, 11, 19)}
    assert list(hours) == list(range(20)), "the last one is just over"
    clock.tick(minutes=5)
    hours, _ = await pages(client, "day")
    assert list(hours) == list(range(21))
    assert await pages(client, "day", date="20261120") == ({}, set())


async def test_tomorrow_is_known_in_the_afternoon(home, client, clock):
    clock.now = local(date(2026, 11, 19), 16, 29)
    assert await text(client, "/rrtp/ServletFeed", type="daynexttomorrow") == "[]"
    assert len((await pages(client, "daynexttoday"))[0]) == 24
    clock.tick(60)
    hours, days = await pages(client, "daynexttomorrow")
    assert len(hours) == 24
    assert days == {(2026, 11, 20)}
    assert await pages(client, "daynexttoday", date="20261121") == ({}, set())
    clock.tick(hours=10)
    assert await pages(client, "daynexttoday") == (hours, days), "and stays"


async def test_the_auction_is_a_forecast_and_no_more(home, client):
    auction, billed = [], []
    for number in range(1, 29):
        day = f"202606{number:02d}"
        auction += (await pages(client, "daynexttoday", date=day))[0].values()
        billed += (await pages(client, "day", date=day))[0].values()
    errors = [abs(a - b) for a, b in zip(auction, billed, strict=True)]
    assert 0.05 < median(errors) < 1.5


async def test_days_on_which_clocks_change(client):
    hours, _ = await pages(client, "day", date=f"{SPRING:%Y%m%d}")
    assert sorted(set(range(24)) - set(hours)) == [1, 2, 7]
    hours, _ = await pages(client, "daynexttoday", date=f"{SPRING:%Y%m%d}")
    assert sorted(set(range(24)) - set(hours)) == [2]
    for kind in ("day", "daynexttoday"):
        hours, _ = await pages(client, kind, date=f"{AUTUMN:%Y%m%d}")
        assert list(hours) == list(range(24))


@pytest.mark.parametrize("seed", [1, 7])
def test_prices_are_like_those_of_illinois(make_home, seed):
    market = make_home(comed_zone=CHICAGO, seed=seed).comed.market
    start = int(local(date(2026, 1, 1)).timestamp())
    prices = [market.settled(start + 300 * n) for n in range(288 * 120)]
    assert 2.1 < median(prices) < 2.9
    assert 0.005 < sum(price < 0 for price in prices) / len(prices) < 0.06
    assert 0.0005 < sum(price >= 14 for price in prices) / len(prices) < 0.02
    assert min(prices) >= -99
    assert 14 < max(prices) <= 370
    # Evenings are dear on Chicago's clock, not on Sydney's.
    hours = {hour: [] for hour in range(24)}
    for index, price in enumerate(prices):
        at = datetime.fromtimestamp(start + 300 * index, CHICAGO)
        hours[at.hour].append(price)
    assert median(hours[18]) > 1.3 * median(hours[3])


async def test_without_a_zone_there_is_no_comed(make_home):
    home = make_home()
    assert home.comed is None
    with pytest.raises(LookupError, match="comed_zone"):
        home.comed_app()


def fault(home, kind, **more):
    home.faults.add(Fault(service=Service.COMED, kind=FaultKind(kind), **more))


async def test_damage(home, client):
    sound = await feed(client)

    async def rows(kind):
        fault(home, kind, count=1)
        return json.loads(await text(client, type="5minutefeed"))

    hit = len(range(2, len(sound), 10))
    assert await rows("empty_list") == []
    assert [row["price"] for row in await rows("null_prices")].count(None) == hit
    assert [row["price"] for row in await rows("word_prices")].count("n/a") == hit
    assert len(await rows("missing_rows")) == len(sound) - hit
    assert len(await rows("duplicated_rows")) == 2 * len(sound)
    assert sorted(map(stamped, await rows("unsorted_rows"))) == sorted(sound)
    assert await feed(client) == sound


async def test_the_feed_lags(home, client):
    fault(home, "stale_forecast", count=1)
    lagging = await feed(client)
    assert lagging[0][0] < (await feed(client))[0][0]


async def test_damage_of_the_day_ahead_page(home, client):
    async def page(kind):
        fault(home, kind, count=1, match="ServletFeed")
        await text(client, type="5minutefeed")
        query = {"type": "daynexttoday", "date": "20260915"}
        return await text(client, "/rrtp/ServletFeed", **query)

    assert await page("empty_list") == "[]"
    assert (await page("null_prices")).count("null") == 3
    assert (await page("nan_prices")).count("NaN") == 3
    assert (await page("word_prices")).count("n/a") == 3
    assert not home.faults.as_json()


async def test_what_was_asked_is_kept(home, client, serve):
    await text(client, type="currenthouraverage")
    (asked,) = home.comed.door.asked
    assert (asked.path, asked.query) == ("/api", {"type": "currenthouraverage"})
    admin = await serve(admin_service.app(home), None)
    assert len(await (await admin.get("/asked?service=comed")).json()) == 1
    assert (await (await admin.get("/state")).json())["comed_requests"] == 1
