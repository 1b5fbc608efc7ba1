"""A price source with what is particular about asking it."""

from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum, auto

from ..clients.protocols import PriceSource, PriceStream
from ..core.model.prices import Channel
from ..core.model.tariff_plan import TariffPlan
from ..core.poll_schedule import Schedule


class Fact(StrEnum):
    """What some sources tell beyond the price."""

    OUTLOOK = auto()
    """Spike status, descriptor, renewables, an own forecast, demand windows."""
    SUPPLY = auto()
    """The price without delivery; billed at the mean of each hour."""
    WHOLESALE = auto()
    """The wholesale part of the price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A price source, ready to be asked.

    ``channels`` are those that the home is billed for, ``zone`` is where the prices
    have their hours, ``watches`` are the entities whose changes are worth a look,
    and ``plan`` is what prices come from that do not change by themselves.
    """

    prices: PriceSource
    schedule: Schedule
    channels: frozenset[Channel]
    zone: tzinfo
    facts: frozenset[Fact] = frozenset()
    stream: PriceStream | None = None
    watches: tuple[str, ...] = ()
    plan: TariffPlan | None = None
