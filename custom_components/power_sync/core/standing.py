"""What the controller of one home must not forget, whatever happens to the process."""

from dataclasses import dataclass, field
from datetime import datetime

from .curtailment import CurtailmentMemory
from .journal import Journal
from .model.force import Force
from .model.switches import DEFAULT_ON, Switch
from .model.tesla_tariff import TeslaTariff
from .spike_response import SpikeMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A tariff that the user sent by hand, and until when it stays."""

    tariff: TeslaTariff
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What survives restarts.

    ``last_good_at`` is when a tariff could last be built, None before the first
    decision; ``owner_tariff_until`` until when a tariff that the owner chose in the
    Tesla app is left alone; ``mode_yielded`` is True after the owner overruled the
    fallback.
    """

    journal: Journal = field(default_factory=Journal)
    switches: frozenset[Switch] = DEFAULT_ON
    force: Force | None = None
    spike: SpikeMemory = field(default_factory=SpikeMemory)
    curtailment: CurtailmentMemory = field(default_factory=CurtailmentMemory)
    pushed: Pushed | None = None
    owner_tariff_until: datetime | None = None
    mode_yielded: bool = False
    last_good_at: datetime | None = None
    last_sync_at: datetime | None = None
