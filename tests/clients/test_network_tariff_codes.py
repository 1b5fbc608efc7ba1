"""Distributors, the codes of their tariffs as people type them, and daily fees."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients import network_tariff
from custom_components.power_sync.clients.network_tariff import (
    DISTRIBUTORS,
    UnknownTariffCodeError,
    daily_fee,
    normalise_code,
    region_zone,
    tariff_codes,
)

from .support import stored

HELD = stored("network_tariff_codes")
"""What the library holds, read from its tables by other means than ours."""
KNOWN = {item.key: item for item in DISTRIBUTORS if item.known}
CODES = [(network, code) for network, held in HELD.items() for code in held["tariffs"]]


def test_distributors() -> None:
    assert {item.name: (item.key, item.region) for item in DISTRIBUTORS} == {
        "Ausgrid": ("ausgrid", "NSW1"),
        "Endeavour": ("endeavour", "NSW1"),
        "Essential": ("essential", "NSW1"),
        "Evoenergy": ("evoenergy", "NSW1"),
        "Energex": ("energex", "QLD1"),
        "Ergon": ("ergon", "QLD1"),
        "SA Power Networks": ("sapn", "SA1"),
        "TasNetworks": ("tasnetworks", "TAS1"),
        "AusNet": ("ausnet", "VIC1"),
        "CitiPower": ("citipower", "VIC1"),
        "Jemena": ("jemena", "VIC1"),
        "Powercor": ("powercor", "VIC1"),
        "United": ("united", "VIC1"),
    }
    assert [item.name for item in DISTRIBUTORS if not item.known] == ["CitiPower"]
    assert set(KNOWN) == set(HELD)


@pytest.mark.parametrize(
    ("region", "zone"),
    [
        ("NSW1", "Australia/Sydney"),
        ("QLD1", "Australia/Brisbane"),
        ("SA1", "Australia/Adelaide"),
        ("TAS1", "Australia/Hobart"),
        ("VIC1", "Australia/Melbourne"),
    ],
)
def test_zones(region: str, zone: str) -> None:
    assert region_zone(region) == zone
    assert {item.zone for item in DISTRIBUTORS if item.region == region} == {zone}


@pytest.mark.parametrize("network", HELD)
def test_codes_are_those_the_library_holds(network: str) -> None:
    tariffs = HELD[network]["tariffs"]
    two_way = {code for code, held in tariffs.items() if held["feed_in"]}

    names = {code: held["name"] for code, held in tariffs.items()}
    assert tariff_codes(network) == names
    assert set(tariff_codes(network, feed_in=True)) == (
        two_way | set(HELD[network]["feed_in_only"])
    )


@pytest.mark.parametrize(
    ("network", "text", "code"),
    [
        ("energex", "6900", "6900"),
        ("energex", "NTC6900", "6900"),
        ("energex", "ntc 6900", "6900"),
        ("energex", " NTC-6900 ", "6900"),
        ("ausgrid", "ea025", "EA025"),
        ("ausgrid", "EA 025", "EA025"),
        ("endeavour", "n-71", "N71"),
        ("evoenergy", "017", "017"),
        ("sapn", "ntcRele2w", "RELE2W"),
    ],
)
def test_codes_as_they_stand_on_a_bill(network: str, text: str, code: str) -> None:
    assert normalise_code(network, text) == code


@given(st.data())
def test_every_code_survives_being_typed(data: st.DataObject) -> None:
    network, code = data.draw(st.sampled_from(CODES))
    typed = "".join(
        data.draw(st.sampled_from([letter, letter.lower(), f"{letter} ", f"-{letter}"]))
        for letter in data.draw(st.sampled_from([code, f"NTC{code}"]))
    )

    assert normalise_code(network, typed) == code


@pytest.mark.parametrize(
    ("network", "text", "nearest"),
    [
        ("energex", "NTC6950", ("6900", "3900", "6000")),
        ("energex", "NTC 690", ("6900", "3900", "3600")),
        ("evoenergy", "17", ("017", "015", "016")),
        ("tasnetworks", "TAS39", ("TAS31", "TAS93", "TAS87")),
        ("ausgrid", "EA029", ("EA025", "EA010", "EA225")),  # for export only
    ],
)
def test_unknown_code_gets_the_nearest(
    network: str, text: str, nearest: tuple[str, ...]
) -> None:
    with pytest.raises(UnknownTariffCodeError) as caught:
        normalise_code(network, text)

    assert caught.value.nearest == nearest


def test_codes_for_export_are_accepted_for_export() -> None:
    assert normalise_code("ausgrid", "ea 029", feed_in=True) == "EA029"
    assert normalise_code("ausgrid", "EA025", feed_in=True) == "EA025"
    assert normalise_code("energex", "NTC96200X", feed_in=True) == "96200X"


PLACEHOLDERS = {("united", "PRDS"), ("ergon", "6900")}
"""Where the library answers with the fee of something else."""


def fees() -> Iterator[tuple[str, str, float | None]]:
    """Yield what each tariff's daily fee should be, $/day."""
    for network, code in CODES:
        cents = HELD[network]["tariffs"][code]["daily_fee_c"]
        if not cents or (network, code) in PLACEHOLDERS:
            yield network, code, None
        else:
            gst = 1 if HELD[network]["adds_gst"] else 1.1
            yield network, code, cents / 100 * gst


@pytest.mark.parametrize(("network", "code", "fee"), fees())
def test_daily_fees(network: str, code: str, fee: float | None) -> None:
    expected = None if fee is None else pytest.approx(fee, abs=1e-6)
    assert daily_fee(network, code, date(2026, 11, 20)) == expected


@pytest.mark.parametrize(
    ("network", "code", "cents"),
    [
        ("energex", "6900", 65.1),
        ("ausgrid", "EA025", 63.233),
        ("endeavour", "N71", 66.55),
        ("essential", "BLNT3AL", 129.69),
        ("sapn", "RELE2W", None),
        ("powercor", "PRSTOU", 43.84 * 1.1),
        ("united", "URSTOU", 31.51 * 1.1),
        ("jemena", "A130", 33.083 * 1.1),
        ("ausnet", "NAST11S", 39.81 * 1.1),
        ("tasnetworks", "TAS93", 80.544 * 1.1),
        ("ergon", "ERTOUET1", 173.0),
        ("evoenergy", "017", None),
        ("energex", "6950", None),
    ],
)
def test_daily_fee_examples(network: str, code: str, cents: float | None) -> None:
    expected = None if cents is None else pytest.approx(cents / 100, abs=1e-4)
    assert daily_fee(network, code, date(2026, 11, 20)) == expected


def test_daily_fee_changes_with_the_price_list() -> None:
    assert daily_fee("energex", "6900", date(2026, 6, 30)) == pytest.approx(0.556)
    assert daily_fee("energex", "6900", date(2026, 7, 1)) == pytest.approx(0.651)
    # Until then the library has one number for all of this network.
    assert daily_fee("united", "URTOU", date(2026, 6, 30)) is None


def test_daily_fee_that_the_library_cannot_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> float:
        raise ValueError

    monkeypatch.setattr(network_tariff, "get_daily_fee", fail)

    assert daily_fee("energex", "6900", date(2026, 11, 20)) is None
