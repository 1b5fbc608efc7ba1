"""What somebody has asked the controller to do, and waits to hear the end of."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..core.model.decisions import Action, Lever, LeverValue, Record
from ..core.model.tariff_plan import TariffPlan

_IN_VAIN = frozenset(
    {Action.FAILED, Action.NOT_APPLIED, Action.POSTPONED, Action.SUPERSEDED}
)

type Outcome = Mapping[Lever, Record]
"""What became of each lever that something was done about."""


@dataclass(frozen=True, slots=True)
class Push:
    """Send a plan, or (None) the tariff of the newest prices, changed or not."""

    plan: TariffPlan | None


@dataclass(frozen=True, slots=True)
class Setting:
    """Give a lever another value of its owner's."""

    lever: Lever
    value: LeverValue


@dataclass(frozen=True, slots=True)
class Look:
    """Decide anew, because what is wanted has changed."""


type Order = Push | Setting | Look


@dataclass(slots=True)
class Batch:
    """One order, and everybody who waits for it."""

    order: Order
    waiting: list[asyncio.Future[Outcome]] = field(default_factory=list)
    records: dict[Lever, Record] = field(default_factory=dict)
    """What has become of it so far."""

    def add(self, record: Record) -> None:
        """Note what became of a lever.

        That it is as it should be by now does not take the place of what was done, but
        of what had come to nothing until then.
        """
        earlier = self.records.get(record.lever)
        if (
            record.action is not Action.UNCHANGED
            or earlier is None
            or earlier.action in _IN_VAIN
        ):
            self.records[record.lever] = record

    def answer(self) -> None:
        """Tell what became of the order."""
        for future in self.waiting:
            if not future.done():
                future.set_result(self.records)

    def refuse(self) -> None:
        """Tell that it was interrupted."""
        for future in self.waiting:
            if not future.done():
                future.set_exception(
                    HomeAssistantError(
                        translation_domain=DOMAIN, translation_key="push_interrupted"
                    )
                )


class Orders:
    """The open orders, oldest first; equal ones are done once."""

    def __init__(self) -> None:
        """Start without any."""
        self._batches: list[Batch] = []

    def __bool__(self) -> bool:
        """Return whether anybody waits."""
        return bool(self._batches)

    def ask(self, order: Order) -> asyncio.Future[Outcome]:
        """Ask for something; the future gets its outcome or a HomeAssistantError."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        for batch in self._batches:
            if batch.order == order and not batch.records:
                batch.waiting.append(future)
                return future
        self._batches.append(Batch(order, [future]))
        return future

    def take(self) -> Batch | None:
        """Return what was asked for first."""
        return self._batches.pop(0) if self._batches else None

    def put_back(self, batch: Batch) -> None:
        """Take an order back that is not done yet; others have their turn first."""
        self._batches.append(batch)

    def refuse(self) -> None:
        """Tell everybody who waits that nothing will come of it."""
        while (batch := self.take()) is not None:
            batch.refuse()
