"""Prices that Amber pushes, from the socket to the Powerwall."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
import logging
import math
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.power_sync.clients import amber, amber_stream
from custom_components.power_sync.clients.protocols import Reach
from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.core.tesla_tariff import day_prices
from custom_components.power_sync.sim import amber_prices
from custom_components.power_sync.sim.amber_service import AmberCloud, Served
from custom_components.power_sync.sim.amber_socket import AmberSocket
from custom_components.power_sync.sim.config import AmberSite
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service

from .conftest import NOW
from .house import PRICE_SOURCE, House, Steady, subentries

type MakeHouse = Callable[..., Awaitable[House]]

TOU = "time_of_use_settings"
INTERVAL = NOW.replace(minute=20)
SETTLED = 18 * 60 + 19.45
"""Seconds from NOW to 19.45 s into that interval.

Its price has just settled (at 19.4 s), and the first poll that waits for it is due
at 20 s.
"""
LABEL = 26
"""13:00 in Sydney."""


class Surprising(Steady):
    """A market in which an interval may cost other than was expected of it."""

    def __init__(self, price: float = 100.0) -> None:
        super().__init__(price)
        self.settled: dict[datetime, float] = {}

    def spot(self, start: datetime) -> float:
        return self.settled.get(start, self.price)


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep connections that are silent because a test jumps over minutes.

    And leave it to the tests when something is pushed.
    """
    monkeypatch.setattr(amber_stream, "HEARTBEAT", None)
    monkeypatch.setattr(amber_stream, "STALE_AFTER", 1e6)

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(AmberSocket, "_push_when_due", never)


@pytest.fixture
def surprise() -> Surprising:
    return Surprising()


@pytest.fixture
async def listening(make_house: MakeHouse, surprise: Surprising) -> House:
    """A home that is connected, knows its past, and does not expect anything.

    It stands 19.45 s into an interval, half a second before a poll.
    """
    house = await make_house(prices=surprise, amber_socket=True)
    await house.set_up()
    await live(house)
    await house.live(18, stride=90)
    # 10 c wholesale, 10 % GST, 9.3 c network, 2 c off at noon.
    assert price(house) == pytest.approx(0.183)
    assert house.sent == [TOU]
    surprise.settled[INTERVAL] = 250.0
    await house.tick(2)
    await house.tick(17.45)
    assert price(house) == pytest.approx(0.183)
    assert house.state("price_estimate").state == "on"
    assert dt_util.utcnow() == NOW + timedelta(seconds=SETTLED)
    return house


async def live(house: House) -> None:
    """Wait until the connection stands and is subscribed."""
    await house.until(lambda: stream_state(house) == "live")
    await house.settle()


async def push(house: House) -> None:
    """Push what runs now and let it take effect, in no time."""
    now = dt_util.utcnow()
    assert await house.home.amber_socket.push_prices() > 0
    await house.until(lambda: prices_of(house).data.series.fetched_at == now)
    await house.settle()


def prices_of(house: House) -> Any:
    return house.entry.runtime_data.prices


def stream_state(house: House) -> str:
    return house.state("live_prices").state


def price(house: House) -> float:
    return float(house.state("current_electricity_price").state)


def running_slot(house: House) -> tuple[float | None, float | None]:
    """Return both prices of 13:00 in the tariff that Tesla has stored."""
    tariff = house.stored_tariff
    assert tariff.sell is not None
    day = NOW.date()
    return day_prices(tariff.buy, day)[LABEL], day_prices(tariff.sell, day)[LABEL]


# covers P-03
async def test_a_push_is_everywhere_at_once(listening: House) -> None:
    house = listening
    await push(house)
    # 25 c wholesale, 10 % GST, 9.3 c network, 2 c off at noon.
    assert price(house) == pytest.approx(0.348)
    assert house.state("feed_in_price").state == "0.262"  # 25 c and 4.8 % losses
    assert house.state("price_estimate").state == "off"
    assert house.state("current_electricity_price").attributes["start"] == (
        INTERVAL.isoformat()
    )
    assert house.times == [NOW, NOW + timedelta(seconds=SETTLED)]
    # Five of thirty minutes cost the surprise, the rest what it always did.
    assert running_slot(house) == (
        pytest.approx((25 * 0.183 + 5 * 0.348) / 30),
        pytest.approx((25 * 0.1048 + 5 * 0.262) / 30),
    )
    assert house.result == ("sent", "prices_changed")


async def test_a_pushed_estimate_is_one(
    make_house: MakeHouse, surprise: Surprising
) -> None:
    house = await make_house(prices=surprise, amber_socket=True)
    await house.set_up()
    await live(house)
    house.break_(Service.AMBER, FaultKind.STATUS_500)
    await house.tick(180 + 4)
    surprise.price = 150.0
    await push(house)
    assert house.state("price_estimate").state == "on"
    assert price(house) == pytest.approx(0.238)  # 15 c, 10 % of it, and 7.3 c
    assert house.times[-1] == NOW + timedelta(seconds=184)


async def test_an_older_estimate_does_not_undo_a_settled_push(
    listening: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = listening
    await push(house)
    uploads = len(house.sent)
    with monkeypatch.context() as patch:
        patch.setattr(amber_prices, "settles_at", lambda *_: math.inf)
        await house.tick(2)
        before = house.home.amber.requests
        await house.call("sync_now")
        assert house.home.amber.requests == before + 1
    served = house.home.amber.served[-1].rows
    assert [
        (row["perKwh"], row["estimate"])
        for row in served
        if row["type"] == "CurrentInterval" and row["channelType"] == "general"
    ] == [(18.3, True)]
    assert price(house) == pytest.approx(0.348)
    assert house.state("feed_in_price").state == "0.262"
    assert house.state("price_estimate").state == "off"

    # Nor does an answer that began before the interval.
    house.break_(Service.AMBER, FaultKind.STALE_FORECAST)
    await house.tick(2)
    await house.call("sync_now")
    assert price(house) == pytest.approx(0.348)
    assert house.state("price_estimate").state == "off"
    assert len(house.sent) == uploads


async def test_one_price_by_two_ways_is_sent_once(listening: House) -> None:
    house = listening
    await push(house)
    await house.tick(1)
    await house.call("sync_now")
    assert price(house) == pytest.approx(0.348)
    await house.home.amber_socket.push_prices()
    await house.live(4)
    assert house.sent == [TOU, TOU]
    assert house.times[-1] == NOW + timedelta(seconds=SETTLED)


async def test_polls_end_with_a_settled_push(listening: House) -> None:
    house = listening
    before = house.home.amber.requests
    await push(house)
    await house.live(4, stride=5)
    assert house.home.amber.requests == before
    # The next interval begins with a poll, and is waited for.
    await house.tick(42)
    assert house.home.amber.requests == before + 1
    await house.tick(20)
    assert house.home.amber.requests == before + 2


async def test_polls_go_on_without_a_push(listening: House) -> None:
    """The same minute as above: it is the push that ended the polls."""
    before = listening.home.amber.requests
    await listening.live(1, stride=5)
    assert listening.home.amber.requests > before


async def test_an_account_without_pushed_prices(
    make_house: MakeHouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="custom_components.power_sync")
    market = Steady()
    house = await make_house(prices=market, amber_socket=False)
    await house.set_up()
    await house.until(lambda: stream_state(house) == "not_offered")
    market.price = 200.0
    await house.live(30, stride=60)
    assert stream_state(house) == "not_offered"
    assert house.home.amber_socket.handshakes == 1
    told = [r for r in caplog.records if "does not push prices" in r.getMessage()]
    assert [record.levelname for record in told] == ["INFO"]
    assert price(house) == pytest.approx(0.293)  # 20 c, 10 % of it, and 7.3 c
    assert len(house.sent) >= 2
    assert not house.reauth_steps


async def test_a_refused_key_asks_for_another(make_house: MakeHouse) -> None:
    market = Steady()
    house = await make_house(
        prices=market,
        amber_socket=True,
        faults=(Fault(service=Service.AMBER_SOCKET, kind=FaultKind.WRONG_TOKEN),),
    )
    await house.set_up()
    await house.until(lambda: bool(house.reauth_steps))
    assert len(house.reauth_steps) == 1
    assert house.state("live_prices").state == "unknown"
    assert house.home.amber_socket.handshakes == 1
    market.price = 250.0
    await house.tick(182)
    assert price(house) == pytest.approx(0.348), "the other way still works"
    assert len(house.sent) == 2


async def test_a_broken_connection_is_made_again(
    listening: House, surprise: Surprising, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amber_stream, "FIRST_PAUSE", 0.125)
    house = listening
    house.break_(Service.AMBER_SOCKET, FaultKind.SOCKET_BREAKS, count=1)
    await house.home.amber_socket.push_prices()
    await house.until(lambda: stream_state(house) == "connecting")
    assert house.home.amber_socket.handshakes == 1
    assert price(house) == pytest.approx(0.183), "the push was lost"
    await house.tick(0.2)
    await live(house)
    assert house.home.amber_socket.handshakes == 2
    await push(house)
    assert price(house) == pytest.approx(0.348)
    assert len(house.sent) == 2


async def test_a_silent_connection_is_made_again(
    make_house: MakeHouse, surprise: Surprising, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Polls take over where pushes stay away."""
    monkeypatch.setattr(amber_stream, "STALE_AFTER", 360.0)
    house = await make_house(prices=surprise, amber_socket=True)
    await house.set_up()
    await live(house)
    house.break_(Service.AMBER_SOCKET, FaultKind.SOCKET_SILENT)
    surprise.price = 250.0
    await house.live(5.5)
    assert price(house) == pytest.approx(0.348)
    assert house.home.amber_socket.handshakes == 1
    await house.tick(60)
    await house.until(lambda: stream_state(house) == "connecting")
    await house.tick(6)
    await live(house)
    assert house.home.amber_socket.handshakes == 2


async def test_nothing_is_left_behind(listening: House, hass: HomeAssistant) -> None:
    house = listening
    socket, task = house.home.amber_socket, prices_of(house).stream_task
    assert socket.subscribers == 1
    await house.unload()
    assert task.done()
    await house.until(lambda: not socket._listeners)
    left = (*hass._tasks, *hass._background_tasks, *asyncio.all_tasks())
    assert not [task for task in left if "stream" in task.get_name()]
    requests, handshakes = house.home.amber.requests, socket.handshakes
    await house.live(10, stride=60)
    assert (house.home.amber.requests, socket.handshakes) == (requests, handshakes)


@pytest.mark.parametrize("said", [True, False])
async def test_two_homes_share_what_one_key_may_ask(
    make_house: MakeHouse,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    said: bool,
) -> None:
    """Both have a hungry past, which must leave enough to the running prices.

    Whether or not the service says what is left.
    """
    if not said:
        monkeypatch.setattr(AmberCloud, "_limits", lambda _: {})
    reach = Reach(back=timedelta(days=30), at_once=timedelta(hours=8))
    monkeypatch.setattr(amber, "_REACH", reach)
    sites = (AmberSite(), AmberSite(site_id="01SECONDSITE", nmi="4102345679"))
    first = await make_house(
        parts=(PRICE_SOURCE,), amber_sites=sites, prices=Surprising()
    )
    asked: list[Served] = []
    first.home.amber.listeners.append(asked.append)
    second = House(
        hass, freezer, hass_storage, first.server, second_home(first, sites[1])
    )
    await first.set_up()
    await second.set_up()
    homes = {sites[0].site_id: first, sites[1].site_id: second}
    await first.tick(2)
    for _ in range(20 * 12):
        await first.tick(5)
        for home in homes.values():
            point = prices_of(home).data.series.running("import", dt_util.utcnow())
            assert point is not None, "running prices come first"
    times = [served.served_at for served in asked]
    assert len(times) == first.home.amber.requests, "nothing was refused"
    window = timedelta(seconds=300)
    most = max(sum(at <= t < at + window for t in times) for at in times)
    assert 20 < most <= 50
    past = [item for item in asked if not item.path.endswith("current")]
    # 90 pieces each are more than the windows of that time had to spare.
    assert 40 < len(past) < 180
    for site_id, home in homes.items():
        assert {item.site_id for item in past} >= {site_id}
        polls = [
            item.served_at
            for item in asked
            if item.site_id == site_id and item.path.endswith("current")
        ]
        for number in range(1, 4):
            begins = NOW.replace(minute=0) + number * window
            settling = [t for t in polls if begins <= t < begins + window]
            assert len(settling) >= 2, "an estimate, and what became of it"
        await home.unload()


def second_home(first: House, site: AmberSite) -> MockConfigEntry:
    """Return another home of the same account."""
    [stored] = subentries(first.server, (PRICE_SOURCE,), ("export", "import"), None)
    return MockConfigEntry(
        domain=DOMAIN,
        entry_id="01JTESTHOME0000000000000002",
        title="Other home",
        unique_id="other home",
        subentries_data=[
            {
                **stored,
                "data": {**stored["data"], "site_id": site.site_id},
                "subentry_id": "other-price-source",
                "unique_id": f"price_source_{site.site_id}",
            }
        ],
    )
