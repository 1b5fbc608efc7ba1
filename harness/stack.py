"""The whole demo: simulated home, Home Assistant, PowerSync set up, dashboard open."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
import shutil

from .answers import flow_answers, second_way_answers
from .client import HomeAssistantClient
from .flows import JsonObject
from .process import HomeAssistantProcess, check_port
from .simulated_services import SimulatedServices

DOMAIN = "power_sync"
POWERWALL = "powerwall"
"""The kind of subentry that a Powerwall is."""
RELOAD_PATIENCE = 30.0
DECISION_PATIENCE = 20.0
DASHBOARD = "power-sync"
USERNAME = "demo"
PASSWORD = "demo"  # noqa: S105 the login of a throw-away Home Assistant on loopback


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that runs, with the config entry that was created."""

    services: SimulatedServices
    process: HomeAssistantProcess
    home: HomeAssistantClient
    entry: JsonObject

    async def state_of(self, key: str, entry_id: str | None = None) -> JsonObject:
        """Return the state of the entity with a translation key.

        It is one of the home's, or of another ``entry_id``. Raises LookupError if
        there is none.
        """
        for entity in await self.home.command("config/entity_registry/list"):
            if (entity["config_entry_id"], entity["translation_key"]) == (
                entry_id or self.entry["entry_id"],
                key,
            ):
                path = f"/api/states/{entity['entity_id']}"
                return dict(await self.home.request("GET", path))
        raise LookupError(f"no entity has the translation key {key}")


@asynccontextmanager
async def running_stack(
    folder: Path,
    port: int,
    *,
    source: str = "amber",
    services_options: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Stack]:
    """Run everything below `folder` with Home Assistant on `port` until left.

    PowerSync is set up by its own config flow, exactly as an owner does, with prices
    of a ``source`` (see ``answers.SOURCES``). Raises
    PortInUseError, ChildError, HomeAssistantError or FlowError; whatever was started
    by then has ended.
    """
    check_port(port)  # before anything is started for nothing
    say("starting the simulated home")
    async with SimulatedServices(folder, services_options) as services:
        say("starting Home Assistant")
        async with (
            HomeAssistantProcess(folder / "home-assistant", port) as process,
            HomeAssistantClient(process.url) as home,
        ):
            await home.onboard(USERNAME, PASSWORD)
            say("setting up PowerSync")
            entry = await set_up_home(services, home, source)
            await home.set_start_page(
                DASHBOARD,
                "PowerSync",
                {"strategy": {"type": f"custom:{DASHBOARD}"}},
            )
            yield Stack(services, process, home, entry)


async def set_up_home(
    services: SimulatedServices, home: HomeAssistantClient, source: str = "amber"
) -> JsonObject:
    """Set up PowerSync by its own flows, and return the config entry.

    The Powerwall is reached through Teslemetry and, where that fails, Tessie. The first
    decision about it has been made, if prices allow one.
    """
    entry = await home.run_flow(DOMAIN, flow_answers(services.addresses, source))
    entry_id = entry["entry_id"]
    # A second way starts the home anew, which must not cut off the first tariff.
    with suppress(TimeoutError):
        async with asyncio.timeout(DECISION_PATIENCE):
            await _first_decision(home, entry_id)
    await home.reconfigure(entry_id, POWERWALL, second_way_answers(services.addresses))
    await wait_until_loaded(home, entry_id)
    return entry


async def _first_decision(home: HomeAssistantClient, entry_id: str) -> None:
    """Wait until something has been decided about the Powerwall, and done."""
    while True:
        told = await home.command(f"{DOMAIN}/decisions", config_entry_id=entry_id)
        if told["decisions"]:
            return
        await asyncio.sleep(0.05)


async def wait_until_loaded(home: HomeAssistantClient, entry_id: str) -> None:
    """Wait for the end of a reload; raises TimeoutError if there is none."""
    async with asyncio.timeout(RELOAD_PATIENCE):
        while True:
            found = await home.command("config_entries/get_single", entry_id=entry_id)
            if found["config_entry"]["state"] == "loaded":
                return
            await asyncio.sleep(0.05)


def keep_logs(folder: Path, destination: Path) -> None:
    """Save the logs of a run below `folder`, before that is deleted."""
    destination.mkdir(parents=True, exist_ok=True)
    for log in ("simulator.log", "home-assistant/output.log"):
        with suppress(FileNotFoundError):
            shutil.copy(folder / log, destination / Path(log).name)
