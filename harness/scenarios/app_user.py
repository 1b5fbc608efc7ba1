"""``app-user``: the owner keeps changing things in Tesla's app, whatever runs."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from custom_components.power_sync.core.model.powerwall import ExportRule
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF

from .cloud import APP_SETTINGS, stored
from .day import Action, Day
from .outcome import Script
from .play import play
from .report import Options, Report, Row

NAME = "app-user"
_SETTINGS = tuple(APP_SETTINGS)
_CHOICES: dict[str, tuple[Any, ...]] = {
    "mode": ("self_consumption", "autonomous", "backup"),
    "export_rule": ("never", "pv_only", "battery_ok"),
    "grid_charging": (True, False),
    "storm_watch": (True, False),
    "reserve": tuple(range(5, 60, 5)),
}


def plan(day: Day) -> None:
    """Fill the agenda of one day."""
    draws = day.draws()
    begin = day.moment(f"01:{draws.randrange(30):02}")
    day.at(begin, day.force("charge", 60))
    day.at(begin + timedelta(minutes=20), change(day, "grid_charging", draws))
    day.at(f"03:{draws.randrange(30):02}", change(day, "mode", draws))
    day.at("03:50", day.amber_away(150))
    day.at(f"06:{5 + draws.randrange(8):02}", change(day, "mode", draws))
    begin = day.moment(f"08:{draws.randrange(20):02}", second=draws.randrange(60))
    day.at(begin, day.force("discharge", 60))
    setting = draws.choice(("export_rule", "mode", "tariff"))
    day.at(
        begin + timedelta(minutes=draws.randrange(5, 50)), change(day, setting, draws)
    )
    day.at("10:30", day.market(-60.0, 120))
    day.at(f"11:{draws.randrange(10, 50)}", change(day, "export_rule", draws))
    day.at(f"15:{draws.randrange(60):02}", change(day, "tariff", draws))
    day.at("17:00", day.market(5_000.0, 90))
    setting = draws.choice(("export_rule", "grid_charging", "mode"))
    day.at(f"17:{draws.randrange(15, 55)}", change(day, setting, draws))
    for hour in (2, 5, 9, 13, 14, 20, 21, 22):
        moment = day.moment(
            f"{hour}:{draws.randrange(5, 55)}", second=draws.randrange(60)
        )
        day.at(moment, change(day, draws.choice(_SETTINGS), draws))
    day.at("20:30", day.force(draws.choice(("charge", "discharge")), 90))


def change(day: Day, setting: str, draws: Random) -> Action:
    """Return the change of a setting to something else than what is shown."""

    async def act() -> None:
        lever = APP_SETTINGS[setting]
        if setting == "tariff":
            value = _tariff(draws)
        else:
            shown, chosen = stored(day.powerwall)[lever], day.claims.chosen[lever]
            others = [item for item in _CHOICES[setting] if item != shown]
            new = [item for item in others if item != chosen]
            value = draws.choice(new or others)
        await day.app(**{setting: value})()

    return act


def _tariff(draws: Random) -> dict[str, Any]:
    """Return another tariff that the owner might enter."""
    tariff = deepcopy(OWNERS_TARIFF)
    tariff["name"] = f"Example {draws.randrange(100, 1000)}"
    tariff["energy_charges"]["AllYear"]["rates"]["ON_PEAK"] = round(
        draws.uniform(0.3, 0.6), 4
    )
    return tariff


def rows(day: Day) -> Sequence[Row]:
    """Return how much the owner did."""
    shown = [
        record for _, record in day.records if record.action.value == "owner_changed"
    ]
    return (
        Row(
            metric="changes in Tesla's app",
            value=len(day.house.home.tesla.app_changes),
            demanded="≥ 1",
            holds=bool(day.house.home.tesla.app_changes),
        ),
        Row(metric="changes of what was held", value=len(shown)),
    )


SCRIPT = Script(
    name=NAME,
    plan=plan,
    rows=rows,
    interval_minutes=30,
    expected=("Error fetching",),
    switches=(Switch.SPIKE_RESPONSE, Switch.CURTAILMENT),
    options={
        "spike_response": {"region": "NSW1", "threshold": 300.0, "sell_price": 10.0},
        "curtailment": {"margin": 0.002},
    },
    site=replace(TeslaSite(), export_rule=ExportRule.PV_ONLY, charge_percent=60.0),
)


def scenario(options: Options) -> Report:
    """Run as the command line asks."""
    return play(SCRIPT, options)
