"""Who has asked for a push and waits to hear what became of it."""

import asyncio

from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..core.model.decisions import Record


class Pushes:
    """The open requests for a push; one push answers all of them."""

    def __init__(self) -> None:
        """Start without any."""
        self._waiting: list[asyncio.Future[Record]] = []

    def __bool__(self) -> bool:
        """Return whether anybody waits."""
        return bool(self._waiting)

    def ask(self) -> asyncio.Future[Record]:
        """Ask for a push; the future gets its record or a HomeAssistantError."""
        future: asyncio.Future[Record] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return future

    def take(self) -> list[asyncio.Future[Record]]:
        """Return everybody who waits, to be answered; later ones wait anew."""
        waiting, self._waiting = self._waiting, []
        return waiting


def answer(waiting: list[asyncio.Future[Record]], record: Record | None) -> None:
    """Tell what became of a push; without a record it was interrupted."""
    for future in waiting:
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
