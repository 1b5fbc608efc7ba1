"""Network tariffs by code: the worked examples of every network, and what is refused.

Expected prices are those of the library at losses of 1 (see the comments where they
are not), in c/kWh and with the market price in $/MWh; what is tested gives only the
network's part, in $/kWh with GST.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aemo_to_tariff import (  # type: ignore[import-untyped]
    energex,
    spot_to_feed_in_tariff,
    spot_to_tariff,
)
import pytest

from custom_components.power_sync.clients import network_tariff
from custom_components.power_sync.clients.errors import ClientError
from custom_components.power_sync.clients.network_tariff import (
    DISTRIBUTORS,
    NetworkRate,
    NoNetworkRateError,
    UnknownNetworkError,
    daily_fee,
    normalise_code,
    tariff_codes,
)
from custom_components.power_sync.core.model.retail import NetworkTariff

from .support import stored

HELD = stored("network_tariff_codes")
"""What the library holds, read from its tables by other means than ours."""
KNOWN = {item.key: item for item in DISTRIBUTORS if item.known}
FIVE_MINUTES = timedelta(minutes=5)
CODES = [(network, code) for network, held in HELD.items() for code in held["tariffs"]]


def zone_of(network: str) -> ZoneInfo:
    return ZoneInfo(KNOWN[network].zone)


def rate_of(network: str, code: str) -> NetworkRate:
    return NetworkRate(NetworkTariff(network=network, code=code), zone_of(network))


def start_of(network: str, end: str) -> datetime:
    """Return the start, in UTC, of the dispatch interval with a local end."""
    local = datetime.fromisoformat(end).replace(tzinfo=zone_of(network))
    return local.astimezone(UTC) - FIVE_MINUTES


# covers P-05
@pytest.mark.parametrize(
    ("network", "code", "end", "rrp", "cents"),
    [
        ("energex", "6900", "2026-11-20 18:05", 100, 31.4863),
        ("energex", "6900", "2026-11-20 16:00", 0, 0.4774),
        ("energex", "6900", "2026-11-20 16:05", 0, 21.4863),
        ("energex", "6900", "2026-06-30 18:05", 0, 21.3037),  # the old price list
        ("ausgrid", "EA025", "2026-11-20 16:05", 100, 45.76804),
        ("ausgrid", "EA025", "2026-10-20 16:05", 100, 15.8927),
        ("endeavour", "N71", "2026-11-20 17:05", 100, 35.79181),
        ("endeavour", "N71", "2026-11-21 17:05", 100, 22.9074),
        ("sapn", "RELE2W", "2026-11-20 17:35", 100, 49.611),
        ("sapn", "RESELE", "2026-11-20 17:35", -50, 34.611),
        ("powercor", "PRSTOU", "2026-11-20 17:35", 100, 32.09),
        ("united", "URSTOU", "2026-11-20 12:05", 100, 11.0),
        ("jemena", "A130", "2026-11-20 17:35", 100, 28.208),
        ("ausnet", "NAST11S", "2026-11-20 17:35", 100, 36.9556),
        ("tasnetworks", "TAS93", "2026-11-20 17:35", 100, 29.86),
        ("essential", "BLNT3AL", "2026-11-20 17:35", 100, 32.99561),
        # By the clock in UTC this Monday morning would be a Sunday night.
        ("essential", "BLNT3AL", "2026-11-23 08:05", 0, 16.68392),
        ("evoenergy", "017", "2026-11-20 17:35", 100, 30.9924),
        ("ergon", "ERTOUET1", "2026-11-20 18:05", 100, 30.2257),
    ],
)
def test_import_examples(
    network: str, code: str, end: str, rrp: float, cents: float
) -> None:
    without_gst = not HELD[network]["adds_gst"]

    rate = rate_of(network, code).import_rate(start_of(network, end))

    part = cents - rrp / 10
    expected = part * 1.1 if without_gst else part
    assert rate * 100 == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize(
    ("rrp", "losses", "cents"),
    [
        (100, 1.05905 * 1.0154 * 1.0154, 32.4055),
        (100, 1.1, 32.4863),
        (23_200, 1.05905 * 1.0154 * 1.0154, 2554.74),
        (-1_000, 1.05905 * 1.0154 * 1.0154, -87.7057),
    ],
)
def test_import_examples_with_losses(rrp: float, losses: float, cents: float) -> None:
    rate = rate_of("energex", "6900").import_rate(
        start_of("energex", "2026-11-20 18:05")
    )

    assert rrp / 10 * losses + rate * 100 == pytest.approx(cents, abs=5e-3)


@pytest.mark.parametrize(
    ("network", "code", "end", "cents"),
    [
        ("ausgrid", "EA029", "2026-11-20 17:05", 13.85),
        ("ausgrid", "EA029", "2026-11-20 16:00", 10.0),
        ("ausgrid", "EA029", "2026-11-20 16:05", 13.85),
        ("ausgrid", "EA029", "2026-11-20 21:00", 13.85),
        ("ausgrid", "EA029", "2026-11-20 21:05", 10.0),
        ("ausgrid", "EA029", "2026-11-20 10:05", 8.77),
        ("ausgrid", "EA025", "2026-11-20 17:05", 10.0),
        ("endeavour", "N61", "2026-11-20 17:05", 21.7131),
        ("endeavour", "N61", "2026-11-21 12:05", 10.0),
        ("sapn", "RELE2W", "2026-11-20 18:05", 23.22),
        ("sapn", "RELE2W", "2026-11-20 17:00", 10.0),
        ("sapn", "RELE2W", "2026-11-20 17:05", 23.22),
        ("sapn", "RELE2W", "2026-11-20 12:05", 9.0),
        ("energex", "96200", "2026-11-20 18:05", 22.195),
        ("energex", "96200X", "2026-11-20 18:05", 22.195),
        ("energex", "6900", "2026-11-20 18:05", 10.0),
        ("powercor", "PRCER", "2026-12-18 17:35", 17.0),
        ("powercor", "PRCER", "2026-12-18 12:05", 9.0),
        ("essential", "BLNREX2", "2026-11-20 18:05", 21.7212),
        ("evoenergy", "026", "2026-11-20 18:05", 22.36),
    ],
)
def test_export_examples(network: str, code: str, end: str, cents: float) -> None:
    rate = rate_of(network, code).feed_in_rate(start_of(network, end))

    # Rewards have no GST in any network. All examples are at 100 $/MWh.
    assert rate * 100 == pytest.approx(cents - 10, abs=6e-5)


@pytest.mark.parametrize(("network", "code"), CODES)
def test_no_rate_is_one_of_the_librarys_approximations(network: str, code: str) -> None:
    # What the library makes up is no straight sum of spot and rate, so a price that
    # is tells that a table was read. A winter Sunday and a summer Monday have it all.
    rate, zone = rate_of(network, code), zone_of(network)
    without_gst = not HELD[network]["adds_gst"]
    for day in (datetime(2027, 7, 4, tzinfo=zone), datetime(2026, 12, 7, tzinfo=zone)):
        for quarter in range(96):
            start = day + timedelta(minutes=15 * quarter + 10 * (quarter % 2))
            told = start + FIVE_MINUTES
            priced = spot_to_tariff(told, network, code, 1000.0, 1, 1, 1)
            paid = spot_to_feed_in_tariff(told, network, code, 1000.0, 1, 1, 1)

            expected = (priced - 100) * (1.1 if without_gst else 1)
            moment = start.astimezone(UTC)
            assert rate.import_rate(moment) * 100 == pytest.approx(expected)
            assert rate.feed_in_rate(moment) * 100 == pytest.approx(paid - 100)


@pytest.mark.parametrize("network", HELD)
def test_every_code_for_export_pays_or_charges_something(network: str) -> None:
    day = datetime(2026, 12, 18, tzinfo=zone_of(network)).astimezone(UTC)

    for code in tariff_codes(network, feed_in=True):
        rate = rate_of(network, code)
        assert any(rate.feed_in_rate(day + timedelta(hours=hour)) for hour in range(24))


def test_the_last_minute_of_a_day_has_its_rate() -> None:
    rate = rate_of("ausgrid", "EA010")
    midnight = datetime(2026, 11, 20, 13, tzinfo=UTC)

    rates = {
        rate.import_rate(midnight + timedelta(seconds=seconds))
        for seconds in (-300, -60, -30, -1, 0, 30, 270)
    }

    assert [100 * item for item in rates] == [pytest.approx(12.7029 * 1.1)]


CLOCK_CHANGES = ["2026-10-04", "2027-04-04"]
"""Both are days on which clocks change, except in Queensland."""


# covers P-10
@pytest.mark.parametrize("day", CLOCK_CHANGES)
@pytest.mark.parametrize("network", ["energex", "ausgrid", "powercor", "sapn"])
def test_library_arrives_at_the_local_start_whatever_clocks_do(
    monkeypatch: pytest.MonkeyPatch, network: str, day: str
) -> None:
    zone = zone_of(network)
    looked_at: list[datetime] = []

    def convert(told: datetime, *_: Any, **__: Any) -> float:
        looked_at.append(told - FIVE_MINUTES)
        return 0.0

    monkeypatch.setattr(network_tariff, "spot_to_tariff", convert)
    rate = rate_of(network, next(iter(HELD[network]["tariffs"])))
    begin = datetime.fromisoformat(day).replace(tzinfo=zone).astimezone(UTC)
    moments = [begin + FIVE_MINUTES * index for index in range(300)]
    for moment in moments:
        rate.import_rate(moment)

    shown = [moment.astimezone(zone).replace(tzinfo=None) for moment in moments]
    assert [item.replace(tzinfo=None) for item in looked_at] == shown
    assert {item.tzinfo for item in looked_at} == {zone}


@pytest.mark.parametrize("network", ["citipower", "victoria", "SA Power Networks", ""])
def test_networks_without_tariffs(network: str) -> None:
    tariff = NetworkTariff(network=network, code="6900")
    rate = NetworkRate(tariff, ZoneInfo("Australia/Melbourne"))
    moment = datetime(2026, 11, 20, tzinfo=UTC)

    for ask in (
        lambda: tariff_codes(network),
        lambda: normalise_code(network, "6900"),
        lambda: daily_fee(network, "6900", date(2026, 11, 20)),
        lambda: rate.import_rate(moment),
        lambda: rate.feed_in_rate(moment),
    ):
        with pytest.raises(UnknownNetworkError):
            ask()


@pytest.mark.parametrize("network", HELD)
def test_a_code_that_is_made_up_has_no_rate(network: str) -> None:
    rate = rate_of(network, "6950")

    with pytest.raises(NoNetworkRateError):
        rate.import_rate(datetime(2026, 11, 20, tzinfo=UTC))
    with pytest.raises(NoNetworkRateError):
        rate.feed_in_rate(datetime(2026, 11, 20, tzinfo=UTC))


def test_a_code_for_export_has_no_import_rate() -> None:
    with pytest.raises(NoNetworkRateError):
        rate_of("sapn", "RESELEX").import_rate(datetime(2026, 11, 20, tzinfo=UTC))


NEW_LIST = datetime(2026, 6, 30, 14, tzinfo=UTC)
"""Midnight of 1 July in Brisbane and Melbourne."""


@pytest.mark.parametrize(
    ("network", "code"), [("ergon", "ERTDEMT1"), ("ausnet", "NEE12")]
)
def test_a_tariff_has_no_rate_before_it_was_introduced(network: str, code: str) -> None:
    rate = rate_of(network, code)

    assert rate.import_rate(NEW_LIST) > 0
    with pytest.raises(NoNetworkRateError):
        rate.import_rate(NEW_LIST - FIVE_MINUTES)


def test_a_tariff_has_the_rate_of_the_price_list_in_force() -> None:
    rate = rate_of("united", "D1")

    assert rate.import_rate(NEW_LIST) * 100 == pytest.approx(9.72 * 1.1)
    assert rate.import_rate(NEW_LIST - FIVE_MINUTES) * 100 == pytest.approx(9.67 * 1.1)


@pytest.mark.parametrize(
    "failure", [ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError]
)
@pytest.mark.parametrize("function", ["spot_to_tariff", "spot_to_feed_in_tariff"])
def test_what_the_library_raises_becomes_a_client_error(
    monkeypatch: pytest.MonkeyPatch, function: str, failure: type[Exception]
) -> None:
    def fail(*_: Any, **__: Any) -> float:
        raise failure

    monkeypatch.setattr(network_tariff, function, fail)
    rate, moment = rate_of("energex", "6900"), datetime(2026, 11, 20, tzinfo=UTC)
    ask = rate.import_rate if function == "spot_to_tariff" else rate.feed_in_rate

    with pytest.raises(ClientError):
        ask(moment)


@pytest.mark.parametrize("table", [{"6900": {}}, {"6900": None}, None])
def test_tables_that_are_no_longer_as_they_were(
    monkeypatch: pytest.MonkeyPatch, table: Any
) -> None:
    monkeypatch.setattr(energex, "get_tariffs", lambda _: table)

    with pytest.raises(NoNetworkRateError):
        rate_of("energex", "6900").import_rate(datetime(2026, 11, 20, tzinfo=UTC))


@pytest.mark.parametrize("answer", [float("nan"), float("inf"), None, "dear"])
def test_what_is_no_price_is_refused(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr(network_tariff, "spot_to_tariff", lambda *_, **__: answer)

    with pytest.raises(NoNetworkRateError):
        rate_of("energex", "6900").import_rate(datetime(2026, 11, 20, tzinfo=UTC))
