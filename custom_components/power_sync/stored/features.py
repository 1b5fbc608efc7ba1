"""How features are set, as an entry's options store it.

Rates are stored in $/kWh, times of day as ``HH:MM``; the wholesale price from which on
a spike counts in $/MWh, as the market itself gives it.
"""

from collections.abc import Mapping
from datetime import time
from typing import Any

from ..core.export_boost import BoostTerms
from ..core.model.spikes import SpikeTerms

KWH_PER_MWH = 1000


def boost_to_stored(terms: BoostTerms) -> dict[str, Any]:
    """Return the terms of export boost as JSON; ``boost_from_stored`` reads them."""
    return {
        "offset": terms.offset,
        "floor": terms.floor,
        "threshold": terms.threshold,
        "start": terms.start.isoformat("minutes"),
        "end": terms.end.isoformat("minutes"),
    }


def boost_from_stored(data: Mapping[str, Any]) -> BoostTerms:
    """Return the terms of export boost.

    Raises KeyError, TypeError or ValueError for what was never stored by us.
    """
    return BoostTerms(
        offset=float(data["offset"]),
        floor=float(data["floor"]),
        threshold=float(data["threshold"]),
        start=time.fromisoformat(data["start"]),
        end=time.fromisoformat(data["end"]),
    )


def spike_to_stored(terms: SpikeTerms) -> dict[str, Any]:
    """Return the terms of the spike response as JSON; ``spike_from_stored`` reads it."""
    return {
        "threshold": round(terms.threshold * KWH_PER_MWH, 6),
        "sell_price": terms.sell_price,
    }


def spike_from_stored(data: Mapping[str, Any]) -> SpikeTerms:
    """Return the terms of the spike response.

    Raises KeyError, TypeError or ValueError for what was never stored by us.
    """
    return SpikeTerms(
        threshold=float(data["threshold"]) / KWH_PER_MWH,
        sell_price=float(data["sell_price"]),
    )
