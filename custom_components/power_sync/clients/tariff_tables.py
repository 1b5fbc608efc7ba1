"""What the library aemo-to-tariff holds for each distribution network, and when.

The library prices whatever code it is given, known or not, so whoever asks it for a
price looks here first. Its tables change on 1 July; every question has its moment,
because the library's own default is the clock of the machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType
from typing import Any

from aemo_to_tariff import (  # type: ignore[import-untyped]
    ausgrid,
    ausnet,
    endeavour,
    energex,
    ergon,
    essential,
    evoenergy,
    jemena,
    powercor,
    sapower,
    tasnetworks,
    united,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffTables:
    """The tables of one network.

    ``adds_gst`` says whether the library's import price has GST on the network's
    part. ``built_in`` names the feed-in codes that the library has in its code
    rather than in a table.
    """

    module: ModuleType
    adds_gst: bool
    built_in: Mapping[str, str] = field(default_factory=dict)

    def import_names(self, at: datetime) -> dict[str, str]:
        """Return the names of the tariffs in force, by code."""
        return _names(self._table("get_tariffs", at))

    def feed_in_names(self, at: datetime) -> dict[str, str]:
        """Return the names of those that reward or charge export, by code."""
        return _names(self._table("get_feed_in_tariffs", at)) | dict(self.built_in)

    def has_daily_fee(self, code: str, at: datetime) -> bool:
        """Return whether the fee of a tariff is known rather than made up."""
        return any(
            code in self._table(table, at)
            for table in ("get_daily_fees", "get_daily_fixed_charges")
        ) or "fixed_daily_charge" in self._table("get_tariffs", at).get(code, {})

    def _table(self, name: str, at: datetime) -> Mapping[str, Any]:
        """Return a table, empty if the network has none of that kind."""
        table: Mapping[str, Any] = getattr(self.module, name, lambda _: {})(at)
        return table


TABLES: Mapping[str, TariffTables] = {
    "energex": TariffTables(
        module=energex,
        adds_gst=True,
        built_in={
            "96200": "Residential Two-Way Tariff Trial",
            "96200X": "Residential Two-Way Tariff Trial Export",
        },
    ),
    "ergon": TariffTables(module=ergon, adds_gst=True),
    "ausgrid": TariffTables(
        module=ausgrid,
        adds_gst=True,
        built_in={"EA029": "Small Customer Export"},
    ),
    "endeavour": TariffTables(module=endeavour, adds_gst=True),
    "essential": TariffTables(module=essential, adds_gst=True),
    "evoenergy": TariffTables(module=evoenergy, adds_gst=True),
    "sapn": TariffTables(module=sapower, adds_gst=True),
    "powercor": TariffTables(module=powercor, adds_gst=False),
    "united": TariffTables(module=united, adds_gst=False),
    "jemena": TariffTables(module=jemena, adds_gst=False),
    "ausnet": TariffTables(module=ausnet, adds_gst=False),
    "tasnetworks": TariffTables(module=tasnetworks, adds_gst=False),
}
"""The networks by the names that the library gives them.

Its ``victoria`` is a placeholder that stands for no distributor.
"""


def _names(table: Mapping[str, Any]) -> dict[str, str]:
    return {code: str(tariff["name"]) for code, tariff in table.items()}
