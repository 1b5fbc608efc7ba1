"""Kill a real Home Assistant: ``python -m harness.kill.processes``.

Each lane has a simulated home and a Home Assistant of its own, as the demo has them.
The process gets SIGKILL at a random moment after an order, starts again on the same
files, and the owner's settings have to be back within two minutes. Prints one line of
JSON: a label and the problems of each kill.
"""

import argparse
import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
import json
from pathlib import Path
from random import Random
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any, override

import aiohttp

from harness.answers import flow_answers
from harness.client import HomeAssistantClient
from harness.process import HomeAssistantProcess, free_port
from harness.simulated_services import SimulatedServices

DOMAIN = "power_sync"
MOMENTS = 0.3, 8.0
"""Seconds after an order between which the process is killed; it has arrived then."""
PATIENCE = 120.0
"""Seconds that everything may take after a start."""
OURS = "POWERSYNC"
_LEVERS = ("mode", "reserve_percent", "export_rule", "grid_charging", "storm_watch")
_LANES = 2


class _Onboarded(HomeAssistantProcess):
    """A Home Assistant that has its first user, and answers no onboarding any more."""

    @override
    async def _answers(self, web: aiohttp.ClientSession) -> bool:
        try:
            async with web.get(f"{self.url}/api/") as response:
                return response.status == 401
        except aiohttp.ClientError:
            return False


@dataclass(slots=True)
class Home:
    """A lane: a simulated home, a Home Assistant, and what the owner has."""

    client: HomeAssistantClient
    services: SimulatedServices
    owner: dict[str, Any]
    names: frozenset[str]
    """The tariffs that may be there in the end."""

    async def call(self, service: str, **data: Any) -> None:
        """Call one of our services."""
        await self.client.request("POST", f"/api/services/{DOMAIN}/{service}", data)

    async def site(self) -> dict[str, Any]:
        """Return what is true of the Powerwall at the moment."""
        sites: list[dict[str, Any]] = (await self.services.state())["sites"]
        return sites[0]

    async def problems(self) -> list[str]:
        """Return what is not as the owner had it."""
        site = await self.site()
        tariff = site["stored_tariff"] or {}
        found = [
            f"{lever} is {site[lever]}, not {self.owner[lever]}"
            for lever in _LEVERS
            if site[lever] != self.owner[lever]
        ]
        if tariff.get("name") not in self.names:
            found.append(f"the tariff is {tariff.get('name')}")
        return found


type Act = Callable[[Home], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something that is under way when the process is killed.

    ``before`` is done in peace, ``after`` is what the user does once it runs again,
    where it would go on otherwise.
    """

    name: str
    give: Act
    before: Act | None = None
    after: Act | None = None


async def _charge(home: Home) -> None:
    await home.call("force_charge", duration=15, reserve=70)


async def _discharge(home: Home) -> None:
    await home.call("force_discharge", duration=15)


async def _call_off(home: Home) -> None:
    await home.call("restore")


async def _rehearse(home: Home) -> None:
    await home.call("simulate_spike", price=15_000, duration=1)


ORDERS = (
    Order(name="force-charge", give=_charge, after=_call_off),
    Order(name="force-discharge", give=_discharge, after=_call_off),
    Order(name="end of force-charge", before=_charge, give=_call_off),
    Order(name="end of force-discharge", before=_discharge, give=_call_off),
    Order(name="rehearsal", give=_rehearse),
)


async def lane(number: int, kills: int, seed: int, folder: Path) -> list[Any]:
    """Kill some times in a row; return a label and the problems of each kill."""
    folder.mkdir()
    draws = Random(f"{seed}/processes/{number}")  # noqa: S311
    found: list[Any] = []
    async with SimulatedServices(folder, ("--seed", str(seed + number))) as services:
        # What is unusual is more easily lost.
        await services.use_app(export_rule="pv_only", grid_charging=False)
        owner = (await services.state())["sites"][0]
        port = free_port()
        process = HomeAssistantProcess(folder / "home-assistant", port)
        async with HomeAssistantClient(process.url) as client:
            home = Home(client, services, owner, frozenset())
            await process.__aenter__()
            try:
                await client.onboard("owner", "owner")
                await client.run_flow(DOMAIN, flow_answers(services.addresses, "amber"))
                home.names = frozenset({await _first_tariff(home)})
                for _ in range(kills):
                    order, moment = draws.choice(ORDERS), draws.uniform(*MOMENTS)
                    if order.before is not None:
                        await order.before(home)
                    giving = asyncio.create_task(order.give(home))
                    await asyncio.sleep(moment)
                    await process.child.kill()
                    giving.cancel()
                    await asyncio.wait({giving})
                    process = _Onboarded(folder / "home-assistant", port)
                    await process.__aenter__()
                    await _until_running(client)
                    if order.after is not None:
                        await order.after(home)
                    label = f"{order.name} after {moment:.1f} s"
                    found.append([label, await _until_right(home)])
            finally:
                await process.__aexit__()
    return found


async def _until_running(client: HomeAssistantClient) -> None:
    """Wait until everything is set up again."""
    async with asyncio.timeout(PATIENCE):
        while (await client.request("GET", "/api/config"))["state"] != "RUNNING":
            await asyncio.sleep(0.1)


async def _first_tariff(home: Home) -> str:
    """Wait for the first tariff of prices and return its name."""
    async with asyncio.timeout(PATIENCE):
        while True:
            tariff = (await home.site())["stored_tariff"]
            if tariff["code"] == OURS:
                # Its read-back, too, so that the first kill is not about it.
                await asyncio.sleep(2)
                return str(tariff["name"])
            await asyncio.sleep(0.2)


async def _until_right(home: Home) -> list[str]:
    """Wait until everything is back; return what is not after all."""
    until = time.monotonic() + PATIENCE
    right = 0
    while right < 2:
        problems = await home.problems()
        # And it has to stay so: the mode may change for a moment after a tariff.
        right = 0 if problems else right + 1
        if problems and time.monotonic() > until:
            return problems
        await asyncio.sleep(1)
    return []


async def _main(kills: int, seed: int) -> list[Any]:
    lanes = min(_LANES, kills)
    with TemporaryDirectory(prefix="killsweep-") as folder:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(
                    lane(
                        number,
                        kills // lanes + (number < kills % lanes),
                        seed,
                        Path(folder) / str(number),
                    )
                )
                for number in range(lanes)
            ]
        return [kill for task in tasks for kill in task.result()]


def main() -> int:
    """Do what the command line asks; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m harness.kill.processes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=6)
    asked = parser.parse_args()
    print(json.dumps(asyncio.run(_main(asked.kills, asked.seed))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
