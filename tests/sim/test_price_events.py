"""Prices on demand: everybody who tells prices tells the same."""

from datetime import UTC, datetime, timedelta
import json
from zoneinfo import ZoneInfo

import pytest

from custom_components.power_sync.sim.comed_prices import SHIFT
from custom_components.power_sync.sim.config import AmberSite, TeslaSite
from custom_components.power_sync.sim.nem_market import REGIONS, SpikeError

CHICAGO = ZoneInfo("America/Chicago")
AMBER = f"/v1/sites/{AmberSite().site_id}/prices/current"
AEMO = "/aemo/apps/api/report"


@pytest.fixture
def home(make_home):
    return make_home(comed_zone=CHICAGO)


def settled(home, region, at):
    return home.market.spot(region, int(at.timestamp()))


async def amber_prices(client, channel, **query):
    rows = await (await client.get(AMBER, params=query)).json()
    return [row for row in rows if row["channelType"] == channel]


async def test_it_begins_with_the_next_five_minutes_and_ends_in_time(home, clock):
    clock.tick(seconds=61)
    begin = clock.now.replace(minute=5, second=0)

    event = home.spike(14_500, 12)

    assert datetime.fromtimestamp(event.start, UTC) == begin
    steps = [begin + timedelta(minutes=5 * step) for step in range(-1, 5)]
    prices = [home.prices.spot(at) for at in steps]
    assert prices[1:4] == [14_500] * 3
    assert 14_500 not in (prices[0], *prices[4:])


async def test_on_the_dot_it_begins_at_once(home, clock):
    home.spike(-120, 5)

    assert home.prices.spot(clock.now) == -120
    assert home.prices.spot(clock.now + timedelta(minutes=5)) != -120


async def test_only_the_named_region_is_dear(home, clock):
    quiet = {region: settled(home, region, clock.now) for region in REGIONS}

    home.spike(9_000, 30, "SA1")
    assert settled(home, "SA1", clock.now) == 9_000
    assert {r: settled(home, r, clock.now) for r in REGIONS if r != "SA1"} == (
        {r: price for r, price in quiet.items() if r != "SA1"}
    )
    assert home.prices.spot(clock.now) == pytest.approx(quiet["NSW1"], abs=1e-5)

    home.spike(700, 30)
    assert settled(home, "NSW1", clock.now) == 700
    assert settled(home, "QLD1", clock.now) == quiet["QLD1"]


@pytest.mark.parametrize("price", [12_000, -300])
async def test_every_service_tells_the_same_price(
    home, clock, amber, browser, serve, price
):
    clock.tick(seconds=100)
    home.spike(price, 60)
    clock.tick(seconds=200 + 300 + 45)  # the second five minutes, and settled
    start = clock.now - timedelta(seconds=45)

    assert settled(home, "NSW1", start) == price
    shop = await amber(home)
    (bought,) = await amber_prices(shop, "general")
    (sold,) = await amber_prices(shop, "feedIn")
    assert bought["type"] == sold["type"] == "CurrentInterval"
    assert bought["spotPerKwh"] == pytest.approx(price * 1.1 / 10)
    assert bought["spikeStatus"] == ("spike" if price > 3_000 else "none")
    assert sold["perKwh"] == pytest.approx(-price / 10 * home.config.retail.loss_factor)
    dashboard = await browser(home.aemo_app())
    answer = await dashboard.get(f"{AEMO}/ELEC_NEM_SUMMARY")
    summary = (await answer.json(content_type=None))["ELEC_NEM_SUMMARY"]
    assert [row["PRICE"] for row in summary if row["REGIONID"] == "NSW1"] == [price]
    feed = await (await serve(home.comed_app(), None)).get("/api?type=5minutefeed")
    latest = json.loads(await feed.text())[0]
    told = max(-99.0, min(0.7 + price / 48, 370.0))
    assert float(latest["price"]) == pytest.approx(told, abs=0.1)
    import_price, export_price = home.price_now(clock.now.timestamp())
    assert import_price == pytest.approx(bought["perKwh"] / 100)
    assert export_price == pytest.approx(-sold["perKwh"] / 100)


async def test_nothing_that_was_published_changes(home, clock, amber, browser):
    clock.tick(seconds=290)

    async def published():
        shop, dashboard = await amber(home), await browser(home.aemo_app())
        rows = await amber_prices(shop, "general", next=200, previous=50)
        report = await dashboard.post(f"{AEMO}/5MIN", json={"timeScale": ["30MIN"]})
        return rows, (await report.json(content_type=None))["5MIN"]

    before = await published()
    home.spike(15_000, 60)

    assert await published() == before
    clock.tick(seconds=40)
    rows, report = await published()
    assert max(row["spotPerKwh"] for row in rows) == pytest.approx(1_650)
    assert max(row["RRP"] for row in report) == 15_000
    past = [row for row in rows if row["type"] == "ActualInterval"]
    assert past[:-1] == [r for r in before[0] if r["type"] == "ActualInterval"][1:]


async def test_forecasts_know_of_it_from_then_on(home, clock):
    event = home.spike(6_000, 60)
    start = datetime.fromtimestamp(event.start, UTC)
    half = start + timedelta(minutes=30)

    assert home.prices.forecast(half, 30, clock.now) < 5_000
    later = clock.now + timedelta(seconds=1)
    assert home.prices.forecast(half, 30, later) == 6_000
    # Half of this half hour lies behind the end.
    last = start + timedelta(minutes=45)
    alone = home.market.events.all.pop()
    quiet = home.prices.forecast(last, 30, later)
    home.market.events.all.append(alone)
    assert home.prices.forecast(last, 30, later) == pytest.approx(
        (6_000 + quiet) / 2, rel=0.01
    )


async def test_a_market_of_other_hours_learns_of_it_at_the_same_time(home, clock):
    event = home.spike(6_000, 60)
    elsewhere = home.market.truth_elsewhere(SHIFT)
    ago = timedelta(seconds=SHIFT)
    start = datetime.fromtimestamp(event.start, UTC) - ago

    assert elsewhere.spot(start) == 6_000
    assert elsewhere.forecast(start, 60, clock.now - ago) < 5_000
    assert (
        elsewhere.forecast(start, 60, clock.now + timedelta(seconds=1) - ago) == 6_000
    )
    # What that market shows is past here, and stays as it was.
    assert home.prices.spot(start) < 5_000


async def test_a_newer_demand_replaces_an_older_one(home, clock):
    home.spike(5_000, 60)
    clock.tick(minutes=10)
    home.spike(-50, 10)

    at = [home.prices.spot(clock.now + timedelta(minutes=m)) for m in (-5, 0, 5, 10)]
    assert at == [5_000, -50, -50, 5_000]


async def test_it_can_be_ended_early(home, clock):
    quiet = [
        home.prices.spot(clock.now + timedelta(minutes=m)) for m in range(0, 60, 5)
    ]
    home.spike(5_000, 40)
    home.spike(5_000, 60, "VIC1")
    clock.tick(minutes=12)

    home.calm()

    at = clock.now.replace(minute=0)
    prices = [home.prices.spot(at + timedelta(minutes=m)) for m in range(0, 60, 5)]
    assert prices == [5_000] * 3 + quiet[3:]
    assert settled(home, "VIC1", at + timedelta(minutes=30)) != 5_000
    known = len(home.market.events.all)
    clock.tick(hours=2)
    home.calm()
    assert len(home.market.events.all) == known


@pytest.mark.parametrize("minutes", [5, 30])
async def test_the_account_pays_it(make_home, clock, minutes):
    site = TeslaSite(charge_percent=0, reserve_percent=0, grid_charging=False)
    clock.set("2026-11-20T01:00:00")
    home = make_home(
        amber_sites=(AmberSite(interval_minutes=minutes),), tesla_sites=(site,)
    )
    retail, zone = home.config.retail, home.config.time_zone
    begin, expected = clock.now, 0.0
    used = []
    for minute in range(60):
        if minute == 14:
            home.spike(10_000, 20)
        clock.tick(minutes=1)
        home.advance()
        used.append(home.powerwall.flow.grid_w / 60_000)
    for minute, kwh in enumerate(used):
        first = begin + timedelta(minutes=minute // minutes * minutes)
        rrps = [
            home.prices.spot(first + timedelta(minutes=5 * i))
            for i in range(minutes // 5)
        ]
        rrp = sum(rrps) / len(rrps)
        expected += kwh * retail.import_price(rrp, first.astimezone(zone)) / 100

    assert min(used) > 0
    assert home.account.cost == pytest.approx(expected)


@pytest.mark.parametrize(
    ("demand", "text"),
    [
        ((1_000, 5, "WA1"), "NSW1, QLD1"),
        ((30_000, 5, None), "-1000 to 23200"),
        ((-2_000, 5, None), "-1000 to 23200"),
        ((1_000, 0, None), "at least 1"),
    ],
)
async def test_what_the_market_cannot_do(home, demand, text):
    with pytest.raises(SpikeError, match=text):
        home.spike(*demand)

    assert not home.market.events.all
