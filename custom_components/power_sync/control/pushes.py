"""Who has asked for a push and waits to hear what became of it."""

import asyncio
from dataclasses import dataclass

from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..core.model.decisions import Record
from ..core.model.tariff_plan import TariffPlan


@dataclass(frozen=True, slots=True)
class Push:
    """What is to be pushed, and everybody who waits for it.

    ``plan`` is None for the tariff of the newest prices.
    """

    plan: TariffPlan | None
    waiting: tuple[asyncio.Future[Record], ...]

    def answer(self, record: Record | None) -> None:
        """Tell what became of the push; without a record it was interrupted."""
        for future in self.waiting:
            if future.done():
                continue
            if record is not None:
                future.set_result(record)
            else:
                future.set_exception(
                    HomeAssistantError(
                        translation_domain=DOMAIN, translation_key="push_interrupted"
                    )
                )


class Pushes:
    """The open requests for a push; one push answers all that want the same."""

    def __init__(self) -> None:
        """Start without any."""
        self._waiting: list[tuple[TariffPlan | None, asyncio.Future[Record]]] = []

    def __bool__(self) -> bool:
        """Return whether anybody waits."""
        return bool(self._waiting)

    def ask(self, plan: TariffPlan | None) -> asyncio.Future[Record]:
        """Ask for a push; the future gets its record or a HomeAssistantError."""
        future: asyncio.Future[Record] = asyncio.get_running_loop().create_future()
        self._waiting.append((plan, future))
        return future

    def take(self) -> Push | None:
        """Return what was asked for first; whoever wants something else waits on."""
        if not self._waiting:
            return None
        first = self._waiting[0][0]
        push = Push(
            first, tuple(future for plan, future in self._waiting if plan == first)
        )
        self._waiting = [item for item in self._waiting if item[0] != first]
        return push
