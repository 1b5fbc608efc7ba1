"""Network tariffs by their codes, as the library aemo-to-tariff knows them.

The library takes any text for a network or a code and silently prices what it does
not know, gives some networks' rates with GST and others' without, and looks at the
clock face of the moment it is handed. All of that ends here: rates come out in $/kWh,
GST-right, for a moment in UTC, or an error does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from math import isfinite

from aemo_to_tariff import (  # type: ignore[import-untyped]
    get_daily_fee,
    spot_to_feed_in_tariff,
    spot_to_tariff,
)

from ..core.model.retail import NetworkTariff
from .errors import InvalidDataError
from .nearest import nearest
from .tariff_tables import TABLES, TariffTables

GST = 1.1
"""What a price is multiplied by for Australia's goods and services tax."""

SLOT = timedelta(minutes=5)
"""The market's dispatch interval, on whose borders the library is to be asked."""

_NEWEST = datetime(9999, 1, 1, tzinfo=UTC)
_NOON = time(12, tzinfo=UTC)
"""Noon in UTC falls on the same date everywhere in Australia."""
_HOUSEHOLD_KWH = 10_000
"""Fees that depend on the yearly use are those of the band of homes (to 20 MWh)."""
_MOST_SUGGESTIONS = 3
_CODE_PREFIX = "NTC"
_LIBRARY_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_ZONES: Mapping[str, str] = {
    "NSW1": "Australia/Sydney",
    "QLD1": "Australia/Brisbane",
    "SA1": "Australia/Adelaide",
    "TAS1": "Australia/Hobart",
    "VIC1": "Australia/Melbourne",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Distributor:
    """A company whose network homes are connected to.

    ``key`` is what ``NetworkTariff.network`` holds, ``region`` the market's region.
    """

    key: str
    name: str
    region: str

    @property
    def known(self) -> bool:
        """Return whether the library has its tariffs; if not, rates are typed in."""
        return self.key in TABLES

    @property
    def zone(self) -> str:
        """Return the name of the time zone of its tariffs."""
        return region_zone(self.region)


DISTRIBUTORS: tuple[Distributor, ...] = (
    Distributor(key="ausgrid", name="Ausgrid", region="NSW1"),
    Distributor(key="endeavour", name="Endeavour", region="NSW1"),
    Distributor(key="essential", name="Essential", region="NSW1"),
    Distributor(key="evoenergy", name="Evoenergy", region="NSW1"),
    Distributor(key="energex", name="Energex", region="QLD1"),
    Distributor(key="ergon", name="Ergon", region="QLD1"),
    Distributor(key="sapn", name="SA Power Networks", region="SA1"),
    Distributor(key="tasnetworks", name="TasNetworks", region="TAS1"),
    Distributor(key="ausnet", name="AusNet", region="VIC1"),
    Distributor(key="citipower", name="CitiPower", region="VIC1"),
    Distributor(key="jemena", name="Jemena", region="VIC1"),
    Distributor(key="powercor", name="Powercor", region="VIC1"),
    Distributor(key="united", name="United", region="VIC1"),
)


class UnknownNetworkError(InvalidDataError):
    """There are no tariffs for a network; rates have to be entered by hand."""


class UnknownTariffCodeError(InvalidDataError):
    """A network has no tariff of a code; ``nearest`` are those most like it."""

    def __init__(self, network: str, nearest_codes: tuple[str, ...]) -> None:
        """Keep what may have been meant, best first."""
        super().__init__(f"{network} has no such tariff code")
        self.nearest = nearest_codes


class NoNetworkRateError(InvalidDataError):
    """A tariff has no rate at a moment, such as before it was introduced."""


def region_zone(region: str) -> str:
    """Return the name of the time zone of a region's networks.

    Raises KeyError for anything but the market's five regions.
    """
    return _ZONES[region]


def tariff_codes(network: str, *, feed_in: bool = False) -> dict[str, str]:
    """Return the names of a network's tariffs by code, of the newest price list.

    With ``feed_in`` these are the tariffs that reward or charge export, some of
    which are for export alone. Raises UnknownNetworkError.
    """
    tables = _tables(network)
    if feed_in:
        return tables.feed_in_names(_NEWEST)
    return tables.import_names(_NEWEST)


def normalise_code(network: str, text: str, *, feed_in: bool = False) -> str:
    """Return the code that is meant by what stands on a bill, such as ``NTC 6900``.

    With ``feed_in`` the codes for export count too, besides those of import, which
    many homes have for both. Raises UnknownTariffCodeError and UnknownNetworkError.
    """
    codes = tariff_codes(network)
    if feed_in:
        codes |= tariff_codes(network, feed_in=True)
    plain = {_plain(code): code for code in codes}
    typed = _plain(text)
    for candidate in (typed, typed.removeprefix(_CODE_PREFIX)):
        if candidate in plain:
            return plain[candidate]
    likely = nearest(typed.removeprefix(_CODE_PREFIX), plain, _MOST_SUGGESTIONS)
    raise UnknownTariffCodeError(network, tuple(plain[code] for code in likely))


def daily_fee(network: str, code: str, day: date) -> float | None:
    """Return a tariff's daily fee in $/day with GST, None where it is not known.

    Fees of networks whose rates the library gives with GST have it already. Raises
    UnknownNetworkError.
    """
    tables, noon = _tables(network), datetime.combine(day, _NOON)
    try:
        if not tables.has_daily_fee(code, noon):
            return None
        cents = float(get_daily_fee(network, code, _HOUSEHOLD_KWH, noon))
    except _LIBRARY_ERRORS:
        return None
    if not isfinite(cents) or cents <= 0:
        return None
    return _with_gst(tables, cents / 100)


class NetworkRate:
    """What a network tariff adds to each kWh at any moment.

    ``zone`` is the network's own (``Distributor.zone``): the library decides on
    hour, weekday and month by the clock it is shown.
    """

    def __init__(self, tariff: NetworkTariff, zone: tzinfo) -> None:
        """Keep what to ask the library for; it is not asked yet."""
        self._tariff = tariff
        self._zone = zone

    def import_rate(self, moment: datetime) -> float:
        """Return what the network adds to an imported kWh, $/kWh with GST.

        Raises UnknownNetworkError and NoNetworkRateError.
        """
        tables = _tables(self._tariff.network)
        start = self._slot_start(moment)
        self._check_in_force(start, tables.import_names)
        # The library is told the end and takes five minutes off the clock face;
        # adding them there, not in UTC, makes it arrive at the start even on the
        # days when clocks change.
        return _with_gst(tables, self._ask(spot_to_tariff, start + SLOT))

    def feed_in_rate(self, moment: datetime) -> float:
        """Return what the network adds to the worth of an exported kWh, $/kWh.

        It has no GST, and is negative where export is charged for and 0 under
        tariffs that do neither. Raises UnknownNetworkError and NoNetworkRateError.
        """
        tables = _tables(self._tariff.network)
        start = self._slot_start(moment)
        self._check_in_force(start, tables.import_names, tables.feed_in_names)
        # For export this network's start is looked at, the others' end.
        told = start if self._tariff.network == "ausgrid" else start + SLOT
        return self._ask(spot_to_feed_in_tariff, told)

    def _slot_start(self, moment: datetime) -> datetime:
        """Return the local start of the dispatch interval around a moment.

        Between its borders the library finds no rate in a day's last minute.
        """
        whole = moment.replace(
            minute=moment.minute - moment.minute % 5, second=0, microsecond=0
        )
        return whole.astimezone(self._zone)

    def _check_in_force(
        self, at: datetime, *lists: Callable[[datetime], Mapping[str, str]]
    ) -> None:
        """Raise NoNetworkRateError for a code that the library would make up."""
        try:
            in_force = any(self._tariff.code in names(at) for names in lists)
        except _LIBRARY_ERRORS as err:
            raise self._no_rate() from err
        if not in_force:
            raise self._no_rate()

    def _ask(self, convert: Callable[..., float], told: datetime) -> float:
        """Return the library's price of a kWh that itself costs nothing, in $/kWh."""
        try:
            cents = float(
                convert(
                    told,
                    self._tariff.network,
                    self._tariff.code,
                    0.0,
                    dlf=1.0,
                    mlf=1.0,
                    market=1.0,
                )
            )
        except _LIBRARY_ERRORS as err:
            raise self._no_rate() from err
        if not isfinite(cents):
            raise self._no_rate()
        return cents / 100

    def _no_rate(self) -> NoNetworkRateError:
        return NoNetworkRateError(
            f"no rate of {self._tariff.network} {self._tariff.code} at that time"
        )


def _tables(network: str) -> TariffTables:
    if (tables := TABLES.get(network)) is None:
        raise UnknownNetworkError(f"there are no tariffs of the network {network}")
    return tables


def _with_gst(tables: TariffTables, dollars: float) -> float:
    return dollars if tables.adds_gst else GST * dollars


def _plain(text: str) -> str:
    """Return the letters and digits of a code, as they stand in the tables."""
    return "".join(filter(str.isalnum, text)).upper()
