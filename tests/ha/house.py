"""A simulated home, its entry in Home Assistant, and the clock of both."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
import time
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.core.model.decisions import Lever
from custom_components.power_sync.core.model.tariff_document import read_tariff
from custom_components.power_sync.core.model.tesla_tariff import TeslaTariff
from custom_components.power_sync.sim.config import AMBER_TOKEN, TESLEMETRY_TOKEN
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.home import SimulatedHome
from custom_components.power_sync.sim.server import SimulatorServer

PRICE_SOURCE = "price-source"
POWERWALL = "powerwall"
ENTRY_ID = "01JTESTHOME0000000000000000"
ALL_PARTS = (PRICE_SOURCE, POWERWALL)
TITLES = {"aemo": "AEMO", "comed": "ComEd", "plan": "My plan", "sensor": "My sensor"}


class Steady:
    """A market where every interval costs what the test says, in $/MWh."""

    def __init__(self, price: float = 100.0) -> None:
        self.price = price

    def spot(self, start: datetime) -> float:
        return self.price

    def forecast(self, start: datetime, minutes: int, known_at: datetime) -> float:
        return self.price


class House:
    """A simulated home, its entry in Home Assistant, and the clock of both."""

    def __init__(
        self,
        hass: HomeAssistant,
        freezer: FrozenDateTimeFactory,
        storage: dict[str, Any],
        server: SimulatorServer,
        entry: MockConfigEntry,
    ) -> None:
        self.hass = hass
        self.server = server
        self.entry = entry
        self._freezer = freezer
        self._storage = storage

    # The simulated side

    @property
    def home(self) -> SimulatedHome:
        return self.server.home

    def break_(
        self,
        service: Service,
        kind: FaultKind,
        *,
        match: str = "",
        count: int | None = None,
        seconds: float = 20.0,
    ) -> None:
        """Let something go wrong from now on."""
        self.home.faults.add(
            Fault(service=service, kind=kind, match=match, count=count, seconds=seconds)
        )

    def repair(self) -> None:
        """Let everything work again."""
        self.home.faults.clear()

    @property
    def sent(self) -> list[str]:
        """The names of all commands the Tesla service has accepted."""
        return [command.name for command in self.home.tesla.commands]

    @property
    def times(self) -> list[datetime]:
        """When the Tesla service accepted tariffs."""
        return [upload.received_at for upload in self.home.tesla.uploads]

    @property
    def stored_tariff(self) -> TeslaTariff:
        """The tariff that the Tesla service has stored."""
        stored = self.home.powerwall.settings.tariff
        assert stored is not None
        return read_tariff(stored.document)

    @property
    def tariff_name(self) -> str:
        """The name of the tariff that the Tesla service has stored."""
        return self.stored_tariff.buy.name

    # Home Assistant's side

    async def set_up(self) -> None:
        """Set the entry up and let everything settle."""
        if self.hass.config_entries.async_get_entry(self.entry.entry_id) is None:
            self.entry.add_to_hass(self.hass)
        await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.settle()

    async def unload(self) -> None:
        """Unload the entry."""
        await self.hass.config_entries.async_unload(self.entry.entry_id)
        await self.hass.async_block_till_done()

    async def tick(self, seconds: float = 0.0, *, settle: bool = True) -> None:
        """Let time pass in one step."""
        self._freezer.tick(timedelta(seconds=seconds))
        async_fire_time_changed(self.hass)
        if settle:
            await self.settle()

    async def live(self, minutes: float, *, stride: float = 30.0) -> None:
        """Let time pass in strides."""
        for _ in range(round(minutes * 60 / stride)):
            await self.tick(stride)

    async def settle(self) -> None:
        """Wait until nothing is under way but waiting for time or for events."""
        await self.hass.async_block_till_done()
        await self.until(lambda: not self._busy())

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let everything run until something is so."""
        # The ordinary clocks stand still.
        deadline = time.clock_gettime(time.CLOCK_MONOTONIC) + 20
        while not condition():
            await asyncio.sleep(0)
            if time.clock_gettime(time.CLOCK_MONOTONIC) > deadline:
                raise TimeoutError("it never came to that")

    def _busy(self) -> bool:
        """Return whether any task has something to do."""
        idle: set[asyncio.Task[Any] | None] = set()
        for entry in self.hass.config_entries.async_loaded_entries(DOMAIN):
            powerwall, prices = entry.runtime_data.powerwall, entry.runtime_data.prices
            if prices is not None:
                # It does nothing but wait for the service to say something.
                idle.add(prices.stream_task)
            if powerwall is not None:
                wake = powerwall.controller._wake
                if wake._waiters and not wake.is_set():
                    idle.add(powerwall.tasks[0])
        return any(
            not task.done() and task not in idle
            for task in (*self.hass._tasks, *self.hass._background_tasks)
        )

    def state(self, key: str) -> State:
        """Return the state of the entity with a key."""
        registry = er.async_get(self.hass)
        for entity in er.async_entries_for_config_entry(registry, self.entry.entry_id):
            if entity.unique_id.partition("_")[2] == key:
                state = self.hass.states.get(entity.entity_id)
                assert state is not None, f"{entity.entity_id} has no state"
                return state
        raise AssertionError(f"there is no entity {key}")

    @property
    def result(self) -> tuple[str, str | None]:
        """Return what became of the tariff, and why."""
        state = self.state("last_sync_result")
        return state.state, state.attributes.get("reason")

    @property
    def decisions(self) -> list[tuple[str, str, str]]:
        """Return all decisions that were news: lever, action, reason."""
        log = self.entry.runtime_data.powerwall.controller.log
        return [
            (record.lever.value, record.action.value, record.reason.value)
            for record in log.records
        ]

    async def act(self, domain: str, service: str, key: str) -> None:
        """Do something with the entity that has a key."""
        await self.hass.services.async_call(
            domain, service, {"entity_id": self.state(key).entity_id}, blocking=True
        )
        await self.settle()

    async def call(self, service: str, **data: Any) -> dict[str, Any]:
        """Call one of the integration's own services."""
        answer = await self.hass.services.async_call(
            DOMAIN, service, data, blocking=True, return_response=True
        )
        assert answer is not None
        await self.settle()
        return answer

    @property
    def issues(self) -> set[str]:
        """Return the open repairs by their text."""
        return {
            issue.translation_key or issue.issue_id
            for issue in ir.async_get(self.hass).issues.values()
            if issue.domain == DOMAIN and issue.active
        }

    @property
    def stored(self) -> dict[str, Any]:
        """Return what is on disk for the entry."""
        data: dict[str, Any] = self._storage[f"{DOMAIN}.{self.entry.entry_id}"]["data"]
        return data

    @property
    def journal(self) -> dict[str, Any]:
        """Return what is on disk about what we owe."""
        journal: dict[str, Any] = self.stored["journal"]["entries"]
        return journal

    @property
    def confirmed(self) -> bool:
        """Return whether the tariff that was sent last has been read back."""
        entry = self.entry.runtime_data.powerwall.controller.journal.entry(Lever.TARIFF)
        assert entry is not None
        is_confirmed: bool = entry.confirmed
        return is_confirmed

    @property
    def reauth_steps(self) -> list[str]:
        """Return which forms ask for a new token."""
        return [
            flow["step_id"]
            for flow in self.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
            if flow["context"]["source"] == "reauth"
        ]


def subentries(
    server: SimulatorServer,
    parts: tuple[str, ...],
    channels: tuple[str, ...],
    source: dict[str, Any] | None,
) -> list[ConfigSubentryDataWithId]:
    """Return what is stored for the first sites of a simulated home.

    Prices come from its Amber site, unless ``source`` stores something else.
    """
    config = server.home.config
    site, energy_site = config.amber_sites[0], config.tesla_sites[0]
    known = {
        PRICE_SOURCE: ConfigSubentryDataWithId(
            data=source
            or {
                "provider": "amber",
                "api_token": AMBER_TOKEN,
                "site_id": site.site_id,
                "channels": list(channels),
                "base_url": server.amber_url,
                "stream_url": server.amber_ws_url,
            },
            subentry_id=PRICE_SOURCE,
            subentry_type="price_source",
            title=TITLES[source["provider"]] if source else "Amber Electric",
            unique_id=f"price_source_{site.site_id}",
        ),
        POWERWALL: ConfigSubentryDataWithId(
            data={
                "energy_site_id": energy_site.site_id,
                "ways": [
                    {
                        "way": "teslemetry",
                        "access_token": TESLEMETRY_TOKEN,
                        "base_url": server.teslemetry_url,
                    }
                ],
            },
            subentry_id=POWERWALL,
            subentry_type="powerwall",
            title=energy_site.name,
            unique_id=f"powerwall_{energy_site.site_id}",
        ),
    }
    return [known[part] for part in parts]
