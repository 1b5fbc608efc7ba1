"""What the steps about a retailer's terms share."""

from abc import abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from homeassistant.data_entry_flow import FlowContext, FlowResult
from homeassistant.helpers.selector import BooleanSelector, NumberSelector
import voluptuous as vol

from ..const import CONF_RETAIL
from ..core.model.retail import ExportTerms, ImportTerms, RetailTerms, SpotImport
from ..stored.retail import terms_from_stored
from .rate_fields import (
    DOLLARS_PER_DAY,
    cents_field,
    cents_from_rate,
    charge_field,
    number_field,
    typed_number,
    typed_rate,
)
from .source_steps import SourceSteps

CONF_ADD_GST = "add_gst"
CONF_DAILY_CHARGE = "daily_charge"
CONF_FEES = "fees"
CONF_LOSS_FACTOR = "loss_factor"

FEES = 0.035
"""Market and environmental fees, of which bills show 3 to 4 c/kWh."""
LOSS_FACTOR = 1.0754
"""Distribution 1.05905 times transmission 1.0154; the bill has the home's own."""


class Retailer(StrEnum):
    """Whose customer the home is, as stored."""

    AMBER = "amber"
    FLOW_POWER = "flow_power"
    OTHER = "other"


class RetailSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    SourceSteps[ContextT, ResultT, HandlerT]
):
    """Collect the terms: first of import, then of export.

    ``distributor`` is the key of the network that was chosen, None for rates that
    are typed in.
    """

    region: str
    retailer: Retailer
    distributor: str | None
    imports: ImportTerms
    daily_charge: float

    @property
    def stored_terms(self) -> RetailTerms | None:
        """Return the terms that are being changed."""
        stored = self.stored_source.get(CONF_RETAIL)
        return terms_from_stored(stored) if stored else None

    @abstractmethod
    async def imports_done(self, imports: ImportTerms, daily_charge: float) -> ResultT:
        """Go on to export."""

    @abstractmethod
    async def exports_done(self, exports: ExportTerms | None) -> ResultT:
        """Go on with all of the terms; raises FormError if they give no prices."""


def loss_factor_field() -> NumberSelector:
    """Return the field for what is lost between power station and home."""
    return number_field(lowest=0.5, highest=2.0)


def spot_fields(*, daily_charge: type[vol.Marker]) -> dict[vol.Marker, Any]:
    """Return the fields of what is paid besides wholesale price and network."""
    return {
        vol.Required(CONF_FEES): cents_field(),
        vol.Required(CONF_LOSS_FACTOR): loss_factor_field(),
        vol.Required(CONF_ADD_GST): BooleanSelector(),
        daily_charge(CONF_DAILY_CHARGE): charge_field(DOLLARS_PER_DAY),
    }


def suggested_spot(terms: RetailTerms | None) -> dict[str, Any]:
    """Return what the fields of ``spot_fields`` show at first."""
    imports = terms.imports if terms else None
    spot = imports if isinstance(imports, SpotImport) else None
    return {
        CONF_FEES: cents_from_rate(spot.fees if spot else FEES),
        CONF_LOSS_FACTOR: spot.loss_factor if spot else LOSS_FACTOR,
        CONF_ADD_GST: spot.add_gst if spot else True,
    }


def typed_spot(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords of SpotImport that are not about the network."""
    return {
        "fees": typed_rate(CONF_FEES, user_input[CONF_FEES]),
        "loss_factor": typed_number(CONF_LOSS_FACTOR, user_input[CONF_LOSS_FACTOR]),
        "add_gst": user_input[CONF_ADD_GST],
    }
