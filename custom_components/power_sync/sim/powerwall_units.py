"""The Powerwalls that a site can have.

Sizes are those of the data sheets; what a Powerwall 2 really does was measured.
"""

from dataclasses import dataclass

from ..core.household import POWERWALL_2_MEASURED, POWERWALL_3, Battery


@dataclass(frozen=True, slots=True)
class Unit:
    """One kind of Powerwall, and what Tesla calls it.

    ``names_energy`` says whether Tesla knows its size: of a Powerwall 3 it often does
    not.
    """

    battery: Battery
    part_name: str
    part_number: str
    battery_type: str = "ac_powerwall"
    names_energy: bool = True


POWERWALL_TWO = Unit(POWERWALL_2_MEASURED, "Powerwall 2", "3012170-10-B")
POWERWALL_PLUS = Unit(
    Battery(13.5, 5_000, 7_000, 0.914, 580 / 24),
    "Powerwall+",
    "1850000-00-C",
    "solar_powerwall",
)
POWERWALL_THREE = Unit(
    POWERWALL_3,
    "Powerwall 3",
    "1707000-11-J",
    "solar_powerwall",
    names_energy=False,
)
