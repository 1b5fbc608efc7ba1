"""The simulated home's services, running as a process of their own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
import json
from pathlib import Path
import sys
from typing import Any, Self

import aiohttp

from .bare import ROOT
from .child import Child

START_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the services listen and which tokens they accept."""

    amber_url: str
    amber_ws_url: str
    aemo_url: str
    nemweb_url: str
    comed_url: str
    teslemetry_url: str
    fleet_url: str
    tessie_url: str
    admin_url: str
    amber_token: str
    teslemetry_token: str
    fleet_token: str
    tessie_token: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A tariff that the simulated Tesla cloud has accepted."""

    received_at: datetime
    site_id: str
    tariff: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Served:
    """A price response of the simulated Amber; history tells of past days."""

    served_at: datetime
    is_history: bool
    rows: list[dict[str, Any]]


class SimulatedServices:
    """The process and, through its admin address, what happened in it.

    Use it as an asynchronous context manager: `addresses` are known inside.
    """

    addresses: Addresses

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        """Prepare a run that keeps its output in `folder`.

        `options` go to `python -m harness.simulator`.
        """
        command = [sys.executable, "-m", "harness.simulator", "--port", "0", *options]
        self.child = Child(
            "The simulated home",
            command,
            folder=ROOT,
            output=folder / "simulator.log",
        )

    async def __aenter__(self) -> Self:
        """Start it, and wait for the line that says where it listens."""
        self._web = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        try:
            await self.child.start()
            self.addresses = await self._wait_for_addresses()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop it."""
        await self._web.close()
        await self.child.stop()

    async def _wait_for_addresses(self) -> Addresses:
        try:
            async with asyncio.timeout(START_PATIENCE):
                while True:
                    for line in self.child.read_output().splitlines(keepends=True):
                        if line.startswith("{") and line.endswith("\n"):
                            return Addresses(**json.loads(line))
                    if not self.child.is_running:
                        raise self.child.failure("ended while it started")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise self.child.failure("did not say where it listens") from None

    async def _get(self, url: str, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._web.get(url, headers=headers) as response:
            response.raise_for_status()
            return await response.json()

    async def uploads(self) -> list[Upload]:
        """Return the accepted tariffs, oldest first."""
        return [
            Upload(
                datetime.fromisoformat(item["received_at"]),
                str(item["site_id"]),
                item["tariff"],
            )
            for item in await self._get(f"{self.addresses.admin_url}/uploads")
        ]

    async def served(self) -> list[Served]:
        """Return the price responses, oldest first."""
        return [
            Served(
                datetime.fromisoformat(item["served_at"]),
                not item["path"].endswith("/current"),
                item["rows"],
            )
            for item in await self._get(f"{self.addresses.admin_url}/served")
        ]

    async def site_info(self, site_id: str) -> dict[str, Any]:
        """Return what the simulated Tesla cloud says of the site, as any owner sees it."""
        answer = await self._get(
            f"{self.addresses.teslemetry_url}/api/1/energy_sites/{site_id}/site_info",
            self.addresses.teslemetry_token,
        )
        return dict(answer["response"])

    async def state(self) -> dict[str, Any]:
        """Return what is true of the home at the moment."""
        return dict(await self._get(f"{self.addresses.admin_url}/state"))

    async def commands(self) -> list[dict[str, Any]]:
        """Return the commands that Tesla accepted, oldest first, as they are kept."""
        return list(await self._get(f"{self.addresses.admin_url}/commands"))

    async def use_app(self, **settings: Any) -> None:
        """Let the owner change settings in Tesla's app.

        `mode`, `reserve`, `export_rule`, `grid_charging`, `storm_watch`, `tariff`,
        and `site_id` for another site than the first.
        """
        await self._post("app", settings)

    async def set_situation(self, **flags: Any) -> None:
        """Begin or end `storm`, `grid_services` or `off_grid` (true or false)."""
        await self._post("situation", flags)

    async def spike(self, price: float, minutes: float) -> None:
        """Let the home's region cost `price` $/MWh, from the next five minutes on."""
        await self._post("spike", {"price": price, "minutes": minutes})

    async def set_token(self, service: str, token: str | None) -> None:
        """Let a service accept another token only; None refuses all."""
        await self._post("tokens", {"service": service, "token": token})

    async def add_fault(self, service: str, kind: str, **more: Any) -> None:
        """Break a service; `more` is `count`, `match` and `seconds`."""
        await self._post("faults", {"service": service, "kind": kind} | more)

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        """Ask the admin address for something; say why it refused."""
        url = f"{self.addresses.admin_url}/{path}"
        async with self._web.post(url, json=body) as response:
            if not response.ok:
                raise ValueError(f"{path}: {await response.text()}")
