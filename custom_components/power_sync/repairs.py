"""Repairs that do something: put back what is owed, or be told that it is done."""

import asyncio
from typing import Any

from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.core import HomeAssistant

from .control.debts import debts_of, drop, settle
from .control.issues import DEBT_ID, describe_left


async def async_create_fix_flow(
    hass: HomeAssistant,
    issue_id: str,
    data: dict[str, str | int | float | None] | None,
) -> RepairsFlow:
    """Return the flow of a repair.

    One about nothing that could be settled only wants to be read: so does that of a
    debt which is damaged, where there is nothing left to go by.
    """
    debt_id = data.get(DEBT_ID) if data else None
    if not isinstance(debt_id, str) or debts_of(hass).get(debt_id) is None:
        return ConfirmRepairFlow()
    return SettleFlow(debt_id)


class SettleFlow(RepairsFlow):
    """Try again to put back the owner's settings, as often as the user likes."""

    def __init__(self, debt_id: str) -> None:
        """Settle one debt."""
        self._debt_id = debt_id
        self._attempt: asyncio.Task[list[str]] | None = None

    async def async_step_init(
        self, _: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say what is still different and ask who is to see to it."""
        return self._ask("init")

    async def async_step_again(
        self, _: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Try again; it takes as long as the Powerwall takes to show it."""
        if self._attempt is None:
            self._attempt = self.hass.async_create_task(
                settle(self.hass, self._debt_id), "settle"
            )
        if not self._attempt.done():
            return self.async_show_progress(
                step_id="again",
                progress_action="again",
                progress_task=self._attempt,
            )
        left = self._attempt.result()
        self._attempt = None
        return self.async_show_progress_done(next_step_id="left" if left else "back")

    async def async_step_left(
        self, _: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say that it was in vain, and ask again."""
        return self._ask("left")

    async def async_step_back(
        self, _: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """End: everything is back."""
        return self.async_create_entry(data={})

    async def async_step_myself(
        self, _: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Forget what is owed: the user has seen to it."""
        await drop(self.hass, self._debt_id)
        return self.async_create_entry(data={})

    def _ask(self, step_id: str) -> RepairsFlowResult:
        """Show what is still different and what can be done about it."""
        debt = debts_of(self.hass).get(self._debt_id)
        if debt is None:
            # It was settled while the dialog was open.
            return self.async_create_entry(data={})
        return self.async_show_menu(
            step_id=step_id,
            menu_options=["again", "myself"],
            description_placeholders=describe_left(debt.title, debt.left),
        )
