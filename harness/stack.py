"""The whole demo: simulated home, Home Assistant, PowerSync set up, dashboard open."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
import shutil

from .client import (
    Answer,
    Choose,
    HomeAssistantClient,
    JsonObject,
    first_option,
)
from .process import HomeAssistantProcess, check_port
from .simulated_services import Addresses, SimulatedServices

DOMAIN = "power_sync"
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


@asynccontextmanager
async def running_stack(
    folder: Path,
    port: int,
    *,
    services_options: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Stack]:
    """Run everything below `folder` with Home Assistant on `port` until left.

    PowerSync is set up by its own config flow, exactly as an owner does. Raises
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
            entry = await home.run_flow(DOMAIN, flow_answers(services.addresses))
            await home.set_start_page(
                DASHBOARD,
                "PowerSync",
                {"strategy": {"type": f"custom:{DASHBOARD}"}},
            )
            yield Stack(services, process, home, entry)


def flow_answers(addresses: Addresses) -> dict[str, Answer]:
    """Return what the owner of the simulated home answers to each step."""
    return {
        "user": Choose("amber"),
        "amber": {
            "api_token": addresses.amber_token,
            "advanced": {
                "base_url": addresses.amber_url,
                "stream_url": addresses.amber_ws_url,
            },
        },
        "amber_site": first_option("site_id"),
        "tesla": {
            "access_token": addresses.teslemetry_token,
            "advanced": {"base_url": addresses.teslemetry_url},
        },
        "powerwall": first_option("energy_site_id"),
    }


def keep_logs(folder: Path, destination: Path) -> None:
    """Save the logs of a run below `folder`, before that is deleted."""
    destination.mkdir(parents=True, exist_ok=True)
    for log in ("simulator.log", "home-assistant/output.log"):
        with suppress(FileNotFoundError):
            shutil.copy(folder / log, destination / Path(log).name)
