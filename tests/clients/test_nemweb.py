"""Which of AEMO's public files are asked for, and what they are put together to."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import aiohttp
import pytest

from custom_components.power_sync.clients import nemweb
from custom_components.power_sync.clients.errors import (
    ClientError,
    InvalidDataError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from custom_components.power_sync.clients.nemweb import NemwebPrices
from custom_components.power_sync.core.model.prices import Channel, PriceKind

from .nem_support import Shelf, assert_well_formed, csv_sample, nem
from .support import Service, drop

NOW = nem("2026-11-20T16:01:58")
MINUTES = timedelta(minutes=1)

DISPATCH = "DispatchIS_Reports"
HOUR = "P5_Reports"
HORIZON = "PredispatchIS_Reports"
LEGACY = "Predispatch_Reports"


@pytest.fixture
def shelf(service: Service) -> Shelf:
    """The files as of two minutes past four in the afternoon."""
    found = Shelf()
    for stamp in range(25, 60, 5):
        dispatched(found, f"15:{stamp}", 100 + stamp)
    dispatched(found, "16:00", 160)
    dispatched(found, "16:05", 96.76914)
    hour(found, "16:05")
    found.put(
        HORIZON,
        "PREDISPATCHIS_202611201630_20261120160152",
        csv_sample("predispatchis"),
    )
    found.put(
        LEGACY,
        "PREDISPATCH_202611201630_20261120160152_LEGACY",
        csv_sample("predispatch_legacy"),
    )
    service.answer = found.answer
    return found


@pytest.fixture
def prices(session: aiohttp.ClientSession, service: Service) -> NemwebPrices:
    return NemwebPrices(session, "NSW1", service.url + "/Reports/Current/")


def dispatched(shelf: Shelf, end: str, price: float) -> None:
    """Put the dispatch file of an interval on the shelf."""
    text = csv_sample("dispatchis").replace("20 16:05:00", f"20 {end}:00")
    number = int(end.replace(":", ""))
    shelf.put(
        DISPATCH,
        f"DISPATCHIS_20261120{number:04d}_{number:016d}",
        text.replace("96.76914", str(price)),
    )


def hour(shelf: Shelf, end: str) -> None:
    """Put the forecast of the hour on the shelf whose first interval ends then."""
    late = nem(f"2026-11-20T{end}:00") - nem("2026-11-20T16:05:00")
    text = csv_sample("p5min")
    for stamp in range(12, 0, -1):
        old = timedelta(hours=16, minutes=5 * stamp)
        text = text.replace(f"20 {old}", f"20 {old + late}")
    shelf.put(HOUR, f"P5MIN_20261120{end.replace(':', '')}_20261120160014", text)


def asked(service: Service) -> list[str]:
    """Return what was asked for since the last look: directories, and files in them."""
    found = [
        "/".join(request.path.split("/")[3:]).removesuffix(".zip")
        for request in service.requests
    ]
    service.requests.clear()
    return [name.replace("PUBLIC_", "") for name in found]


# covers P-04
async def test_prices(prices: NemwebPrices, shelf: Shelf) -> None:
    series = await prices.fetch_prices(NOW)

    assert_well_formed(series)
    assert series.origin == "NEMWEB"
    assert series.fetched_at == NOW
    start = nem("2026-11-20T15:35:00")
    known = series.imports[:6]
    assert [point.start - start for point in known] == [
        n * 5 * MINUTES for n in range(6)
    ]
    assert [point.price for point in known] == pytest.approx(
        [0.14, 0.145, 0.15, 0.155, 0.16, 0.09676914]
    )
    assert [point.kind for point in known] == [PriceKind.ACTUAL] * 5 + [
        PriceKind.CURRENT
    ]
    ahead = series.imports[6:]
    assert [point.duration / MINUTES for point in ahead] == [5] * 11 + [30] * 6
    assert [ahead[0].price, ahead[10].price, ahead[11].price] == pytest.approx(
        [0.0971, 0.1513, 0.1884]
    )
    assert ahead[11].start == nem("2026-11-20T17:00:00")
    assert {point.kind for point in ahead} == {PriceKind.FORECAST}
    assert not any(point.estimate for point in series.imports)
    assert all(a.end == b.start for a, b in pairwise(series.imports))


async def test_requests_look_like_a_browsers(
    prices: NemwebPrices, shelf: Shelf, service: Service
) -> None:
    await prices.fetch_prices(NOW)

    for request in service.requests:
        assert request.headers["User-Agent"].startswith("Mozilla/5.0")
        assert "aiohttp" not in request.headers["User-Agent"]


async def test_rest_of_a_half_hour_leaves_no_hole(
    prices: NemwebPrices, shelf: Shelf
) -> None:
    dispatched(shelf, "16:10", 97)
    hour(shelf, "16:10")

    series = await prices.fetch_prices(NOW + 5 * MINUTES)

    assert all(a.end == b.start for a, b in pairwise(series.imports))
    cut = next(p for p in series.imports if p.start == nem("2026-11-20T17:05:00"))
    assert cut.end == nem("2026-11-20T17:30:00")
    assert cut.price == pytest.approx(0.1884)


async def test_only_what_is_new_is_asked_for(
    prices: NemwebPrices, shelf: Shelf, service: Service
) -> None:
    await prices.fetch_prices(NOW)
    assert asked(service) == [
        f"{DISPATCH}/",
        *(
            f"{DISPATCH}/DISPATCHIS_20261120{end}_000000000000{end}"
            for end in ("1605", "1600", "1555", "1550", "1545", "1540")
        ),
        f"{HOUR}/",
        f"{HOUR}/P5MIN_202611201605_20261120160014",
        f"{HORIZON}/",
        f"{HORIZON}/PREDISPATCHIS_202611201630_20261120160152",
    ]

    again = await prices.fetch_prices(NOW + MINUTES)
    assert asked(service) == []
    assert again.running(Channel.IMPORT, NOW + MINUTES)

    dispatched(shelf, "16:10", 97)
    hour(shelf, "16:10")
    series = await prices.fetch_prices(NOW + 5 * MINUTES)
    assert asked(service) == [
        f"{DISPATCH}/",
        f"{DISPATCH}/DISPATCHIS_202611201610_0000000000001610",
        f"{HOUR}/",
        f"{HOUR}/P5MIN_202611201610_20261120160014",
    ]
    assert series.imports[0].start == nem("2026-11-20T15:40:00")
    assert len([p for p in series.imports if p.kind is PriceKind.ACTUAL]) == 5


async def test_forecast_may_begin_with_the_next_interval(
    prices: NemwebPrices, shelf: Shelf, service: Service
) -> None:
    hour(shelf, "16:10")
    await prices.fetch_prices(NOW)
    asked(service)

    assert_well_formed(await prices.fetch_prices(NOW + MINUTES))
    assert asked(service) == []


async def test_late_files_are_looked_for_and_not_read_twice(
    prices: NemwebPrices, shelf: Shelf, service: Service
) -> None:
    await prices.fetch_prices(NOW)
    asked(service)
    now = nem("2026-11-20T16:30:10")

    series = await prices.fetch_prices(now)

    assert asked(service) == [f"{DISPATCH}/", f"{HOUR}/", f"{HORIZON}/"]
    assert_well_formed(series)
    assert series.running(Channel.IMPORT, now) is None


async def test_what_was_read_before_a_failure_is_kept(
    prices: NemwebPrices, shelf: Shelf, service: Service
) -> None:
    broken = f"{DISPATCH}/PUBLIC_DISPATCHIS_202611201550_0000000000001550.zip"
    shelf.broken[broken] = 503
    with pytest.raises(UnavailableError, match="503"):
        await prices.fetch_prices(NOW)
    asked(service)
    shelf.broken.clear()

    assert len((await prices.fetch_prices(NOW)).imports) == 23
    assert asked(service)[:4] == [
        f"{DISPATCH}/",
        *(
            f"{DISPATCH}/DISPATCHIS_20261120{end}_000000000000{end}"
            for end in ("1550", "1545", "1540")
        ),
    ]


async def test_clock_that_was_set_back_asks_again(
    prices: NemwebPrices, shelf: Shelf, service: Service
) -> None:
    await prices.fetch_prices(NOW)
    asked(service)

    with pytest.raises(InvalidDataError, match="ahead"):
        await prices.fetch_prices(NOW - 60 * MINUTES)
    assert asked(service) == [f"{DISPATCH}/", f"{HOUR}/", f"{HORIZON}/"]


@pytest.mark.parametrize("status", [403, 404, 503])
async def test_old_layout_serves_where_the_new_one_does_not(
    prices: NemwebPrices, shelf: Shelf, status: int
) -> None:
    shelf.broken[HORIZON] = status

    series = await prices.fetch_prices(NOW)

    assert_well_formed(series)
    assert [point.price for point in series.imports][-2:] == pytest.approx(
        [0.1513, 0.1884]
    )


async def test_old_layout_serves_where_the_new_one_is_not_listed(
    prices: NemwebPrices, shelf: Shelf
) -> None:
    shelf.files = {
        path: body for path, body in shelf.files.items() if not path.startswith(HORIZON)
    }

    assert len((await prices.fetch_prices(NOW)).imports) == 18


async def test_without_either_layout_the_first_error_counts(
    prices: NemwebPrices, shelf: Shelf
) -> None:
    shelf.broken = {HORIZON: 503, LEGACY: 404}

    with pytest.raises(UnavailableError, match="503"):
        await prices.fetch_prices(NOW)


@pytest.mark.parametrize("directory", [DISPATCH, HOUR])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, UnavailableError),
        (403, UnavailableError),
        (404, RejectedError),
        (429, RateLimitedError),
        (503, UnavailableError),
    ],
)
async def test_status(
    prices: NemwebPrices,
    shelf: Shelf,
    directory: str,
    status: int,
    expected: type[ClientError],
) -> None:
    shelf.broken[directory] = status

    with pytest.raises(expected, match=str(status)) as caught:
        await prices.fetch_prices(NOW)
    assert type(caught.value) is expected


@pytest.mark.parametrize(
    "damage",
    [lambda _: b"", lambda _: b"<html>", lambda body: body[:-30], lambda _: b"PK"],
    ids=["nothing", "page", "cut", "start"],
)
async def test_file_that_is_no_zip_is_refused(
    prices: NemwebPrices, shelf: Shelf, damage: Callable[[bytes], bytes]
) -> None:
    shelf.files = {path: damage(body) for path, body in shelf.files.items()}

    with pytest.raises(InvalidDataError, match="not a zip"):
        await prices.fetch_prices(NOW)


async def test_endless_answer_is_refused(
    prices: NemwebPrices, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nemweb, "LARGEST_FILE", 500)

    with pytest.raises(InvalidDataError, match="too long"):
        await prices.fetch_prices(NOW)


async def test_dropped_connection(prices: NemwebPrices, service: Service) -> None:
    service.answer = drop

    with pytest.raises(UnavailableError, match="cannot be reached"):
        await prices.fetch_prices(NOW)


async def test_no_answer_in_time(
    prices: NemwebPrices, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nemweb, "FETCH_TIMEOUT", 0.05)
    service.silent = True

    with pytest.raises(UnavailableError, match="in time"):
        await prices.fetch_prices(NOW)


async def test_there_is_no_past_to_ask_for(
    prices: NemwebPrices, service: Service
) -> None:
    assert prices.reach is None
    with pytest.raises(RejectedError):
        await prices.fetch_history(NOW - 60 * MINUTES, NOW, NOW)
    assert service.requests == []


async def test_region_that_is_none(session: aiohttp.ClientSession) -> None:
    with pytest.raises(ValueError, match="NSW1"):
        NemwebPrices(session, "NEM1")
