"""ComEd's hourly pricing, from the form to what is stored."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import InvalidData
import pytest

from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.server import SimulatorServer

from .flow_walk import Walk, not_run, only

type Serve = Callable[..., Awaitable[SimulatorServer]]


@pytest.fixture(autouse=True)
def _not_run() -> Iterator[None]:
    with not_run():
        yield


@pytest.fixture
def walk(hass: HomeAssistant) -> Walk:
    return Walk(hass)


@pytest.fixture
async def server(serve: Serve) -> SimulatorServer:
    return await serve(comed_zone=ZoneInfo("America/Chicago"))


async def begin(walk: Walk, server: SimulatorServer, **changes: Any) -> None:
    await walk.start("comed")
    assert walk.step == "comed"
    await walk.accept(advanced={"base_url": f" {server.comed_url}/ "}, **changes)


# covers P-08
async def test_whole_flow(walk: Walk, server: SimulatorServer) -> None:
    await walk.start("comed")
    assert walk.shown == {
        "delivery": 7.5,
        "monthly_charge": 19.56,
        "advanced": {"base_url": "https://hourlypricing.comed.com"},
    }
    await begin(walk, server)
    entry = await walk.finish(server)
    assert only(entry, "price_source") == {
        "provider": "comed",
        "delivery": 0.075,
        "monthly_charge": 19.56,
        "base_url": server.comed_url,
    }
    (source,) = entry.get_subentries_of_type("price_source")
    assert source.title == "ComEd"
    assert source.unique_id is not None
    assert source.unique_id.startswith("price_source_comed_")


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.STATUS_404, "invalid_data"),
        (FaultKind.STATUS_429, "rate_limited"),
        (FaultKind.STATUS_503, "cannot_connect"),
        (FaultKind.DROP, "cannot_connect"),
        (FaultKind.HTML, "invalid_data"),
        (FaultKind.GARBAGE, "invalid_data"),
    ],
)
async def test_errors(
    walk: Walk, server: SimulatorServer, kind: FaultKind, error: str
) -> None:
    server.home.faults.add(Fault(service=Service.COMED, kind=kind))
    await begin(walk, server, delivery=6.25)
    assert (walk.step, walk.errors) == ("comed", {"base": error})
    assert walk.shown["delivery"] == 6.25
    server.home.faults.clear()
    await walk.accept()
    assert walk.step == "tesla"


@pytest.mark.parametrize(
    ("field", "key"),
    [("delivery", "implausible_rate"), ("monthly_charge", "implausible_number")],
)
async def test_numbers(
    walk: Walk, server: SimulatorServer, field: str, key: str
) -> None:
    await begin(walk, server, **{field: float("nan")})
    assert walk.errors == {field: key}
    with pytest.raises(InvalidData):
        await walk.accept(**{field: 1e9})


async def test_change(walk: Walk, server: SimulatorServer) -> None:
    await begin(walk, server, delivery=6.25)
    entry = await walk.finish(server)
    await walk.change(entry, "price_source")
    assert walk.shown == {
        "delivery": 6.25,
        "monthly_charge": 19.56,
        "advanced": {"base_url": server.comed_url},
    }
    server.home.faults.add(Fault(service=Service.COMED, kind=FaultKind.DROP))
    await walk.accept(monthly_charge=21)
    assert walk.errors == {"base": "cannot_connect"}
    assert only(entry, "price_source")["monthly_charge"] == 19.56
    server.home.faults.clear()
    await walk.accept()
    assert walk.reason == "reconfigure_successful"
    assert only(entry, "price_source") == {
        "provider": "comed",
        "delivery": 0.0625,
        "monthly_charge": 21,
        "base_url": server.comed_url,
    }
