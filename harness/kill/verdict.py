"""Is everything back? Judged by what Tesla's cloud has stored, and by nothing else.

Only where a price tariff is right is the integration asked what it follows: whether
the sync is on is the user's choice, and lives in its files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.setup import async_setup_component

from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.core.model.decisions import Lever
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.sim.home import SimulatedHome
from custom_components.power_sync.sim.tesla_account import Command
from harness.oracle import Expected, NoReferenceError, Oracle
from harness.tariff_slots import read_slots

from .scene import OUR_CODE, Document, Scene, levers_of

GRACE = timedelta(seconds=120)
"""How long after a start everything may take to be right."""
LATEST = timedelta(hours=1)
"""After which nobody waits for a late command any more."""
_SAME_PRICE = 0.0006
"""$/kWh: what differs by less is not sent, and figures are rounded."""
_ANSWERS = 6
"""The newest answers of Amber, which say all there is to say of the present."""
_NEWS = timedelta(seconds=40)
"""How long after the beginning of an interval its price may be on its way."""
_DAYS = tuple(
    date(2026, month, 1) + timedelta(days=day) for month in (1, 7) for day in range(7)
)
"""Two weeks that show a tariff's summer and winter."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was not right after a kill.

    ``unattended`` says that Home Assistant did not even load the integration, because
    no home that is switched on is left of it; ``problems`` are then what was not right
    once it was loaded for another reason.
    """

    problems: tuple[str, ...] = ()
    unattended: bool = False


async def findings_after_start(scene: Scene) -> Findings:
    """Let a new life do its work and return what is not right after it."""
    problems = await _until_right(scene)
    if not problems or DOMAIN in scene.hass.config.components:
        if not scene.intent.speechless and not problems:
            found = await _after_release(scene)
            problems = [f"switched off: {line}" for line in found]
        return Findings((*problems, *scene.world.blunders))
    # Nobody is there who could put anything back. Let the owner come again: with
    # another home, or this one switched on again, and off.
    await async_setup_component(scene.hass, DOMAIN, {})
    if scene.entry is not None:
        await scene.hass.config_entries.async_set_disabled_by(
            scene.entry.entry_id, None
        )
    problems = await _until_right(scene) or await _after_release(scene)
    return Findings((*problems, *scene.world.blunders), unattended=True)


async def _until_right(scene: Scene) -> list[str]:
    """Wait as long as it may take, and return what is not right then."""
    intent, world = scene.intent, scene.world
    began = world.now()
    due = began + GRACE
    retries = 2
    while True:
        while (left := (due - world.now()).total_seconds()) > 0:
            await scene.sleep(min(left, 30))
            if world.powerwall.pending and world.now() < began + LATEST:
                # Until the last late command was carried out, nothing is over.
                due = max(due, world.now() + GRACE)
        if broken := list(_broken_promises(scene)):
            return broken
        if not (found := list(_problems(scene))):
            return []
        if (until := intent.wanted_until) and world.now() < until + GRACE:
            due = until + GRACE
        elif retries and any("price" in problem for problem in found):
            # New prices may be on their way at this very moment.
            retries -= 1
            due = world.now() + _NEWS
        else:
            return found


async def _after_release(scene: Scene) -> list[str]:
    """Switch the home off and return what its owner does not get back then.

    Only now it shows whether the owner's tariff is still remembered.
    """
    entry = scene.entry
    if entry is not None and entry.disabled_by is None:
        await scene.hass.config_entries.async_set_disabled_by(
            entry.entry_id, ConfigEntryDisabler.USER
        )
        await scene.sleep(60)
    return list(_problems(scene))


def _broken_promises(scene: Scene) -> Iterator[str]:
    """Yield what should still be done by an order that has time left."""
    intent, settings = scene.intent, scene.world.powerwall.settings
    if intent.wanted_until is None or scene.world.now() >= intent.wanted_until:
        return
    for lever, value in levers_of(settings).items():
        if intent.doing.get(lever, value) != value:
            yield f"{lever} is not {intent.doing[lever]}, and the order has time left"


def _problems(scene: Scene) -> Iterator[str]:
    """Yield what is not as it should be now."""
    intent, settings = scene.intent, scene.world.powerwall.settings
    for lever, value in levers_of(settings).items():
        if value not in intent.values[lever]:
            allowed = " or ".join(sorted(map(str, intent.values[lever])))
            yield f"{lever} is {value}, not {allowed}"
    commands = list(scene.home.tesla.commands)
    if intent.speechless and commands:
        yield f"{commands[0].name} was commanded"
    if foreign := moved(scene.home) - intent.may_move:
        yield f"{', '.join(sorted(foreign))} was commanded"
    stored = settings.tariff.document if settings.tariff else None
    yield from _tariff_problems(scene, stored)


def moved(home: SimulatedHome) -> frozenset[Lever]:
    """Return which levers were ever commanded."""
    return frozenset(
        lever for command in home.tesla.commands for lever in _moved(command)
    )


def _moved(command: Command) -> Iterator[Lever]:
    """Yield what a command changes."""
    match command.name:
        case "time_of_use_settings":
            yield Lever.TARIFF
        case "operation":
            yield Lever.OPERATION_MODE
        case "backup":
            yield Lever.BACKUP_RESERVE
        case "storm_mode":
            yield Lever.STORM_WATCH
        case _:
            if "customer_preferred_export_rule" in command.body:
                yield Lever.EXPORT_RULE
            if "disallow_charge_from_grid_with_solar_installed" in command.body:
                yield Lever.GRID_CHARGING


def _tariff_problems(scene: Scene, stored: Document | None) -> Iterator[str]:
    """Yield what is wrong with the tariff that is stored."""
    if stored is None:
        yield "the tariff is gone"
        return
    controller = scene.controller_if_loaded
    follows = (
        controller is not None
        and not scene.intent.speechless
        and controller.is_on(Switch.AUTO_SYNC)
    )
    chosen = controller.manual_until if controller else None
    if follows and not (chosen and chosen > scene.world.now()):
        yield from _price_problems(scene, stored)
    elif not any(_same(stored, tariff) for tariff in scene.intent.tariffs):
        yield f"the tariff is {stored['name']}, not the owner's"


def _price_problems(scene: Scene, stored: Document) -> Iterator[str]:
    """Yield what is wrong with a tariff that should be one of the present prices."""
    if stored["code"] != OUR_CODE:
        yield f"the tariff is {stored['name']}, not one of prices"
        return
    now, zone = scene.world.now(), scene.home.config.time_zone
    local = now.astimezone(zone)
    half_hour = local.hour * 2 + local.minute // 30
    try:
        expected = _expected(scene.home, now)
    except NoReferenceError as error:
        yield f"no price to compare with: {error}"
        return
    if any(_is_moved(slot) for slot in expected):
        # What Tesla is told instead of prices that it refuses is judged elsewhere.
        return
    buy, sell = read_slots(stored, local.date())[half_hour]
    slot = expected[half_hour]
    if (
        abs(buy - slot.import_price) > _SAME_PRICE
        or abs(sell - slot.export_price) > _SAME_PRICE
    ):
        yield (
            f"the running price is {buy:.4f}/{sell:.4f}, "
            f"not {slot.import_price:.4f}/{slot.export_price:.4f}"
        )


def _expected(home: SimulatedHome, now: datetime) -> Sequence[Expected]:
    """Return what the tariff of this moment has to say, by what was served."""
    oracle = Oracle(home.config.time_zone)
    for answer in list(home.amber.served)[-_ANSWERS:]:
        oracle.serve(answer.rows)
    return oracle.expected(now)


def _is_moved(slot: Expected) -> bool:
    """Return whether Tesla would not take a half hour as it is."""
    return min(slot.import_price, slot.export_price) < 0 or (
        slot.export_price > slot.import_price
    )


def _same(first: Document, second: Document) -> bool:
    """Return whether two tariffs are the same to whoever pays by them."""
    if any(first.get(key) != second.get(key) for key in ("code", "name", "utility")):
        return False
    return all(_close(read_slots(first, day), read_slots(second, day)) for day in _DAYS)


def _close(first: Any, second: Any) -> bool:
    return all(
        abs(one - other) < 1e-9
        for ours, theirs in zip(first, second, strict=True)
        for one, other in zip(ours, theirs, strict=True)
    )


def fingerprint(home: SimulatedHome) -> tuple[object, ...]:
    """Return what a kill cannot change in Tesla's cloud, cheap to compare."""
    site = home.powerwall
    return (
        *levers_of(site.settings).values(),
        site.settings.tariff and site.settings.tariff.document["name"],
        site.pending,
        # Each of them may have brought another tariff.
        len(home.tesla.commands),
    )
