"""A Home Assistant on the virtual clock and the network in memory."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
import logging
from pathlib import Path
import random
import sys

import aiohttp
from aiohttp import web
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store

from harness.virtual.home_assistant import LogWatch, home_assistant
from harness.virtual.loop import VirtualLoop, run
from harness.virtual.network import MemoryNetwork, Request

START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
HOST = "api.example.com"


async def hello(_request: web.Request) -> web.Response:
    return web.json_response({"hello": True})


def one_day(config: Path, seed: int) -> list[Request]:
    """Poll a service every five minutes, with chance in it, for a day."""

    async def main(_loop: VirtualLoop) -> list[Request]:
        network = MemoryNetwork(latency=0.02)
        app = web.Application()
        app.router.add_get("/", hello)
        await network.serve(HOST, app)
        async with home_assistant(config, network, "Australia/Sydney") as hass:
            session = async_get_clientsession(hass)

            async def poll(_now: datetime) -> None:
                await asyncio.sleep(random.random())
                async with session.get(f"https://{HOST}/") as response:
                    await response.json()

            stop = async_track_time_interval(hass, poll, timedelta(minutes=5))
            await asyncio.sleep(86_400)
            stop()
        await network.close()
        return network.requests

    return run(main, start=START, seed=seed)


def test_a_day_of_polling_is_complete_and_repeatable(tmp_path: Path) -> None:
    first, again, other = (
        one_day(tmp_path / str(number), seed) for number, seed in enumerate((1, 1, 2))
    )

    assert len(first) in (287, 288)
    assert {request.status for request in first} == {200}
    assert first == again
    assert first != other


def test_it_stops_cleanly_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async def main(_loop: VirtualLoop) -> tuple[CoreState, CoreState, str]:
        async with home_assistant(tmp_path, MemoryNetwork(), "Asia/Tokyo") as hass:
            running = hass.state
            zone = hass.config.time_zone
        return running, hass.state, zone

    before = list(sys.path)

    assert run(main, start=START, seed=0) == (
        CoreState.running,
        CoreState.stopped,
        "Asia/Tokyo",
    )
    assert sys.path == before


def test_storage_survives_from_one_life_to_the_next(tmp_path: Path) -> None:
    async def write(hass: HomeAssistant) -> None:
        await Store[dict[str, int]](hass, 1, "probe").async_save({"figure": 7})

    async def read(hass: HomeAssistant) -> dict[str, int] | None:
        return await Store[dict[str, int]](hass, 1, "probe").async_load()

    def life[T](body: Callable[[HomeAssistant], Awaitable[T]]) -> T:
        async def main(_loop: VirtualLoop) -> T:
            network = MemoryNetwork()
            async with home_assistant(tmp_path, network, "UTC") as hass:
                return await body(hass)

        return run(main, start=START, seed=0)

    life(write)

    assert life(read) == {"figure": 7}


def test_only_the_network_in_memory_can_be_reached(tmp_path: Path) -> None:
    async def main(_loop: VirtualLoop) -> str:
        async with home_assistant(tmp_path, MemoryNetwork(), "UTC") as hass:
            try:
                await async_get_clientsession(hass).get("https://127.0.0.1:1/")
            except aiohttp.ClientConnectorDNSError as error:
                return str(error)
            return "reached"

    assert "no route" in run(main, start=START, seed=0)


def test_the_log_watch_keeps_warnings_that_name_the_word() -> None:
    ours = logging.getLogger("custom_components.power_sync.sensor")
    other = logging.getLogger("homeassistant.core")

    with LogWatch("power_sync") as watch:
        ours.info("quiet")
        ours.warning("loud")
        other.error("not ours")
        other.warning("Setup of POWER_SYNC is slow")
        other.warning(
            "We found a custom integration power_sync which has not been tested by "
            "Home Assistant."
        )
    ours.warning("too late")

    assert watch.lines == [
        "WARNING custom_components.power_sync.sensor: loud",
        "WARNING homeassistant.core: Setup of POWER_SYNC is slow",
    ]
