"""Coordinators of a Powerwall whose reports are pushed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
import logging
from typing import cast

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.power_sync.clients.errors import (
    AuthError,
    ClientError,
    RateLimitedError,
    UnavailableError,
)
from custom_components.power_sync.clients.protocols import PowerwallClient, StreamState
from custom_components.power_sync.clients.tesla.stream import (
    PushedSettings,
    PushedTariff,
    SiteInfoUpdate,
)
from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.coordinator.powerwall import (
    LiveCoordinator,
    SiteCoordinator,
)
from custom_components.power_sync.coordinator.site_stream import SitePushes
from custom_components.power_sync.core.model.powerwall import (
    ExportRule,
    GridStatus,
    LiveStatus,
    OperationMode,
    SiteInfo,
)
from custom_components.power_sync.core.model.tesla_tariff import TeslaTariff

from .conftest import NOW

LIVE, CONNECTING = StreamState.LIVE, StreamState.CONNECTING
# Coordinators neither look into a tariff nor compare it with anything but itself.
OWNERS = cast("TeslaTariff", "the owner's")
OURS = cast("TeslaTariff", "ours")


def live_status(at: datetime, power: float = 1000.0) -> LiveStatus:
    return LiveStatus(
        measured_at=at,
        solar_power=power,
        grid_power=0.0,
        battery_power=0.0,
        load_power=power,
        state_of_charge=50.0,
        energy_left=13.5,
        grid_status=GridStatus.ON_GRID,
        storm_mode_active=False,
        grid_services_active=False,
    )


def site_info(reserve: float = 20.0, tariff: TeslaTariff | None = OWNERS) -> SiteInfo:
    return SiteInfo(
        name="Home",
        firmware="26.10",
        operation_mode=OperationMode.AUTONOMOUS,
        backup_reserve=reserve,
        export_rule=ExportRule.PV_ONLY,
        grid_charging=True,
        storm_watch=False,
        time_zone="Australia/Sydney",
        battery_count=1,
        nameplate_energy=13.5,
        nameplate_power=5000.0,
        has_solar=True,
        has_battery=True,
        tariff=tariff,
    )


@dataclass
class Client:
    """A site that answers what the test says and counts the questions."""

    info: SiteInfo = field(default_factory=site_info)
    error: ClientError | None = None
    lives: int = 0
    sites: int = 0

    async def live_status(self) -> LiveStatus:
        self.lives += 1
        if self.error:
            raise self.error
        return live_status(dt_util.utcnow())

    async def site_info(self) -> SiteInfo:
        self.sites += 1
        if self.error:
            raise self.error
        return self.info

    def asked(self) -> tuple[int, int]:
        """Return how often either was asked for since the last time."""
        counts = self.lives, self.sites
        self.lives = self.sites = 0
        return counts


class Stream:
    """Pushes what the test says."""

    def __init__(self) -> None:
        self.end: asyncio.Future[None] = asyncio.Future()
        self.push: Callable[[LiveStatus | SiteInfoUpdate], None]
        self.state: Callable[[StreamState], None]

    async def run(
        self,
        on_update: Callable[[LiveStatus | SiteInfoUpdate], None],
        on_state: Callable[[StreamState], None],
    ) -> None:
        self.push, self.state = on_update, on_state
        on_state(CONNECTING)
        await self.end


@dataclass
class Site:
    """Coordinators of a site, what they ask, and what is pushed to them."""

    hass: HomeAssistant
    freezer: FrozenDateTimeFactory
    client: Client
    stream: Stream
    live: LiveCoordinator
    site: SiteCoordinator
    pushes: SitePushes
    task: asyncio.Task[None]

    async def tick(self, seconds: float) -> None:
        self.freezer.tick(timedelta(seconds=seconds))
        async_fire_time_changed(self.hass)
        await self.hass.async_block_till_done()

    async def wait(self, minutes: float) -> None:
        for _ in range(round(minutes * 6)):
            await self.tick(10)

    async def push(self, power: float = 1000.0) -> None:
        """Push what is measured now."""
        self.stream.state(LIVE)
        self.stream.push(live_status(dt_util.utcnow(), power))
        await self.hass.async_block_till_done()

    async def push_for(self, minutes: int) -> None:
        """Push once a minute."""
        for minute in range(minutes):
            await self.push(float(minute))
            await self.wait(1)


@pytest.fixture
async def site(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[Site]:
    """A site that was polled once and has a stream that says nothing yet."""
    freezer.move_to(NOW)
    entry = MockConfigEntry(domain=DOMAIN)
    entry.add_to_hass(hass)
    client, stream = Client(), Stream()
    names = {"subentry_id": "powerwall", "service": "Tesla"}
    live = LiveCoordinator(hass, entry, cast("PowerwallClient", client), **names)
    settings = SiteCoordinator(hass, entry, cast("PowerwallClient", client), **names)
    for coordinator in (live, settings):
        await coordinator.async_refresh()
        coordinator.async_add_listener(lambda: None)
    pushes = SitePushes(live, settings)
    task = entry.async_create_background_task(hass, pushes.run(stream), "pushes")
    parts = Site(hass, freezer, client, stream, live, settings, pushes, task)
    # The listeners were added after the first poll, which plans the next.
    await live.async_refresh()
    await settings.async_refresh()
    await parts.tick(1)
    assert client.asked() == (2, 2)
    yield parts
    # As an entry is unloaded.
    await live.async_shutdown()
    await settings.async_shutdown()
    task.cancel()
    await asyncio.wait({task})
    await hass.async_block_till_done()


async def test_without_pushes_polls_are_as_usual(site: Site) -> None:
    site.stream.state(LIVE)
    await site.wait(10)
    lives, sites = site.client.asked()
    assert 19 <= lives <= 21
    assert 9 <= sites <= 11


# covers B-02
async def test_pushes_save_polls(site: Site) -> None:
    heard: list[float | None] = []

    def hear() -> None:
        heard.append(site.live.data.solar_power)

    site.live.async_add_listener(hear)
    await site.push_for(20)
    assert heard == list(range(20))
    lives, sites = site.client.asked()
    assert lives == 0
    assert 4 <= sites <= 5, "one as planned before, then every five minutes"


async def test_a_push_is_a_success(site: Site) -> None:
    site.client.error = UnavailableError("away")
    await site.wait(1)
    assert not site.live.last_update_success
    assert not site.site.last_update_success
    await site.push()
    now = dt_util.utcnow()
    site.stream.push(PushedSettings(at=now, info=site_info(35.0)))
    for coordinator in (site.live, site.site):
        assert coordinator.last_update_success
        assert coordinator.last_success_at == now
    assert site.site.data.backup_reserve == 35


async def test_a_lost_connection_means_polls_at_once(site: Site) -> None:
    await site.push_for(10)
    site.client.asked()
    site.stream.state(CONNECTING)
    await site.hass.async_block_till_done()
    assert site.client.lives == 1, "the last push is a minute old"
    await site.wait(5)
    lives, sites = site.client.asked()
    assert 10 <= lives <= 12
    assert 5 <= sites <= 7


async def test_nothing_is_asked_before_it_is_time(site: Site) -> None:
    await site.site.async_refresh()
    await site.push()
    site.client.asked()
    site.stream.state(CONNECTING)
    await site.hass.async_block_till_done()
    assert site.client.asked() == (0, 0)
    await site.wait(1)
    lives, sites = site.client.asked()
    assert 1 <= lives <= 2
    assert sites <= 1


async def test_silence_means_polls(site: Site) -> None:
    await site.push_for(5)
    site.client.asked()
    await site.wait(1.5)
    assert site.client.lives == 0
    await site.wait(1)
    assert site.client.lives >= 1, "three minutes after the last push"
    site.client.asked()
    await site.wait(5)
    lives, sites = site.client.asked()
    assert 9 <= lives <= 11
    assert 4 <= sites <= 6
    await site.push_for(10)
    lives, _ = site.client.asked()
    assert lives <= 1, "it works again"


async def test_what_is_older_replaces_nothing(site: Site) -> None:
    known, at = site.live.data, site.live.last_success_at
    await site.tick(5)
    for age in (0, 1, 59, 61, 3600):
        site.stream.state(LIVE)
        site.stream.push(live_status(known.measured_at - timedelta(seconds=age), 7.0))
        assert site.live.data == known
        assert site.live.last_success_at == at


async def test_what_was_cached_long_ago_saves_no_polls(site: Site) -> None:
    long_ago = site.live.data.measured_at - timedelta(seconds=61)
    for _ in range(5):
        site.stream.state(LIVE)
        site.stream.push(live_status(long_ago))
        await site.wait(1)
    lives, _ = site.client.asked()
    assert 9 <= lives <= 11


async def test_the_same_again_and_again_is_no_news(site: Site) -> None:
    """A service that is stuck does not keep everything else from being asked."""
    same = site.live.data
    for _ in range(20):
        site.stream.state(LIVE)
        site.stream.push(same)
        await site.wait(1)
    lives, _ = site.client.asked()
    assert lives >= 20
    assert dt_util.utcnow() - site.live.data.measured_at <= timedelta(minutes=1)


async def test_a_poll_that_was_a_moment_faster_does_not_count(site: Site) -> None:
    """Otherwise polls in step with the pushes would go on for ever."""
    for _ in range(10):
        site.stream.state(LIVE)
        site.stream.push(live_status(dt_util.utcnow() - timedelta(seconds=1)))
        await site.wait(1)
    lives, _ = site.client.asked()
    assert lives <= 1


async def test_a_connection_that_comes_and_goes_keeps_the_settings_fresh(
    site: Site,
) -> None:
    for _ in range(40):
        await site.push()
        await site.tick(10)
        site.stream.state(CONNECTING)
        await site.tick(10)
    _, sites = site.client.asked()
    assert 9 <= sites <= 15


async def test_settings_keep_the_tariff(site: Site) -> None:
    await site.tick(5)
    info = site_info(35.0, tariff=None)
    site.stream.push(PushedSettings(at=dt_util.utcnow(), info=info))
    assert site.site.data == site_info(35.0, OWNERS)


async def test_a_tariff_keeps_the_settings(site: Site) -> None:
    await site.tick(5)
    site.stream.push(PushedTariff(at=dt_util.utcnow(), tariff=OURS))
    assert site.site.data == site_info(20.0, OURS)


async def test_each_part_has_its_own_time(site: Site) -> None:
    await site.tick(5)
    now = dt_util.utcnow()
    site.stream.push(PushedSettings(at=now, info=site_info(35.0)))
    earlier = now - timedelta(seconds=1)
    site.stream.push(PushedTariff(at=earlier, tariff=OURS))
    site.stream.push(PushedSettings(at=earlier, info=site_info(36.0)))
    site.stream.push(PushedTariff(at=earlier, tariff=OWNERS))
    assert site.site.data == site_info(35.0, OURS)


async def test_a_cleared_tariff_is_asked_for(site: Site) -> None:
    """There may be one in the old format, of which nothing is pushed."""
    await site.tick(5)
    site.client.asked()
    site.client.info = site_info(tariff=OURS)
    site.stream.push(PushedTariff(at=dt_util.utcnow(), tariff=None))
    await site.hass.async_block_till_done()
    assert site.client.asked() == (0, 1)
    assert site.site.data.tariff == OURS


async def test_a_read_back_is_newer_than_what_was_pushed_before(site: Site) -> None:
    await site.push()
    at = dt_util.utcnow()
    await site.tick(1)
    site.client.info = site_info(50.0, OURS)
    await site.site.async_refresh()
    assert site.site.data == site_info(50.0, OURS)
    site.stream.push(PushedSettings(at=at, info=site_info(20.0)))
    site.stream.push(PushedTariff(at=at, tariff=OWNERS))
    assert site.site.data == site_info(50.0, OURS)


async def test_settings_wait_for_the_first_answer(
    hass: HomeAssistant, site: Site
) -> None:
    """Without it there would seem to be no tariff to put back."""
    fresh = SiteCoordinator(
        hass,
        site.site.config_entry,
        cast("PowerwallClient", site.client),
        subentry_id="powerwall",
        service="Tesla",
    )
    fresh.take(PushedSettings(at=dt_util.utcnow(), info=site_info(tariff=None)))
    fresh.take(PushedTariff(at=dt_util.utcnow(), tariff=OURS))
    assert fresh.known is None
    assert fresh.last_success_at is None


async def test_pushes_bring_no_poll_forward_that_has_to_wait(site: Site) -> None:
    site.client.error = RateLimitedError("slowly", timedelta(minutes=20))
    await site.wait(2)
    site.client.error = None
    site.client.asked()
    await site.push_for(10)
    site.stream.state(CONNECTING)
    await site.wait(5)
    assert site.client.asked() == (0, 0)
    assert site.live.last_update_success
    await site.wait(5)
    lives, sites = site.client.asked()
    assert lives >= 1
    assert sites >= 1


async def test_who_may_not_listen_is_not_asked_for_a_token(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await site.push_for(2)
    site.client.asked()
    site.stream.end.set_exception(AuthError("HTTP 403"))
    await site.wait(5)
    assert site.task.done()
    assert site.task.exception() is None
    assert site.pushes.state is None
    assert not site.hass.config_entries.flow.async_progress()
    assert "HTTP 403" in caplog.text
    lives, sites = site.client.asked()
    assert 9 <= lives <= 11
    assert 4 <= sites <= 6


async def test_state_is_what_the_stream_says(site: Site) -> None:
    assert site.pushes.state is CONNECTING
    await site.push()
    assert site.pushes.state is LIVE


async def test_after_the_end_nothing_is_planned(site: Site) -> None:
    await site.push()
    await site.live.async_shutdown()
    await site.site.async_shutdown()
    site.task.cancel()
    await asyncio.wait({site.task})
    assert site.live._unsub_refresh is None
    assert site.site._unsub_refresh is None


async def test_nothing_is_asked_while_home_assistant_stops(site: Site) -> None:
    await site.push_for(2)
    site.client.asked()
    site.hass.set_state(CoreState.stopping)
    site.task.cancel()
    await asyncio.wait({site.task})
    await site.hass.async_block_till_done()
    assert site.client.asked() == (0, 0)
    site.hass.set_state(CoreState.running)
