"""Go through the steps of a flow, as a person at the screen does."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import re
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.helpers.data_entry_flow import FlowManagerResourceView
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.selector import Selector
import voluptuous as vol

import custom_components.power_sync as integration
from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.sim.config import TESLEMETRY_TOKEN
from custom_components.power_sync.sim.server import SimulatorServer

TEXTS: Any = json.loads(
    (Path(integration.__file__).parent / "translations" / "en.json").read_text()
)


@contextmanager
def not_run() -> Iterator[AsyncMock]:
    """Keep what flows create from being run: such a home has nothing in it."""
    package = "custom_components.power_sync"

    async def set_up(_: HomeAssistant, entry: ConfigEntry) -> bool:
        entry.runtime_data = SimpleNamespace(prices=None, alerts=None, powerwall=None)
        return True

    with (
        patch(f"{package}.async_setup_entry", side_effect=set_up) as mock,
        patch(f"{package}.async_unload_entry", return_value=True),
    ):
        yield mock


class Walk:
    """A flow that is gone through step by step."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.hass = hass
        self.result: Any = None
        self._flows: Any = hass.config_entries.flow
        self._texts: Any = None

    # Ways to begin

    async def start(self, choice: str | None = None) -> None:
        """Begin to set up a home."""
        self._flows, self._texts = self.hass.config_entries.flow, TEXTS["config"]
        await self._begin(DOMAIN, {"source": SOURCE_USER})
        if choice:
            await self.choose(choice)

    async def add(
        self, entry: ConfigEntry, kind: str, choice: str | None = None
    ) -> None:
        """Begin to add something to a home."""
        self._flows = self.hass.config_entries.subentries
        self._texts = TEXTS["config_subentries"][kind]
        await self._begin((entry.entry_id, kind), {"source": SOURCE_USER})
        if choice:
            await self.choose(choice)

    async def change(self, entry: ConfigEntry, kind: str) -> None:
        """Begin to change the first subentry of a kind."""
        self._flows = self.hass.config_entries.subentries
        self._texts = TEXTS["config_subentries"][kind]
        subentry = next(iter(entry.get_subentries_of_type(kind)))
        await self._begin(
            (entry.entry_id, kind),
            {"source": SOURCE_RECONFIGURE, "subentry_id": subentry.subentry_id},
        )

    async def options(self, entry: ConfigEntry, choice: str | None = None) -> None:
        """Begin to change the options of a home."""
        self._flows, self._texts = self.hass.config_entries.options, TEXTS["options"]
        await self._begin(entry.entry_id, {})
        if choice:
            await self.choose(choice)

    # Ways to go on

    async def choose(self, choice: str) -> None:
        assert self.result["type"] is FlowResultType.MENU, self.result
        await self.give({"next_step_id": choice})

    async def give(self, answers: dict[str, Any]) -> None:
        self.result = await self._flows.async_configure(self.result["flow_id"], answers)
        await self.hass.async_block_till_done()
        self._check_screen()

    async def accept(self, **changes: Any) -> None:
        """Send the form as it is shown, but for some fields; None empties one."""
        answers = {**self.shown, **changes}
        await self.give({key: val for key, val in answers.items() if val is not None})

    async def finish(self, server: SimulatorServer) -> ConfigEntry:
        """Give the wizard a Powerwall too, and return the home."""
        assert self.step == "tesla"
        await self.choose("teslemetry")
        await self.give(
            {
                "access_token": TESLEMETRY_TOKEN,
                "advanced": {"base_url": server.teslemetry_url},
            }
        )
        entry: ConfigEntry = self.entry
        return entry

    async def _begin(self, handler: Any, context: dict[str, Any]) -> None:
        self.result = await self._flows.async_init(handler, context=context)
        self._check_screen()

    def _check_screen(self) -> None:
        """Make sure that a browser can show the form, in words."""
        if self.result["type"] is not FlowResultType.FORM:
            return
        json_bytes(
            FlowManagerResourceView(self._flows)._prepare_result_json(self.result)
        )
        shown = [*self._texts["step"][self.step].values()]
        shown += [self._texts["error"][key] for key in self.errors.values()]
        named = set(
            re.findall(r"{(\w+)}", str([t for t in shown if isinstance(t, str)]))
        )
        assert named <= self.placeholders.keys()
        assert all(isinstance(text, str) for text in self.placeholders.values())

    # What is on the screen

    @property
    def step(self) -> str:
        shown = {FlowResultType.FORM, FlowResultType.MENU}
        assert self.result["type"] in shown, self.result
        step: str = self.result["step_id"]
        return step

    @property
    def errors(self) -> dict[str, str]:
        assert self.result["type"] is FlowResultType.FORM, self.result
        return self.result["errors"] or {}

    @property
    def placeholders(self) -> dict[str, str]:
        assert self.result["type"] is FlowResultType.FORM, self.result
        return self.result["description_placeholders"] or {}

    @property
    def menu(self) -> list[str]:
        assert self.result["type"] is FlowResultType.MENU, self.result
        return list(self.result["menu_options"])

    @property
    def shown(self) -> dict[str, Any]:
        """Return what the fields of the form are filled in with."""
        assert self.result["type"] is FlowResultType.FORM, self.result
        return _filled_in(self.result["data_schema"])

    @property
    def fields(self) -> dict[str, Selector[Any]]:
        assert self.result["type"] is FlowResultType.FORM, self.result
        return {
            str(key): field for key, field in self.result["data_schema"].schema.items()
        }

    def options_of(self, field: str) -> list[str]:
        """Return what can be chosen in a field."""
        return [
            option if isinstance(option, str) else option["value"]
            for option in self.fields[field].config["options"]
        ]

    @property
    def choices(self) -> list[str]:
        """Return the labels of the only choice of the form."""
        (field,) = self.fields.values()
        return [option["label"] for option in field.config["options"]]

    # How it ends

    @property
    def entry(self) -> Any:
        assert self.result["type"] is FlowResultType.CREATE_ENTRY, self.result
        return self.result["result"]

    @property
    def created(self) -> bool:
        return self.result["type"] is FlowResultType.CREATE_ENTRY

    @property
    def reason(self) -> str:
        assert self.result["type"] is FlowResultType.ABORT, self.result
        reason: str = self.result["reason"]
        return reason


def only(entry: ConfigEntry, kind: str) -> dict[str, Any]:
    """Return the data of a home's only subentry of a kind."""
    (subentry,) = entry.get_subentries_of_type(kind)
    return dict(subentry.data)


def row(name: str, days: str, start: str, end: str, **rates: float) -> dict[str, Any]:
    """Return a row of a list, as the screen's dialog makes it."""
    return {"name": name, "days": days, "start": start, "end": end, **rates}


def _filled_in(schema: vol.Schema) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, field in schema.schema.items():
        if isinstance(field, section):
            found[str(key)] = _filled_in(field.schema)
        elif "suggested_value" in (key.description or {}):
            found[str(key)] = key.description["suggested_value"]
        elif not isinstance(key.default, vol.Undefined):
            found[str(key)] = key.default()
    return found
