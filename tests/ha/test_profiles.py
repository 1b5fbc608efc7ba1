"""Saved tariffs: kept under names, put back, passed on as text."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
import yaml

from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.control.profiles import (
    BEFORE_POWERSYNC,
    BEFORE_SPIKE,
    Profiles,
)
from custom_components.power_sync.core.model.tariff_document import (
    read_tariff,
    write_tariff,
)
from custom_components.power_sync.core.model.tesla_tariff import TeslaTariff
from custom_components.power_sync.core.tesla_tariff import largest_difference
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.faults import FaultKind, Service
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF
from custom_components.power_sync.sim.tesla_tariff import Tariff
from custom_components.power_sync.stored.profile_text import (
    LONGEST,
    ProfileTextError,
    read_profile_text,
    write_profile_text,
)

from .conftest import NOW
from .house import ENTRY_ID, House, Steady

type MakeHouse = Callable[..., Awaitable[House]]

KEY = f"{DOMAIN}.profiles.{ENTRY_ID}"
OWNERS = read_tariff(OWNERS_TARIFF)
TOU = "time_of_use_settings"


def named(name: str) -> TeslaTariff:
    """Return the owner's tariff under another name, ten cents dearer."""
    rates = tuple(
        replace(
            season, rates=tuple((label, rate + 0.1) for label, rate in season.rates)
        )
        for season in OWNERS.buy.energy_rates
    )
    return replace(OWNERS, buy=replace(OWNERS.buy, name=name, energy_rates=rates))


def choose(house: House, name: str) -> None:
    """Let the owner choose another tariff in the Tesla app."""
    house.home.powerwall.set_tariff(
        Tariff(write_tariff(named(name))), house.home.advance()
    )


@pytest.fixture
async def own(make_house: MakeHouse) -> House:
    """A home whose Powerwall has the owner's own tariff: the sync is off."""
    house = await make_house()
    await house.set_up()
    await house.act("switch", "turn_off", "auto_sync_tou_schedule")
    await house.tick(300)
    assert house.tariff_name == "Example TOU"
    return house


async def refused(house: House, service: str, **data: Any) -> ServiceValidationError:
    """Call a service in a way that cannot be; return the error."""
    with pytest.raises(ServiceValidationError) as caught:
        await house.call(service, **data)
    assert caught.value.translation_domain == DOMAIN
    assert "{" not in str(caught.value), "a placeholder is missing"
    return caught.value


async def names(house: House) -> list[str]:
    """Return the names of all profiles."""
    answer = await house.call("list_profiles")
    return [profile["name"] for profile in answer["profiles"]]


# Services


# covers B-11 B-13
async def test_save_list_restore_delete(own: House) -> None:
    answer = await own.call("save_profile", name="  Winter ")
    assert answer == {
        "name": "Winter",
        "saved_at": answer["saved_at"],
        "automatic": False,
        "tariff": "Example TOU",
        "utility": OWNERS.buy.utility,
    }
    assert await names(own) == [BEFORE_POWERSYNC, "Winter"]

    choose(own, "Summer plan")
    await own.tick(300)
    await own.call("save_profile", name="Summer")
    answer = await own.call("restore_profile", name="Winter")
    assert answer["action"] == "sent"
    assert answer["profile"]["name"] == "Winter"
    assert own.tariff_name == "Example TOU"
    assert largest_difference(own.stored_tariff, OWNERS) == 0

    answer = await own.call("delete_profile", name="Winter")
    assert answer["name"] == "Winter"
    assert await names(own) == [BEFORE_POWERSYNC, "Summer"]


async def test_what_is_restored_is_the_owners_from_then_on(
    own: House, market: Steady
) -> None:
    choose(own, "Summer plan")
    await own.tick(300)
    await own.call("save_profile", name="Summer")
    await own.call("restore_profile", name=BEFORE_POWERSYNC)
    await own.tick(300)
    await own.act("switch", "turn_on", "auto_sync_tou_schedule")
    assert own.tariff_name == "PowerSync"
    await own.tick(300)
    await own.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert own.tariff_name == "Example TOU"


async def test_not_while_prices_are_followed(steady: House) -> None:
    """A tariff of PowerSync's own can be saved; its name keeps it apart."""
    await steady.call("save_profile", name="A day in November")
    before = list(steady.sent)
    error = await refused(steady, "restore_profile", name=BEFORE_POWERSYNC)
    assert error.translation_key == "sync_replaces_profile"
    assert steady.sent == before

    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    await steady.tick(300)
    await steady.call("restore_profile", name="A day in November")
    assert steady.tariff_name == "PowerSync"


async def test_without_prices_the_switch_does_not_matter(make_house: MakeHouse) -> None:
    house = await make_house(parts=("powerwall",))
    await house.set_up()
    await house.call("save_profile", name="Mine")
    answer = await house.call("restore_profile", name="Mine")
    assert answer["action"] in {"sent", "unchanged"}


async def test_restored_in_vain(own: House) -> None:
    await own.call("save_profile", name="Mine")
    choose(own, "Other")
    await own.tick(300)
    own.break_(Service.TESLA, FaultKind.STATUS_400, match=TOU)
    with pytest.raises(HomeAssistantError) as caught:
        await own.call("restore_profile", name="Mine")
    assert not isinstance(caught.value, ServiceValidationError)
    assert caught.value.translation_key == "push_failed"
    assert own.tariff_name == "Other"


async def test_unknown_profiles(own: House) -> None:
    for service in ("restore_profile", "delete_profile", "export_profile"):
        error = await refused(own, service, name="Nonsense")
        assert error.translation_key == "unknown_profile"
        assert BEFORE_POWERSYNC in str(error)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("", "bad_profile_name"),
        ("   ", "bad_profile_name"),
        ("x" * 51, "bad_profile_name"),
        ("one\ntwo", "bad_profile_name"),
        ("nul\0", "bad_profile_name"),
        (BEFORE_POWERSYNC, "automatic_profile_name"),
        ("Before Spike", "automatic_profile_name"),
        ("winter", "profile_exists"),
        ("Winter", "profile_exists"),
    ],
)
async def test_names(own: House, name: str, key: str) -> None:
    await own.call("save_profile", name="Winter")
    text = write_profile_text(OWNERS)
    for service, more in (("save_profile", {}), ("import_profile", {"yaml": text})):
        error = await refused(own, service, name=name, **more)
        assert error.translation_key == key
    assert await names(own) == [BEFORE_POWERSYNC, "Winter"]


async def test_replace(own: House) -> None:
    await own.call("save_profile", name="Winter")
    text = write_profile_text(named("Another"))
    await own.call("import_profile", name="Winter", yaml=text, replace=True)
    answer = await own.call("list_profiles")
    assert [profile["tariff"] for profile in answer["profiles"]] == [
        "Example TOU",
        "Another",
    ]
    error = await refused(own, "save_profile", name="winter", replace=True)
    assert error.translation_key == "profile_exists", "which of them is meant?"
    error = await refused(own, "save_profile", name=BEFORE_SPIKE, replace=True)
    assert error.translation_key == "automatic_profile_name"


async def test_powerwall_without_a_tariff(make_house: MakeHouse) -> None:
    house = await make_house(
        parts=("powerwall",), tesla_sites=(TeslaSite(tariff=None),)
    )
    await house.set_up()
    error = await refused(house, "save_profile", name="Mine")
    assert error.translation_key == "no_tariff"


async def test_powerwall_that_cannot_be_read(own: House) -> None:
    own.break_(Service.TESLA, FaultKind.STATUS_503)
    with pytest.raises(HomeAssistantError) as caught:
        await own.call("save_profile", name="Mine")
    assert caught.value.translation_key == "refresh_failed"
    assert await names(own) == [BEFORE_POWERSYNC]


# covers B-11
async def test_before_powersync_saves_itself(steady: House) -> None:
    answer = await steady.call("list_profiles")
    assert [
        (profile["name"], profile["automatic"], profile["tariff"])
        for profile in answer["profiles"]
    ] == [(BEFORE_POWERSYNC, True, "Example TOU")]


async def test_before_spike_saves_itself(steady: House) -> None:
    await steady.tick(300)
    await steady.call("simulate_spike")
    answer = await steady.call("list_profiles")
    profile = answer["profiles"][-1]
    assert (profile["name"], profile["tariff"]) == (BEFORE_SPIKE, "PowerSync")


# covers B-11
async def test_export_and_import(own: House, make_house: MakeHouse) -> None:
    await own.call("save_profile", name="Winter")
    exported = await own.call("export_profile", name="Winter")
    assert exported["name"] == "Winter"
    await own.call("delete_profile", name="Winter")
    answer = await own.call("import_profile", name="Back", yaml=exported["yaml"])
    assert answer["tariff"] == "Example TOU"
    profiles = own.entry.runtime_data.powerwall.controller.profiles
    assert largest_difference(profiles.get("Back").tariff, OWNERS) == 0


async def test_a_bad_text_changes_nothing(own: House) -> None:
    await own.call("save_profile", name="Winter")
    error = await refused(
        own, "import_profile", name="Winter", yaml="tariff: {}", replace=True
    )
    assert error.translation_key == "bad_profile_text"
    assert "power_sync_profile: 1" in str(error)
    answer = await own.call("list_profiles")
    assert answer["profiles"][-1]["tariff"] == "Example TOU"


async def test_profiles_outlive_reloads_and_go_with_the_home(
    own: House, hass_storage: dict[str, Any]
) -> None:
    await own.call("save_profile", name="Winter")
    await own.hass.config_entries.async_reload(ENTRY_ID)
    await own.settle()
    assert await names(own) == [BEFORE_POWERSYNC, "Winter"]
    await own.hass.config_entries.async_remove(ENTRY_ID)
    await own.hass.async_block_till_done()
    assert KEY not in hass_storage


async def test_unknown_fields_of_the_owner_come_back(make_house: MakeHouse) -> None:
    """The simulated Tesla keeps whole documents, as the real one does."""
    rich = OWNERS_TARIFF | {
        "daily_demand_charges": {"ALL": {"rates": {"ALL": 2}}},
        "rebates": [{"name": "solar", "amount": 1.5}],
    }
    house = await make_house(tesla_sites=(TeslaSite(tariff=rich),))
    await house.set_up()
    assert house.tariff_name == "PowerSync"
    await house.act("switch", "turn_off", "auto_sync_tou_schedule")
    stored = house.home.powerwall.settings.tariff.document
    for key in ("daily_demand_charges", "rebates"):
        assert stored[key] == rich[key]


# The file


async def test_round_trip(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    profiles = Profiles(hass, ENTRY_ID)
    await profiles.load()
    assert dict(profiles.all) == {}
    later = datetime(2026, 12, 1, tzinfo=UTC)
    await profiles.keep(BEFORE_SPIKE, OWNERS, NOW)
    await profiles.save("Mine", named("Mine"), NOW)
    await profiles.keep(BEFORE_SPIKE, named("Later"), later)
    again = Profiles(hass, ENTRY_ID)
    await again.load()
    assert dict(again.all) == dict(profiles.all)
    assert list(again.all) == ["Mine", BEFORE_SPIKE], "the oldest first"
    assert again.get(BEFORE_SPIKE).saved_at == later
    assert again.get(BEFORE_SPIKE).automatic
    await again.remove()
    assert KEY not in hass_storage


async def test_no_more_than_that(hass: HomeAssistant) -> None:
    profiles = Profiles(hass, ENTRY_ID)
    for number in range(50):
        await profiles.save(f"Number {number}", OWNERS, NOW)
    await profiles.keep(BEFORE_POWERSYNC, OWNERS, NOW)
    await profiles.keep(BEFORE_SPIKE, OWNERS, NOW)
    with pytest.raises(ServiceValidationError) as caught:
        await profiles.save("One more", OWNERS, NOW)
    assert caught.value.translation_key == "too_many_profiles"
    await profiles.save("Number 7", named("x"), NOW, replace=True)
    assert len(profiles.all) == 52


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.update(tariff="text"),
        lambda data: data.update(tariff={"seasons": 1}),
        lambda data: data.pop("saved_at"),
        lambda data: data.update(saved_at=None),
        lambda data: data.update(automatic="yes"),
    ],
)
async def test_a_damaged_profile_is_left_out_and_kept(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    damage: Any,
) -> None:
    profiles = Profiles(hass, ENTRY_ID)
    await profiles.save("Broken", OWNERS, NOW)
    await profiles.save("Whole", OWNERS, NOW)
    broken = hass_storage[KEY]["data"]["profiles"]["Broken"]
    damage(broken)
    again = Profiles(hass, ENTRY_ID)
    await again.load()
    assert list(again.all) == ["Whole"]
    assert "Broken is damaged" in caplog.text
    await again.save("New", OWNERS, NOW)
    assert hass_storage[KEY]["data"]["profiles"]["Broken"] == broken
    with pytest.raises(ServiceValidationError):
        await again.save("Broken", OWNERS, NOW)
    await again.save("Broken", OWNERS, NOW, replace=True)
    assert again.get("Broken").tariff == OWNERS


@pytest.mark.parametrize("data", [{}, {"profiles": None}, {"profiles": []}])
async def test_a_damaged_file(
    hass: HomeAssistant, hass_storage: dict[str, Any], data: Any
) -> None:
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": data}
    profiles = Profiles(hass, ENTRY_ID)
    await profiles.load()
    assert dict(profiles.all) == {}


# The text


def test_text_for_people() -> None:
    text = write_profile_text(named("Nachttarif für Ölheizung: 'x' #1"))
    assert text.startswith("power_sync_profile: 1\ntariff:\n")
    assert "für Ölheizung" in text
    assert read_profile_text(text) == named("Nachttarif für Ölheizung: 'x' #1")


def test_text_keeps_what_it_does_not_understand() -> None:
    rich = read_tariff(OWNERS_TARIFF | {"rebates": [1, {"NO": None}]})
    again = read_profile_text(write_profile_text(rich))
    assert write_tariff(again) == write_tariff(rich)


def text_with(**fields: Any) -> str:
    """Return an exported profile with other fields in its tariff."""
    document = yaml.safe_load(write_profile_text(OWNERS))
    document["tariff"] |= fields
    text: str = yaml.safe_dump(document)
    return text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not an exported profile"),
        ("just words", "not an exported profile"),
        ("- a list", "not an exported profile"),
        ("tariff: {}", "power_sync_profile: 1"),
        ("power_sync_profile: 2\ntariff: {}", "power_sync_profile: 1"),
        ("power_sync_profile: 1", "tariff is missing"),
        ("power_sync_profile: 1\ntariff: 5", "tariff is missing"),
        ("power_sync_profile: 1\ntariff: {name: x}", "energy_charges is missing"),
        ("power_sync_profile: 1\ntariff: [", "line 3"),
        ("power_sync_profile: 1\n\ttariff: x", "line 2"),
        ("a: 1\n---\nb: 2", "document"),
        ("\0", "no YAML"),
        ("power_sync_profile: 1\ntariff: !secret token", "line 2 has a tag"),
        ("power_sync_profile: 1\ntariff: !include secrets.yaml", "line 2 has a tag"),
        ("a: !!python/object:os.system [x]", "line 1 has a tag"),
        ("a: !env_var HOME", "line 1 has a tag"),
        ("a: &x [1]\nb: *x", "line 2 repeats"),
        ("a: " + "[" * 25 + "]" * 25, "nested too deeply"),
        ("[" * 50_000, "nested too deeply"),
        ("x" * (LONGEST + 1), f"{LONGEST} are allowed"),
        (text_with(seasons={"Summer": 5}), "tariff.seasons.Summer is not an object"),
        (text_with(monthly_charges="ten"), "tariff.monthly_charges is not a number"),
        (text_with(monthly_charges=float("nan")), "tariff.monthly_charges"),
        (text_with(energy_charges={"ALL": {"rates": {True: 1}}}), "must be in quotes"),
        (text_with(rebates={1: 2}), "tariff.rebates: the name 1 must be in quotes"),
        (text_with(rebates=[NOW]), "tariff.rebates is a date"),
        (text_with(sell_tariff={"name": 5}), "sell_tariff.name is not a text"),
    ],
)
def test_text_that_is_no_profile(text: str, said: str) -> None:
    with pytest.raises(ProfileTextError) as caught:
        read_profile_text(text)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300, "it may not repeat the text"
