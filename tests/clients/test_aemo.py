"""Requests to AEMO's dashboard, and what becomes of each kind of answer."""

from datetime import datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web
import pytest

from custom_components.power_sync.clients import aemo, public_web
from custom_components.power_sync.clients.aemo import AemoPrices
from custom_components.power_sync.clients.errors import (
    ClientError,
    InvalidDataError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from custom_components.power_sync.core.model.prices import Channel, PriceKind

from .nem_support import assert_well_formed, dashboard, nem
from .support import Service, drop, stored

NOW = nem("2025-06-12T16:02:00")
JUST_AFTER = nem("2025-06-12T16:05:25")


@pytest.fixture
def prices(session: aiohttp.ClientSession, service: Service) -> AemoPrices:
    return AemoPrices(session, "NSW1", service.url + "/report/")


def summary(stamp: str, price: float = 310.5, status: str = "FIRM") -> dict[str, Any]:
    report: dict[str, Any] = stored("aemo_elec_nem_summary")
    for row in report["ELEC_NEM_SUMMARY"]:
        row["SETTLEMENTDATE"] = stamp
    report["ELEC_NEM_SUMMARY"][0] |= {"PRICE": price, "PRICE_STATUS": status}
    return report


def reports(stamp: str = "2025-06-12T16:05:00", **more: Any) -> dict[str, Any]:
    return {
        "5MIN": stored("aemo_5min"),
        "ELEC_NEM_SUMMARY": summary(stamp, **more),
    }


# covers P-04
async def test_prices(prices: AemoPrices, service: Service) -> None:
    service.answer = dashboard(reports())

    series = await prices.fetch_prices(NOW)

    assert_well_formed(series)
    assert series.fetched_at == NOW
    assert series.origin == "AEMO"
    current = series.running(Channel.IMPORT, NOW)
    assert current is not None
    assert current.kind is PriceKind.CURRENT
    assert current.price == pytest.approx(0.29999)
    assert not current.estimate
    kinds = [point.kind for point in series.imports]
    assert (
        kinds
        == [PriceKind.ACTUAL] * 17 + [PriceKind.CURRENT] + [PriceKind.FORECAST] * 24
    )
    # The half hour in progress is left what is left of it.
    first = series.imports[18]
    assert (first.start, first.end) == (
        nem("2025-06-12T16:05:00"),
        nem("2025-06-12T16:30:00"),
    )
    assert first.price == pytest.approx(0.35273)
    assert series.imports[-1].end == nem("2025-06-13T04:00:00")


async def test_requests(prices: AemoPrices, service: Service) -> None:
    service.answer = dashboard(reports())

    await prices.fetch_prices(NOW)

    five, short = service.requests
    assert (five.method, five.path) == ("POST", "/report/5MIN")
    assert service.bodies[0] == '{"timeScale": ["30MIN"]}'
    assert five.content_type == "application/json"
    assert (short.method, short.path) == ("GET", "/report/ELEC_NEM_SUMMARY")
    for request in service.requests:
        agent = request.headers["User-Agent"]
        assert agent.startswith("Mozilla/5.0")
        assert "aiohttp" not in agent


async def test_summary_knows_the_running_interval_first(
    prices: AemoPrices, service: Service
) -> None:
    service.answer = dashboard(reports("2025-06-12T16:10:00"))

    series = await prices.fetch_prices(JUST_AFTER)

    assert_well_formed(series)
    current = series.running(Channel.IMPORT, JUST_AFTER)
    assert current is not None
    assert current.price == pytest.approx(0.3105)
    before = series.running(Channel.IMPORT, JUST_AFTER - timedelta(minutes=2))
    assert before is not None
    assert before.kind is PriceKind.ACTUAL
    assert before.price == pytest.approx(0.29999)


async def test_price_that_is_not_firm_is_an_estimate(
    prices: AemoPrices, service: Service
) -> None:
    service.answer = dashboard(reports("2025-06-12T16:10:00", status="NOT FIRM"))

    current = (await prices.fetch_prices(JUST_AFTER)).running(
        Channel.IMPORT, JUST_AFTER
    )

    assert current is not None
    assert current.estimate


async def test_settled_row_wins_over_the_summary(
    prices: AemoPrices, service: Service
) -> None:
    service.answer = dashboard(reports("2025-06-12T16:05:00", price=999.0))

    current = (await prices.fetch_prices(NOW)).running(Channel.IMPORT, NOW)

    assert current is not None
    assert current.price == pytest.approx(0.29999)


@pytest.mark.parametrize("trouble", [503, 429, {}, {"ELEC_NEM_SUMMARY": [{}]}])
async def test_summary_is_needed_only_for_the_running_interval(
    prices: AemoPrices, service: Service, trouble: Any
) -> None:
    service.answer = dashboard(reports() | {"ELEC_NEM_SUMMARY": trouble})

    assert (await prices.fetch_prices(NOW)).running(Channel.IMPORT, NOW)
    with pytest.raises(ClientError):
        await prices.fetch_prices(JUST_AFTER)


async def test_late_source_says_what_it_knows(
    prices: AemoPrices, service: Service
) -> None:
    service.answer = dashboard(reports())

    series = await prices.fetch_prices(JUST_AFTER)

    assert_well_formed(series)
    assert series.running(Channel.IMPORT, JUST_AFTER) is None
    assert series.running(Channel.IMPORT, JUST_AFTER - timedelta(minutes=2))


async def test_history(prices: AemoPrices, service: Service) -> None:
    service.answer = dashboard(reports())

    series = await prices.fetch_history(
        nem("2025-06-12T15:00:00"), nem("2025-06-12T15:30:00"), NOW
    )

    assert_well_formed(series)
    assert [point.price for point in series.imports] == pytest.approx(
        [0.24949, 0.1755, 0.2483, 0.29998, 0.29998, 0.29998]
    )
    assert {point.kind for point in series.imports} == {PriceKind.ACTUAL}
    [request] = service.requests
    assert request.method == "POST"


async def test_running_interval_is_no_history(
    prices: AemoPrices, service: Service
) -> None:
    service.answer = dashboard(reports())

    series = await prices.fetch_history(NOW - timedelta(days=1), NOW, NOW)

    assert len(series.imports) == 17


async def test_reach_is_a_day_at_once(prices: AemoPrices) -> None:
    assert prices.reach is not None
    assert prices.reach.back == prices.reach.at_once == timedelta(days=1)


@pytest.mark.parametrize("region", ["NEM1", "NSW", "nsw1", ""])
async def test_region_that_is_none(session: aiohttp.ClientSession, region: str) -> None:
    with pytest.raises(ValueError, match="NSW1"):
        AemoPrices(session, region)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, UnavailableError),
        (400, RejectedError),
        (401, UnavailableError),
        (403, UnavailableError),
        (404, RejectedError),
        (408, UnavailableError),
        (415, RejectedError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
async def test_status(
    prices: AemoPrices, service: Service, status: int, expected: type[ClientError]
) -> None:
    service.say_text("<html>Forbidden</html>", status)

    with pytest.raises(expected, match=str(status)) as caught:
        await prices.fetch_prices(NOW)
    assert type(caught.value) is expected


@pytest.mark.parametrize(("said", "seconds"), [("30", 30), ("later", None)])
async def test_too_many_requests(
    prices: AemoPrices, service: Service, said: str, seconds: int | None
) -> None:
    service.say_text("slow down", 429, Retry_After=said)

    with pytest.raises(RateLimitedError) as caught:
        await prices.fetch_prices(NOW)
    assert caught.value.retry_after == (
        None if seconds is None else timedelta(seconds=seconds)
    )


@pytest.mark.parametrize("text", ["", "<html>", "[" * 100_000, "null", "[]"])
async def test_what_is_no_report_is_refused(
    prices: AemoPrices, service: Service, text: str
) -> None:
    service.say_text(text)

    with pytest.raises(InvalidDataError):
        await prices.fetch_prices(NOW)


async def test_price_that_is_not_finite_is_refused(
    prices: AemoPrices, service: Service
) -> None:
    known = reports()
    known["5MIN"]["5MIN"][0]["RRP"] = float("nan")
    service.answer = dashboard(known)

    with pytest.raises(InvalidDataError, match="row 0 RRP"):
        await prices.fetch_prices(NOW)


async def test_endless_answer_is_refused(
    prices: AemoPrices, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aemo, "_LARGEST", 1000)
    service.answer = dashboard(reports())

    with pytest.raises(InvalidDataError, match="too long"):
        await prices.fetch_prices(NOW)


async def test_dropped_connection(prices: AemoPrices, service: Service) -> None:
    service.answer = drop

    with pytest.raises(UnavailableError, match="cannot be reached"):
        await prices.fetch_prices(NOW)


async def test_answer_cut_short(prices: AemoPrices, service: Service) -> None:
    def cut(request: web.Request) -> web.StreamResponse:
        request.transport.write(  # type: ignore[union-attr]
            b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{"
        )
        return drop(request)

    service.answer = cut

    with pytest.raises(UnavailableError, match="cannot be reached"):
        await prices.fetch_prices(NOW)


async def test_no_answer_in_time(
    prices: AemoPrices, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_web, "REQUEST_TIMEOUT", 0.05)
    service.silent = True

    with pytest.raises(UnavailableError, match="in time"):
        await prices.fetch_prices(NOW)


async def test_address_that_is_none(session: aiohttp.ClientSession) -> None:
    with pytest.raises(UnavailableError):
        await AemoPrices(session, "NSW1", "http://:port").fetch_prices(NOW)


async def test_redirect_is_not_followed(prices: AemoPrices, service: Service) -> None:
    service.say_text("", 302, Location=f"{service.url}/elsewhere")

    with pytest.raises(UnavailableError):
        await prices.fetch_prices(NOW)
    assert len(service.requests) == 1


@pytest.mark.parametrize("hour", range(0, 24, 7))
async def test_forecast_alone_is_no_running_price(
    prices: AemoPrices, service: Service, hour: int
) -> None:
    service.answer = dashboard(reports())
    now: datetime = NOW + timedelta(hours=hour, minutes=30)

    assert_well_formed(series := await prices.fetch_prices(now))
    assert series.running(Channel.IMPORT, now) is None
