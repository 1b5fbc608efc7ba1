"""AEMO's wholesale price and a retailer's terms, from the first form to what is stored."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest

from custom_components.power_sync.clients.network_tariff import DISTRIBUTORS
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.server import SimulatorServer

from .flow_walk import Walk, not_run, only, row

type Serve = Callable[..., Awaitable[SimulatorServer]]

FEES = {"fees": 3.5, "loss_factor": 1.0754, "add_gst": True}
SPOT_EXPORT = {"kind": "spot", "loss_factor": 1.0754, "fee": 0.0, "network": None}
HAPPY_HOUR = {
    "name": "Happy Hour",
    "days": "every",
    "start": 1050,
    "end": 1170,
    "rate": 0.45,
}


@pytest.fixture(autouse=True)
def _not_run() -> Iterator[None]:
    with not_run():
        yield


@pytest.fixture
def walk(hass: HomeAssistant) -> Walk:
    return Walk(hass)


def addresses(server: SimulatorServer) -> dict[str, str]:
    return {"base_url": server.aemo_url, "nemweb_url": server.nemweb_url}


async def begin(
    walk: Walk, server: SimulatorServer, retailer: str = "other", region: str = "nsw1"
) -> None:
    """Go through the first form of the wizard."""
    await walk.start("aemo")
    assert walk.step == "aemo"
    await walk.give(
        {"region": region, "retailer": retailer, "advanced": addresses(server)}
    )


async def stored(walk: Walk, server: SimulatorServer) -> Any:
    """Finish the wizard and return the terms that are stored."""
    return only(await walk.finish(server), "price_source")["retail"]


# covers P-05
async def test_network_tariff_by_its_code(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await begin(walk, server)
    assert walk.step == "network"
    await walk.give({"network": "ausgrid"})
    assert (walk.step, walk.placeholders) == ("tariff_code", {"network": "Ausgrid"})
    assert walk.shown == {**FEES, "by_hand": False}
    await walk.accept(code="EA025")
    assert walk.step == "export"
    await walk.accept()
    assert (walk.step, walk.shown) == ("spot_export", {"loss_factor": 1.0754, "fee": 0})
    await walk.accept()

    entry = await walk.finish(server)
    assert only(entry, "price_source") == {
        "provider": "aemo",
        "region": "NSW1",
        "retailer": "other",
        **addresses(server),
        "retail": {
            "imports": {
                "kind": "spot",
                "network": {"network": "ausgrid", "code": "EA025"},
                "fees": 0.035,
                "loss_factor": 1.0754,
                "add_gst": True,
            },
            "exports": SPOT_EXPORT,
            "daily_charge": pytest.approx(0.63233),
        },
    }
    (source,) = entry.get_subentries_of_type("price_source")
    assert source.title == "AEMO"
    assert source.unique_id is not None
    assert source.unique_id.startswith("price_source_aemo_")


async def test_two_homes_in_one_region(walk: Walk, serve: Serve) -> None:
    """They have the same market, and are not the same home."""
    identities = set()
    for number in (1, 2):
        server = await serve(
            tesla_sites=(TeslaSite(site_id=number, name=f"Home {number}"),)
        )
        await begin(walk, server)
        await walk.give({"network": "ausgrid"})
        await walk.accept(code="EA025")
        await walk.give({"export": "none"})
        (source,) = (await walk.finish(server)).get_subentries_of_type("price_source")
        identities.add(source.unique_id)
    assert len(identities) == 2


async def test_all_distributors_are_offered(walk: Walk, serve: Serve) -> None:
    server = await serve()
    offered: list[str] = []
    for region in ("nsw1", "qld1", "sa1", "tas1", "vic1"):
        await begin(walk, server, region=region)
        *names, by_hand = walk.choices
        assert by_hand == "manual"
        offered += names
        if region == "vic1":
            assert "CitiPower" in names
    assert sorted(offered) == sorted(item.name for item in DISTRIBUTORS)
    assert len(offered) == 13


async def test_addresses_that_are_suggested(walk: Walk) -> None:
    await walk.start("aemo")
    assert walk.shown == {
        "advanced": {
            "base_url": "https://visualisations.aemo.com.au/aemo/apps/api/report",
            "nemweb_url": "https://nemweb.com.au/Reports/Current",
        }
    }
    assert walk.result["data_schema"].schema["advanced"].options == {"collapsed": True}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.STATUS_404, "invalid_data"),
        (FaultKind.STATUS_429, "rate_limited"),
        (FaultKind.STATUS_503, "cannot_connect"),
        (FaultKind.DROP, "cannot_connect"),
        (FaultKind.HTML, "invalid_data"),
    ],
)
async def test_market_that_does_not_answer(
    walk: Walk, serve: Serve, kind: FaultKind, error: str
) -> None:
    server = await serve()
    for service in (Service.AEMO, Service.NEMWEB):
        server.home.faults.add(Fault(service=service, kind=kind))
    await begin(walk, server, retailer="amber", region="qld1")
    assert (walk.step, walk.errors) == ("aemo", {"base": error})
    assert walk.shown["region"] == "qld1"
    assert walk.shown["retailer"] == "amber"
    assert walk.shown["advanced"] == addresses(server)
    server.home.faults.clear()
    await walk.accept()
    assert walk.step == "network"


async def test_one_of_the_two_sources_is_enough(walk: Walk, serve: Serve) -> None:
    server = await serve()
    server.home.faults.add(Fault(service=Service.AEMO, kind=FaultKind.STATUS_503))
    await begin(walk, server)
    assert walk.step == "network"


@pytest.mark.parametrize(
    ("region", "network", "typed", "code"),
    [
        ("qld1", "energex", "NTC6900", "6900"),
        ("qld1", "energex", " ntc 6900 ", "6900"),
        ("nsw1", "ausgrid", "ea-025", "EA025"),
        ("sa1", "sapn", "RELE2W", "RELE2W"),
    ],
)
async def test_code_as_on_the_bill(
    walk: Walk, serve: Serve, region: str, network: str, typed: str, code: str
) -> None:
    server = await serve()
    await begin(walk, server, region=region)
    await walk.give({"network": network})
    await walk.accept(code=typed)
    await walk.give({"export": "none"})
    terms = await stored(walk, server)
    assert terms["imports"]["network"] == {"network": network, "code": code}
    assert terms["exports"] is None


async def test_daily_charge_of_an_unknown_fee(walk: Walk, serve: Serve) -> None:
    """The library says 0 for this one, which cannot be."""
    server = await serve()
    await begin(walk, server, region="sa1")
    await walk.give({"network": "sapn"})
    await walk.accept(code="RELE2W")
    await walk.give({"export": "none"})
    assert (await stored(walk, server))["daily_charge"] == 0


async def test_daily_charge_as_typed(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await begin(walk, server)
    await walk.give({"network": "ausgrid"})
    await walk.accept(code="EA025", daily_charge=1.23456)
    await walk.give({"export": "none"})
    assert (await stored(walk, server))["daily_charge"] == 1.23456


async def test_unknown_code(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await begin(walk, server)
    await walk.give({"network": "ausgrid"})
    await walk.accept(code="EA026", fees=3.25)
    assert walk.errors == {"code": "unknown_code"}
    assert walk.placeholders["network"] == "Ausgrid"
    assert "EA025" in walk.placeholders["nearest"].split(", ")
    assert walk.shown == {**FEES, "code": "EA026", "fees": 3.25, "by_hand": False}

    await walk.accept(by_hand=True, daily_charge=1.5)
    assert walk.step == "manual_rates"
    assert walk.shown["fees"] == 3.25
    assert walk.shown["daily_charge"] == 1.5
    await walk.give(
        {"otherwise": 19.367, "fees": 3.25, "loss_factor": 1.05, "add_gst": False}
        | {"daily_charge": 1.5}
    )
    await walk.give({"export": "none"})
    terms = await stored(walk, server)
    assert terms == {
        "imports": {
            "kind": "spot",
            "network": {"otherwise": 0.19367, "windows": []},
            "fees": 0.0325,
            "loss_factor": 1.05,
            "add_gst": False,
        },
        "exports": None,
        "daily_charge": 1.5,
    }


async def test_citipower_leads_to_manual_rates(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await begin(walk, server, region="vic1")
    await walk.give({"network": "citipower"})
    assert walk.step == "citipower"
    assert walk.shown == FEES
    await walk.accept(otherwise=9, daily_charge=0.5)
    assert walk.step == "export"
    assert "network" not in walk.options_of("export")
    await walk.give({"export": "none"})
    terms = await stored(walk, server)
    assert terms["imports"]["network"] == {"otherwise": 0.09, "windows": []}


async def test_rates_by_hand(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await begin(walk, server, retailer="amber")
    await walk.give({"network": "manual"})
    assert walk.step == "manual_rates"
    windows = [
        row(" Peak ", "weekdays", "15:00:00", "21:00:00", rate=19.367),
        row("Night", "every", "22:00:00", "07:00:00", rate=-1),
    ]
    await walk.accept(windows=windows, otherwise=6.5, daily_charge=0.9)
    await walk.give({"export": "none"})
    terms = await stored(walk, server)
    assert terms["imports"]["network"] == {
        "otherwise": 0.065,
        "windows": [
            {"name": "Peak", "days": "weekdays", "start": 900, "end": 1260}
            | {"rate": 0.19367},
            {"name": "Night", "days": "every", "start": 1320, "end": 420}
            | {"rate": -0.01},
        ],
    }


OVERLAPS = [
    # The same time on the same days.
    (("every", "15:00", "21:00"), ("every", "20:59", "22:00"), True),
    (("every", "15:00", "21:00"), ("every", "21:00", "22:00"), False),
    (("weekdays", "15:00", "21:00"), ("weekends", "15:00", "21:00"), False),
    # Friday's window runs into Saturday, Sunday's into Monday.
    (("weekdays", "22:00", "07:00"), ("weekends", "06:00", "08:00"), True),
    (("weekends", "22:00", "07:00"), ("weekdays", "06:00", "08:00"), True),
    (("weekdays", "22:00", "07:00"), ("weekends", "07:00", "22:00"), False),
    # One inside of the other, whichever comes first.
    (("every", "10:00", "11:00"), ("every", "09:00", "12:00"), True),
    (("every", "09:00", "12:00"), ("every", "10:00", "11:00"), True),
    # Equal times are the whole day.
    (("every", "00:00", "00:00"), ("weekends", "10:00", "11:00"), True),
]


@pytest.mark.parametrize(("one", "other", "refused"), OVERLAPS)
async def test_windows_that_overlap(
    walk: Walk,
    serve: Serve,
    one: tuple[str, str, str],
    other: tuple[str, str, str],
    refused: bool,
) -> None:
    server = await serve()
    await begin(walk, server)
    await walk.give({"network": "manual"})
    rows = [
        row(name, days, f"{start}:00", f"{end}:00", rate=10)
        for name, (days, start, end) in (("One", one), ("Other", other))
    ]
    await walk.accept(windows=rows, otherwise=6.5, daily_charge=0.9)
    if not refused:
        assert walk.step == "export"
        return
    assert walk.errors == {"windows": "windows_overlap"}
    assert (walk.placeholders["row"], walk.placeholders["other"]) == ("Other", "One")
    assert walk.shown["windows"] == rows, "what was typed is lost"


@pytest.mark.parametrize("rate", [3000.1, -1000.1, float("nan"), float("inf")])
async def test_implausible_rates(walk: Walk, serve: Serve, rate: float) -> None:
    server = await serve()
    await begin(walk, server)
    await walk.give({"network": "manual"})
    bad = [row("Peak", "every", "15:00:00", "21:00:00", rate=rate)]
    await walk.accept(windows=bad, otherwise=6.5, daily_charge=0.9)
    assert walk.errors == {"windows": "implausible_window"}
    assert walk.placeholders["row"] == "Peak"
    bad[0]["rate"] = 3000 if rate > 0 else -1000
    await walk.accept(windows=bad)
    assert walk.step == "export"


async def test_nameless_row(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await begin(walk, server)
    await walk.give({"network": "manual"})
    rows = [
        row("Peak", "every", "15:00:00", "21:00:00", rate=1),
        row("  ", "every", "21:00:00", "22:00:00", rate=1),
    ]
    await walk.accept(windows=rows, otherwise=6.5, daily_charge=0.9)
    assert walk.errors == {"windows": "nameless_row"}
    assert walk.placeholders["row"] == "2"


async def test_one_row_that_is_no_list(walk: Walk, serve: Serve) -> None:
    """As whoever calls the API may send it."""
    server = await serve()
    await begin(walk, server)
    await walk.give({"network": "manual"})
    only_row = row("Peak", "every", "15:00:00", "21:00:00", rate=1)
    await walk.accept(windows=only_row, otherwise=6.5, daily_charge=0.9)
    assert walk.step == "export"


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("otherwise", "implausible_rate"),
        ("fees", "implausible_rate"),
        ("loss_factor", "implausible_number"),
        ("daily_charge", "implausible_number"),
    ],
)
async def test_numbers_that_are_none(
    walk: Walk, serve: Serve, field: str, key: str
) -> None:
    server = await serve()
    await begin(walk, server)
    await walk.give({"network": "manual"})
    good = {"otherwise": 6.5, "daily_charge": 0.9}
    await walk.accept(**good | {field: float("nan")})
    assert walk.errors == {field: key}
    with pytest.raises(InvalidData):
        await walk.accept(**good | {field: 1e9})


# Export


async def reach_export(
    walk: Walk, server: SimulatorServer, network: str = "ausgrid", code: str = "EA025"
) -> None:
    await begin(walk, server)
    await walk.give({"network": network})
    await walk.accept(code=code)
    assert walk.step == "export"


async def test_export_choices(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await reach_export(walk, server)
    assert walk.options_of("export") == ["spot", "network", "windows", "none"]
    assert walk.shown == {"export": "spot"}
    await begin(walk, server, region="qld1")
    await walk.give({"network": "ergon"})
    await walk.accept(code="ERTOUET1")
    assert walk.options_of("export") == ["spot", "windows", "none"]


async def test_export_with_the_networks_reward(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await reach_export(walk, server)
    await walk.give({"export": "network"})
    assert walk.step == "network_export"
    assert walk.placeholders == {"network": "Ausgrid"}
    assert "EA029" in walk.options_of("code")
    await walk.accept(code="EA999")
    assert walk.errors == {"code": "unknown_code"}
    await walk.accept(code="EA029", fee=1.5)
    terms = await stored(walk, server)
    assert terms["exports"] == {
        "kind": "spot",
        "loss_factor": 1.0754,
        "fee": 0.015,
        "network": {"network": "ausgrid", "code": "EA029"},
    }


async def test_reward_of_the_import_tariff(walk: Walk, serve: Serve) -> None:
    """A code that is for both is suggested."""
    server = await serve()
    await begin(walk, server, region="sa1")
    await walk.give({"network": "sapn"})
    await walk.accept(code="RELE2W")
    await walk.give({"export": "network"})
    assert walk.shown["code"] == "RELE2W"


async def test_export_at_fixed_rates(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await reach_export(walk, server)
    await walk.give({"export": "windows"})
    assert walk.step == "window_export"
    assert walk.shown == {"windows": [], "otherwise": 0, "beyond_cap": 0}
    await walk.accept(otherwise=float("nan"))
    assert walk.errors == {"otherwise": "implausible_rate"}
    await walk.accept(otherwise=5, cap_kwh=float("nan"))
    assert walk.errors == {"cap_kwh": "implausible_number"}
    await walk.accept(cap_kwh=10, beyond_cap=2)
    assert (await stored(walk, server))["exports"] == {
        "kind": "windows",
        "rates": {"otherwise": 0.05, "windows": []},
        "cap_kwh": 10,
        "beyond_cap": 0.02,
    }


async def test_spot_export_numbers(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await reach_export(walk, server)
    await walk.give({"export": "spot"})
    await walk.accept(loss_factor=float("nan"))
    assert walk.errors == {"loss_factor": "implausible_number"}
    await walk.accept(loss_factor=1.01, fee=float("nan"))
    assert walk.errors == {"fee": "implausible_rate"}
    await walk.accept(fee=0.5)
    assert (await stored(walk, server))["exports"] == {
        "kind": "spot",
        "loss_factor": 1.01,
        "fee": 0.005,
        "network": None,
    }


@pytest.mark.parametrize("choice", ["none", "spot", "windows", "network"])
async def test_market_goes_away_meanwhile(
    walk: Walk, serve: Serve, choice: str
) -> None:
    """The complete terms are tried once more before they are stored."""
    server = await serve()
    await reach_export(walk, server)
    answers = {"code": "EA029"} if choice == "network" else {}
    if choice != "none":
        await walk.give({"export": choice})
    step = walk.step
    for service in (Service.AEMO, Service.NEMWEB):
        server.home.faults.add(Fault(service=service, kind=FaultKind.STATUS_503))
    await walk.accept(**answers or ({"export": choice} if choice == "none" else {}))
    assert (walk.step, walk.errors) == (step, {"base": "cannot_connect"})
    server.home.faults.clear()
    await walk.accept()
    assert walk.step == "tesla"


# Flow Power


# covers P-06
@pytest.mark.parametrize(
    ("region", "choice", "rate", "until", "cap", "beyond"),
    [
        ("nsw1", "happy_hour", 45, "19:30:00", None, 0),
        ("qld1", "happy_hour", 45, "19:30:00", None, 0),
        ("sa1", "happy_hour", 45, "19:30:00", None, 0),
        ("vic1", "happy_hour", 35, "19:30:00", None, 0),
        ("nsw1", "happy_hour_of_2026", 35, "21:30:00", 15, 10),
        ("vic1", "happy_hour_of_2026", 30, "21:30:00", 15, 10),
    ],
)
async def test_happy_hours(
    walk: Walk,
    serve: Serve,
    region: str,
    choice: str,
    rate: float,
    until: str,
    cap: float | None,
    beyond: float,
) -> None:
    server = await serve()
    await begin(walk, server, "flow_power", region)
    assert (walk.step, walk.shown) == (
        "flow_power",
        {"adjustment": "spot", "base_rate": 34, "benchmark": 1.7, "daily_charge": 0},
    )
    await walk.accept()
    assert walk.shown == {"export": "happy_hour"}
    assert walk.options_of("export") == [
        "happy_hour",
        "happy_hour_of_2026",
        "spot",
        "windows",
        "none",
    ]
    await walk.give({"export": choice})
    assert walk.step == "window_export"
    assert walk.shown == {
        "windows": [row("Happy Hour", "every", "17:30:00", until, rate=rate)],
        "otherwise": 0,
        "beyond_cap": beyond,
    } | ({} if cap is None else {"cap_kwh": cap})
    await walk.accept()
    terms = await stored(walk, server)
    assert terms["imports"] == {
        "kind": "flow_power",
        "base_rate": 0.34,
        "benchmark": 0.017,
        "network": None,
    }
    assert terms["exports"]["cap_kwh"] == cap
    assert terms["exports"]["rates"]["windows"][0]["rate"] == rate / 100


async def test_no_happy_hour_in_tasmania(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await begin(walk, server, "flow_power", "tas1")
    await walk.accept()
    assert walk.options_of("export") == ["spot", "windows", "none"]
    await walk.give({"export": "spot"})
    assert walk.shown == {"loss_factor": 1.0754, "fee": 0}


async def test_happy_hour_is_edited(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await begin(walk, server, "flow_power")
    await walk.accept()
    await walk.give({"export": "happy_hour"})
    changed = row("Happy Hour", "weekdays", "18:00:00", "20:00:00", rate=50)
    await walk.accept(windows=[changed], cap_kwh=12.5, beyond_cap=4)
    assert (await stored(walk, server))["exports"] == {
        "kind": "windows",
        "rates": {
            "otherwise": 0,
            "windows": [
                HAPPY_HOUR
                | {"days": "weekdays", "start": 1080, "end": 1200, "rate": 0.5}
            ],
        },
        "cap_kwh": 12.5,
        "beyond_cap": 0.04,
    }


async def test_adjustment_with_the_network_tariff(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await begin(walk, server, "flow_power", "vic1")
    await walk.accept(adjustment="network", base_rate=33, benchmark=2.057)
    assert walk.step == "flow_power_network"
    assert "CitiPower" in walk.choices
    assert "manual" not in walk.options_of("network")
    await walk.give({"network": "citipower"})
    assert walk.errors == {"network": "network_without_codes"}
    assert walk.placeholders == {"network": "CitiPower"}
    await walk.give({"network": "powercor"})
    assert (walk.step, walk.placeholders) == (
        "flow_power_tariff",
        {"network": "Powercor"},
    )
    assert walk.shown == {}
    await walk.give({"code": "XXX"})
    assert walk.errors == {"code": "unknown_code"}
    await walk.give({"code": "prstou"})
    await walk.give({"export": "none"})
    terms = await stored(walk, server)
    assert terms["imports"] == {
        "kind": "flow_power",
        "base_rate": 0.33,
        "benchmark": 0.02057,
        "network": {"network": "powercor", "code": "PRSTOU"},
    }


async def test_without_adjustment(walk: Walk, serve: Serve) -> None:
    """Then it is a price like any other retailer's, with that one's export."""
    server = await serve()
    await begin(walk, server, "flow_power")
    await walk.accept(adjustment="none")
    await walk.give({"network": "ausgrid"})
    await walk.accept(code="EA025")
    assert walk.shown == {"export": "happy_hour"}
    assert "network" in walk.options_of("export")
    await walk.accept()
    await walk.accept()
    terms = await stored(walk, server)
    assert terms["imports"]["kind"] == "spot"
    assert terms["exports"]["rates"]["windows"] == [HAPPY_HOUR]


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("base_rate", "implausible_rate"),
        ("benchmark", "implausible_rate"),
        ("daily_charge", "implausible_number"),
    ],
)
async def test_flow_power_numbers(
    walk: Walk, serve: Serve, field: str, key: str
) -> None:
    server = await serve()
    await begin(walk, server, "flow_power")
    await walk.accept(**{field: float("nan")})
    assert (walk.step, walk.errors) == ("flow_power", {field: key})


# Changing


async def unchanged(walk: Walk, entry: ConfigEntry, *steps: str) -> None:
    """Go through a change without changing anything."""
    before = only(entry, "price_source")
    await walk.change(entry, "price_source")
    for step in steps:
        assert walk.step == step
        await walk.accept()
    assert walk.reason == "reconfigure_successful"
    assert only(entry, "price_source") == before


async def test_change_nothing_with_a_code(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await reach_export(walk, server)
    await walk.give({"export": "network"})
    await walk.accept(code="EA029", fee=1.5)
    entry = await walk.finish(server)
    (source,) = entry.get_subentries_of_type("price_source")
    walk.hass.config_entries.async_update_subentry(entry, source, title="My own name")
    identity = source.unique_id
    await unchanged(
        walk, entry, "aemo", "network", "tariff_code", "export", "network_export"
    )
    (same,) = entry.get_subentries_of_type("price_source")
    assert (same.unique_id, same.title) == (identity, "My own name")


async def test_reward_that_was_chosen_stays(walk: Walk, serve: Serve) -> None:
    """Also where the tariff of import would be one too."""
    server = await serve()
    await begin(walk, server, region="sa1")
    await walk.give({"network": "sapn"})
    await walk.accept(code="RELE2W")
    await walk.give({"export": "network"})
    await walk.accept(code="RESELEX")
    entry = await walk.finish(server)
    await unchanged(
        walk, entry, "aemo", "network", "tariff_code", "export", "network_export"
    )


async def test_change_nothing_with_rates(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await begin(walk, server, region="vic1")
    await walk.give({"network": "manual"})
    windows = [row("Peak", "weekdays", "15:00:00", "00:00:00", rate=19.367)]
    await walk.accept(windows=windows, otherwise=6.5, daily_charge=0.9, fees=2.2)
    await walk.give({"export": "windows"})
    await walk.accept(otherwise=5, cap_kwh=10, beyond_cap=2, windows=windows)
    entry = await walk.finish(server)
    await unchanged(
        walk, entry, "aemo", "network", "manual_rates", "export", "window_export"
    )


@pytest.mark.parametrize("choice", ["spot", "none"])
async def test_change_nothing_about_export(
    walk: Walk, serve: Serve, choice: str
) -> None:
    server = await serve()
    await reach_export(walk, server)
    await walk.give({"export": choice})
    last = []
    if choice == "spot":
        last = ["spot_export"]
        await walk.accept(fee=0.7, loss_factor=1.02)
    entry = await walk.finish(server)
    await unchanged(walk, entry, "aemo", "network", "tariff_code", "export", *last)


@pytest.mark.parametrize("adjustment", ["spot", "network", "none"])
async def test_change_nothing_with_flow_power(
    walk: Walk, serve: Serve, adjustment: str
) -> None:
    server = await serve()
    await begin(walk, server, "flow_power")
    await walk.accept(adjustment=adjustment, base_rate=31, daily_charge=0)
    between: list[str] = []
    if adjustment != "spot":
        between = (
            ["flow_power_network", "flow_power_tariff"]
            if adjustment == "network"
            else ["network", "tariff_code"]
        )
        await walk.give({"network": "ausgrid"})
        await walk.accept(code="EA025")
    await walk.give({"export": "happy_hour_of_2026"})
    await walk.accept()
    entry = await walk.finish(server)
    await unchanged(
        walk, entry, "aemo", "flow_power", *between, "export", "window_export"
    )


async def test_move_to_another_region(walk: Walk, serve: Serve) -> None:
    """Nothing is suggested that the new region does not have."""
    server = await serve()
    await reach_export(walk, server)
    await walk.give({"export": "network"})
    await walk.accept(code="EA029")
    entry = await walk.finish(server)
    await walk.change(entry, "price_source")
    await walk.accept(region="qld1")
    assert walk.shown == {}
    await walk.give({"network": "energex"})
    assert "code" not in walk.shown
    assert "daily_charge" not in walk.shown
    await walk.accept(code="6900")
    assert walk.shown == {"export": "network"}
    await walk.accept()
    assert "code" not in walk.shown
    await walk.accept(code="96200X")
    assert walk.reason == "reconfigure_successful"
    data = only(entry, "price_source")
    assert data["region"] == "QLD1"
    assert data["retail"]["exports"]["network"]["code"] == "96200X"


async def test_flow_power_moves(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await begin(walk, server, "flow_power")
    await walk.accept(adjustment="network")
    await walk.give({"network": "ausgrid"})
    await walk.give({"code": "EA025"})
    await walk.give({"export": "happy_hour"})
    await walk.accept()
    entry = await walk.finish(server)
    await walk.change(entry, "price_source")
    await walk.accept(region="qld1")
    await walk.accept()
    assert walk.shown == {}
    await walk.give({"network": "energex"})
    assert walk.shown == {}


async def test_a_kind_of_export_that_is_no_longer_offered(
    walk: Walk, serve: Serve
) -> None:
    server = await serve()
    await reach_export(walk, server)
    await walk.give({"export": "network"})
    await walk.accept(code="EA029")
    entry = await walk.finish(server)
    await walk.change(entry, "price_source")
    await walk.accept()
    await walk.give({"network": "manual"})
    await walk.accept(otherwise=5)
    assert walk.shown == {"export": "spot"}


async def test_add_to_a_home(walk: Walk, serve: Serve) -> None:
    """And put up with a market that is away when it is changed."""
    server = await serve()
    await reach_export(walk, server)
    await walk.give({"export": "none"})
    entry = await walk.finish(server)
    (old,) = entry.get_subentries_of_type("price_source")
    walk.hass.config_entries.async_remove_subentry(entry, old.subentry_id)

    await walk.add(entry, "price_source", "aemo")
    await walk.accept(region="nsw1", retailer="amber", advanced=addresses(server))
    await walk.give({"network": "ausgrid"})
    await walk.accept(code="EA025")
    await walk.give({"export": "none"})
    assert walk.result["type"] is FlowResultType.CREATE_ENTRY
    before = only(entry, "price_source")
    assert before["retailer"] == "amber"

    await walk.change(entry, "price_source")
    for service in (Service.AEMO, Service.NEMWEB):
        server.home.faults.add(Fault(service=service, kind=FaultKind.STATUS_503))
    await walk.accept(retailer="other")
    assert walk.errors == {"base": "cannot_connect"}
    assert only(entry, "price_source") == before
