"""Units in which sensors state the price of energy."""

from enum import StrEnum

# fmt: off
_MINOR = frozenset((
    "¢", "c", "ct", "cts", "cent", "cents", "eurocent", "p", "pence", "penny",
    "öre", "øre", "ore", "snt", "sent", "gr",
))
"""A hundredth of a currency, as it is written on sensors."""
_MAJOR = frozenset((
    "$", "€", "£", "a$", "au$", "nz$", "us$", "kr", "kr.", "zł", "kč", "ft", "fr.",
    "aud", "nzd", "usd", "cad", "gbp", "eur", "sek", "nok", "dkk", "isk", "chf",
    "pln", "czk", "huf", "ron", "bgn",
))
# fmt: on


class PriceUnit(StrEnum):
    """What a number is to be taken for."""

    PER_KWH = "per_kwh"
    CENTS_PER_KWH = "cents_per_kwh"
    PER_MWH = "per_mwh"

    @property
    def factor(self) -> float:
        """Return by what a number is multiplied to be in currency per kWh."""
        match self:
            case PriceUnit.PER_KWH:
                return 1.0
            case PriceUnit.CENTS_PER_KWH:
                return 0.01
            case PriceUnit.PER_MWH:
                return 0.001


_ENERGIES = {"kwh": PriceUnit.PER_KWH, "mwh": PriceUnit.PER_MWH}


def find_unit(text: object) -> PriceUnit | None:
    """Return the unit that a unit of measurement states, None if that is unclear.

    Only currencies that are known are recognised, because three letters may also be
    the name of a coin.
    """
    if not isinstance(text, str):
        return None
    money, _, energy = text.casefold().replace(" ", "").partition("/")
    unit = _ENERGIES.get(energy)
    if money in _MAJOR:
        return unit
    if money in _MINOR and unit is PriceUnit.PER_KWH:
        return PriceUnit.CENTS_PER_KWH
    return None
