"""The whole demo: simulated home, Home Assistant, PowerSync set up, dashboard open."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
import shutil

from .answers import flow_answers
from .client import HomeAssistantClient, JsonObject
from .process import HomeAssistantProcess, check_port
from .simulated_services import SimulatedServices

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
            entry = await home.run_flow(
                DOMAIN, flow_answers(services.addresses, source)
            )
            await home.set_start_page(
                DASHBOARD,
                "PowerSync",
                {"strategy": {"type": f"custom:{DASHBOARD}"}},
            )
            yield Stack(services, process, home, entry)


def keep_logs(folder: Path, destination: Path) -> None:
    """Save the logs of a run below `folder`, before that is deleted."""
    destination.mkdir(parents=True, exist_ok=True)
    for log in ("simulator.log", "home-assistant/output.log"):
        with suppress(FileNotFoundError):
            shutil.copy(folder / log, destination / Path(log).name)
