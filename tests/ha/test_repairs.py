"""What is owed for a home that is gone: kept, tried again, and put back on request."""

import asyncio
import copy
import dataclasses
from datetime import UTC, datetime, timedelta
import json
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.control.debts import (
    KEY,
    Debt,
    Remainder,
    async_setup_debts,
    debts_of,
    drop,
    owe,
    settle,
    take_over,
)
from custom_components.power_sync.control.issues import (
    report_not_restored,
    report_state_lost,
)
from custom_components.power_sync.control.still_owed import still_different
from custom_components.power_sync.core.journal import Journal
from custom_components.power_sync.core.model.decisions import Feature, Lever
from custom_components.power_sync.core.model.powerwall import (
    ExportRule,
    OperationMode,
)
from custom_components.power_sync.core.model.tariff_document import read_tariff
from custom_components.power_sync.sim.faults import FaultKind, Service
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF
from custom_components.power_sync.sim.tesla_tariff import Tariff

from .house import POWERWALL, House

TOKEN = "token-of-the-owner"
DATA = {
    "energy_site_id": 123456789,
    "ways": [{"way": "teslemetry", "access_token": TOKEN}],
}
JOURNAL = {"entries": {"tariff": {}, "operation_mode": {}}, "echoes": {}}
TARIFF = "tariff: PowerSync instead of Example TOU"
MODE = "operation mode: self consumption instead of autonomous"


class Owner:
    """Stands for the Powerwall of somebody who is owed something."""

    def __init__(self) -> None:
        self.left: tuple[str, ...] = (TARIFF, MODE)
        self.journal: dict[str, Any] = JOURNAL
        self.asked: list[Debt] = []
        self.began = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, hass: HomeAssistant, debt: Debt) -> Remainder:
        self.asked.append(debt)
        self.began.set()
        await self.may_answer.wait()
        return Remainder(left=self.left, journal=self.journal)


@pytest.fixture
async def owner(
    hass: HomeAssistant, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory
) -> Owner:
    """Somebody who is owed the tariff and the mode."""
    owner = Owner()
    assert await async_setup_component(hass, "repairs", {})
    hass.config.components.add(DOMAIN)
    await async_setup_debts(hass, owner)
    await owe(hass, "Beach house", "debt", DATA, JOURNAL, [TARIFF, MODE])
    return owner


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """Return what the integration itself has logged."""
    return "\n".join(
        record.getMessage() + (record.exc_text or "")
        for record in caplog.records
        if "power_sync" in record.name
    )


def issue(hass: HomeAssistant) -> ir.IssueEntry | None:
    """Return the repair of the debt."""
    return ir.async_get(hass).async_get_issue(DOMAIN, "not_restored_debt")


async def open_repair(hass: HomeAssistant, issue_id: str = "not_restored_debt") -> Any:
    """Open the dialog of a repair; return what it shows."""
    manager = repairs_flow_manager(hass)
    assert manager is not None
    return await manager.async_init(DOMAIN, context={"issue_id": issue_id})


async def choose(hass: HomeAssistant, shown: Any, option: str | None = None) -> Any:
    """Choose from a menu, or (None) submit a form or look again; return what is shown."""
    manager = repairs_flow_manager(hass)
    assert manager is not None
    answer = {"next_step_id": option} if option else None
    return await manager.async_configure(shown["flow_id"], answer)


async def restart(hass: HomeAssistant, owner: Owner, *, running: bool = True) -> None:
    """Set up what is owed anew, from what is on disk."""
    ir.async_delete_issue(hass, DOMAIN, "not_restored_debt")
    # What ran before ends with its process.
    hass.data.pop(KEY)._cancel_retry()
    debts_of.cache_clear()
    if not running:
        hass.set_state(CoreState.starting)
    await async_setup_debts(hass, owner)


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, minutes: float
) -> None:
    freezer.tick(timedelta(minutes=minutes))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


# covers B-12
async def test_a_debt_is_kept_and_told(
    hass: HomeAssistant, owner: Owner, hass_storage: dict[str, Any]
) -> None:
    stored = hass_storage[KEY]["data"]["debt"]
    assert stored["data"] == DATA
    assert stored["journal"] == JOURNAL
    told = issue(hass)
    assert told is not None
    assert told.is_fixable
    assert told.is_persistent
    assert told.severity is ir.IssueSeverity.ERROR
    assert told.translation_placeholders == {
        "name": "Beach house",
        "left": f"- {TARIFF}\n- {MODE}",
    }
    assert owner.asked == [], "that would be too soon"


async def test_no_token_where_people_look(
    hass: HomeAssistant, owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="custom_components.power_sync")
    await settle(hass, "debt")
    shown = await open_repair(hass)
    debt = debts_of(hass).get("debt")
    for text in (str(issue(hass)), str(shown), repr(debt), ours(caplog)):
        assert TOKEN not in text
        assert "123456789" not in text


# covers U-04
async def test_try_again_from_the_repair(
    hass: HomeAssistant, owner: Owner, hass_storage: dict[str, Any]
) -> None:
    shown = await open_repair(hass)
    assert shown["type"] is FlowResultType.MENU
    assert shown["step_id"] == "init"
    assert shown["menu_options"] == ["again", "myself"]
    assert shown["description_placeholders"]["left"] == f"- {TARIFF}\n- {MODE}"

    owner.may_answer.clear()
    shown = await choose(hass, shown, "again")
    assert shown["type"] is FlowResultType.SHOW_PROGRESS
    owner.left = ()
    owner.may_answer.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [debt.journal for debt in owner.asked] == [JOURNAL]
    assert issue(hass) is None
    shown = await choose(hass, shown)
    assert shown["type"] is FlowResultType.CREATE_ENTRY
    assert KEY not in hass_storage, "the token would stay for nothing"
    assert repairs_flow_manager(hass).async_progress() == []  # type: ignore[union-attr]


async def test_again_in_vain(
    hass: HomeAssistant, owner: Owner, hass_storage: dict[str, Any]
) -> None:
    owner.left = (MODE,)
    owner.journal = {"entries": {"operation_mode": {}}, "echoes": {}}
    shown = await choose(hass, await open_repair(hass), "again")
    await hass.async_block_till_done(wait_background_tasks=True)
    shown = await choose(hass, shown)
    assert shown["type"] is FlowResultType.MENU
    assert shown["step_id"] == "left"
    assert shown["description_placeholders"] == {
        "name": "Beach house",
        "left": f"- {MODE}",
    }
    assert issue(hass).translation_placeholders["left"] == f"- {MODE}"  # type: ignore[union-attr,index]
    # What is back is not put back once more: it may be another one's choice by then.
    assert hass_storage[KEY]["data"]["debt"]["journal"] == owner.journal

    shown = await choose(hass, shown, "again")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(owner.asked) == 2
    assert owner.asked[1].journal == owner.journal


@pytest.mark.parametrize("after", [0, 1])
async def test_i_did_it_myself(
    hass: HomeAssistant, owner: Owner, hass_storage: dict[str, Any], after: int
) -> None:
    shown = await open_repair(hass)
    for _ in range(after):
        shown = await choose(hass, shown, "again")
        await hass.async_block_till_done(wait_background_tasks=True)
        shown = await choose(hass, shown)
    shown = await choose(hass, shown, "myself")
    assert shown["type"] is FlowResultType.CREATE_ENTRY
    assert issue(hass) is None
    assert KEY not in hass_storage
    assert len(owner.asked) == after


async def test_settled_while_the_dialog_is_open(
    hass: HomeAssistant, owner: Owner
) -> None:
    shown = await open_repair(hass)
    owner.left = ()
    assert await settle(hass, "debt") == []
    shown = await choose(hass, shown, "again")
    assert len(owner.asked) == 1
    assert shown["type"] is FlowResultType.CREATE_ENTRY


async def test_closing_the_dialog_does_not_end_the_attempt(
    hass: HomeAssistant, owner: Owner
) -> None:
    owner.may_answer.clear()
    shown = await choose(hass, await open_repair(hass), "again")
    await asyncio.sleep(0)
    repairs_flow_manager(hass).async_abort(shown["flow_id"])  # type: ignore[union-attr]
    owner.left = ()
    owner.may_answer.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issue(hass) is None


async def test_two_ask_at_once(hass: HomeAssistant, owner: Owner) -> None:
    owner.left = (MODE,)
    answers = await asyncio.gather(settle(hass, "debt"), settle(hass, "debt"))
    assert answers == [[MODE], [MODE]]
    assert len(owner.asked) == 1


async def test_tried_again_once_an_hour(
    hass: HomeAssistant, owner: Owner, freezer: FrozenDateTimeFactory
) -> None:
    await pass_time(hass, freezer, 59)
    assert owner.asked == []
    await pass_time(hass, freezer, 2)
    assert len(owner.asked) == 1
    owner.left = ()
    await pass_time(hass, freezer, 61)
    assert len(owner.asked) == 2
    assert issue(hass) is None
    await pass_time(hass, freezer, 61)
    assert len(owner.asked) == 2


async def test_tried_again_after_a_start(
    hass: HomeAssistant, owner: Owner, freezer: FrozenDateTimeFactory
) -> None:
    """But only when everything runs: what it needs may be another integration's."""
    await restart(hass, owner, running=False)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issue(hass) is not None
    assert owner.asked == []
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(owner.asked) == 1
    assert owner.asked[0].data == DATA
    await pass_time(hass, freezer, 61)
    assert len(owner.asked) == 2


async def test_set_up_twice_changes_nothing(hass: HomeAssistant, owner: Owner) -> None:
    before = debts_of(hass)
    await async_setup_debts(hass, Owner())
    assert debts_of(hass) is before


async def test_nothing_owed_leaves_nothing(
    hass: HomeAssistant, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory
) -> None:
    owner = Owner()
    await async_setup_debts(hass, owner)
    await pass_time(hass, freezer, 61)
    assert owner.asked == []
    assert KEY not in hass_storage


@pytest.mark.parametrize(
    "damage",
    [
        lambda debt: debt.pop("data"),
        lambda debt: debt.update(data=[TOKEN]),
        lambda debt: debt.update(journal=None),
        lambda debt: debt.update(left=None),
        lambda debt: debt.update(since="yesterday"),
    ],
)
async def test_damaged_debt(
    hass: HomeAssistant,
    owner: Owner,
    hass_storage: dict[str, Any],
    damage: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await owe(hass, "Other house", "other", DATA, JOURNAL, [MODE])
    damage(hass_storage[KEY]["data"]["debt"])
    await restart(hass, owner)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [debt.title for debt in owner.asked] == ["Other house"]
    assert "damaged" in caplog.text
    assert TOKEN not in ours(caplog)


async def test_damaged_file(
    hass: HomeAssistant, owner: Owner, hass_storage: dict[str, Any]
) -> None:
    hass_storage[KEY]["data"] = [TOKEN]
    await restart(hass, owner)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert owner.asked == []


async def test_a_damaged_debt_is_not_said_to_be_settled(
    hass: HomeAssistant, owner: Owner, hass_storage: dict[str, Any]
) -> None:
    hass_storage[KEY]["data"]["debt"].pop("journal")
    await restart(hass, owner)
    # Home Assistant remembers the repair from before.
    report_not_restored(hass, "debt", "Beach house", [TARIFF])
    shown = await open_repair(hass)
    assert shown["type"] is FlowResultType.FORM
    assert shown["step_id"] == "confirm"
    assert shown["description_placeholders"]["left"] == f"- {TARIFF}"


async def test_looked_after_again(
    hass: HomeAssistant, owner: Owner, hass_storage: dict[str, Any]
) -> None:
    """Two that command one Powerwall would be one too many."""
    await owe(hass, "Other", "other", DATA | {"energy_site_id": 1}, JOURNAL, [MODE])
    owner.may_answer.clear()
    waiting = hass.async_create_task(settle(hass, "debt"))
    await owner.began.wait()
    taken = await take_over(hass, 123456789)
    assert [debt.debt_id for debt in taken] == ["debt"]
    assert taken[0].journal == JOURNAL
    assert await waiting == [TARIFF, MODE], "it was called off"
    assert "debt" in hass_storage[KEY]["data"], "it is not written down elsewhere yet"
    await drop(hass, "debt")
    assert set(hass_storage[KEY]["data"]) == {"other"}
    assert issue(hass) is None
    assert await take_over(hass, 123456789) == ()


async def test_owed_anew(hass: HomeAssistant, owner: Owner) -> None:
    """Disabled, enabled and disabled again before it could be settled."""
    await owe(hass, "Beach house", "debt", DATA, JOURNAL, [MODE])
    assert issue(hass).translation_placeholders["left"] == f"- {MODE}"  # type: ignore[union-attr,index]
    owner.left = ()
    assert await settle(hass, "debt") == []
    assert len(owner.asked) == 1


async def test_issue_data_is_stored_with_the_issue(
    hass: HomeAssistant, owner: Owner
) -> None:
    stored = json.dumps(issue(hass).to_json())  # type: ignore[union-attr]
    assert json.loads(stored)["data"] == {"debt_id": "debt"}


# covers U-04
async def test_lost_state_is_read_and_dismissed(
    hass: HomeAssistant, owner: Owner
) -> None:
    report_state_lost(hass, "entry")
    shown = await open_repair(hass, "state_lost_entry")
    assert shown["type"] is FlowResultType.FORM
    assert shown["step_id"] == "confirm"
    manager = repairs_flow_manager(hass)
    assert manager is not None
    shown = await manager.async_configure(shown["flow_id"], {})
    assert shown["type"] is FlowResultType.CREATE_ENTRY
    assert ir.async_get(hass).async_get_issue(DOMAIN, "state_lost_entry") is None


# The whole of it, with a Powerwall at the other end


@pytest.fixture
async def removed(steady: House, hass_storage: dict[str, Any]) -> House:
    """A home that was removed while Tesla did not answer."""
    assert await async_setup_component(steady.hass, "repairs", {})
    steady.break_(Service.TESLA, FaultKind.STATUS_503)
    await steady.hass.config_entries.async_remove(steady.entry.entry_id)
    await steady.settle()
    assert steady.tariff_name == "PowerSync"
    assert steady.issues == {"not_restored"}
    assert not [key for key in hass_storage if steady.entry.entry_id in key]
    return steady


# covers B-12 U-04
async def test_a_removed_home_is_put_right(removed: House) -> None:
    shown = await open_repair(removed.hass, f"not_restored_{POWERWALL}")
    assert shown["description_placeholders"] == {
        "name": "Home",
        "left": "- tariff: PowerSync instead of Example TOU",
    }
    shown = await choose(removed.hass, shown, "again")
    await removed.settle()
    shown = await choose(removed.hass, shown)
    assert shown["step_id"] == "left"

    removed.repair()
    await removed.tick(300)
    shown = await choose(removed.hass, shown, "again")
    await removed.settle()
    shown = await choose(removed.hass, shown)
    assert shown["type"] is FlowResultType.CREATE_ENTRY
    assert removed.tariff_name == "Example TOU"
    assert removed.issues == set()


async def test_a_removed_home_is_put_right_by_itself(removed: House) -> None:
    removed.repair()
    await removed.tick(3601)
    assert removed.tariff_name == "Example TOU"
    assert removed.issues == set()


async def test_what_was_chosen_since_stays(removed: House) -> None:
    other = copy.deepcopy(OWNERS_TARIFF) | {"name": "Mine again"}
    for table in other["energy_charges"].values():
        table["rates"] = {label: rate + 0.1 for label, rate in table["rates"].items()}
    removed.home.powerwall.set_tariff(Tariff(other), removed.home.advance())
    removed.repair()
    sent = len(removed.sent)
    await removed.tick(3601)
    assert removed.tariff_name == "Mine again"
    assert len(removed.sent) == sent
    assert removed.issues == set()


async def test_a_home_set_up_again_takes_over(
    removed: House, hass_storage: dict[str, Any]
) -> None:
    removed.repair()
    entry = MockConfigEntry(
        domain=DOMAIN,
        minor_version=removed.entry.minor_version,
        title="Home",
        subentries_data=[
            ConfigSubentryDataWithId(
                data=subentry.data,
                subentry_id=f"new-{subentry.subentry_id}",
                subentry_type=subentry.subentry_type,
                title=subentry.title,
                unique_id=subentry.unique_id,
            )
            for subentry in removed.entry.subentries.values()
        ],
    )
    removed.entry = entry
    await removed.set_up()
    assert removed.issues == set()
    assert KEY not in hass_storage
    await removed.tick(300)
    await removed.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert removed.tariff_name == "Example TOU"
    await removed.unload()


# The words


def owed(**values: tuple[Any, Any]) -> Journal:
    """Return a journal of levers with what their owner had and what was sent."""
    journal = Journal()
    for name, (owner, sent) in values.items():
        lever, now = Lever(name), datetime(2026, 11, 20, tzinfo=UTC)
        journal = journal.begun(lever, owner, sent, Feature.FORCE, now)
        journal = journal.confirmed(lever)
    return journal


def test_every_lever_in_words() -> None:
    ours, theirs = read_tariff(OWNERS_TARIFF | {"name": "Ours"}), None
    journal = owed(
        export_rule=(ExportRule.PV_ONLY, ExportRule.BATTERY_OK),
        grid_charging=(True, False),
        backup_reserve=(20.0, 100.0),
        storm_watch=(False, True),
        tariff=(theirs, ours),
        operation_mode=(OperationMode.AUTONOMOUS, OperationMode.SELF_CONSUMPTION),
    )
    assert still_different(journal, None) == (
        "export rule: battery ok instead of pv only",
        "grid charging: off instead of on",
        "backup reserve: 100 % instead of 20 %",
        "storm watch: on instead of off",
        "tariff: Ours, and you had none",
        "operation mode: self consumption instead of autonomous",
    )
    assert still_different(Journal(), None) == ()


async def test_what_the_powerwall_last_showed_counts(steady: House) -> None:
    site = steady.entry.runtime_data.powerwall.site.data
    assert site.backup_reserve == 20
    shown = dataclasses.replace(site, backup_reserve=50.0)
    journal = owed(backup_reserve=(20.0, 100.0))
    [line] = still_different(journal, shown)
    assert line == "backup reserve: 50 % instead of 20 %"
    [line] = still_different(journal, site)
    assert line == "backup reserve: 100 % instead of 20 %", "it may still arrive"
