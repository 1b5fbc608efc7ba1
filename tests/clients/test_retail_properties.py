"""Retail prices: what holds for any terms, at any time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.clients.network_tariff import (
    NetworkRate,
)
from custom_components.power_sync.core.model.moments import floor_to
from custom_components.power_sync.core.model.prices import (
    PriceKind,
    PricePoint,
)
from custom_components.power_sync.core.model.retail import (
    Days,
    ExportTerms,
    FlowPowerImport,
    ImportTerms,
    ManualRates,
    NetworkTariff,
    RateWindow,
    RetailTerms,
    SpotExport,
    SpotImport,
    WindowExport,
)

from .retail_support import MINUTE, PLAIN, ZONES, retail, wholesale_point

REGIONS = st.sampled_from(sorted(ZONES))
RATES = st.integers(-50, 80).map(lambda cents: cents / 100)
MINUTES = st.sampled_from([0, 1, 119, 120, 150, 179, 180, 420, 1050, 1170, 1439]) | (
    st.integers(0, 1439)
)
WINDOWS = st.builds(
    RateWindow,
    name=st.just("w"),
    days=st.sampled_from(Days),
    start=MINUTES,
    end=MINUTES,
    rate=RATES,
)
MANUAL = st.builds(
    ManualRates,
    otherwise=RATES,
    windows=st.lists(WINDOWS, max_size=3).map(tuple),
)
NETWORKS = {
    "NSW1": NetworkTariff(network="endeavour", code="N95"),
    "QLD1": NetworkTariff(network="energex", code="96200"),
    "SA1": NetworkTariff(network="sapn", code="RESELE"),
    "TAS1": NetworkTariff(network="tasnetworks", code="TAS94"),
    "VIC1": NetworkTariff(network="powercor", code="PRCER"),
}
"""Of each region a tariff with as many differences in time as there are."""
STARTS = st.sampled_from(
    [
        datetime(2026, 10, 3, 9, tzinfo=UTC),  # the night clocks go forward
        datetime(2027, 4, 3, 9, tzinfo=UTC),  # the night they go back
        datetime(2026, 12, 31, 9, tzinfo=UTC),
        datetime(2027, 2, 28, 9, tzinfo=UTC),
    ]
)
SPOTS = st.floats(-1.0, 23.2)
LENGTHS = st.sampled_from([1, 5, 5, 30, 30, 30, 47, 60, 240]).map(
    lambda minutes: timedelta(minutes=minutes)
)


def import_terms(region: str) -> st.SearchStrategy[ImportTerms]:
    network = st.just(NETWORKS[region])
    return st.one_of(
        st.builds(
            SpotImport,
            network=network | MANUAL,
            fees=st.floats(0, 0.1),
            loss_factor=st.floats(0.9, 1.2),
            add_gst=st.booleans(),
        ),
        st.builds(
            FlowPowerImport,
            base_rate=st.floats(0.2, 0.5),
            benchmark=st.floats(0.0, 0.03),
            network=st.none() | network,
        ),
    )


def export_terms(region: str) -> st.SearchStrategy[ExportTerms]:
    return st.one_of(
        st.builds(
            SpotExport,
            loss_factor=st.floats(0.9, 1.2),
            fee=st.floats(0, 0.05),
            network=st.none() | st.just(NETWORKS[region]),
        ),
        st.builds(
            WindowExport,
            rates=MANUAL,
            cap_kwh=st.none() | st.floats(1, 20),
            beyond_cap=RATES,
        ),
    )


@st.composite
def wholesale_points(draw: st.DrawFn) -> list[PricePoint]:
    start = draw(STARTS) + draw(st.sampled_from([0, 0, 0, 7])) * MINUTE
    points: list[PricePoint] = []
    for length in draw(st.lists(LENGTHS, min_size=1, max_size=12)):
        kind, estimate = draw(st.sampled_from(PriceKind)), draw(st.booleans())
        point = wholesale_point(start, draw(SPOTS), length, kind)
        points.append(replace(point, estimate=estimate))
        start += length
    return points


def manual_rate(rates: ManualRates, moment: datetime, zone: ZoneInfo) -> float:
    clock = moment.astimezone(zone)
    return rates.rate(clock.weekday(), clock.hour * 60 + clock.minute)


def import_by_the_minute(
    terms: ImportTerms, zone: ZoneInfo, moment: datetime, spot: float, twap: float
) -> float:
    """Return the price of a minute, written down once more from the formulas."""
    match terms:
        case SpotImport():
            tax = 1.1 if terms.add_gst else 1
            match terms.network:
                case NetworkTariff() as tariff:
                    network = NetworkRate(tariff, zone).import_rate(moment)
                case ManualRates() as rates:
                    network = manual_rate(rates, moment, zone) * tax
            return 1.1 * spot * terms.loss_factor + network + terms.fees * tax
        case FlowPowerImport():
            if terms.network is None:
                return terms.base_rate + spot - twap - terms.benchmark
            rate = NetworkRate(terms.network, zone)
            clock = moment.astimezone(zone)
            # A walk from noon finds every moment of the day, however long it is.
            noon = clock.replace(hour=12, minute=0).astimezone(UTC)
            around = [noon + timedelta(minutes=5 * step) for step in range(-180, 180)]
            day = [at for at in around if at.astimezone(zone).date() == clock.date()]
            mean = sum(map(rate.import_rate, day)) / len(day)
            return (
                terms.base_rate
                + 1.1 * spot
                + rate.import_rate(moment)
                - 1.1 * twap
                - mean
                - terms.benchmark
            )


def check_covers(
    pieces: Sequence[PricePoint], points: Sequence[PricePoint]
) -> dict[datetime, PricePoint]:
    """Check that pieces are the points, only cut; return the piece of each minute."""
    remaining = list(pieces)
    minutes: dict[datetime, PricePoint] = {}
    for point in points:
        at, previous = point.start, None
        while at < point.end:
            piece = remaining.pop(0)
            assert piece.start == at
            assert piece.end <= point.end
            assert (piece.kind, piece.estimate, piece.spot) == (
                point.kind,
                point.estimate,
                point.price,
            )
            assert previous is None or piece.price != previous.price
            for index in range(int(piece.duration / MINUTE)):
                minutes[at + index * MINUTE] = piece
            at, previous = piece.end, piece
    assert not remaining
    return minutes


# covers P-05 and P-10
@settings(max_examples=60)
@given(st.data(), REGIONS, wholesale_points(), st.none() | st.floats(-0.1, 0.5))
def test_every_minute_costs_what_the_terms_say(
    data: st.DataObject, region: str, points: list[PricePoint], twap: float | None
) -> None:
    zone, terms = ZONES[region], data.draw(import_terms(region))

    series = retail(points, RetailTerms(imports=terms, exports=None), zone, twap=twap)

    minutes = check_covers(series.imports, points)
    mean = 0.08 if twap is None else twap
    every = data.draw(st.sampled_from([7, 11, 13]))
    for moment, piece in list(minutes.items())[::every]:
        assert piece.spot is not None
        assert piece.price == pytest.approx(
            import_by_the_minute(terms, zone, moment, piece.spot, mean)
        )


# covers P-06
@settings(max_examples=60)
@given(st.data(), REGIONS, wholesale_points(), st.none() | st.floats(0, 30))
def test_every_minute_earns_what_the_terms_say(
    data: st.DataObject,
    region: str,
    points: list[PricePoint],
    exported: float | None,
) -> None:
    zone, terms = ZONES[region], data.draw(export_terms(region))
    whole = points[-1].end - points[0].start
    now = points[0].start + data.draw(st.floats(0, 1)) * whole
    now = now.replace(microsecond=0)

    series = retail(
        points,
        RetailTerms(imports=PLAIN, exports=terms),
        zone,
        now=now,
        # Everything was counted in the running five minutes.
        exported=lambda _, end: (
            exported
            if exported is None or end >= floor_to(now, timedelta(minutes=5))
            else 0.0
        ),
    )

    assert series.exports is not None
    for moment, piece in check_covers(series.exports, points).items():
        match terms:
            case WindowExport():
                rate = manual_rate(terms.rates, moment, zone)
                beyond = (
                    exported is not None
                    and terms.cap_kwh is not None
                    and exported >= terms.cap_kwh
                    and moment > now - timedelta(minutes=5)
                )
                # When a window is over is what the tests above are for.
                allowed = {rate, terms.beyond_cap} if beyond else {rate}
                assert piece.price in allowed
            case SpotExport():
                assert piece.spot is not None
                reward = 0.0
                if terms.network is not None:
                    reward = NetworkRate(terms.network, zone).feed_in_rate(moment)
                assert piece.price == pytest.approx(
                    piece.spot * terms.loss_factor + reward - terms.fee
                )


@given(st.data(), REGIONS, STARTS, SPOTS, SPOTS)
def test_a_dearer_market_never_means_a_cheaper_home(
    data: st.DataObject, region: str, start: datetime, one: float, other: float
) -> None:
    terms = RetailTerms(
        imports=data.draw(import_terms(region)), exports=data.draw(export_terms(region))
    )
    low, high = sorted((one, other))

    cheap, dear = (
        retail([wholesale_point(start, spot)], terms, ZONES[region], now=start)
        for spot in (low, high)
    )

    for below, above in (
        (cheap.imports, dear.imports),
        (cheap.exports or (), dear.exports or ()),
    ):
        assert [item.start for item in below] == [item.start for item in above]
        assert all(
            less.price <= more.price for less, more in zip(below, above, strict=True)
        )
