"""Re-authentication, and what can be added to or changed in a home."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

import custom_components.power_sync as integration
from custom_components.power_sync.clients.tesla.site import TeslaSite as Site
from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.sim.config import (
    AMBER_TOKEN,
    TESLEMETRY_TOKEN,
    AmberSite,
    TeslaSite,
)
from custom_components.power_sync.sim.faults import FaultKind, Service

from .house import POWERWALL, PRICE_SOURCE, House

type MakeHouse = Callable[..., Awaitable[House]]

KINDS = [("price_source", PRICE_SOURCE), ("powerwall", POWERWALL)]
TOKEN = {PRICE_SOURCE: "api_token", POWERWALL: "access_token"}
GOOD = {PRICE_SOURCE: AMBER_TOKEN, POWERWALL: TESLEMETRY_TOKEN}
MENUS = {
    "price_source": ("amber", ["amber", "aemo", "comed", "plan", "sensor"]),
    "powerwall": ("teslemetry", ["teslemetry", "tessie", "proxy"]),
}
SERVICE = {PRICE_SOURCE: Service.AMBER, POWERWALL: Service.TESLA}


class Loads:
    """Count how often an entry is set up."""

    def __init__(self) -> None:
        self.count = 0
        self._set_up = integration.async_setup_entry

    async def __call__(self, *args: Any) -> bool:
        self.count += 1
        return await self._set_up(*args)


@pytest.fixture
def loads() -> Iterator[Loads]:
    counter = Loads()
    with patch.object(integration, "async_setup_entry", counter):
        yield counter


def cloud(house: House, part: str) -> Any:
    """Return the service that a part of a home belongs to."""
    return house.home.amber if part == PRICE_SOURCE else house.home.tesla


def stored(house: House, part: str) -> Any:
    """Return where token and address of a part are; of a Powerwall, the only way."""
    data = house.entry.subentries[part].data
    return data["ways"][0] if "ways" in data else data


def address(house: House, part: str) -> str:
    server = house.server
    return server.amber_url if part == PRICE_SOURCE else server.teslemetry_url


def account(house: House, part: str, token: str) -> dict[str, Any]:
    addresses = {"base_url": address(house, part)}
    if part == PRICE_SOURCE:
        addresses["stream_url"] = house.server.amber_ws_url
    return {TOKEN[part]: token, "advanced": addresses}


# Re-authentication


async def start_reauth(house: House, part: str) -> Any:
    """Revoke a token and return the flow that asks for another."""
    cloud(house, part).token = "a new one"
    await house.live(6, stride=60)
    (flow,) = house.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return flow


async def configure(house: House, flow: Any, answers: dict[str, Any]) -> Any:
    result = await house.hass.config_entries.flow.async_configure(
        flow["flow_id"], answers
    )
    await house.settle()
    return result


@pytest.mark.parametrize("part", [PRICE_SOURCE, POWERWALL])
async def test_reauth(house: House, loads: Loads, part: str) -> None:
    flow = await start_reauth(house, part)
    other = POWERWALL if part == PRICE_SOURCE else PRICE_SOURCE
    before = dict(house.entry.subentries[other].data)

    # This is how the screen begins.
    result = await house.hass.config_entries.flow.async_configure(flow["flow_id"])
    assert (result["type"], result["errors"]) == (FlowResultType.FORM, {})
    result = await configure(house, flow, {TOKEN[part]: "wrong"})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {TOKEN[part]: "invalid_auth"}
    house.break_(SERVICE[part], FaultKind.STATUS_503)
    result = await configure(house, flow, {TOKEN[part]: "a new one"})
    assert result["errors"] == {"base": "cannot_connect"}
    house.repair()
    assert loads.count == 0

    result = await configure(house, flow, {TOKEN[part]: " a new one "})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert result["translation_domain"] == "homeassistant"
    assert loads.count == 1
    assert stored(house, part)[TOKEN[part]] == "a new one"
    assert dict(house.entry.subentries[other].data) == before
    assert house.state("battery_level").state != "unavailable"
    assert house.state("current_electricity_price").state != "unavailable"
    assert house.reauth_steps == []


@pytest.mark.parametrize("part", [PRICE_SOURCE, POWERWALL])
async def test_reauth_with_another_account(house: House, serve: Any, part: str) -> None:
    flow = await start_reauth(house, part)
    other = await serve(
        amber_sites=(AmberSite(site_id="01OTHER"),),
        tesla_sites=(TeslaSite(site_id=3),),
    )
    cloud(house, part).sites = getattr(other.home, SERVICE[part].value).sites
    result = await configure(house, flow, {TOKEN[part]: "a new one"})
    assert result["errors"] == {TOKEN[part]: "wrong_account"}
    assert stored(house, part)[TOKEN[part]] == GOOD[part]


async def test_reauth_with_the_old_token_after_all(house: House, loads: Loads) -> None:
    """The service has changed its mind; nothing is stored, but all starts afresh."""
    flow = await start_reauth(house, PRICE_SOURCE)
    house.home.amber.token = AMBER_TOKEN
    result = await configure(house, flow, {"api_token": AMBER_TOKEN})
    assert result["reason"] == "reauth_successful"
    assert loads.count == 1
    assert house.state("current_electricity_price").state != "unavailable"


async def test_reauth_of_a_part_that_is_gone(house: House) -> None:
    await start_reauth(house, PRICE_SOURCE)
    house.hass.config_entries.async_remove_subentry(house.entry, PRICE_SOURCE)
    await house.settle()
    assert house.reauth_steps == []


async def test_both_tokens_refused(house: House) -> None:
    house.home.amber.token = None
    house.home.tesla.token = None
    await house.live(6, stride=60)
    assert len(house.reauth_steps) == 1, "one after the other"
    house.home.amber.token = house.home.tesla.token = "a new one"
    for _ in range(2):
        (flow,) = house.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        part = PRICE_SOURCE if flow["step_id"] == "reauth_amber" else POWERWALL
        result = await configure(house, flow, {TOKEN[part]: "a new one"})
        assert result["reason"] == "reauth_successful"
        await house.live(6, stride=60)
    assert house.reauth_steps == []
    assert house.state("battery_level").state != "unavailable"


# Adding


async def add(house: House, kind: str) -> Any:
    """Begin to add something: Amber, or a Powerwall through Teslemetry."""
    result = await house.hass.config_entries.subentries.async_init(
        (house.entry.entry_id, kind), context={"source": SOURCE_USER}
    )
    if result["type"] is FlowResultType.MENU:
        first, menu = MENUS[kind]
        assert result["menu_options"] == menu
        result = await go_on(house, result, {"next_step_id": first})
    return result


async def go_on(house: House, result: Any, answers: dict[str, Any]) -> Any:
    result = await house.hass.config_entries.subentries.async_configure(
        result["flow_id"], answers
    )
    await house.settle()
    return result


@pytest.mark.parametrize(("kind", "part"), KINDS)
async def test_add_what_is_missing(
    make_house: MakeHouse, loads: Loads, kind: str, part: str
) -> None:
    other = POWERWALL if part == PRICE_SOURCE else PRICE_SOURCE
    house = await make_house(parts=(other,))
    await house.set_up()
    result = await add(house, kind)
    assert result["step_id"] == MENUS[kind][0]
    result = await go_on(house, result, account(house, part, "wrong"))
    assert result["errors"] == {TOKEN[part]: "invalid_auth"}
    result = await go_on(house, result, account(house, part, GOOD[part]))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loads.count == 2
    assert house.tariff_name == "PowerSync"
    (subentry,) = house.entry.get_subentries_of_type(kind)
    assert stored(house, subentry.subentry_id)["base_url"] == address(house, part)


@pytest.mark.parametrize(("kind", "part"), KINDS)
async def test_add_one_of_several(make_house: MakeHouse, kind: str, part: str) -> None:
    site = AmberSite()
    other = POWERWALL if part == PRICE_SOURCE else PRICE_SOURCE
    house = await make_house(
        parts=(other,),
        amber_sites=(site, replace(site, site_id="01SECOND", nmi="4102999999")),
        tesla_sites=(TeslaSite(), TeslaSite(site_id=2, name="Beach house")),
    )
    await house.set_up()
    result = await add(house, kind)
    result = await go_on(house, result, account(house, part, GOOD[part]))
    key, choice = (
        ("site_id", "01SECOND") if part == PRICE_SOURCE else ("energy_site_id", "2")
    )
    assert result["step_id"] == ("amber_site" if part == PRICE_SOURCE else "powerwall")
    result = await go_on(house, result, {key: choice})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = house.entry.get_subentries_of_type(kind)
    assert str(subentry.data[key]) == choice


@pytest.mark.parametrize(("kind", "part"), KINDS)
async def test_a_home_has_one_of_each(house: House, kind: str, part: str) -> None:
    result = await add(house, kind)
    assert (result["type"], result["reason"]) == (
        FlowResultType.ABORT,
        "one_per_home",
    )


@pytest.mark.parametrize(("kind", "part"), KINDS)
async def test_site_of_another_home(
    house: House, make_house: MakeHouse, kind: str, part: str
) -> None:
    empty = await make_house(parts=(), entry_id="01JTESTHOME0000000000000001")
    await empty.set_up()
    result = await add(empty, kind)
    result = await go_on(empty, result, account(house, part, GOOD[part]))
    assert (result["type"], result["reason"]) == (
        FlowResultType.ABORT,
        "already_configured",
    )


# Changing


async def change(house: House, part: str, kind: str) -> Any:
    """Begin to change token and address; a Powerwall has one way in."""
    result = await house.hass.config_entries.subentries.async_init(
        (house.entry.entry_id, kind),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": part},
    )
    if result["type"] is FlowResultType.MENU:
        result = await go_on(house, result, {"next_step_id": "change_way"})
    return result


@pytest.mark.parametrize(("kind", "part"), KINDS)
async def test_reconfigure(house: House, loads: Loads, kind: str, part: str) -> None:
    cloud(house, part).token = "a new one"
    result = await change(house, part, kind)
    expected = "reconfigure" if part == PRICE_SOURCE else "teslemetry"
    assert result["step_id"] == expected
    assert GOOD[part] not in str(result["data_schema"].schema), "the token is shown"
    result = await go_on(house, result, account(house, part, "wrong"))
    assert result["errors"] == {TOKEN[part]: "invalid_auth"}
    answers = account(house, part, "a new one")
    answers["advanced"]["base_url"] += "/"
    result = await go_on(house, result, answers)
    assert (result["type"], result["reason"]) == (
        FlowResultType.ABORT,
        "reconfigure_successful",
    )
    assert loads.count == 1
    data = stored(house, part)
    assert data[TOKEN[part]] == "a new one"
    assert data["base_url"] == address(house, part)


@pytest.mark.parametrize(("kind", "part"), KINDS)
async def test_reconfigure_to_another_account(
    house: House, serve: Any, kind: str, part: str
) -> None:
    other = await serve(
        amber_sites=(AmberSite(site_id="01OTHER"),),
        tesla_sites=(TeslaSite(site_id=3),),
    )
    result = await change(house, part, kind)
    answers = account(house, part, GOOD[part])
    answers["advanced"]["base_url"] = (
        other.amber_url if part == PRICE_SOURCE else other.teslemetry_url
    )
    result = await go_on(house, result, answers)
    assert result["errors"] == {TOKEN[part]: "wrong_account"}


@pytest.mark.parametrize(("kind", "part"), KINDS)
async def test_simulated_homes_stay_as_they_are(
    hass: HomeAssistant, serve: Any, kind: str, part: str
) -> None:
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    flow = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"next_step_id": "simulated"}
    )
    with patch.object(integration, "async_setup_entry", return_value=True):
        flow = await hass.config_entries.flow.async_configure(
            flow["flow_id"], {"seed": 1}
        )
        await hass.async_block_till_done()
    entry = flow["result"]
    flows = hass.config_entries.subentries
    result = await flows.async_init(
        (entry.entry_id, kind), context={"source": SOURCE_USER}
    )
    assert result["reason"] == "simulated"
    (subentry,) = entry.get_subentries_of_type(kind)
    result = await flows.async_init(
        (entry.entry_id, kind),
        context={
            "source": SOURCE_RECONFIGURE,
            "subentry_id": subentry.subentry_id,
        },
    )
    assert result["reason"] == "simulated"


# Options


async def options(house: House) -> Any:
    flows = house.hass.config_entries.options
    menu = await flows.async_init(house.entry.entry_id)
    return await flows.async_configure(menu["flow_id"], {"next_step_id": "general"})


async def test_options(house: House, loads: Loads) -> None:
    form = await options(house)
    assert form["step_id"] == "general"
    defaults = {
        str(key): key.default()
        for key in form["data_schema"].schema
        if str(key) != "time_zone"
    }
    assert defaults == {
        "forecast": "predicted",
        "fallback": "self_consumption",
        "dry_run": False,
    }
    chosen = {
        "forecast": "high",
        "fallback": "keep",
        "dry_run": True,
        "time_zone": "Australia/Lord_Howe",
    }
    result = await house.hass.config_entries.options.async_configure(
        form["flow_id"], chosen
    )
    await house.settle()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(house.entry.options) == chosen
    assert loads.count == 1
    assert ("tariff", "restored", "sync_off") in house.decisions

    form = await options(house)
    schema = form["data_schema"].schema
    (zone,) = [key for key in schema if str(key) == "time_zone"]
    assert zone.description == {"suggested_value": "Australia/Lord_Howe"}
    result = await house.hass.config_entries.options.async_configure(
        form["flow_id"], {**defaults}
    )
    await house.settle()
    assert "time_zone" not in house.entry.options
    assert loads.count == 2


async def test_same_options_load_nothing(make_house: MakeHouse, loads: Loads) -> None:
    chosen = {"forecast": "low", "fallback": "keep", "dry_run": False}
    house = await make_house(options=chosen)
    await house.set_up()
    form = await options(house)
    await house.hass.config_entries.options.async_configure(form["flow_id"], chosen)
    await house.settle()
    assert loads.count == 1


async def test_forecast_choice_counts(make_house: MakeHouse) -> None:
    prices = {}
    for choice in ("low", "high"):
        house = await make_house(options={"forecast": choice})
        await house.set_up()
        plan = house.entry.runtime_data.powerwall.controller.plan
        prices[choice] = plan.day.slots[40].import_price
        await house.hass.config_entries.async_remove(house.entry.entry_id)
    assert prices["low"] < prices["high"]


@pytest.mark.parametrize(
    ("known", "chosen", "zone"),
    [
        ("Australia/Sydney", "Australia/Perth", "Australia/Sydney"),
        (None, "Australia/Perth", "Australia/Perth"),
        (None, None, "US/Pacific"),
        ("Mars/Olympus", "Australia/Perth", "Australia/Perth"),
    ],
)
async def test_time_zone(
    make_house: MakeHouse,
    monkeypatch: pytest.MonkeyPatch,
    known: str | None,
    chosen: str | None,
    zone: str,
) -> None:
    """The site's own counts, then the chosen one, then Home Assistant's."""
    site_info = Site.site_info

    async def with_zone(site: Site) -> Any:
        return replace(await site_info(site), time_zone=known)

    monkeypatch.setattr(Site, "site_info", with_zone)
    house = await make_house(options={"time_zone": chosen} if chosen else {})
    await house.set_up()
    controller = house.entry.runtime_data.powerwall.controller
    assert str(controller.zone) == zone
    assert (
        controller.plan.day.running
        == {
            "Australia/Sydney": 26,
            "Australia/Perth": 20,
            "US/Pacific": 36,
        }[zone]
    )
